package asm

import (
	"math"
	"unsafe"
)

// Attention over pages of 16-bit integers. Every number of a product is rounded once, to an integer of a scale that a whole vector
// shares, and then the sums of products are exact in int32, in any order:
//
//   - queries, keys and values to a Euclidean norm of roundNorm: by Cauchy and Schwarz no partial sum of q·k is larger than its square;
//   - the weights of a page, times the scales of their values, to a sum of roundNorm: no partial sum of w·v is larger either.
//
// A vector of d elements is rounded to within √d/2^16 of their root mean square, 2^-12.5 where there are 128; binary16 rounds to within
// 2^-11 of each element.

// roundNorm is what vectors are scaled to; rounding adds less than 32 to a norm or a sum of up to 4,096 elements.
const roundNorm = 32700

// leastNorm bounds what counts as zero, so that no factor overflows.
const leastNorm = 0x1p-50

// roundVector rounds x to integers out and returns their scale. The integers of a vector that is not finite are zeros and the scale is NaN or
// infinite, so that products with it are NaN.
func (s *Set) roundVector(out []int16, x []float32) float32 {
	norm := float32(math.Sqrt(float64(s.dotF32(x, bytesOf(x)))))
	return s.roundTo(out, x, norm)
}

// roundTo rounds x, whose norm or sum is given, to integers out and returns their scale.
func (s *Set) roundTo(out []int16, x []float32, norm float32) float32 {
	if norm >= leastNorm && norm <= math.MaxFloat32 {
		s.roundInt16(out, x, roundNorm/norm)
	} else {
		clear(out)
	}
	return norm * (1.0 / roundNorm)
}

// roundInt16Generic sets out = a·x rounded to the nearest integer, to the even one of two. The results are in range.
func roundInt16Generic(out []int16, x []float32, a float32) {
	for i, v := range x[:len(out)] {
		out[i] = int16(math.RoundToEven(float64(float32(a * v))))
	}
}

// attendIntegers is [Set.Attend] for a page of integers.
func (s *Set) attendIntegers(a *Attention, all span, page, next *Page) {
	if !a.rounded {
		s.roundQueries(a)
	}
	n, d, first := all.r1-all.r0, even(a.D), all.from/keyGroup
	kScales, keys := integers(page.K)
	vScales, values := integers(page.V)
	b := panels[int16]{data: keys[first*keyGroup*d:], row: 2 * panelWidth, panel: keyGroup * d, count: (all.to+keyGroup-1)/keyGroup - first}
	s.gemmScores(bitsOf(a.p[all.r0*PageSize+first*keyGroup:]), PageSize, a.q[all.r0*d:], d, n, d/2, b, next.K)
	softmax := s.softmaxIntegers
	if a.Softcap > 0 {
		softmax = softmaxIntegersGeneric // the kernels have no tanh
	}
	var seeing span
	for r := all.r0; r < all.r1; {
		like := a.alike(r, all.r1)
		r = like.r1
		if like.from >= like.to {
			s.addIntegers(a, seeing, values, next.V)
			seeing = span{}
			continue
		}
		softmax(s, a, like, kScales, vScales)
		s.addSums(a, like)
		seeing = seeing.join(like)
	}
	s.addIntegers(a, seeing, values, next.V)
}

// roundQueries rounds the queries of all rows.
func (s *Set) roundQueries(a *Attention) {
	d := even(a.D)
	for r := range a.N {
		q := a.q[r*d : (r+1)*d]
		clear(q[a.D:])
		a.qScales[r] = s.roundVector(q[:a.D], a.Q[r*a.D:(r+1)*a.D]) * a.Scale
	}
	a.rounded = true
}

// softmaxIntegersGeneric turns the products in the rows of p into weights of values, with M updated first. sums is what the
// weights come to before they are rounded, fade the difference of the old M and the new.
func softmaxIntegersGeneric(s *Set, a *Attention, rows span, kScales, vScales []float32) {
	kScales, vScales = kScales[rows.from:rows.to], vScales[rows.from:rows.to]
	for r := rows.r0; r < rows.r1; r++ {
		p := a.p[r*PageSize:][:PageSize]
		x := p[rows.from:rows.to]
		s.scaleIntegers(x, bitsOf(x), kScales, a.qScales[r])
		if a.Softcap > 0 {
			s.softcap(x, a.Softcap)
		}
		a.sums[r-rows.r0] = s.exponentials(a, r, rows)
		s.mul(x, x, vScales)
		a.wScales[r] = s.roundTo(a.w[r*PageSize:(r+1)*PageSize], p, s.sum(p))
	}
}

// addIntegers adds the weighted values to O of rows, if any, that see some each.
func (s *Set) addIntegers(a *Attention, rows span, values []int16, next []byte) {
	if rows.from >= rows.to {
		return
	}
	from, n := rows.from&^1, rows.r1-rows.r0
	k := (rows.to - from + 1) / 2
	b := panels[int16]{data: values[from*a.DV:], row: 2 * a.DV, panel: 2 * panelWidth, count: a.DV / panelWidth}
	o, w := a.O[rows.r0*a.DV:], a.w[rows.r0*PageSize+from:]
	fade, scales := a.fade[rows.r0:rows.r1], a.wScales[rows.r0:rows.r1]
	s.gemmValues(o, a.DV, w, PageSize, n, k, b, fade, scales, next)
	for c := b.count * panelWidth; c < a.DV; c++ {
		for r := range n {
			sum := int32(0)
			for i, x := range w[r*PageSize:][:2*k] {
				sum += int32(x) * int32(b.data[i/2*b.row+2*c+i%2])
			}
			o[r*a.DV+c] = fma32(float32(sum), scales[r], float32(fade[r]*o[r*a.DV+c]))
		}
	}
}

// scaleIntegersGeneric sets out = a·(w·x).
func scaleIntegersGeneric(out []float32, x []int32, w []float32, a float32) {
	for i := range out {
		out[i] = a * float32(float32(x[i])*w[i])
	}
}

// gemmScoresGeneric sets c to a·b: rows of k pairs of a.
func gemmScoresGeneric(c []int32, cStride int, a []int16, aStride, rows, k int, b panels[int16], _ []byte) {
	for r := range rows {
		for j := range b.count {
			*(*[panelWidth]int32)(c[r*cStride+j*panelWidth:]) = pairSums(a[r*aStride:][:2*k], b, j)
		}
	}
}

// gemmValuesGeneric sets the rows of c to fade·c + scales·(a·b).
func gemmValuesGeneric(c []float32, cStride int, a []int16, aStride, rows, k int, b panels[int16], fade, scales []float32, _ []byte) {
	for r := range rows {
		for j := range b.count {
			sums := pairSums(a[r*aStride:][:2*k], b, j)
			for i, o := range c[r*cStride+j*panelWidth:][:panelWidth] {
				c[r*cStride+j*panelWidth+i] = fma32(float32(sums[i]), scales[r], float32(fade[r]*o))
			}
		}
	}
}

// pairSums multiplies a row with panel j.
func pairSums(a []int16, b panels[int16], j int) (sums [panelWidth]int32) {
	for i := 0; i < len(a); i += 2 {
		x := b.data[j*b.panel+i/2*b.row:][:2*panelWidth]
		for c := range sums {
			sums[c] += int32(a[i])*int32(x[2*c]) + int32(a[i+1])*int32(x[2*c+1])
		}
	}
	return sums
}

// bitsOf returns the bits of floats.
func bitsOf(x []float32) []int32 {
	return unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}
