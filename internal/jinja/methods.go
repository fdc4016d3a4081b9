package jinja

import (
	"math"
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The methods of builtin types. Position 0 of the arguments is the value itself. The tables are only read.
var stringMethods, listMethods, tupleMethods, dictMethods, rangeMethods, intMethods, floatMethods, bytesMethods map[string]operation

// mutators change a value: they work on what the template itself made, as Jinja's immutable sandbox allows none at all.
var mutators = map[string]bool{
	"append": true, "clear": true, "extend": true, "insert": true, "pop": true, "popitem": true, "remove": true,
	"reverse": true, "setdefault": true, "sort": true, "update": true,
}

func init() {
	stringMethods = stringTable()
	listMethods = listTable()
	tupleMethods = map[string]operation{"index": listMethods["index"], "count": listMethods["count"]}
	dictMethods = dictTable()
	rangeMethods = map[string]operation{"index": listMethods["index"], "count": listMethods["count"]}
	intMethods = map[string]operation{
		"bit_length": {signature: "/x", run: func(_ *machine, a []Value) (Value, error) {
			b, _ := toBig(a[0])
			return integer(b.BitLen()), nil
		}},
		"bit_count": {signature: "/x", run: func(_ *machine, a []Value) (Value, error) {
			b, _ := toBig(a[0])
			n := 0
			for i := range b.BitLen() {
				n += int(new(big.Int).Abs(b).Bit(i))
			}
			return integer(n), nil
		}},
		"conjugate":        {signature: "/x", run: func(_ *machine, a []Value) (Value, error) { return a[0], nil }},
		"as_integer_ratio": {signature: "/x", run: intRatio},
		"to_bytes":         {signature: "x length? byteorder? signed?", run: intToBytes},
	}
	floatMethods = map[string]operation{
		"is_integer": {signature: "/x", run: func(_ *machine, a []Value) (Value, error) {
			f := float64(a[0].(float))
			return boolean(f == math.Trunc(f) && !math.IsInf(f, 0)), nil
		}},
		"conjugate":        {signature: "/x", run: func(_ *machine, a []Value) (Value, error) { return a[0], nil }},
		"as_integer_ratio": {signature: "/x", run: floatRatio},
	}
	bytesMethods = map[string]operation{
		"decode": {signature: "s encoding? errors?", run: func(m *machine, a []Value) (Value, error) {
			b := string(a[0].(bytesV))
			if !utf8.ValidString(b) {
				return nil, failf("'utf-8' codec can't decode bytes")
			}
			return plain(b), m.scan(len(b))
		}},
	}
}

// method returns a method bound to v, or nil. A mutator of what came from outside is undefined: to call it raises.
func (m *machine) method(v Value, name string) (Value, error) {
	var table map[string]operation
	own := false
	switch v := v.(type) {
	case text:
		table = stringMethods
	case *list:
		table, own = listMethods, v.own
		if v.tuple {
			table = tupleMethods
		}
	case *Map:
		table, own = dictMethods, v.own
	case rangeV:
		table = rangeMethods
	case boolean, integer, bigInt:
		table = intMethods
	case float:
		table = floatMethods
	case bytesV:
		table = bytesMethods
	}
	op, ok := table[name]
	if !ok {
		return nil, nil
	}
	if mutators[name] && !own {
		return &undefined{hint: "access to attribute '" + name + "' of '" + v.pyType() + "' object is unsafe."}, nil
	}
	call := func(m *machine, a callArgs) (Value, error) {
		a.pos = append([]Value{v}, a.pos...)
		return op.apply(m, name, a)
	}
	return &function{name, "builtin_function_or_method", call}, m.alloc(objectBytes)
}

// onText makes a method without arguments.
func onText(f func(m *machine, t text) (text, error)) operation {
	return operation{signature: "/s", run: func(m *machine, a []Value) (Value, error) { return f(m, a[0].(text)) }}
}

// stringTest makes a method that reports something about a string.
func stringTest(f func(m *machine, s string) bool) operation {
	return operation{signature: "/s", run: func(m *machine, a []Value) (Value, error) {
		s := a[0].(text).s
		return boolean(f(m, s)), m.step(1 + len(s)/8)
	}}
}

// all makes a test that holds for every character of a string that is not empty.
func all(f func(r rune) bool) operation {
	return stringTest(func(_ *machine, s string) bool {
		return s != "" && strings.IndexFunc(s, func(r rune) bool { return !f(r) }) < 0
	})
}

func isAlnum(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

func isDigit(r rune) bool {
	switch {
	case unicode.Is(unicode.Nd, r):
		return true
	case r == 0xb2, r == 0xb3, r == 0xb9, r == 0x2070, r >= 0x2074 && r <= 0x2079, r >= 0x2080 && r <= 0x2089,
		r >= 0x2460 && r <= 0x2468, r >= 0x2474 && r <= 0x247c, r >= 0x2488 && r <= 0x2490, r == 0x24ea, r >= 0x24f5 && r <= 0x24fd,
		r == 0x24ff, r >= 0x2776 && r <= 0x277e, r >= 0x2780 && r <= 0x2788, r >= 0x278a && r <= 0x2792:
		return true
	}
	return false
}

func isIdentifier(s string) bool {
	for i, r := range s {
		if !isNameRune(r) || i == 0 && r != '_' && !unicode.In(r, unicode.L, unicode.Nl) {
			return false
		}
	}
	return s != ""
}

func stringTable() map[string]operation {
	strip := func(left, right bool) operation {
		return operation{signature: "/s chars?", run: func(m *machine, a []Value) (Value, error) {
			return m.strip(a[0].(text), a[1], left, right)
		}}
	}
	split := func(right bool) operation {
		return operation{signature: "s sep? maxsplit?", run: func(m *machine, a []Value) (Value, error) {
			limit, err := intArg(a[2], -1)
			if err != nil {
				return nil, err
			}
			return m.split(a[0].(text), a[1], limit, right)
		}}
	}
	justify := func(align byte) operation {
		return operation{signature: "/s width fillchar?", run: func(m *machine, a []Value) (Value, error) {
			width, err := intArg(a[1], 0)
			if err != nil {
				return nil, err
			}
			t := a[0].(text)
			fill := t.like(" ")
			if a[2] != nil {
				var ok bool
				if fill, ok = a[2].(text); !ok {
					return nil, failf("The fill character must be a unicode character, not %s", a[2].pyType())
				}
			}
			return m.justify(t, width, align, fill)
		}}
	}
	find := func(last, must bool) operation {
		return operation{signature: "/s sub start? end?", run: func(m *machine, a []Value) (Value, error) { return m.find(a, last, must) }}
	}
	affix := func(f func(s, x string) bool) operation {
		return operation{signature: "/s prefix start? end?", run: func(m *machine, a []Value) (Value, error) { return m.affix(a, f) }}
	}
	return map[string]operation{
		"capitalize": onText((*machine).capitalize),
		"casefold":   onText((*machine).casefold),
		"center":     justify('^'),
		"count":      {signature: "/s sub start? end?", run: stringCount},
		"encode":     {signature: "s encoding? errors?", run: stringEncode},
		"endswith":   affix(strings.HasSuffix),
		"expandtabs": {signature: "s tabsize?", run: func(m *machine, a []Value) (Value, error) {
			size, err := intArg(a[1], 8)
			if err != nil {
				return nil, err
			}
			return m.expandTabs(a[0].(text), size)
		}},
		"find": find(false, false),
		"format": {any: func(m *machine, a callArgs) (Value, error) {
			return m.format(a.pos[0].(text), callArgs{a.pos[1:], a.kw})
		}},
		"format_map":   {signature: "/s mapping", run: stringFormatMap},
		"index":        find(false, true),
		"isalnum":      all(isAlnum),
		"isalpha":      all(unicode.IsLetter),
		"isascii":      stringTest(func(_ *machine, s string) bool { return text{s: s}.ascii() }),
		"isdecimal":    all(func(r rune) bool { return unicode.Is(unicode.Nd, r) }),
		"isdigit":      all(isDigit),
		"isidentifier": stringTest(func(_ *machine, s string) bool { return isIdentifier(s) }),
		"islower":      stringTest((*machine).isLower),
		"isnumeric":    all(unicode.IsNumber),
		"isprintable": stringTest(func(_ *machine, s string) bool {
			return strings.IndexFunc(s, func(r rune) bool { return !isPrintable(r) }) < 0
		}),
		"isspace":      all(isSpace),
		"istitle":      stringTest(func(_ *machine, s string) bool { return isTitle(s) }),
		"isupper":      stringTest((*machine).isUpper),
		"join":         {signature: "/s iterable", run: stringJoin},
		"ljust":        justify('<'),
		"lower":        onText((*machine).lower),
		"lstrip":       strip(true, false),
		"partition":    {signature: "/s sep", run: func(m *machine, a []Value) (Value, error) { return m.partition(a[0].(text), a[1], false) }},
		"removeprefix": {signature: "/s prefix", run: func(m *machine, a []Value) (Value, error) { return m.removeAffix(a, false) }},
		"removesuffix": {signature: "/s suffix", run: func(m *machine, a []Value) (Value, error) { return m.removeAffix(a, true) }},
		"replace":      {signature: "/s old new count?", run: stringReplace},
		"rfind":        find(true, false),
		"rindex":       find(true, true),
		"rjust":        justify('>'),
		"rpartition":   {signature: "/s sep", run: func(m *machine, a []Value) (Value, error) { return m.partition(a[0].(text), a[1], true) }},
		"rsplit":       split(true),
		"rstrip":       strip(false, true),
		"split":        split(false),
		"splitlines": {signature: "s keepends?", run: func(m *machine, a []Value) (Value, error) {
			items, err := m.lines(a[0].(text), flag(a[1]))
			return &list{items: items, own: true}, err
		}},
		"startswith": affix(strings.HasPrefix),
		"strip":      strip(true, true),
		"swapcase":   onText((*machine).swapcase),
		"title":      onText((*machine).title),
		"translate":  {signature: "/s table", run: stringTranslate},
		"upper":      onText((*machine).upper),
		"zfill": {signature: "/s width", run: func(m *machine, a []Value) (Value, error) {
			width, err := intArg(a[1], 0)
			if err != nil {
				return nil, err
			}
			return m.zfill(a[0].(text), width)
		}},
	}
}

func (m *machine) find(a []Value, last, must bool) (Value, error) {
	sub, ok := a[1].(text)
	if !ok {
		return nil, failf("must be str, not %s", a[1].pyType())
	}
	s, from, ok, err := m.window(a[0].(text), a[2], a[3])
	if err != nil {
		return nil, err
	}
	i := -1
	if ok && last {
		i = strings.LastIndex(s, sub.s)
	} else if ok {
		i = strings.Index(s, sub.s)
	}
	if i < 0 {
		if must {
			return nil, failf("substring not found")
		}
		return integer(-1), nil
	}
	return integer(from + int64(utf8.RuneCountInString(s[:i]))), nil
}

func (m *machine) affix(a []Value, has func(s, x string) bool) (Value, error) {
	s, _, ok, err := m.window(a[0].(text), a[2], a[3])
	if err != nil {
		return nil, err
	}
	choices := []Value{a[1]}
	if l, isList := a[1].(*list); isList && l.tuple {
		choices = l.items
	}
	for _, c := range choices {
		x, isText := c.(text)
		if !isText {
			return nil, failf("first arg must be str or a tuple of str, not %s", c.pyType())
		}
		if err := m.scan(len(x.s)); err != nil {
			return nil, err
		}
		if ok && has(s, x.s) {
			return boolean(true), nil
		}
	}
	return boolean(false), nil
}

func (m *machine) removeAffix(a []Value, suffix bool) (Value, error) {
	t := a[0].(text)
	x, ok := a[1].(text)
	switch {
	case !ok:
		return nil, failf("argument must be str, not %s", a[1].pyType())
	case suffix && strings.HasSuffix(t.s, x.s):
		t = t.sub(0, len(t.s)-len(x.s))
	case !suffix && strings.HasPrefix(t.s, x.s):
		t = t.sub(len(x.s), len(t.s))
	}
	return t, m.alloc(objectBytes + len(t.runs)*runBytes)
}

func stringCount(m *machine, a []Value) (Value, error) {
	sub, ok := a[1].(text)
	if !ok {
		return nil, failf("must be str, not %s", a[1].pyType())
	}
	s, _, ok, err := m.window(a[0].(text), a[2], a[3])
	if err != nil || !ok {
		return integer(0), err
	}
	return integer(strings.Count(s, sub.s)), nil
}

func stringReplace(m *machine, a []Value) (Value, error) {
	old, ok1 := a[1].(text)
	with, ok2 := a[2].(text)
	if !ok1 || !ok2 {
		return nil, failf("replace() argument must be str")
	}
	count, err := intArg(a[3], -1)
	if err != nil {
		return nil, err
	}
	return m.replace(a[0].(text), old, with, int(count))
}

func stringJoin(m *machine, a []Value) (Value, error) {
	sep := a[0].(text)
	next, err := m.iterate(a[1])
	if err != nil {
		return nil, failf("can only join an iterable")
	}
	w := newBuilder(m.budget)
	for i := 0; ; i++ {
		v, ok, err := next()
		if err != nil {
			return nil, err
		}
		if !ok {
			return w.text().marked(sep.safe), nil
		}
		t, ok := v.(text)
		if !ok {
			return nil, failf("sequence item %d: expected str instance, %s found", i, v.pyType())
		}
		if sep.safe {
			if t, err = m.escape(t); err != nil {
				return nil, err
			}
		}
		if i > 0 {
			if err := w.add(sep); err != nil {
				return nil, err
			}
		}
		if err := w.add(t); err != nil {
			return nil, err
		}
	}
}

func stringEncode(m *machine, a []Value) (Value, error) {
	if e, ok := a[1].(text); ok {
		switch strings.ReplaceAll(strings.ToLower(e.s), "_", "-") {
		case "utf-8", "utf8":
		case "ascii", "us-ascii":
			if !a[0].(text).ascii() {
				return nil, failf("'ascii' codec can't encode characters")
			}
		default:
			return nil, failf("unknown encoding: %s", clip(e.s))
		}
	}
	s := a[0].(text).s
	return bytesV(s), m.alloc(len(s))
}

func stringFormatMap(m *machine, a []Value) (Value, error) {
	d, ok := a[1].(*Map)
	if !ok {
		return nil, failf("format_map() needs a mapping, not %s", a[1].pyType())
	}
	var args callArgs
	for i, k := range d.keys {
		if t, ok := k.(text); ok {
			if err := m.step(1 + i); err != nil {
				return nil, err
			}
			args.kw = append(args.kw, namedValue{t.s, d.vals[i]})
		}
	}
	return m.format(a[0].(text), args)
}

// stringTranslate maps characters by a dict from code points to code points, strings or none.
func stringTranslate(m *machine, a []Value) (Value, error) {
	t := a[0].(text)
	d, ok := a[1].(*Map)
	if !ok {
		return nil, failf("'%s' object is not subscriptable", a[1].pyType())
	}
	w := newBuilder(m.budget)
	for i, r := range t.s {
		if err := m.step(1); err != nil {
			return nil, err
		}
		_, n := utf8.DecodeRuneInString(t.s[i:])
		out := t.sub(i, i+n)
		if v, ok := d.at(int64(r)); ok {
			switch v := v.(type) {
			case none:
				continue
			case text:
				out = v
			case integer:
				if v < 0 || v > utf8.MaxRune {
					return nil, failf("character mapping must be in range(0x110000)")
				}
				out = plain(string(rune(v)))
			default:
				return nil, failf("character mapping must return integer, None or str")
			}
		}
		if err := w.add(out); err != nil {
			return nil, err
		}
	}
	return w.text().marked(t.safe), nil
}

func intRatio(_ *machine, a []Value) (Value, error) {
	n, _ := toBig(a[0])
	v, err := fromBig(n)
	return &list{tuple: true, items: []Value{v, integer(1)}}, err
}

func floatRatio(_ *machine, a []Value) (Value, error) {
	f := float64(a[0].(float))
	r := new(big.Rat).SetFloat64(f)
	if r == nil {
		return nil, failf("cannot convert %s to integer ratio", reprFloat(f))
	}
	num, err := fromBig(r.Num())
	if err != nil {
		return nil, err
	}
	den, err := fromBig(r.Denom())
	return &list{tuple: true, items: []Value{num, den}}, err
}

func intToBytes(m *machine, a []Value) (Value, error) {
	n, err := intArg(a[1], 1)
	if err != nil {
		return nil, err
	}
	b, _ := toBig(a[0])
	if n < 0 || b.Sign() < 0 || int64(b.BitLen()) > 8*min(n, maxIntBits) {
		return nil, failf("int too big to convert")
	}
	if n > m.limits.Memory {
		return nil, &LimitError{"memory", m.limits.Memory}
	}
	if err := m.alloc(int(n)); err != nil {
		return nil, err
	}
	out := b.FillBytes(make([]byte, n))
	if order, ok := a[2].(text); ok && order.s == "little" {
		for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
			out[i], out[j] = out[j], out[i]
		}
	}
	return bytesV(out), nil
}
