//go:build amd64 && !purego

package asm

import (
	"unsafe"

	"llm/quant"
)

func avx2Set() *Set {
	s := &Set{
		name:           "avx2",
		quantizeWide:   quantizeWideFast,
		quantizeNarrow: quantizeNarrowFast,
		matMul:         tiling{kernels: avx2Kernels, rows: 8, tiles: 2, tokens: 4, wide: 4, narrow: 4, interleave: interleave8AVX2, direct: true}.matMul(),

		dotF32:  dotF32AVX2,
		dotF16:  dotF16AVX2,
		dotBF16: dotBF16AVX2,
		axpyF32: axpyF32AVX2,

		storeQ8:  storeQ8AVX2,
		loadF16:  loadF16AVX2,
		loadBF16: loadBF16AVX2,
		loadQ8:   loadQ8AVX2,

		sum:      sumAVX2,
		max:      maxAVX2,
		expShift: expShiftAVX2,

		exp:     expAVX2,
		sigmoid: sigmoidAVX2,
		silu:    siluAVX2,
		gelu:    geluAVX2,
		tanh:    tanhAVX2,
		relu:    reluAVX2,

		siluMul:   siluMulAVX2,
		geluMul:   geluMulAVX2,
		reluMul:   reluMulAVX2,
		swigluOAI: swigluOAIAVX2,

		add:      addAVX2,
		mul:      mulAVX2,
		scale:    scaleAVX2,
		scaleMul: scaleMulAVX2,
		ropeNorm: ropeNormAVX2,
		ropeNeox: ropeNeoxAVX2,

		loadQ8Keys:  loadQ8KeysFast,
		gemmFloat:   gemmFloatFast,
		softmaxRows: softmaxRowsGeneric,

		roundInt16:      roundInt16Fast,
		scaleIntegers:   scaleIntegersAVX2,
		gemmScores:      gemmScoresFast,
		gemmValues:      gemmValuesFast,
		softmaxIntegers: softmaxIntegersFast,
	}
	s.dots = s.dotsFast
	return s
}

// avxVNNISet multiplies with the dot product instruction of processors without AVX-512.
func avxVNNISet() *Set {
	s := avx2Set()
	s.name = "avxvnni"
	s.gemmScores = gemmScoresVNNI
	s.gemmValues = gemmValuesVNNI
	s.matMul = tiling{kernels: avxVNNIKernels, rows: 8, tiles: 2, tokens: 4, wide: 4, narrow: 4, interleave: interleave8AVX2, direct: true}.matMul()
	return s
}

func quantizeWideFast(q []int8, scales []wideScale, x []float32) {
	if len(scales) > 0 {
		quantizeWideAVX2(&q[0], &scales[0].sum[0], &x[0], len(scales))
	}
}

func quantizeNarrowFast(q []int8, scales []narrowScale, x []float32) {
	if len(scales) > 0 {
		quantizeNarrowAVX2(&q[0], &scales[0].d, &x[0], len(scales))
	}
}

// dotsFast keeps rows in assembly where the width is one that it handles.
func (s *Set) dotsFast(out, x []float32, rows typedRows) {
	if len(x) == 0 || len(x)%lanes != 0 || len(out) == 0 {
		s.dotsGeneric(out, x, rows)
		return
	}
	_ = rows.data[:(len(out)-1)*rows.stride+rows.t.RowBytes(len(x))]
	switch rows.t {
	case quant.F16:
		dotsF16AVX2(out, x, unsafe.SliceData(rows.data), rows.stride)
	case quant.BF16:
		dotsBF16AVX2(out, x, unsafe.SliceData(rows.data), rows.stride)
	default:
		dotsF32AVX2(out, x, unsafe.SliceData(rows.data), rows.stride)
	}
}

func roundInt16Fast(out []int16, x []float32, a float32) {
	n := len(out) &^ 15
	if n > 0 {
		roundInt16AVX2(&out[0], &x[:n][0], n, a)
	}
	roundInt16Generic(out[n:], x[n:], a)
}

func softmaxIntegersFast(_ *Set, a *Attention, rows span, kScales, vScales []float32) {
	r := rows.r0
	softmaxIntegersAVX2(&a.p[r*PageSize], &a.w[r*PageSize], rows.r1-r, rows.from, rows.to, &kScales[0], &vScales[0], &a.qScales[r],
		&a.M[r], &a.fade[r], &a.sums[0], &a.wScales[r])
}

func loadQ8KeysFast(out []float32, k []byte) {
	if n := len(out) / (keyGroup * narrowBlock); n > 0 {
		loadQ8KeysAVX2(&out[0], &k[0], n)
	}
}
