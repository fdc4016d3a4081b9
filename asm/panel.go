package asm

// panels is a matrix of float32 whose columns lie in panels of panelWidth: element (i, panelWidth·j+c) is
// data[j·panel+i·row+c].
type panels struct {
	data              []float32
	row, panel, count int
}

// panelWidth is the columns that the kernels of all sets compute together.
const panelWidth = 16

// last returns the index behind the last element of k rows.
func (b *panels) last(k int) int { return (b.count-1)*b.panel + (k-1)*b.row + panelWidth }

// gemmFloatGeneric adds a·b to c: rows of k floats of a, b.count·panelWidth columns. Every element is a chain of one
// multiplication and one addition after the other, in the order of k. next is memory that will be read soon.
func gemmFloatGeneric(c []float32, cStride int, a []float32, aStride, rows, k int, b panels, _ []byte) {
	for r := range rows {
		for j := range b.count {
			sums := (*[panelWidth]float32)(c[r*cStride+j*panelWidth:])
			for i, w := range a[r*aStride:][:k] {
				for x, v := range (*[panelWidth]float32)(b.data[j*b.panel+i*b.row:]) {
					sums[x] += float32(w * v)
				}
			}
		}
	}
}
