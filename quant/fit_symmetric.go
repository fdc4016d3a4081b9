package quant

// The searches for scales and codes are those of ggml-quants.c (make_qx_quants, make_q3_quants, make_qkx2/3_quants,
// make_qp_quants), in float32 and in its order of operations, so that the same weights give the same bytes. A product that is
// added to something is written float32(x*y): otherwise compilers may fuse the two and round once.

// groupEpsilon is the largest magnitude below which a group of weights counts as all zero.
const groupEpsilon = 1e-15

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

// fitSquares is fitSymmetric with the squares of x as weights, but instead of trying scales it moves single codes.
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
	return refine(half, 2*half-1, x, weights[:], codes, xq, qq)
}
