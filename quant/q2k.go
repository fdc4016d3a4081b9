package quant

// Q2_K: 16 groups of 16 weights with a scale and a minimum of four bits each.
// Bytes: scales[16] (low nibble scale, high minimum), codes[64], d, dmin.

var q2K = affine{group: 16, top: 3, scaleTop: 15, plain: search{first: -0.5, step: 0.1, last: 15, absolute: true}, energy: 1}

func decodeQ2_K(dst []float32, src []byte) {
	for ; len(src) >= 84; dst, src = dst[256:], src[84:] {
		d, dmin := half(src[80:]), half(src[82:])
		for g, s := range src[:16] {
			scale, low := d*float32(s&15), float32(dmin*float32(s>>4))
			y, qs, shift := (*[16]float32)(dst[16*g:]), (*[16]byte)(src[16+pairAt(g):]), pairShift(g)
			for j, q := range qs {
				y[j] = float32(scale*float32(q>>(shift&7)&3)) - low
			}
		}
	}
}

func encodeQ2_K(dst []byte, src, importance []float32) {
	var b superblock
	for at := 0; at < len(src); at, dst = at+256, dst[84:] {
		q2K.encode(&b, dst[80:], dst[82:], src[at:at+256], block(importance, at, 256))
		for g := range 16 {
			dst[g] = b.scales[g] | b.mins[g]<<4
		}
		packPairs((*[64]byte)(dst[16:]), &b.codes)
	}
}

// Q2_K and Q3_K keep 128 weights in 32 bytes: bits 2s and 2s+1 of byte j belong to weight 32s+j.

// pairAt returns the first byte of the codes of a group of 16.
func pairAt(g int) int { return g/8*32 + g%2*16 }

// pairShift returns the first bit of the codes of a group of 16.
func pairShift(g int) uint { return uint(g) % 8 / 2 * 2 }

// packPairs writes the low two bits of 256 codes.
func packPairs(dst *[64]byte, codes *[256]uint8) {
	for i := range dst {
		c := codes[i/32*128+i%32:]
		dst[i] = c[0]&3 | c[32]&3<<2 | c[64]&3<<4 | c[96]&3<<6
	}
}
