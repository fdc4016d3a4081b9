package asm

import (
	"fmt"

	"llm/internal/errs"
	"llm/quant"
)

// MaxK is the longest row that products accept, several times the longest of real models. Integer sums are per block, so
// nothing overflows whatever k is; the bound keeps one call of a kernel near 100 µs.
const MaxK = 1 << 17

// Matrix is rows of weights as they lie in a file.
type Matrix struct {
	Type    quant.Type
	Rows, K int    // K weights a row
	Stride  int    // bytes from one row to the next
	Data    []byte // borrowed
}

// ValidK reports whether a row may have k weights of type t.
func ValidK(t quant.Type, k int) bool {
	_, ok := FormatOf(t)
	return ok && k > 0 && k <= MaxK && k%t.Block() == 0
}

// NewMatrix describes rows·k weights that lie at the start of data. The error wraps errs.ErrUnsupported for a type or
// row length that has no kernel and errs.ErrCorrupt when data is too short.
func NewMatrix(t quant.Type, rows, k int, data []byte) (Matrix, error) {
	if !ValidK(t, k) {
		return Matrix{}, fmt.Errorf("rows of %d weights of %v: %w", k, t, errs.ErrUnsupported)
	}
	stride := t.RowBytes(k)
	if rows < 0 || rows > len(data)/stride {
		return Matrix{}, fmt.Errorf("%d bytes for %d rows of %d: %w", len(data), rows, stride, errs.ErrCorrupt)
	}
	return Matrix{Type: t, Rows: rows, K: k, Stride: stride, Data: data[: rows*stride : rows*stride]}, nil
}

// Slice returns the rows r0 ≤ r < r1, for instance those of one expert, numbered from 0 again.
func (w *Matrix) Slice(r0, r1 int) Matrix {
	m := *w
	m.Rows, m.Data = r1-r0, w.Data[r0*w.Stride:r1*w.Stride]
	return m
}

// row returns the bytes of row r.
func (w *Matrix) row(r int) []byte {
	return w.Data[r*w.Stride:][:w.Type.RowBytes(w.K)]
}
