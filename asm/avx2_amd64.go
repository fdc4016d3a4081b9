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
		matMul:         tiling{kernels: avx2Kernels, rows: 8, tokens: 4, wide: 4, narrow: 4, interleave: interleave8AVX2}.matMul(),

		dotF32:  dotF32AVX2,
		dotF16:  dotF16AVX2,
		dotBF16: dotBF16AVX2,
		dotQ8:   dotQ8AVX2,

		axpyF32: axpyF32AVX2,
		axpyF16: axpyF16AVX2,
		axpyQ8:  axpyQ8AVX2,

		storeF16: storeF16AVX2,
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
	}
	s.scores = s.scoresFast
	s.values = s.valuesFast
	return s
}

// avxVNNISet multiplies with the dot product instruction of processors without AVX-512.
func avxVNNISet() *Set {
	s := avx2Set()
	s.name = "avxvnni"
	s.matMul = tiling{kernels: avxVNNIKernels, rows: 8, tokens: 4, wide: 4, narrow: 4, interleave: interleave8AVX2}.matMul()
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

// scoresFast keeps whole pages in assembly where the width is one that it handles.
func (s *Set) scoresFast(out, q []float32, k []byte, stride int, t quant.Type) {
	if len(q) == 0 || len(q)%lanes != 0 {
		s.scoresGeneric(out, q, k, stride, t)
		return
	}
	_ = k[:(len(out)-1)*stride+t.RowBytes(len(q))]
	switch t {
	case quant.F16:
		scoresF16AVX2(out, q, unsafe.SliceData(k), stride)
	case quant.BF16:
		scoresBF16AVX2(out, q, unsafe.SliceData(k), stride)
	case quant.Q8_0:
		scoresQ8AVX2(out, q, unsafe.SliceData(k), stride)
	case quant.F32:
		scoresF32AVX2(out, q, unsafe.SliceData(k), stride)
	default:
		s.scoresGeneric(out, q, k, stride, t)
	}
}

// valuesFast does the same for values.
func (s *Set) valuesFast(o, p []float32, v []byte, stride int, t quant.Type) {
	if len(o)%8 != 0 {
		s.valuesGeneric(o, p, v, stride, t)
		return
	}
	_ = v[:(len(p)-1)*stride+t.RowBytes(len(o))]
	switch t {
	case quant.F16:
		valuesF16AVX2(o, p, unsafe.SliceData(v), stride)
	case quant.Q8_0:
		valuesQ8AVX2(o, p, unsafe.SliceData(v), stride)
	case quant.F32:
		valuesF32AVX2(o, p, unsafe.SliceData(v), stride)
	default:
		s.valuesGeneric(o, p, v, stride, t)
	}
}
