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
	s.siluMul, s.geluMul, s.swigluOAI = siluMulAVX512, geluMulAVX512, swigluOAIAVX512
	s.gemmFloat = gemmFloatWide
	s.softmaxRows = softmaxRowsWide
	s.gemmScores = gemmScoresWide
	s.gemmValues = gemmValuesWide
	s.softmaxIntegers = softmaxIntegersWide
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

func loadQ8KeysWide(out []float32, k []byte) {
	if n := len(out) / (keyGroup * narrowBlock); n > 0 {
		loadQ8KeysAVX512(&out[0], &k[0], n)
	}
}

func softmaxRowsWide(_ *Set, a *Attention, rows span, scale float32) {
	r := rows.r0
	softmaxRowsAVX512(&a.p[r*PageSize], rows.r1-r, rows.seen(), scale, &a.M[r], &a.fade[r], &a.sums[0])
}

func softmaxIntegersWide(_ *Set, a *Attention, rows span, kScales, vScales []float32) {
	r := rows.r0
	softmaxIntegersAVX512(&a.p[r*PageSize], &a.w[r*PageSize], rows.r1-r, rows.seen(), &kScales[0], &vScales[0], &a.qScales[r],
		&a.M[r], &a.fade[r], &a.sums[0], &a.wScales[r])
}

// seen returns the positions as bits.
func (s *span) seen() uint64 { return ^uint64(0) << s.from & (^uint64(0) >> (PageSize - s.to)) }
