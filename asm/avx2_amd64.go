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

		loadQ8Keys:  loadQ8KeysFast,
		gemmFloat:   gemmFloatFast,
		gemmHalf:    gemmHalfFast,
		softmaxRows: softmaxRowsGeneric,
	}
	s.dots = s.dotsFast
	return s
}

// avxVNNISet multiplies with the dot product instruction of processors without AVX-512.
func avxVNNISet() *Set {
	s := avx2Set()
	s.name = "avxvnni"
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

func gemmFloatFast(c []float32, cStride int, a []float32, aStride, rows, k int, b panels, next []byte) {
	gemmFloatBy(gemmFloatAVX2, c, cStride, a, aStride, rows, k, b, next)
}

func gemmHalfFast(c []float32, cStride int, a []float32, aStride, rows, k int, b panels, next []byte) {
	gemmHalfBy(gemmHalfAVX2, c, cStride, a, aStride, rows, k, b, next)
}

// gemmKernel multiplies with panels of floats or of binary16.
type gemmKernel[T float32 | byte] func(c *float32, cStride int, a *float32, aStride, rows int, b *T, bRow, bPanel, panels, k int,
	ahead *byte, step int)

func gemmFloatBy(kernel gemmKernel[float32], c []float32, cStride int, a []float32, aStride, rows, k int, b panels, next []byte) {
	if k > 0 && b.count > 0 {
		gemmBy(kernel, c, cStride, a, aStride, rows, k, b.data[:b.last(k)], 4, b, next)
	}
}

func gemmHalfBy(kernel gemmKernel[byte], c []float32, cStride int, a []float32, aStride, rows, k int, b panels, next []byte) {
	if k > 0 && b.count > 0 {
		gemmBy(kernel, c, cStride, a, aStride, rows, k, b.half[:2*b.last(k)], 2, b, next)
	}
}

// gemmBy checks what a kernel touches and calls it for some rows at a time; data is elements of so many bytes.
func gemmBy[T float32 | byte](kernel gemmKernel[T], c []float32, cStride int, a []float32, aStride, rows, k int, data []T, size int, b panels, next []byte) {
	if rows <= 0 {
		return
	}
	_, _ = c[:(rows-1)*cStride+b.count*panelWidth], a[:(rows-1)*aStride+k]
	ahead, step := unsafe.SliceData(next), len(next)/(k*((b.count+3)/4))
	for r := 0; r < rows; r += gemmFloatRows {
		kernel(&c[r*cStride], 4*cStride, &a[r*aStride], 4*aStride, min(gemmFloatRows, rows-r), &data[0], size*b.row, size*b.panel, b.count, k,
			ahead, step)
		step = 0
	}
}

// gemmFloatRows is the rows of one call.
const gemmFloatRows = 32

func loadQ8KeysFast(out []float32, k []byte) {
	if n := len(out) / (keyGroup * narrowBlock); n > 0 {
		loadQ8KeysAVX2(&out[0], &k[0], n)
	}
}
