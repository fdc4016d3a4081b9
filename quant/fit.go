package quant

import "math"

// The searches for scales and codes of ggml-quants.c (make_qx_quants, make_q3_quants, make_qkx2/3_quants, make_qp_quants), in
// float32 and in its order of operations, so that the same weights give the same bytes. A product that is added to something
// is written float32(x*y): otherwise compilers may fuse the two and round once.

// groupEpsilon is the largest magnitude below which a group of weights counts as all zero.
const groupEpsilon = 1e-15

// nearest rounds to the nearest integer, halves to even, for magnitudes below 2^22. Elsewhere the result is some integer of 23 bits.
func nearest(x float32) int {
	return int(math.Float32bits(float32(x)+12582912)&0x007fffff) - 0x00400000
}

// roundAway rounds to the nearest integer, halves away from zero, within ±limit. NaN gives 0.
func roundAway(x float32, limit int) int {
	if x != x {
		return 0
	}
	return int(math.Round(float64(min(max(x, -float32(limit)), float32(limit)))))
}

// truncate drops the fraction and stays within 0 to top. NaN gives 0.
func truncate(x float32, top int) uint8 {
	if !(x > 0) {
		return 0
	}
	return uint8(min(x, float32(top)))
}

func abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }

func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// inverse returns 1/d, and 0 for 0.
func inverse(d float32) float32 {
	if d == 0 {
		return 0
	}
	return 1 / d
}

// extreme returns the element with the largest magnitude, the first of equals; 0 for none.
func extreme(x []float32) (top float32) {
	most := float32(0)
	for _, v := range x {
		if a := abs(v); a > most {
			most, top = a, v
		}
	}
	return top
}

// largest returns the largest element, at least 0.
func largest(x []float32) (top float32) {
	for _, v := range x {
		if v > top {
			top = v
		}
	}
	return top
}

func sum(x []float32) (s float32) {
	for _, v := range x {
		s += v
	}
	return s
}

func meanSquare(x []float32) float32 {
	s := float32(0)
	for _, v := range x {
		s += float32(v * v)
	}
	return float32(s / float32(len(x)))
}

func squares(dst, x []float32) {
	for i, v := range x {
		dst[i] = v * v
	}
}

// weigh sets dst to the importance of each column times the root of its energy and the surrounding energy.
func weigh(dst, importance, x []float32, energy float32) {
	for i, v := range x {
		dst[i] = importance[i] * sqrt(energy+float32(v*v))
	}
}

// block returns n elements of importance from at, nil if there is none.
func block(importance []float32, at, n int) []float32 {
	if importance == nil {
		return nil
	}
	return importance[at : at+n]
}

// fitSymmetric returns the scale, and the codes, with x ≈ scale·(code-half) and codes below 2·half, for the least weighted
// square error among 19 tries around the scale at which the largest magnitude has code 0. The scale may be negative.
func fitSymmetric(half int, x, weights []float32, codes []uint8) float32 {
	top := extreme(x)
	if abs(top) < groupEpsilon {
		clear(codes)
		return 0
	}
	inv := -float32(half) / top
	xq, qq := symmetricSums(half, x, weights, inv)
	symmetricCodes(half, x, inv, codes)
	scale := float32(0)
	if qq != 0 {
		scale = xq / qq
	}
	best := scale * xq
	for try := -9; try <= 9; try++ {
		if try == 0 {
			continue
		}
		inv = -(float32(half) + float32(float32(0.1)*float32(try))) / top
		xq, qq = symmetricSums(half, x, weights, inv)
		if qq > 0 && xq*xq > best*qq {
			symmetricCodes(half, x, inv, codes)
			scale = xq / qq
			best = scale * xq
		}
	}
	return scale
}

// symmetricSums returns the weighted sums of x·q and q·q, q being x·inv rounded to -half to half-1.
func symmetricSums(half int, x, weights []float32, inv float32) (xq, qq float32) {
	for i, v := range x {
		q, w := float32(clampSigned(nearest(inv*v), half)), weights[i]
		xq += float32(w * v * q)
		qq += float32(w * q * q)
	}
	return xq, qq
}

func symmetricCodes(half int, x []float32, inv float32, codes []uint8) {
	for i, v := range x {
		codes[i] = uint8(half + clampSigned(nearest(inv*v), half))
	}
}

// clampSigned limits q to -half to half-1.
func clampSigned(q, half int) int { return min(max(q, -half), half-1) }

// fitSquares is fitSymmetric with the squares of x as weights, but instead of trying scales it moves single codes for as long
// as that lowers the error, five rounds at most.
func fitSquares(half int, x []float32, codes []uint8) float32 {
	top := extreme(x)
	if abs(top) < groupEpsilon {
		clear(codes)
		return 0
	}
	inv := -float32(half) / top
	symmetricCodes(half, x, inv, codes)
	var weights [16]float32
	squares(weights[:], x)
	xq, qq := symmetricSums(half, x, weights[:], inv)
	for changed, round := true, 0; changed && round < 5; round++ {
		changed = false
		for i, v := range x {
			w, q := weights[i], float32(int(codes[i])-half)
			restXQ := xq - float32(w*v*q)
			if !(restXQ > 0) {
				continue
			}
			restQQ := qq - float32(w*q*q)
			code := clampSigned(nearest(v*restQQ/restXQ), half)
			if code == int(codes[i])-half {
				continue
			}
			q = float32(code)
			newXQ, newQQ := restXQ+float32(w*v*q), restQQ+float32(w*q*q)
			if newQQ > 0 && newXQ*newXQ*qq > xq*xq*newQQ {
				codes[i], xq, qq, changed = uint8(code+half), newXQ, newQQ, true
			}
		}
	}
	if qq > 0 {
		return xq / qq
	}
	return 0
}

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

// fitPositive returns the scale, and the codes at most top, with x ≈ scale·code for x ≥ 0: eight tries around the scale that
// gives the largest x the code top, then single codes are moved for as long as that lowers the error, five rounds at most.
func fitPositive(top int, x, weights []float32, codes []uint8) float32 {
	most := largest(x)
	if most < groupEpsilon {
		clear(codes)
		return 0
	}
	inv := float32(top) / most
	least := positiveLoss(top, x, weights, inv)
	for try := -4; try <= 4; try++ {
		if try == 0 {
			continue
		}
		trial := (float32(float32(0.1)*float32(try)) + float32(top)) / most
		if e := positiveLoss(top, x, weights, trial); e < least {
			least, inv = e, trial
		}
	}
	var xq, qq float32
	for i, v := range x {
		codes[i] = positiveCode(nearest(inv*v), top)
		w, q := weights[i], float32(codes[i])
		xq += float32(w * v * q)
		qq += float32(w * q * q)
	}
	for changed, round := true, 0; changed && round < 5; round++ {
		changed = false
		for i, v := range x {
			w, q := weights[i], float32(codes[i])
			restXQ, restQQ := xq-float32(w*v*q), qq-float32(w*q*q)
			if !(restXQ > 0 && restQQ > 0) {
				continue
			}
			code := positiveCode(nearest(v*restQQ/restXQ), top)
			if code == codes[i] {
				continue
			}
			q = float32(code)
			newXQ, newQQ := restXQ+float32(w*v*q), restQQ+float32(w*q*q)
			if newXQ*newXQ*qq > xq*xq*newQQ {
				codes[i], xq, qq, changed = code, newXQ, newQQ, true
			}
		}
	}
	if qq > 0 {
		return xq / qq
	}
	return 0
}

func positiveLoss(top int, x, weights []float32, inv float32) (e float32) {
	scale := 1 / inv
	for i, v := range x {
		d := v - float32(scale*float32(positiveCode(nearest(inv*v), top)))
		e += float32(weights[i] * d * d)
	}
	return e
}

func positiveCode(q, top int) uint8 { return uint8(min(max(q, 0), top)) }
