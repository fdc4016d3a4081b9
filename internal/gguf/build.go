package gguf

import (
	"encoding/binary"
	"math"
)

// Scalar is a Go type that a metadata value can have.
type Scalar interface {
	uint8 | int8 | uint16 | int16 | uint32 | int32 | uint64 | int64 | float32 | float64 | bool | string
}

// Of returns v as a metadata value, for a Writer.
func Of[T Scalar](v T) Value {
	return Value{kind: kindOf(v), data: encode([]byte{}, v)}
}

// ListOf returns an array of metadata values, for a Writer.
func ListOf[T Scalar](list ...T) Value {
	v := Value{kind: Array, elem: kindOf(*new(T)), count: len(list), data: []byte{}}
	for _, elem := range list {
		if v.elem == String {
			v.data = binary.LittleEndian.AppendUint64(v.data, uint64(len(any(elem).(string))))
		}
		v.data = encode(v.data, elem)
	}
	return v
}

func kindOf[T Scalar](v T) Kind {
	switch any(v).(type) {
	case uint8:
		return Uint8
	case int8:
		return Int8
	case uint16:
		return Uint16
	case int16:
		return Int16
	case uint32:
		return Uint32
	case int32:
		return Int32
	case uint64:
		return Uint64
	case int64:
		return Int64
	case float32:
		return Float32
	case float64:
		return Float64
	case bool:
		return Bool
	}
	return String
}

// encode appends v, a string without its length.
func encode[T Scalar](dst []byte, v T) []byte {
	le := binary.LittleEndian
	switch v := any(v).(type) {
	case uint8:
		return append(dst, v)
	case int8:
		return append(dst, byte(v))
	case uint16:
		return le.AppendUint16(dst, v)
	case int16:
		return le.AppendUint16(dst, uint16(v))
	case uint32:
		return le.AppendUint32(dst, v)
	case int32:
		return le.AppendUint32(dst, uint32(v))
	case uint64:
		return le.AppendUint64(dst, v)
	case int64:
		return le.AppendUint64(dst, uint64(v))
	case float32:
		return le.AppendUint32(dst, math.Float32bits(v))
	case float64:
		return le.AppendUint64(dst, math.Float64bits(v))
	case bool:
		if v {
			return append(dst, 1)
		}
		return append(dst, 0)
	case string:
		return append(dst, v...)
	}
	return dst
}
