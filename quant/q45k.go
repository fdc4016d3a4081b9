package quant

// Q4_K and Q5_K: eight groups of 32 weights with a scale and a minimum of six bits each.
// Bytes: d, dmin, scales[12], in Q5_K high[32] (bit g of byte j: fifth bit of weight 32g+j), low[128] (64 weights in 32 bytes,
// the first 32 in the low nibbles).

var (
	q4K = affine{group: 32, top: 15, scaleTop: 63, plain: search{first: -1, step: 0.1, last: 20}, root: true, energy: 2}
	q5K = affine{group: 32, top: 31, scaleTop: 63, plain: search{first: -0.5, step: 0.1, last: 15}, root: true, energy: 2}
)

func decodeQ4_K(dst []float32, src []byte) {
	for ; len(src) >= 144; dst, src = dst[256:], src[144:] {
		d, dmin, scales := half(src), half(src[2:]), (*[12]byte)(src[4:])
		for g := range 8 {
			s, m := scaleMin(scales, g)
			scale, low := d*float32(s), float32(dmin*float32(m))
			y, qs, shift := (*[32]float32)(dst[32*g:]), (*[32]byte)(src[16+g/2*32:]), uint(g%2*4)
			for j, q := range qs {
				y[j] = float32(scale*float32(q>>(shift&7)&15)) - low
			}
		}
	}
}

func decodeQ5_K(dst []float32, src []byte) {
	for ; len(src) >= 176; dst, src = dst[256:], src[176:] {
		d, dmin, scales, high := half(src), half(src[2:]), (*[12]byte)(src[4:]), (*[32]byte)(src[16:])
		for g := range 8 {
			s, m := scaleMin(scales, g)
			scale, low := d*float32(s), float32(dmin*float32(m))
			y, qs, shift := (*[32]float32)(dst[32*g:]), (*[32]byte)(src[48+g/2*32:]), uint(g%2*4)
			for j, q := range qs {
				y[j] = float32(scale*float32(q>>(shift&7)&15|high[j]>>(uint(g)&7)&1<<4)) - low
			}
		}
	}
}

// scaleMin returns scale and minimum g, 0 to 63.
func scaleMin(s *[12]byte, g int) (scale, minimum uint8) {
	if g < 4 {
		return s[g] & 63, s[g+4] & 63
	}
	return s[g+4]&15 | s[g-4]>>6<<4, s[g+4]>>4 | s[g]>>6<<4
}

func packScaleMins(dst *[12]byte, b *superblock) {
	for g := range 4 {
		s, m := b.scales[g+4], b.mins[g+4]
		dst[g] = b.scales[g] | s>>4<<6
		dst[g+4] = b.mins[g] | m>>4<<6
		dst[g+8] = s&15 | m<<4
	}
}

func encodeQ4_K(dst []byte, src, importance []float32) {
	var b superblock
	for at := 0; at < len(src); at, dst = at+256, dst[144:] {
		q4K.encode(&b, dst, dst[2:], src[at:at+256], block(importance, at, 256))
		packScaleMins((*[12]byte)(dst[4:]), &b)
		packHalves((*[128]byte)(dst[16:]), &b.codes)
	}
}

func encodeQ5_K(dst []byte, src, importance []float32) {
	var b superblock
	for at := 0; at < len(src); at, dst = at+256, dst[176:] {
		q5K.encode(&b, dst, dst[2:], src[at:at+256], block(importance, at, 256))
		packScaleMins((*[12]byte)(dst[4:]), &b)
		high := dst[16:48]
		clear(high)
		for i, c := range b.codes {
			high[i%32] |= c >> 4 << (i / 32)
		}
		packHalves((*[128]byte)(dst[48:]), &b.codes)
	}
}

// packHalves writes the low four bits of 256 codes.
func packHalves(dst *[128]byte, codes *[256]uint8) {
	for i := range dst {
		c := codes[i/32*64+i%32:]
		dst[i] = c[0]&15 | c[32]<<4
	}
}
