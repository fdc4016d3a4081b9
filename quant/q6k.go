package quant

// Q6_K: 16 groups of 16 weights with a signed scale of eight bits each.
// Bytes: low[128], high[64], scales[16], d. 128 weights take 64 bytes of low and 32 of high: of byte j, weights j and j+32 have
// the low nibbles of low[j] and low[j+32], j+64 and j+96 the high ones; their upper bits are the pairs of high[j] in that order.

func decodeQ6_K(dst []float32, src []byte) {
	for ; len(src) >= 210; dst, src = dst[256:], src[210:] {
		d := half(src[208:])
		for g, s := range src[192:208] {
			scale, quarter := d*float32(int8(s)), g%8/2
			low := (*[16]byte)(src[g/8*64+quarter%2*32+g%2*16:])
			high := (*[16]byte)(src[128+g/8*32+g%2*16:])
			y, nibble, pair := (*[16]float32)(dst[16*g:]), uint(quarter/2*4), uint(quarter*2)
			for j := range y {
				y[j] = scale * float32(int(low[j]>>(nibble&7)&15|high[j]>>(pair&7)&3<<4)-32)
			}
		}
	}
}

func encodeQ6_K(dst []byte, src, importance []float32) {
	var codes [256]uint8
	for at := 0; at < len(src); at, dst = at+256, dst[210:] {
		x := src[at : at+256]
		scales := fitQ6K(x, block(importance, at, 256), &codes)
		top := extreme(scales[:])
		if abs(top) < groupEpsilon {
			clear(dst[:210])
			continue
		}
		inv := -128 / top
		d := putHalf(dst[208:], 1/inv)
		for g, s := range scales {
			l := min(max(nearest(inv*s), -128), 127)
			dst[192+g] = byte(l)
			recodeQ6K(x[16*g:16*g+16], d*float32(l), codes[16*g:16*g+16])
		}
		packQ6K((*[192]byte)(dst), &codes)
	}
}

// fitQ6K returns the scales of the groups and sets the codes to a first guess.
func fitQ6K(x, importance []float32, codes *[256]uint8) (scales [16]float32) {
	var weights [256]float32
	if importance != nil {
		copy(weights[:], importance)
	} else {
		squares(weights[:], x)
	}
	for g := range scales {
		at := 16 * g
		scales[g] = fitSymmetric(32, x[at:at+16], weights[at:at+16], codes[at:at+16])
	}
	return scales
}

// recodeQ6K takes the nearest codes for a scale as it was rounded, unless it became 0.
func recodeQ6K(x []float32, scale float32, codes []uint8) {
	if scale == 0 {
		return
	}
	for i, v := range x {
		codes[i] = uint8(clampSigned(nearest(v/scale), 32) + 32)
	}
}

func packQ6K(dst *[192]byte, codes *[256]uint8) {
	for half := range 2 {
		low, high, c := dst[64*half:], dst[128+32*half:], codes[128*half:]
		for j := range 32 {
			low[j] = c[j]&15 | c[j+64]<<4
			low[j+32] = c[j+32]&15 | c[j+96]<<4
			high[j] = c[j]>>4 | c[j+32]>>4<<2 | c[j+64]>>4<<4 | c[j+96]>>4<<6
		}
	}
}
