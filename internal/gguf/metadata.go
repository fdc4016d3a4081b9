package gguf

import (
	"strings"
	"unsafe"

	"llm/internal/errs"
)

// Keys returns all keys in the order of the file.
func (f *File) Keys() []string {
	keys := make([]string, len(f.shards[0].entries))
	for i, e := range f.shards[0].entries {
		keys[i] = e.key
	}
	return keys
}

// Has reports whether key is there, whatever its kind.
func (f *File) Has(key string) bool { return f.shards[0].find(key) != nil }

// Value returns the value of key, borrowed until Close.
func (f *File) Value(key string) (Value, bool) {
	e := f.shards[0].find(key)
	if e == nil || f.closed.Load() {
		return Value{}, false
	}
	return f.shards[0].value(e), true
}

// Require returns an error that names the first of keys that is missing.
func (f *File) Require(keys ...string) error {
	for _, key := range keys {
		if !f.Has(key) {
			return f.shards[0].fail(key, -1, errs.ErrCorrupt, "the key is missing")
		}
	}
	return nil
}

// Str returns a copy of the string under key, def if the key is missing, and an error if it is no string.
func (f *File) Str(key, def string) (string, error) { return scalarOf(f, key, "string", def, textOf) }

// Int returns the integer under key, of any integer kind, or def if the key is missing.
func (f *File) Int(key string, def int64) (int64, error) {
	return scalarOf(f, key, "integer", def, integer)
}

// Uint returns the integer under key, of any integer kind but not negative, or def if the key is missing.
func (f *File) Uint(key string, def uint64) (uint64, error) {
	return scalarOf(f, key, "integer from 0 on", def, unsigned)
}

// Float returns the number under key, f32, f64 or of an integer kind, or def if the key is missing. It may be NaN or infinite.
func (f *File) Float(key string, def float64) (float64, error) {
	return scalarOf(f, key, "number", def, real64)
}

// Bool returns the bool under key, or def if the key is missing.
func (f *File) Bool(key string, def bool) (bool, error) {
	return scalarOf(f, key, "bool", def, boolean)
}

// Strings returns copies of the strings of the array under key. A missing key is an error.
func (f *File) Strings(key string) ([]string, error) {
	var all strings.Builder // one piece of memory for all of them
	if v, ok := f.Value(key); ok && v.elem == String {
		all.Grow(len(v.data) - 8*v.count)
	}
	return listOf(f, key, "string", func(k Kind, data []byte) (string, bool) {
		if k != String {
			return "", false
		}
		start := all.Len()
		all.Write(data)
		return all.String()[start:], true
	})
}

// Floats returns the numbers of the array under key as float32. A missing key is an error.
func (f *File) Floats(key string) ([]float32, error) {
	return listOf(f, key, "number", func(k Kind, data []byte) (float32, bool) {
		x, ok := real64(k, data)
		return float32(x), ok
	})
}

// Int32s returns the integers of the array under key, of any integer kind. A missing key or a number beyond int32 is an error.
func (f *File) Int32s(key string) ([]int32, error) {
	return listOf(f, key, "integer of 32 bits", func(k Kind, data []byte) (int32, bool) {
		n, ok := integer(k, data)
		return int32(n), ok && n == int64(int32(n))
	})
}

// Ints returns a number for each of n layers from the integers or bools (0 and 1) under key: one number means the same for
// all, an array must have n elements, a missing key gives def for all.
func (f *File) Ints(key string, n int, def int64) ([]int64, error) {
	return layersOf(f, key, "integer", n, def, func(k Kind, data []byte) (int64, bool) {
		if k == Bool {
			return int64(data[0]), true
		}
		return integer(k, data)
	})
}

// Reals is Ints for floats: a number for each of n layers.
func (f *File) Reals(key string, n int, def float64) ([]float64, error) {
	return layersOf(f, key, "number", n, def, real64)
}

// scalarOf decodes the value of key, def if it is missing. want is what decode accepts.
func scalarOf[T any](f *File, key, want string, def T, decode func(Kind, []byte) (T, bool)) (T, error) {
	e := f.shards[0].find(key)
	if e == nil {
		return def, nil
	}
	err := f.guard(func() (err error) {
		def, err = decodeOne(f.shards[0], e, want, decode)
		return err
	})
	return def, err
}

// listOf decodes the elements of the array under key.
func listOf[T any](f *File, key, want string, decode func(Kind, []byte) (T, bool)) (list []T, err error) {
	if err := f.Require(key); err != nil {
		return nil, err
	}
	s := f.shards[0]
	e := s.find(key)
	err = f.guard(func() error {
		if e.kind != Array {
			return s.fail(key, e.off, errs.ErrCorrupt, "it is a %s, not an array", e.kind)
		}
		list, err = decodeAll(f, e, want, decode)
		return err
	})
	return list, err
}

// layersOf decodes one value for all of n layers or an array of n.
func layersOf[T any](f *File, key, want string, n int, def T, decode func(Kind, []byte) (T, bool)) (list []T, err error) {
	s := f.shards[0]
	e := s.find(key)
	if e != nil && e.kind == Array {
		if e.count != n {
			return nil, s.fail(key, e.off, errs.ErrCorrupt, "an array of %d for %d layers", e.count, n)
		}
		return listOf(f, key, want, decode)
	}
	if def, err = scalarOf(f, key, want, def, decode); err != nil {
		return nil, err
	}
	if n < 0 || !affordable[T](f, n) {
		return nil, s.fail(key, -1, errs.ErrCorrupt, "no file of %d bytes has %d layers", f.Size(), n)
	}
	list = make([]T, n)
	for i := range list {
		list[i] = def
	}
	return list, nil
}

// decodeOne decodes a value that is no array.
func decodeOne[T any](s *shard, e *entry, want string, decode func(Kind, []byte) (T, bool)) (v T, err error) {
	v, ok := decode(e.kind, s.value(e).data)
	if !ok {
		return v, s.fail(e.key, e.off, errs.ErrCorrupt, "%s is no %s", s.value(e).describe(), want)
	}
	return v, nil
}

// affordable reports whether n values of type T take no more memory than the file may cost.
func affordable[T any](f *File, n int) bool {
	return int64(n) <= (2*f.Size()+slack)/int64(unsafe.Sizeof(*new(T)))
}

// decodeAll decodes all elements of an array.
func decodeAll[T any](f *File, e *entry, want string, decode func(Kind, []byte) (T, bool)) ([]T, error) {
	s := f.shards[0]
	if !affordable[T](f, e.count) {
		return nil, s.fail(e.key, e.off, errs.ErrCorrupt, "an array of %d %s is too long", e.count, e.elem)
	}
	list := make([]T, e.count)
	rest := s.value(e).data
	for i := range list {
		var first []byte
		first, rest = next(e.elem, rest)
		var ok bool
		if list[i], ok = decode(e.elem, first); !ok {
			return nil, s.fail(e.key, e.off, errs.ErrCorrupt, "element %d of its %d is no %s", i, e.count, want)
		}
	}
	return list, nil
}

// find returns the entry of key, nil if there is none.
func (s *shard) find(key string) *entry {
	i, ok := s.index[key]
	if !ok {
		return nil
	}
	return &s.entries[i]
}
