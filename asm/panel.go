package asm

// panels is a matrix of float32 whose columns lie in panels of panelWidth: element (i, panelWidth·j+c) is
// data[j·panel+i·row+c]. Instead of data it may have the same as binary16 in half.
type panels struct {
	data              []float32
	half              []byte
	row, panel, count int
}

// from returns the matrix without its first i rows.
func (b panels) from(i int) panels {
	if b.half != nil {
		b.half = b.half[2*i*b.row:]
	} else {
		b.data = b.data[i*b.row:]
	}
	return b
}

// panelWidth is the columns that the kernels of all sets compute together.
const panelWidth = 16

// last returns the index behind the last element of k rows.
func (b *panels) last(k int) int { return (b.count-1)*b.panel + (k-1)*b.row + panelWidth }

// gemmFloatGeneric adds a·b to c: rows of k floats of a, b.count·panelWidth columns. Every element is a chain of fused
// multiplications and additions in the order of k. next is memory that will be read soon.
func gemmFloatGeneric(c []float32, cStride int, a []float32, aStride, rows, k int, b panels, _ []byte) {
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
