package gguf

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// Kind is the type of a metadata value, numbered as in the file.
type Kind uint32

// The kinds of values.
const (
	Uint8 Kind = iota
	Int8
	Uint16
	Int16
	Uint32
	Int32
	Float32
	Bool
	String
	Array
	Uint64
	Int64
	Float64
)

// kinds lists name and size in bytes, 0 where it varies.
var kinds = [...]struct {
	name string
	size int64
}{
	Uint8: {"u8", 1}, Int8: {"i8", 1}, Uint16: {"u16", 2}, Int16: {"i16", 2}, Uint32: {"u32", 4}, Int32: {"i32", 4},
	Float32: {"f32", 4}, Bool: {"bool", 1}, String: {"string", 0}, Array: {"array", 0}, Uint64: {"u64", 8}, Int64: {"i64", 8},
	Float64: {"f64", 8},
}

func (k Kind) String() string {
	if k.known() {
		return kinds[k].name
	}
	return fmt.Sprintf("kind %d", uint32(k))
}

func (k Kind) known() bool { return int64(k) < int64(len(kinds)) }

// size returns the bytes of a value of fixed size, 0 for strings and arrays.
func (k Kind) size() int64 {
	if !k.known() {
		return 0
	}
	return kinds[k].size
}

// Value is a metadata value as it lies in a file. One from a File borrows its bytes until Close.
type Value struct {
	kind, elem Kind
	count      int
	data       []byte // the encoding: a string without its length, an array without kind and count
}

// Kind returns the kind of the value.
func (v Value) Kind() Kind { return v.kind }

// Elem returns the kind of an Array's elements.
func (v Value) Elem() Kind { return v.elem }

// Len returns the number of an Array's elements.
func (v Value) Len() int { return v.count }

// Integer returns the value of any integer kind; ok is false for other kinds and beyond int64.
func (v Value) Integer() (n int64, ok bool) { return integer(v.kind, v.data) }

// Real returns the value of a float kind or, converted, of an integer kind.
func (v Value) Real() (x float64, ok bool) { return real64(v.kind, v.data) }

// Bool returns the value of a Bool.
func (v Value) Bool() (b, ok bool) { return boolean(v.kind, v.data) }

// Text returns a copy of the value of a String.
func (v Value) Text() (s string, ok bool) { return textOf(v.kind, v.data) }

// describe says what kind of value it is.
func (v Value) describe() string {
	if v.kind == Array {
		return fmt.Sprintf("an array of %d %s", v.count, v.elem)
	}
	return "a " + v.kind.String()
}

// String formats the value for people: scalars and strings in full, of arrays the kind, the length and the first elements.
func (v Value) String() string {
	switch v.kind {
	case String:
		return string(v.data)
	case Array:
		return v.array()
	}
	return scalar(v.kind, v.data)
}

// array formats an array.
func (v Value) array() string {
	const shown = 6
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s [", v.count, v.elem)
	rest := v.data
	for i := range min(v.count, shown) {
		var elem []byte
		elem, rest = next(v.elem, rest)
		if i > 0 {
			b.WriteByte(' ')
		}
		if v.elem == String {
			fmt.Fprintf(&b, "%q", elem)
		} else {
			b.WriteString(scalar(v.elem, elem))
		}
	}
	if v.count > shown {
		b.WriteString(" …")
	}
	b.WriteByte(']')
	return b.String()
}

// scalar formats a value of fixed size.
func scalar(k Kind, data []byte) string {
	if n, ok := integer(k, data); ok {
		return fmt.Sprint(n)
	}
	if n, ok := unsigned(k, data); ok {
		return fmt.Sprint(n)
	}
	if b, ok := boolean(k, data); ok {
		return fmt.Sprint(b)
	}
	x, ok := real64(k, data)
	switch {
	case !ok:
		return "invalid"
	case k == Float32: // its own shortest form
		return fmt.Sprint(float32(x))
	}
	return fmt.Sprint(x)
}

// next cuts the first element off the encoding of an array whose bounds have been checked.
func next(elem Kind, data []byte) (first, rest []byte) {
	n := elem.size()
	if elem == String {
		n, data = int64(binary.LittleEndian.Uint64(data)), data[8:]
	}
	return data[:n:n], data[n:]
}

// integer decodes any integer kind.
func integer(k Kind, data []byte) (int64, bool) {
	if int64(len(data)) < k.size() { // the zero Value
		return 0, false
	}
	le := binary.LittleEndian
	switch k {
	case Uint8:
		return int64(data[0]), true
	case Int8:
		return int64(int8(data[0])), true
	case Uint16:
		return int64(le.Uint16(data)), true
	case Int16:
		return int64(int16(le.Uint16(data))), true
	case Uint32:
		return int64(le.Uint32(data)), true
	case Int32:
		return int64(int32(le.Uint32(data))), true
	case Int64:
		return int64(le.Uint64(data)), true
	case Uint64:
		n := le.Uint64(data)
		return int64(n), n <= math.MaxInt64
	}
	return 0, false
}

// real64 decodes any number.
func real64(k Kind, data []byte) (float64, bool) {
	if int64(len(data)) < k.size() {
		return 0, false
	}
	switch k {
	case Float32:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(data))), true
	case Float64:
		return math.Float64frombits(binary.LittleEndian.Uint64(data)), true
	case Uint64:
		return float64(binary.LittleEndian.Uint64(data)), true
	}
	n, ok := integer(k, data)
	return float64(n), ok
}

// unsigned decodes any integer kind that is not negative.
func unsigned(k Kind, data []byte) (uint64, bool) {
	if k == Uint64 && len(data) == 8 {
		return binary.LittleEndian.Uint64(data), true
	}
	n, ok := integer(k, data)
	return uint64(n), ok && n >= 0
}

func boolean(k Kind, data []byte) (b, ok bool) {
	ok = k == Bool && len(data) == 1
	return ok && data[0] != 0, ok
}

func textOf(k Kind, data []byte) (string, bool) {
	if k != String {
		return "", false
	}
	return string(data), true
}
