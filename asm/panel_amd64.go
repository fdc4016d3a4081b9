//go:build !purego

package asm

import "unsafe"

type (
	// gemmKernel is a kernel of products.
	gemmKernel[C any, E float32 | int16] func(c *C, cStride int, a *E, aStride, rows int, b *E, bRow, bPanel, panels, k int, ahead *byte, step int)
	// valuesKernel is the kernel of products of weights and values.
	valuesKernel func(c *float32, cStride int, a *int16, aStride, rows int, b *int16, bRow, bPanel, panels, k int, ahead *byte, step int,
		fade, scale *float32)
)

// gemmRows is the rows of one call.
const gemmRows = 32

// gemmBy checks what a kernel touches and calls it for some rows at a time.
func gemmBy[C any, E float32 | int16](kernel gemmKernel[C, E], c []C, cStride int, a []E, aStride, rows, k int, b panels[E], next []byte) {
	if rows <= 0 || k <= 0 || b.count <= 0 {
		return
	}
	size := int(unsafe.Sizeof(a[0]))
	_, _, _ = c[:(rows-1)*cStride+b.count*panelWidth], a[:(rows-1)*aStride+4/size*k], b.upTo(k)
	for r, step := 0, stepsOf(next, k, b.count); r < rows; r, step = r+gemmRows, 0 {
		kernel(&c[r*cStride], 4*cStride, &a[r*aStride], size*aStride, min(gemmRows, rows-r), &b.data[0], size*b.row, size*b.panel, b.count, k,
			unsafe.SliceData(next), step)
	}
}

// gemmValuesBy does so with factors for every row.
func gemmValuesBy(kernel valuesKernel, c []float32, cStride int, a []int16, aStride, rows, k int, b panels[int16], fade, scales []float32, next []byte) {
	if rows <= 0 || k <= 0 || b.count <= 0 {
		return
	}
	_, _, _ = c[:(rows-1)*cStride+b.count*panelWidth], a[:(rows-1)*aStride+2*k], b.upTo(k)
	_, _ = fade[:rows], scales[:rows]
	for r, step := 0, stepsOf(next, k, b.count); r < rows; r, step = r+gemmRows, 0 {
		kernel(&c[r*cStride], 4*cStride, &a[r*aStride], 2*aStride, min(gemmRows, rows-r), &b.data[0], 2*b.row, 2*b.panel, b.count, k,
			unsafe.SliceData(next), step, &fade[r], &scales[r])
	}
}

// stepsOf is how much of the next page is asked for with each element of a panel.
func stepsOf(next []byte, k, panels int) int { return len(next) / (k * panels) }

func gemmFloatFast(c []float32, cStride int, a []float32, aStride, rows, k int, b panels[float32], next []byte) {
	gemmBy(gemmFloatAVX2, c, cStride, a, aStride, rows, k, b, next)
}

func gemmFloatWide(c []float32, cStride int, a []float32, aStride, rows, k int, b panels[float32], next []byte) {
	gemmBy(gemmFloatAVX512, c, cStride, a, aStride, rows, k, b, next)
}

func gemmScoresFast(c []int32, cStride int, a []int16, aStride, rows, k int, b panels[int16], next []byte) {
	gemmBy(gemmScoresAVX2, c, cStride, a, aStride, rows, k, b, next)
}

func gemmScoresVNNI(c []int32, cStride int, a []int16, aStride, rows, k int, b panels[int16], next []byte) {
	gemmBy(gemmScoresAVXVNNI, c, cStride, a, aStride, rows, k, b, next)
}

func gemmScoresWide(c []int32, cStride int, a []int16, aStride, rows, k int, b panels[int16], next []byte) {
	gemmBy(gemmScoresAVX512, c, cStride, a, aStride, rows, k, b, next)
}

func gemmValuesFast(c []float32, cStride int, a []int16, aStride, rows, k int, b panels[int16], fade, scales []float32, next []byte) {
	gemmValuesBy(gemmValuesAVX2, c, cStride, a, aStride, rows, k, b, fade, scales, next)
}

func gemmValuesVNNI(c []float32, cStride int, a []int16, aStride, rows, k int, b panels[int16], fade, scales []float32, next []byte) {
	gemmValuesBy(gemmValuesAVXVNNI, c, cStride, a, aStride, rows, k, b, fade, scales, next)
}

func gemmValuesWide(c []float32, cStride int, a []int16, aStride, rows, k int, b panels[int16], fade, scales []float32, next []byte) {
	gemmValuesBy(gemmValuesAVX512, c, cStride, a, aStride, rows, k, b, fade, scales, next)
}
