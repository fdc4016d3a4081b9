package quant

// Q3_K: 16 groups of 16 weights with a signed scale of six bits each.
// Bytes: high[32] (bit b of byte j: third bit of weight 32b+j), low[64] as Q2_K, scales[12], d.

func decodeQ3_K(dst []float32, src []byte) {
	for ; len(src) >= 110; dst, src = dst[256:], src[110:] {
		d, scales := half(src[108:]), (*[12]byte)(src[96:])
		for g := range 16 {
			scale := d * float32(q3KScale(scales, g))
			y, qs, shift := (*[16]float32)(dst[16*g:]), (*[16]byte)(src[32+pairAt(g):]), pairShift(g)
			high, bit := (*[16]byte)(src[16*(g%2):]), uint(g/2)
			for j, q := range qs {
				y[j] = scale * float32(int(q>>(shift&7)&3|high[j]>>(bit&7)&1<<2)-4)
			}
		}
	}
}

// q3KScale returns scale g, -32 to 31.
func q3KScale(scales *[12]byte, g int) int {
	low := scales[g%8] >> (g / 8 * 4) & 15
	return int(low|scales[8+g%4]>>(g/4*2)&3<<4) - 32
}

func packQ3KScales(dst *[12]byte, codes *[16]uint8) {
	clear(dst[:])
	for g, c := range codes {
		dst[g%8] |= c & 15 << (g / 8 * 4)
		dst[8+g%4] |= c >> 4 << (g / 4 * 2)
	}
}

func encodeQ3_K(dst []byte, src, importance []float32) {
	var codes [256]uint8
	for at := 0; at < len(src); at, dst = at+256, dst[110:] {
		x, scales := src[at:at+256], (*[12]byte)(dst[96:])
		d := putHalf(dst[108:], fitQ3K(x, block(importance, at, 256), scales, &codes))
		for i, v := range x {
			if scale := d * float32(q3KScale(scales, i/16)); scale != 0 {
				codes[i] = uint8(clampSigned(nearest(v/scale), 4) + 4)
			}
		}
		packQ3KHigh((*[32]byte)(dst), &codes)
		packPairs((*[64]byte)(dst[32:]), &codes)
	}
}

func packQ3KHigh(dst *[32]byte, codes *[256]uint8) {
	clear(dst[:])
	for i, c := range codes {
		dst[i%32] |= c >> 2 << (i / 32)
	}
}

// fitQ3K returns the unit of the scales, writes the scales and sets codes to their first guess.
func fitQ3K(x, importance []float32, packed *[12]byte, codes *[256]uint8) (unit float32) {
	var scales, sums, weights [16]float32
	var scaleCodes [16]uint8
	if importance == nil {
		for g := range scales {
			scales[g] = fitSquares(4, x[16*g:16*g+16], codes[16*g:16*g+16])
		}
		unit = largestToEdge(32, scales[:], &scaleCodes)
	} else {
		energy := float32(2 * meanSquare(x))
		for g := range scales {
			xg := x[16*g : 16*g+16]
			weigh(weights[:], importance[16*g:], xg, energy)
			sums[g] = sum(weights[:])
			scales[g] = fitSymmetric(4, xg, weights[:], codes[16*g:16*g+16])
		}
		unit = fitSymmetric(32, scales[:], sums[:], scaleCodes[:])
	}
	packQ3KScales(packed, &scaleCodes)
	return unit
}

// largestToEdge returns the unit in which the scale of the largest magnitude is -half, and sets the codes, scale/unit + half.
// All are 0 if the scales are.
func largestToEdge(half int, scales []float32, codes *[16]uint8) (unit float32) {
	top := extreme(scales)
	if top == 0 {
		return 0
	}
	inv := -float32(half) / top
	symmetricCodes(half, scales, inv, codes[:])
	return 1 / inv
}
