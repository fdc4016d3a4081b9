//go:build amd64 && !purego

package asm

import (
	"unsafe"

	"llm/quant"
)

// avx512Set multiplies with AVX-512 VNNI; what moves little data stays with AVX2.
func avx512Set() *Set {
	s := avx2Set()
	s.name = "avx512vnni"
	s.matMul = tiling{kernels: vnniKernels, rows: 16, tiles: 2, tokens: 6, few: 3, wide: 6, narrow: 4, interleave: interleave16AVX512, direct: true}.matMul()
	s.loadF16 = loadF16Wide
	s.loadQ8 = loadQ8Wide
	s.loadQ8Keys = loadQ8KeysWide
	s.dots = s.dotsWide
	s.gemmFloat = gemmFloatWide
	s.gemmHalf = gemmHalfWide
	s.softmaxRows = softmaxRowsWide
	return s
}

func loadF16Wide(out []float32, row []byte) {
	n := len(out) &^ 15
	loadF16AVX512(out[:n], unsafe.SliceData(row))
	if n < len(out) {
		loadF16AVX2(out[n:], row[2*n:])
	}
}

func loadQ8Wide(out []float32, row []byte) { loadQ8AVX512(out, unsafe.SliceData(row)) }

// dotsWide leaves to AVX2 what it has no kernel for.
func (s *Set) dotsWide(out, x []float32, rows typedRows) {
	if len(x) == 0 || len(x)%lanes != 0 || len(out) == 0 {
		s.dotsGeneric(out, x, rows)
		return
	}
	_ = rows.data[:(len(out)-1)*rows.stride+rows.t.RowBytes(len(x))]
	switch rows.t {
	case quant.F16:
		dotsF16AVX512(out, x, unsafe.SliceData(rows.data), rows.stride)
	case quant.BF16:
		dotsBF16AVX512(out, x, unsafe.SliceData(rows.data), rows.stride)
	default:
		dotsF32AVX512(out, x, unsafe.SliceData(rows.data), rows.stride)
	}
}

func gemmFloatWide(c []float32, cStride int, a []float32, aStride, rows, k int, b panels, next []byte) {
	gemmFloatBy(gemmFloatAVX512, c, cStride, a, aStride, rows, k, b, next)
}

func gemmHalfWide(c []float32, cStride int, a []float32, aStride, rows, k int, b panels, next []byte) {
	gemmHalfBy(gemmHalfAVX512, c, cStride, a, aStride, rows, k, b, next)
}

func loadQ8KeysWide(out []float32, k []byte) {
	if n := len(out) / (keyGroup * narrowBlock); n > 0 {
		loadQ8KeysAVX512(&out[0], &k[0], n)
	}
}

func softmaxRowsWide(_ *Set, a *Attention, rows span, scale float32) {
	r := rows.r0
	seen := ^uint64(0) << rows.from & (^uint64(0) >> (PageSize - rows.to))
	softmaxRowsAVX512(&a.p[r*PageSize], rows.r1-r, seen, scale, &a.M[r], &a.fade[r], &a.sums[0])
}
