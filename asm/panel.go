package asm

import "unsafe"

// panels is a matrix whose columns lie in panels of panelWidth. Of float32, element (i, panelWidth·j+c) is
// data[j·panel+i·row+c]; of int16, whose rows lie in pairs, elements (2i, panelWidth·j+c) and (2i+1, …) are data[j·panel+i·row+2c]
// and the next.
type panels[E float32 | int16] struct {
	data              []E
	row, panel, count int
}

// from returns the matrix without its first i rows, or pairs.
func (b panels[E]) from(i int) panels[E] {
	b.data = b.data[i*b.row:]
	return b
}

// panelWidth is the columns that the kernels of all sets compute together.
const panelWidth = 16

// upTo returns what k rows, or pairs of them, of all panels take.
func (b *panels[E]) upTo(k int) []E {
	width := panelWidth * 4 / int(unsafe.Sizeof(b.data[0]))
	return b.data[:(b.count-1)*b.panel+(k-1)*b.row+width]
}

// gemmFloatGeneric adds a·b to c: rows of k floats of a, b.count·panelWidth columns. Every element is a chain of fused
// multiplications and additions in the order of k. next is memory that will be read soon.
func gemmFloatGeneric(c []float32, cStride int, a []float32, aStride, rows, k int, b panels[float32], _ []byte) {
	for r := range rows {
		for j := range b.count {
			sums := (*[panelWidth]float32)(c[r*cStride+j*panelWidth:])
			for i, w := range a[r*aStride:][:k] {
				addScaled(sums, w, (*[panelWidth]float32)(b.data[j*b.panel+i*b.row:]))
			}
		}
	}
}

// addScaled sets sums[i] = fma32(w, x[i], sums[i]), with a call only where that differs from rounding twice.
func addScaled(sums *[panelWidth]float32, w float32, x *[panelWidth]float32) {
	a := float64(w)
	for i := range x {
		s := a*float64(x[i]) + float64(sums[i]) // the product is exact, fused or not
		v := float32(s)
		if mayTie(s) {
			v = fma32(w, x[i], sums[i])
		}
		sums[i] = v
	}
}
