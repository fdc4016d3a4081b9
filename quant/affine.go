package quant

// affine describes how a K type with scales and minimums is made: x ≈ d·scale·code - dmin·minimum, with one scale and one
// minimum for each group of weights.
type affine struct {
	group    int    // weights
	top      int    // largest code
	scaleTop int    // largest scale and minimum
	plain    search // without importance
	root     bool   // without importance, the weights' magnitudes are lifted by their root mean square
	energy   float32
}

// superblock is a quantized block of 256 before packing.
type superblock struct {
	codes        [256]uint8
	scales, mins [16]uint8
}

// encode fills b from 256 weights and writes the half-precision d and dmin.
func (a *affine) encode(b *superblock, d, dmin []byte, x, importance []float32) {
	var scales, mins, sums [16]float32
	var buffer [32]float32
	groups, weights := 256/a.group, buffer[:a.group]
	energy := float32(0)
	if importance != nil {
		energy = float32(a.energy * meanSquare(x))
	}
	for g := range groups {
		at := g * a.group
		xg, codes, s := x[at:at+a.group], b.codes[at:at+a.group], a.plain
		if importance != nil {
			weigh(weights, importance[at:], xg, energy)
			s = weightedSearch
		} else {
			a.magnitudes(weights, xg)
		}
		sums[g] = sum(weights)
		scales[g], mins[g] = fitAffine(a.top, xg, weights, s, codes)
	}
	a.encodeScales(d, scales[:groups], sums[:groups], importance != nil, b.scales[:groups])
	a.encodeScales(dmin, mins[:groups], sums[:groups], importance != nil, b.mins[:groups])
	a.recode(b, half(d), half(dmin), x)
}

// magnitudes sets the weights of the errors of a group whose importance is not known.
func (a *affine) magnitudes(weights, x []float32) {
	lift := float32(0)
	if a.root {
		lift = sqrt(meanSquare(x))
	}
	for i, v := range x {
		weights[i] = lift + abs(v)
	}
}

// encodeScales writes the unit of the scales and sets their codes.
func (a *affine) encodeScales(unit []byte, scales, weights []float32, weighted bool, codes []uint8) {
	if weighted {
		putHalf(unit, fitPositive(a.scaleTop, scales, weights, codes))
		return
	}
	most := largest(scales)
	inv := float32(0)
	if most > 0 {
		inv = float32(a.scaleTop) / most
	}
	for g, s := range scales {
		codes[g] = clampCode(nearest(inv*s), a.scaleTop)
	}
	putHalf(unit, most/float32(a.scaleTop))
}

// recode takes the nearest codes for the scales as they were rounded. Groups whose scale became 0 keep theirs.
func (a *affine) recode(b *superblock, d, dmin float32, x []float32) {
	for i, v := range x {
		g := i / a.group
		if scale := d * float32(b.scales[g]); scale != 0 {
			b.codes[i] = clampCode(nearest((v+float32(dmin*float32(b.mins[g])))/scale), a.top)
		}
	}
}
