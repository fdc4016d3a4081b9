package jinja

// tests are Jinja's builtin tests. The table is only read.
var tests map[string]operation

func init() { // not an initializer: a test refers to the table
	is := func(f func(v Value) bool) operation {
		return operation{signature: "value", run: func(_ *machine, a []Value) (Value, error) { return boolean(f(a[0])), nil }}
	}
	compare := func(op string) operation {
		return operation{signature: "/a b", run: func(m *machine, a []Value) (Value, error) {
			ok, err := m.compare(op, a[0], a[1])
			return boolean(ok), err
		}}
	}
	tests = map[string]operation{
		"boolean":     is(func(v Value) bool { _, ok := v.(boolean); return ok }),
		"callable":    is(func(v Value) bool { return callable(v) || isUndefined(v) }),
		"defined":     is(func(v Value) bool { return !isUndefined(v) }),
		"divisibleby": {signature: "value num", run: func(m *machine, a []Value) (Value, error) { return m.remainderIs(a[0], a[1], 0) }},
		"escaped":     is(func(v Value) bool { t, ok := v.(text); return ok && t.safe }),
		"even":        {signature: "value", run: func(m *machine, a []Value) (Value, error) { return m.remainderIs(a[0], integer(2), 0) }},
		"false":       is(func(v Value) bool { return v == boolean(false) }),
		"filter":      {signature: "value", run: named(func(s string) bool { _, ok := filters[s]; return ok })},
		"float":       is(func(v Value) bool { _, ok := v.(float); return ok }),
		"in":          compare("in"),
		"integer":     is(func(v Value) bool { _, b := v.(boolean); return isInteger(v) && !b }),
		"iterable": {signature: "value", run: func(m *machine, a []Value) (Value, error) {
			_, err := m.iterate(a[0])
			return boolean(err == nil), nil
		}},
		"lower":     {signature: "value", run: textTest((*machine).isLower)},
		"mapping":   is(func(v Value) bool { _, ok := v.(*Map); return ok }),
		"none":      is(func(v Value) bool { _, ok := v.(none); return ok }),
		"number":    is(isNumber),
		"odd":       {signature: "value", run: func(m *machine, a []Value) (Value, error) { return m.remainderIs(a[0], integer(2), 1) }},
		"sameas":    {signature: "value other", run: sameAs},
		"sequence":  is(isSequence),
		"string":    is(func(v Value) bool { _, ok := v.(text); return ok }),
		"test":      {signature: "value", run: named(func(s string) bool { _, ok := tests[s]; return ok })},
		"true":      is(func(v Value) bool { return v == boolean(true) }),
		"undefined": is(isUndefined),
		"upper":     {signature: "value", run: textTest((*machine).isUpper)},
	}
	for op, names := range map[string][]string{
		"==": {"==", "eq", "equalto"}, "!=": {"!=", "ne"},
		"<": {"<", "lt", "lessthan"}, "<=": {"<=", "le"},
		">": {">", "gt", "greaterthan"}, ">=": {">=", "ge"},
	} {
		for _, n := range names {
			tests[n] = compare(op)
		}
	}
}

func (m *machine) remainderIs(v, by Value, want int64) (Value, error) {
	r, err := m.binary("%", v, by)
	if err != nil {
		return nil, err
	}
	ok, err := m.equal(r, integer(want), 0)
	return boolean(ok), err
}

func named(known func(string) bool) func(m *machine, a []Value) (Value, error) {
	return func(_ *machine, a []Value) (Value, error) {
		t, ok := a[0].(text)
		return boolean(ok && known(t.s)), nil
	}
}

func textTest(f func(m *machine, s string) bool) func(m *machine, a []Value) (Value, error) {
	return func(m *machine, a []Value) (Value, error) {
		t, err := m.str(a[0])
		if err != nil {
			return nil, err
		}
		return boolean(f(m, t.s)), m.scan(8 * len(t.s))
	}
}

func isSequence(v Value) bool {
	switch v.(type) {
	case *list, text, *Map, rangeV, bytesV, *undefined:
		return true
	}
	return false
}

// sameAs is Python's is. Values without identity here are the same when they are equal and of one type.
func sameAs(m *machine, a []Value) (Value, error) {
	switch x := a[0].(type) {
	case text:
		y, ok := a[1].(text)
		return boolean(ok && x.s == y.s), m.scan(len(x.s))
	case bigInt, bytesV, rangeV:
		if a[0].pyType() != a[1].pyType() {
			return boolean(false), nil
		}
		ok, err := m.equal(a[0], a[1], 0)
		return boolean(ok), err
	case *list:
		y, ok := a[1].(*list)
		return boolean(x == y || ok && x.tuple && y.tuple && len(x.items)+len(y.items) == 0), nil
	case view:
		return boolean(false), nil
	}
	if _, ok := a[1].(text); ok {
		return boolean(false), nil
	}
	return boolean(a[0] == a[1]), nil
}
