package jinja

import (
	"fmt"
	"math"
	"math/big"
)

// Value is anything a template can hold. Values handed to Render are not changed by it and may be shared.
type Value interface {
	// pyType is the name Python gives the type, for messages.
	pyType() string
}

type (
	none    struct{}
	boolean bool
	integer int64
	bigInt  struct{ v *big.Int } // outside int64
	float   float64
	bytesV  string

	// undefined is what a name or key without a value gives. It prints as nothing; most other uses raise.
	undefined struct {
		hint  string // the whole message, or
		owner string // "dict object" and so on; empty for a plain name
		name  string // repr'd unless it is a name
	}

	// list is a list or a tuple.
	list struct {
		items []Value
		tuple bool
		own   bool     // made by the template, so that append and pop may change it
		names []string // attributes of a named tuple
	}

	// rangeV is Python's range.
	rangeV struct{ start, stop, step int64 }

	// view is what keys, values and items of a map return.
	view struct {
		of   *Map
		kind string // "dict_keys", "dict_values", "dict_items"
	}

	// generator yields values once, when asked.
	generator struct {
		name  string
		next  iterator
		depth int // generators below it
	}

	namespace struct{ attrs *Map }

	// function is a builtin that can be called: a global, a method of a value, a class.
	function struct {
		name string
		kind string // Python's type name
		call func(m *machine, a callArgs) (Value, error)
	}
)

// iterator returns the next value, or false at the end.
type iterator func() (Value, bool, error)

func (none) pyType() string       { return "NoneType" }
func (boolean) pyType() string    { return "bool" }
func (integer) pyType() string    { return "int" }
func (bigInt) pyType() string     { return "int" }
func (float) pyType() string      { return "float" }
func (bytesV) pyType() string     { return "bytes" }
func (*undefined) pyType() string { return "Undefined" }
func (rangeV) pyType() string     { return "range" }
func (v view) pyType() string     { return v.kind }
func (g *generator) pyType() string {
	return g.name
}
func (*namespace) pyType() string  { return "Namespace" }
func (f *function) pyType() string { return f.kind }
func (*Map) pyType() string        { return "dict" }
func (t text) pyType() string {
	if t.safe {
		return "Markup"
	}
	return "str"
}
func (l *list) pyType() string {
	if l.tuple {
		return "tuple"
	}
	return "list"
}

// None is Python's None, JSON's null.
func None() Value { return none{} }

// Bool returns a boolean.
func Bool(b bool) Value { return boolean(b) }

// Int returns an integer.
func Int(i int64) Value { return integer(i) }

// Float returns a floating-point number.
func Float(f float64) Value { return float(f) }

// String returns text that came from outside: none of it can become a control token.
func String(s string) Value { return plain(s) }

// Trusted returns text that counts as the template's own, such as the vocabulary's bos token.
func Trusted(s string) Value { return trustedText(s) }

// List returns a list. It keeps items, which must not change while a Render uses them.
func List(items ...Value) Value { return &list{items: items} }

// Map is a dictionary that keeps the order of insertion. The zero value is empty. A Map may be shared by concurrent
// Renders once nobody changes it.
type Map struct {
	keys  []Value
	vals  []Value
	index map[any]int
	own   bool // made by the template
}

// NewMap returns an empty map.
func NewMap() *Map { return &Map{} }

// Len is the number of keys.
func (d *Map) Len() int { return len(d.keys) }

// Set adds a key or changes its value. The key's text counts as data.
func (d *Map) Set(key string, v Value) { d.put(key, plain(key), v) }

// Get returns the value of a key.
func (d *Map) Get(key string) (Value, bool) { return d.at(key) }

// Keys returns the keys that are strings, in order.
func (d *Map) Keys() []string {
	out := make([]string, 0, len(d.keys))
	for _, k := range d.keys {
		if t, ok := k.(text); ok {
			out = append(out, t.s)
		}
	}
	return out
}

func (d *Map) at(hash any) (Value, bool) {
	if i, ok := d.index[hash]; ok {
		return d.vals[i], true
	}
	return nil, false
}

func (d *Map) put(hash any, key, v Value) {
	if i, ok := d.index[hash]; ok {
		d.vals[i] = v
		return
	}
	if d.index == nil {
		d.index = map[any]int{}
	}
	d.index[hash] = len(d.keys)
	d.keys = append(d.keys, key)
	d.vals = append(d.vals, v)
}

// remove takes out entry i. The time is linear.
func (d *Map) remove(i int) {
	for h, k := range d.index {
		switch {
		case k == i:
			delete(d.index, h)
		case k > i:
			d.index[h] = k - 1
		}
	}
	d.keys = append(d.keys[:i:i], d.keys[i+1:]...)
	d.vals = append(d.vals[:i:i], d.vals[i+1:]...)
}

// clone returns a copy that the caller may change.
func (d *Map) clone() *Map {
	c := &Map{keys: append([]Value(nil), d.keys...), vals: append([]Value(nil), d.vals...), index: make(map[any]int, len(d.index))}
	for h, i := range d.index {
		c.index[h] = i
	}
	return c
}

const mapEntryBytes = 96

// set charges for an entry and puts it.
func (m *machine) set(d *Map, key, v Value) error {
	h, err := m.hash(key, 0)
	if err != nil {
		return err
	}
	if err := m.alloc(mapEntryBytes); err != nil {
		return err
	}
	d.put(h, key, v)
	return nil
}

type (
	tupleHash string
	undefHash struct{}
	bigHash   string
	bytesHash string
)

// hash returns a Go map key that is equal for equal values.
func (m *machine) hash(v Value, depth int) (any, error) {
	if err := m.step(1); err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case text:
		return v.s, m.scan(len(v.s))
	case boolean:
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	case integer:
		return int64(v), nil
	case float:
		if f := float64(v); f == math.Trunc(f) && math.Abs(f) < 1<<63 {
			return int64(f), nil
		} else if f == math.Trunc(f) && !math.IsInf(f, 0) {
			b, _ := big.NewFloat(f).Int(nil)
			return bigHash(b.String()), nil
		}
		return float64(v), nil
	case bigInt:
		return bigHash(v.v.Text(16)), m.scan(v.v.BitLen())
	case none:
		return none{}, nil
	case bytesV:
		return bytesHash(v), m.scan(len(v))
	case *undefined:
		return undefHash{}, nil
	case *list:
		if v.tuple {
			return m.hashTuple(v, depth)
		}
		return nil, failf("unhashable type: 'list'")
	case *Map:
		return nil, failf("unhashable type: 'dict'")
	case view:
		if v.kind != "dict_values" {
			return nil, failf("unhashable type: '%s'", v.kind)
		}
		return v.of, nil
	}
	return v, nil
}

func (m *machine) hashTuple(v *list, depth int) (any, error) {
	if depth >= maxValueDepth {
		return nil, &LimitError{"depth", maxValueDepth}
	}
	var key []byte
	for _, it := range v.items {
		h, err := m.hash(it, depth+1)
		if err != nil {
			return nil, err
		}
		part := fmt.Sprintf("%T:%v", h, h)
		if err := m.alloc(2*len(part) + 8); err != nil {
			return nil, err
		}
		key = fmt.Appendf(key, "%d:%s,", len(part), part)
	}
	return tupleHash(key), nil
}

// truth is Python's bool(v).
func truth(v Value) bool {
	switch v := v.(type) {
	case none, *undefined:
		return false
	case boolean:
		return bool(v)
	case integer:
		return v != 0
	case float:
		return v != 0
	case text:
		return v.s != ""
	case bytesV:
		return v != ""
	case *list:
		return len(v.items) > 0
	case *Map:
		return v.Len() > 0
	case view:
		return v.of.Len() > 0
	case rangeV:
		return v.len() > 0
	case *loop:
		return true
	}
	return true
}

func (r rangeV) len() int64 {
	if r.step > 0 && r.start < r.stop {
		return int64((uint64(r.stop)-uint64(r.start)-1)/uint64(r.step)) + 1
	}
	if r.step < 0 && r.start > r.stop {
		return int64((uint64(r.start)-uint64(r.stop)-1)/uint64(-r.step)) + 1
	}
	return 0
}

func (r rangeV) at(i int64) int64 { return r.start + i*r.step }

// message says what was missing.
func (u *undefined) message() string {
	switch {
	case u.hint != "":
		return u.hint
	case u.owner != "":
		return u.owner + " has no " + u.name
	}
	return "'" + u.name + "' is undefined"
}

func (u *undefined) raise() error { return &failure{u.message()} }

// missing returns the undefined value for an attribute or key of v.
func missing(v Value, key Value) Value {
	if t, ok := key.(text); ok {
		return &undefined{owner: "'" + objectName(v) + "'", name: "attribute '" + clip(t.s) + "'"}
	}
	return &undefined{owner: objectName(v), name: "element " + shortRepr(key)}
}

func objectName(v Value) string {
	switch v.(type) {
	case none:
		return "None"
	case *undefined:
		return "Undefined"
	}
	return v.pyType() + " object"
}

// clip shortens a string for a message.
func clip(s string) string {
	const longest = 80
	if len(s) <= longest {
		return s
	}
	return s[:longest] + "…"
}

func shortRepr(v Value) string {
	switch v := v.(type) {
	case integer:
		return fmt.Sprint(int64(v))
	case boolean:
		return pyBool(bool(v))
	case float:
		return reprFloat(float64(v))
	}
	return v.pyType()
}
