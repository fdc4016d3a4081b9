package asm

import (
	"encoding/binary"
	"math"
	"unsafe"

	"llm/quant"
)

// Rows of raw little-endian bytes. StoreRow and LoadRow take F32 and Q8_0, whose rows have a multiple of 32 values, LoadRow
// also F16 and BF16, DotRow F32, F16 and BF16. Any other type is read as F32.

// RowBytes returns the bytes of a row of n values of type t.
func RowBytes(t quant.Type, n int) int { return t.RowBytes(n) }

// DotRow returns Σ x·row over the length of x.
func (s *Set) DotRow(t quant.Type, x []float32, row []byte) float32 {
	row = row[:t.RowBytes(len(x))]
	switch t {
	case quant.F16:
		return s.dotF16(x, row)
	case quant.BF16:
		return s.dotBF16(x, row)
	}
	return s.dotF32(x, row)
}

// StoreRow converts x to type t. Q8_0 is ggml's, with the scale f16(max|x|/127), rounding x·127/max to the nearest even. A
// block that holds a NaN or an infinity becomes NaN, one below 2^-110 zero.
func (s *Set) StoreRow(t quant.Type, row []byte, x []float32) {
	row = row[:t.RowBytes(len(x))]
	if t == quant.Q8_0 {
		s.storeQ8(row, x)
	} else {
		copy(row, bytesOf(x))
	}
}

// LoadRow converts a row to float32.
func (s *Set) LoadRow(t quant.Type, out []float32, row []byte) {
	row = row[:t.RowBytes(len(out))]
	switch t {
	case quant.F16:
		s.loadF16(out, row)
	case quant.BF16:
		s.loadBF16(out, row)
	case quant.Q8_0:
		s.loadQ8(out, row)
	default:
		copy(bytesOf(out), row)
	}
}

// bytesOf returns the memory of x; all supported platforms are little endian.
func bytesOf(x []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))
}

// floatsOf lays floats over words.
func floatsOf(words []uint32) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(words))), len(words))
}

// typedRows is rows of one type, stride bytes apart.
type typedRows struct {
	data   []byte
	stride int
	t      quant.Type
}

// floatRows converts count rows of n values, unless they are float32 already.
func (s *Set) floatRows(dst []float32, n, count int, rows typedRows) typedRows {
	if rows.t == quant.F32 {
		return rows
	}
	for p := range count {
		s.LoadRow(rows.t, dst[p*n:(p+1)*n], rows.data[p*rows.stride:])
	}
	return typedRows{bytesOf(dst), 4 * n, quant.F32}
}

// dotsGeneric sets out[p] = x · row p.
func (s *Set) dotsGeneric(out, x []float32, rows typedRows) {
	for p := range out {
		out[p] = s.DotRow(rows.t, x, rows.data[p*rows.stride:])
	}
}

// dotRow makes a product of floats with a row whose element i is at(row, i).
func dotRow(at func(row []byte, i int) float32) func(x []float32, row []byte) float32 {
	return func(x []float32, row []byte) float32 {
		var a [lanes]float32
		for i, v := range x {
			a[i%lanes] = fma32(v, at(row, i), a[i%lanes])
		}
		return reduce32(&a)
	}
}

func dotF32Generic(x []float32, row []byte) float32 {
	var a [lanes]float32
	for i, v := range x {
		a[i%lanes] = fma32(v, floatAt(row, i), a[i%lanes])
	}
	return reduce32(&a)
}

func axpyF32Generic(out []float32, p float32, row []byte) {
	for i := range out {
		out[i] = fma32(p, floatAt(row, i), out[i])
	}
}

// loadRow makes a conversion to float32.
func loadRow(at func(row []byte, i int) float32) func(out []float32, row []byte) {
	return func(out []float32, row []byte) {
		for i := range out {
			out[i] = at(row, i)
		}
	}
}

func halfElement(row []byte, i int) float32 { return halfAt(row, 2*i) }

func bfloatElement(row []byte, i int) float32 {
	return math.Float32frombits(uint32(binary.LittleEndian.Uint16(row[2*i:])) << 16)
}

const q8Bytes = 34

func q8Element(row []byte, i int) float32 {
	b := row[i/narrowBlock*q8Bytes:]
	return halfAt(b, 0) * float32(int8(b[2+i%narrowBlock]))
}

func storeQ8Generic(row []byte, x []float32) {
	var q [narrowBlock]int8
	for ; len(x) > 0; x, row = x[narrowBlock:], row[q8Bytes:] {
		d := quantizeBlock(q[:], x[:narrowBlock])
		binary.LittleEndian.PutUint16(row, quant.F32ToF16(d))
		for j, v := range q {
			row[2+j] = byte(v)
		}
	}
}

// halfAt reads the binary16 at b[i].
func halfAt(b []byte, i int) float32 { return quant.F16ToF32(binary.LittleEndian.Uint16(b[i:])) }

// floatAt reads the float32 that is element i of the raw row b.
func floatAt(b []byte, i int) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
}
