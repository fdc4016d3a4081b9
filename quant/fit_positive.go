package quant

// fitPositive returns the scale, and the codes at most top, with x ≈ scale·code for x ≥ 0: eight tries around the scale that
// gives the largest x the code top, then single codes are moved.
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
		codes[i] = clampCode(nearest(inv*v), top)
		w, q := weights[i], float32(codes[i])
		xq += float32(w * v * q)
		qq += float32(w * q * q)
	}
	return refine(0, top, x, weights, codes, xq, qq)
}

func positiveLoss(top int, x, weights []float32, inv float32) (e float32) {
	scale := 1 / inv
	for i, v := range x {
		d := v - float32(scale*float32(clampCode(nearest(inv*v), top)))
		e += float32(weights[i] * d * d)
	}
	return e
}

// refine moves single codes, at most top, of x ≈ scale·(code-zero) for as long as that lowers the weighted square error, five
// rounds at most, and returns the scale. xq and qq are the weighted sums of x·(code-zero) and its square.
func refine(zero, top int, x, weights []float32, codes []uint8, xq, qq float32) float32 {
	for changed, round := true, 0; changed && round < 5; round++ {
		changed = false
		for i, v := range x {
			w, q := weights[i], float32(int(codes[i])-zero)
			restXQ, restQQ := xq-float32(w*v*q), qq-float32(w*q*q)
			if !(restXQ > 0 && restQQ > 0) {
				continue
			}
			code := clampCode(nearest(v*restQQ/restXQ)+zero, top)
			if code == codes[i] {
				continue
			}
			q = float32(int(code) - zero)
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
