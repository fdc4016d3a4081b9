package jinja

import (
	"strings"
	"unicode/utf8"
)

// getAttr is v.name: an attribute first, then a key.
func (m *machine) getAttr(v Value, name string) (Value, error) {
	if isObjectAttr(name) && isUndefined(v) {
		return missing(v, plain(name)), nil
	}
	if a, err := m.attr(v, name); a != nil || err != nil {
		return a, err
	}
	if d, ok := v.(*Map); ok && !isObjectAttr(name) {
		if v, ok := d.Get(name); ok {
			return v, nil
		}
	}
	return missing(v, plain(name)), nil
}

// isObjectAttr reports whether every Python object has the attribute: the sandbox hides it, and with it the key.
func isObjectAttr(name string) bool {
	if !strings.HasPrefix(name, "__") {
		return false
	}
	switch name {
	case "__class__", "__doc__", "__init__", "__new__", "__dir__", "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__",
		"__hash__", "__repr__", "__str__", "__format__", "__getattribute__", "__setattr__", "__delattr__", "__reduce__",
		"__reduce_ex__", "__sizeof__", "__subclasshook__", "__init_subclass__", "__getstate__",
		"__len__", "__iter__", "__getitem__", "__setitem__", "__delitem__", "__contains__", "__reversed__", "__or__", "__ror__", "__ior__",
		"__class_getitem__":
		return true
	}
	return false
}

// attr returns an attribute, or nil when there is none.
func (m *machine) attr(v Value, name string) (Value, error) {
	switch v := v.(type) {
	case *undefined:
		return nil, v.raise()
	case *loop:
		return v.attr(name)
	case *namespace:
		if a, ok := v.attrs.Get(name); ok {
			return a, nil
		}
		return nil, nil
	case *object:
		return v.attr(name), nil
	case *macro:
		return macroAttr(v, name), nil
	case *list:
		for i, n := range v.names {
			if n == name {
				return v.items[i], nil
			}
		}
	case *function:
		if v.name == "dict" && name == "fromkeys" {
			return &function{"fromkeys", "builtin_function_or_method", operation{signature: "/iterable value?", run: dictFromKeys}.bindTo("fromkeys")}, nil
		}
		return nil, nil
	}
	if a := numberAttr(v, name); a != nil {
		return a, nil
	}
	return m.method(v, name)
}

// bindTo returns the operation as a function's body.
func (o operation) bindTo(name string) func(m *machine, a callArgs) (Value, error) {
	return func(m *machine, a callArgs) (Value, error) { return o.apply(m, name, a) }
}

func macroAttr(v *macro, name string) Value {
	switch name {
	case "name":
		return trustedText(v.def.name)
	case "arguments":
		t := &list{tuple: true}
		for _, p := range v.def.params {
			t.items = append(t.items, trustedText(p))
		}
		return t
	case "catch_kwargs":
		return boolean(v.def.kwargs)
	case "catch_varargs":
		return boolean(v.def.varags)
	case "caller":
		return boolean(v.def.caller)
	}
	return nil
}

func numberAttr(v Value, name string) Value {
	if r, ok := v.(rangeV); ok {
		switch name {
		case "start":
			return integer(r.start)
		case "stop":
			return integer(r.stop)
		case "step":
			return integer(r.step)
		}
		return nil
	}
	if !isNumber(v) {
		return nil
	}
	f, isFloat := v.(float)
	switch name {
	case "real":
		if b, ok := v.(boolean); ok {
			n, _ := toInt(b)
			return integer(n)
		}
		return v
	case "imag":
		if isFloat {
			return float(f - f)
		}
		return integer(0)
	case "numerator":
		if !isFloat {
			return numberAttr(v, "real")
		}
	case "denominator":
		if !isFloat {
			return integer(1)
		}
	}
	return nil
}

// getItem is v[key]: a key or index first, then an attribute.
func (m *machine) getItem(v, key Value) (Value, error) {
	if u, ok := v.(*undefined); ok {
		return nil, u.raise()
	}
	if d, ok := v.(*Map); ok {
		h, err := m.hash(key, 0)
		if _, hard := err.(*LimitError); hard {
			return nil, err
		}
		if err == nil {
			if it, ok := d.at(h); ok {
				return it, nil
			}
		}
	} else if i, ok := toInt(key); ok {
		if it, err := m.index(v, i); it != nil || err != nil {
			return it, err
		}
	}
	if name, ok := key.(text); ok {
		if a, err := m.attr(v, name.s); a != nil || err != nil {
			return a, err
		}
	}
	return missing(v, key), nil
}

// index returns item i of a sequence, counted from the end when negative, or nil.
func (m *machine) index(v Value, i int64) (Value, error) {
	n, err := m.length(v)
	if err != nil || n < 0 {
		return nil, err
	}
	if i < 0 {
		i += int64(n)
	}
	if i < 0 || i >= int64(n) {
		return nil, nil
	}
	switch v := v.(type) {
	case *list:
		return v.items[i], nil
	case text:
		at := int(i)
		if n != len(v.s) {
			at = v.offset(at)
		}
		_, size := utf8.DecodeRuneInString(v.s[at:])
		return v.sub(at, at+size), m.alloc(objectBytes)
	case rangeV:
		return integer(v.at(i)), nil
	case bytesV:
		return integer(v[i]), nil
	}
	return nil, nil
}

// bounds is Python's slice.indices: the first index, the number of items, and the step.
func bounds(lo, hi, step Value, n int64) (first, count, by int64, err error) {
	by = 1
	read := func(v Value, missing int64) int64 {
		if _, ok := v.(none); ok {
			return missing
		}
		i, ok := clampInt(v)
		if !ok {
			err = failf("slice indices must be integers or None or have an __index__ method")
		}
		return i
	}
	by = read(step, 1)
	if err == nil && by == 0 {
		err = failf("slice step cannot be zero")
	}
	if err != nil {
		return 0, 0, 0, err
	}
	low, high := int64(0), n
	if by < 0 {
		low, high = -1, n-1
	}
	fit := func(i int64) int64 {
		if i < 0 {
			i += n
		}
		return min(max(i, low), high)
	}
	start, stop := low, high
	if by < 0 {
		start, stop = high, low
	}
	if _, ok := lo.(none); !ok {
		start = fit(read(lo, 0))
	}
	if _, ok := hi.(none); !ok {
		stop = fit(read(hi, 0))
	}
	return start, rangeV{start, stop, by}.len(), by, err
}

// clampInt returns an integer, cut to what is far beyond any length.
func clampInt(v Value) (int64, bool) {
	const far = 1 << 60
	if i, ok := toInt(v); ok {
		return min(max(i, -far), far), true
	}
	if b, ok := v.(bigInt); ok {
		return int64(b.v.Sign()) * far, true
	}
	return 0, false
}

// slice is v[lo:hi:step].
func (m *machine) slice(v, lo, hi, step Value) (Value, error) {
	n, err := m.length(v)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case *undefined:
		return nil, v.raise()
	case *list, text, rangeV, bytesV:
	case *Map:
		return nil, failf("unhashable type: 'slice'")
	default:
		return nil, failf("'%s' object is not subscriptable", v.pyType())
	}
	first, count, by, err := bounds(lo, hi, step, int64(n))
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case *list:
		if err := m.items(int(count)); err != nil {
			return nil, err
		}
		out := &list{tuple: v.tuple, own: true, items: make([]Value, 0, count)}
		for i := range count {
			out.items = append(out.items, v.items[first+i*by])
		}
		return out, nil
	case text:
		return m.sliceText(v, n, int(first), int(count), int(by))
	case rangeV:
		return rangeV{v.at(first), v.at(first + count*by), v.step * by}, nil
	case bytesV:
		if err := m.alloc(int(count)); err != nil {
			return nil, err
		}
		out := make([]byte, 0, count)
		for i := range count {
			out = append(out, v[first+i*by])
		}
		return bytesV(out), nil
	}
	return nil, nil
}

// sliceText takes count of t's n characters, from first on, every by-th.
func (m *machine) sliceText(t text, n, first, count, by int) (Value, error) {
	if err := m.alloc(objectBytes + len(t.runs)*runBytes); err != nil {
		return nil, err
	}
	if count == 0 {
		return t.sub(0, 0), nil
	}
	at := func(i int) int { return i }
	if n != len(t.s) {
		if by == 1 {
			at = t.offset
		} else {
			offsets, err := m.offsets(t, n)
			if err != nil {
				return nil, err
			}
			at = func(i int) int { return offsets[i] }
		}
	}
	if by == 1 {
		return t.sub(at(first), at(first+count)), m.scan(len(t.s))
	}
	w := newBuilder(m.budget)
	for i := range count {
		from := at(first + i*by)
		_, size := utf8.DecodeRuneInString(t.s[from:])
		if err := m.step(1); err != nil {
			return nil, err
		}
		if err := w.str(t.s[from:from+size], t.trustedAt(from)); err != nil {
			return nil, err
		}
	}
	return w.text().marked(t.safe), nil
}

func (m *machine) offsets(t text, n int) ([]int, error) {
	if err := m.alloc(8 * n); err != nil {
		return nil, err
	}
	out := make([]int, 0, n)
	for i := range t.s {
		out = append(out, i)
	}
	return out, nil
}
