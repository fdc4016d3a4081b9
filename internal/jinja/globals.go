package jinja

// global returns a name that every template has, or nil.
func (m *machine) global(name string) Value {
	switch name {
	case "raise_exception":
		return &function{name, "function", operation{signature: "message", run: raiseException}.bindTo(name)}
	case "strftime_now":
		return &function{name, "function", operation{signature: "format", run: strftimeNow}.bindTo(name)}
	case "range":
		return &function{name, "type", operation{signature: "/start stop? step?", run: makeRange}.bindTo(name)}
	case "dict":
		return &function{name, "type", func(m *machine, a callArgs) (Value, error) { return m.makeDict(name, a) }}
	case "namespace":
		return &function{name, "type", makeNamespace}
	case "cycler":
		return &function{name, "type", makeCycler}
	case "joiner":
		return &function{name, "type", operation{signature: "sep?", run: makeJoiner}.bindTo(name)}
	case "lipsum":
		return &function{name, "function", func(*machine, callArgs) (Value, error) { return nil, failf("lipsum is not available") }}
	case "self":
		return &object{kind: "TemplateReference", attr: func(name string) Value {
			b := m.t.blocks[name]
			if b == nil {
				return nil
			}
			return &function{name, "BlockReference", func(m *machine, _ callArgs) (Value, error) { return m.callBlockRef(b) }}
		}}
	}
	return nil
}

// callBlockRef renders a block by name, as self.name() does.
func (m *machine) callBlockRef(b *block) (Value, error) {
	if err := m.enterCall(); err != nil {
		return nil, err
	}
	defer m.leaveCall()
	t, _, err := m.capture(b.body, m.root)
	return t, err
}

func raiseException(m *machine, a []Value) (Value, error) {
	t, err := m.str(a[0])
	if err != nil {
		return nil, err
	}
	return nil, &RaiseError{m.line, t.s}
}

func makeRange(_ *machine, a []Value) (Value, error) {
	r := rangeV{0, 0, 1}
	for i, p := range []*int64{&r.start, &r.stop, &r.step} {
		if a[i] == nil {
			continue
		}
		n, ok := clampInt(a[i])
		if !ok {
			if u, ok := a[i].(*undefined); ok {
				return nil, u.raise()
			}
			return nil, failf("'%s' object cannot be interpreted as an integer", a[i].pyType())
		}
		*p = n
	}
	if a[1] == nil {
		r.start, r.stop = 0, r.start
	}
	if r.step == 0 {
		return nil, failf("range() arg 3 must not be zero")
	}
	if r.len() > maxRange {
		return nil, failf("Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d).", maxRange)
	}
	return r, nil
}

// makeDict is dict(mapping or pairs, **keywords).
func (m *machine) makeDict(name string, a callArgs) (*Map, error) {
	d := &Map{own: true}
	if len(a.pos) > 1 {
		return nil, failf("%s expected at most 1 argument, got %d", name, len(a.pos))
	}
	if len(a.pos) == 1 {
		if err := m.update(d, a.pos[0]); err != nil {
			return nil, err
		}
	}
	for _, k := range a.kw {
		if err := m.set(d, trustedText(k.name), k.v); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// update puts the entries of a mapping or the pairs of an iterable into d.
func (m *machine) update(d *Map, v Value) error {
	if from, ok := v.(*Map); ok {
		for i, k := range from.keys {
			if err := m.set(d, k, from.vals[i]); err != nil {
				return err
			}
		}
		return nil
	}
	next, err := m.iterate(v)
	if err != nil {
		return err
	}
	for {
		it, ok, err := next()
		if err != nil || !ok {
			return err
		}
		pair, err := m.toList(it)
		if err != nil {
			return err
		}
		if len(pair) != 2 {
			return failf("dictionary update sequence element has length %d; 2 is required", len(pair))
		}
		if err := m.set(d, pair[0], pair[1]); err != nil {
			return err
		}
	}
}

func makeNamespace(m *machine, a callArgs) (Value, error) {
	d, err := m.makeDict("namespace", a)
	if err != nil {
		return nil, err
	}
	ns := &namespace{&Map{}}
	for i, k := range d.keys {
		name, ok := k.(text)
		if !ok {
			continue
		}
		if err := m.setAttr(ns, name, d.vals[i]); err != nil {
			return nil, err
		}
	}
	return ns, m.alloc(objectBytes)
}

func dictFromKeys(m *machine, a []Value) (Value, error) {
	next, err := m.iterate(a[0])
	if err != nil {
		return nil, err
	}
	var v Value = none{}
	if a[1] != nil {
		v = a[1]
	}
	d := &Map{own: true}
	for {
		k, ok, err := next()
		if err != nil || !ok {
			return d, err
		}
		if err := m.set(d, k, v); err != nil {
			return nil, err
		}
	}
}

func makeCycler(m *machine, a callArgs) (Value, error) {
	if len(a.pos) == 0 || len(a.kw) > 0 {
		return nil, failf("at least one item has to be provided")
	}
	at := 0
	method := func(name string, f func() Value) Value {
		return &function{name, "method", func(*machine, callArgs) (Value, error) { return f(), nil }}
	}
	return &object{kind: "Cycler", attr: func(name string) Value {
		switch name {
		case "current":
			return a.pos[at]
		case "next":
			return method(name, func() Value {
				v := a.pos[at]
				at = (at + 1) % len(a.pos)
				return v
			})
		case "reset":
			return method(name, func() Value { at = 0; return none{} })
		}
		return nil
	}}, m.items(len(a.pos))
}

func makeJoiner(_ *machine, a []Value) (Value, error) {
	var sep Value = trustedText(", ")
	if a[0] != nil {
		sep = a[0]
	}
	used := false
	return &object{
		kind: "Joiner",
		attr: func(string) Value { return nil },
		call: func(*machine, callArgs) (Value, error) {
			if !used {
				used = true
				return text{trusted: true}, nil
			}
			return sep, nil
		},
	}, nil
}
