package quant

// search is a row of tries for the scale of an affine fit: at try i the range of x is spread over top + first + i·step codes.
type search struct {
	first, step float32
	last        int
	absolute    bool // sum absolute errors, not squares
}

// weightedSearch is used with importance, for every affine type.
var weightedSearch = search{first: -0.9, step: 0.05, last: 36}

// fitAffine returns the scale and the minimum, and the codes, with x ≈ scale·code - minimum, codes at most top and minimum at
// least 0, for the least weighted error among the tries of s.
func fitAffine(top int, x, weights []float32, s search, codes []uint8) (scale, minimum float32) {
	low, high := x[0], x[0]
	for _, v := range x {
		low, high = min(low, v), max(high, v)
	}
	low = min(low, 0)
	if !(high > low) {
		clear(codes)
		return 0, -low
	}
	span := high - low
	inv := float32(top) / span
	scale = 1 / inv
	affineCodes(top, x, inv, low, codes)
	least := s.loss(x, weights, scale, low, codes)
	var sums affineSums
	sums.begin(x, weights)
	var buffer [32]uint8
	trial := buffer[:len(x)]
	for try := range s.last + 1 {
		affineCodes(top, x, (s.first+float32(s.step*float32(try))+float32(top))/span, low, trial)
		trialScale, trialLow, ok := sums.solve(x, weights, trial)
		if !ok {
			continue
		}
		if e := s.loss(x, weights, trialScale, trialLow, trial); e < least {
			copy(codes, trial)
			least, scale, low = e, trialScale, trialLow
			// The span follows the minimum, as in ggml: later tries start from the best one.
			span = high - low
		}
	}
	return scale, -low
}

func affineCodes(top int, x []float32, inv, low float32, codes []uint8) {
	for i, v := range x {
		codes[i] = 0
		// low may be at or above x after a try, and inv infinite.
		if y := inv * (v - low); y > 0 {
			codes[i] = uint8(nearest(min(y, float32(top))))
		}
	}
}

// loss returns the weighted error of scale·code + low.
func (s search) loss(x, weights []float32, scale, low float32, codes []uint8) (e float32) {
	for i, v := range x {
		d := float32(scale*float32(codes[i])) + low - v
		if s.absolute {
			d = abs(d)
		} else {
			d = float32(d * d)
		}
		e += float32(weights[i] * d)
	}
	return e
}

// affineSums are the weighted sums of 1 and x that every least-squares fit of one group needs.
type affineSums struct{ one, x float32 }

func (s *affineSums) begin(x, weights []float32) {
	for i, v := range x {
		s.one += weights[i]
		s.x += float32(weights[i] * v)
	}
}

// solve returns scale and low, at most 0, with the least weighted square error of scale·code + low; not ok if there is none.
func (s *affineSums) solve(x, weights []float32, codes []uint8) (scale, low float32, ok bool) {
	var q, qq, xq float32
	for i, v := range x {
		w, c := weights[i], float32(codes[i])
		q += float32(w * c)
		qq += float32(w * c * c)
		xq += float32(w * c * v)
	}
	det := float32(s.one*qq) - float32(q*q)
	if !(det > 0) {
		return 0, 0, false
	}
	low = (float32(qq*s.x) - float32(q*xq)) / det
	if low > 0 {
		return xq / qq, 0, true
	}
	return (float32(s.one*xq) - float32(s.x*q)) / det, low, true
}
