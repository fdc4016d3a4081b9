package jinja

import (
	"bytes"
	"math"
	"math/big"
	"strings"
)

func (m *machine) unary(minus bool, v Value) (Value, error) {
	switch v := v.(type) {
	case *undefined:
		return nil, v.raise()
	case float:
		if minus {
			return -v, nil
		}
		return v, nil
	case boolean, integer, bigInt:
		b, _ := toBig(v)
		if minus {
			b = new(big.Int).Neg(b)
		}
		return fromBig(b)
	}
	op := "+"
	if minus {
		op = "-"
	}
	return nil, failf("bad operand type for unary %s: '%s'", op, v.pyType())
}

func (m *machine) binary(op string, a, b Value) (Value, error) {
	if err := m.step(1); err != nil {
		return nil, err
	}
	if u, ok := a.(*undefined); ok {
		return nil, u.raise()
	}
	if t, ok := a.(text); ok && op == "%" {
		return m.percent(t, b)
	}
	if u, ok := b.(*undefined); ok {
		return nil, u.raise()
	}
	if isNumber(a) && isNumber(b) {
		return m.arith(op, a, b)
	}
	switch op {
	case "+":
		return m.add(a, b)
	case "*":
		if n, ok := toInt(b); ok {
			return m.repeat(a, n)
		}
		if n, ok := toInt(a); ok {
			return m.repeat(b, n)
		}
	}
	return nil, failf("unsupported operand type(s) for %s: '%s' and '%s'", op, a.pyType(), b.pyType())
}

func (m *machine) add(a, b Value) (Value, error) {
	switch x := a.(type) {
	case text:
		if y, ok := b.(text); ok {
			return m.addText(x, y)
		}
		return nil, failf("can only concatenate str (not \"%s\") to str", b.pyType())
	case *list:
		y, ok := b.(*list)
		if !ok || y.tuple != x.tuple {
			return nil, failf("can only concatenate %s (not \"%s\") to %s", a.pyType(), b.pyType(), a.pyType())
		}
		if err := m.items(len(x.items) + len(y.items)); err != nil {
			return nil, err
		}
		items := make([]Value, 0, len(x.items)+len(y.items))
		return &list{items: append(append(items, x.items...), y.items...), tuple: x.tuple, own: true}, nil
	}
	return nil, failf("unsupported operand type(s) for +: '%s' and '%s'", a.pyType(), b.pyType())
}

// addText joins two texts. When one is marked safe the other is escaped, as Markup does.
func (m *machine) addText(x, y text) (Value, error) {
	safe := x.safe || y.safe
	if safe {
		var err error
		if x, err = m.escape(x); err != nil {
			return nil, err
		}
		if y, err = m.escape(y); err != nil {
			return nil, err
		}
	}
	t, err := concat(m.budget, x, y)
	return t.marked(safe), err
}

func (m *machine) repeat(v Value, n int64) (Value, error) {
	n = max(n, 0)
	switch v := v.(type) {
	case text:
		w := newBuilder(m.budget)
		if v.s != "" && n > m.limits.Memory {
			return nil, &LimitError{"memory", m.limits.Memory}
		}
		if err := w.repeat(v, int(n)); err != nil {
			return nil, err
		}
		return w.text().marked(v.safe), nil
	case *list:
		if len(v.items) > 0 && n > m.limits.Memory {
			return nil, &LimitError{"memory", m.limits.Memory}
		}
		if err := m.items(len(v.items) * int(n)); err != nil {
			return nil, err
		}
		out := &list{tuple: v.tuple, own: true, items: make([]Value, 0, len(v.items)*int(n))}
		if len(v.items) > 0 {
			for range n {
				out.items = append(out.items, v.items...)
			}
		}
		return out, nil
	}
	return nil, failf("can't multiply sequence by non-int of type '%s'", v.pyType())
}

// compare applies a comparison operator.
func (m *machine) compare(op string, a, b Value) (bool, error) {
	if err := m.step(1); err != nil {
		return false, err
	}
	switch op {
	case "==":
		return m.equal(a, b, 0)
	case "!=":
		ok, err := m.equal(a, b, 0)
		return !ok, err
	case "in":
		return m.contains(b, a)
	case "not in":
		ok, err := m.contains(b, a)
		return !ok, err
	case "<":
		return m.less(op, a, b, 0)
	case ">":
		return m.less(op, b, a, 0)
	case "<=":
		return m.notGreater(op, a, b)
	}
	return m.notGreater(op, b, a)
}

// notGreater is a <= b, which is not the same as not b < a when a NaN is about.
func (m *machine) notGreater(op string, a, b Value) (bool, error) {
	if f, ok := a.(float); ok && math.IsNaN(float64(f)) && isNumber(b) {
		return false, nil
	}
	if f, ok := b.(float); ok && math.IsNaN(float64(f)) && isNumber(a) {
		return false, nil
	}
	gt, err := m.less(op, b, a, 0)
	return !gt, err
}

// less is a < b; op is for the message.
func (m *machine) less(op string, a, b Value, depth int) (bool, error) {
	if err := m.step(1); err != nil {
		return false, err
	}
	if u, ok := a.(*undefined); ok {
		return false, u.raise()
	}
	if u, ok := b.(*undefined); ok {
		return false, u.raise()
	}
	if isNumber(a) && isNumber(b) {
		c, ok := compareNumbers(a, b)
		return ok && c < 0, nil
	}
	switch x := a.(type) {
	case text:
		if y, ok := b.(text); ok {
			return x.s < y.s, m.scan(min(len(x.s), len(y.s)))
		}
	case bytesV:
		if y, ok := b.(bytesV); ok {
			return bytes.Compare([]byte(x), []byte(y)) < 0, m.alloc(len(x) + len(y))
		}
	case *list:
		if y, ok := b.(*list); ok && x.tuple == y.tuple {
			return m.lessList(op, x, y, depth)
		}
	}
	return false, failf("'%s' not supported between instances of '%s' and '%s'", op, a.pyType(), b.pyType())
}

func (m *machine) lessList(op string, x, y *list, depth int) (bool, error) {
	if depth >= maxValueDepth {
		return false, &LimitError{"depth", maxValueDepth}
	}
	for i := 0; i < len(x.items) && i < len(y.items); i++ {
		same, err := m.equal(x.items[i], y.items[i], depth+1)
		if err != nil {
			return false, err
		}
		if !same {
			return m.less(op, x.items[i], y.items[i], depth+1)
		}
	}
	return len(x.items) < len(y.items), nil
}

// equal is Python's ==.
func (m *machine) equal(a, b Value, depth int) (bool, error) {
	if err := m.step(1); err != nil {
		return false, err
	}
	if depth >= maxValueDepth {
		return false, &LimitError{"depth", maxValueDepth}
	}
	if isNumber(a) && isNumber(b) {
		c, ok := compareNumbers(a, b)
		return ok && c == 0, nil
	}
	switch x := a.(type) {
	case text:
		y, ok := b.(text)
		if !ok || len(x.s) != len(y.s) {
			return false, nil
		}
		return x.s == y.s, m.scan(len(x.s))
	case none:
		_, ok := b.(none)
		return ok, nil
	case *undefined:
		_, ok := b.(*undefined)
		return ok, nil
	case bytesV:
		y, ok := b.(bytesV)
		return ok && x == y, m.scan(len(x))
	case rangeV:
		y, ok := b.(rangeV)
		return ok && sameRange(x, y), nil
	case *list:
		y, ok := b.(*list)
		if !ok || x.tuple != y.tuple || len(x.items) != len(y.items) {
			return false, nil
		}
		for i := range x.items {
			if same, err := m.equal(x.items[i], y.items[i], depth+1); err != nil || !same {
				return false, err
			}
		}
		return true, nil
	case *Map:
		y, ok := b.(*Map)
		if !ok || x.Len() != y.Len() {
			return false, nil
		}
		return m.equalMaps(x, y, depth)
	case view:
		y, ok := b.(view)
		if !ok || x.kind != y.kind || x.kind == "dict_values" || x.of.Len() != y.of.Len() {
			return false, nil
		}
		return m.equal(x.of, y.of, depth+1)
	case *generator, *loop, *macro, *function, *object, *namespace:
		return a == b, nil
	}
	return false, nil
}

func (m *machine) equalMaps(x, y *Map, depth int) (bool, error) {
	for h, i := range x.index {
		w, ok := y.at(h)
		if !ok {
			return false, m.step(1)
		}
		if same, err := m.equal(x.vals[i], w, depth+1); err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

func sameRange(x, y rangeV) bool {
	n := x.len()
	return n == y.len() && (n == 0 || x.start == y.start && (n == 1 || x.step == y.step))
}

// contains is x in c.
func (m *machine) contains(c, x Value) (bool, error) {
	switch c := c.(type) {
	case text:
		t, ok := x.(text)
		if !ok {
			if u, ok := x.(*undefined); ok {
				return false, u.raise()
			}
			return false, failf("'in <string>' requires string as left operand, not %s", x.pyType())
		}
		return strings.Contains(c.s, t.s), m.scan(len(c.s))
	case *Map:
		h, err := m.hash(x, 0)
		if err != nil {
			return false, err
		}
		_, ok := c.at(h)
		return ok, nil
	case view:
		if c.kind == "dict_keys" {
			return m.contains(c.of, x)
		}
	case rangeV:
		if n, ok := toInt(x); ok && c.len() > 0 {
			i := (n - c.start) / c.step
			return i >= 0 && i < c.len() && c.at(i) == n, nil
		}
	case none, boolean, integer, bigInt, float, *namespace, *function, *macro, *object:
		return false, failf("argument of type '%s' is not iterable", c.pyType())
	}
	next, err := m.iterate(c)
	if err != nil {
		return false, err
	}
	for {
		v, ok, err := next()
		if err != nil || !ok {
			return false, err
		}
		if same, err := m.equal(v, x, 0); err != nil || same {
			return same, err
		}
	}
}
