package quant

import "encoding/binary"

// iq4Values are the levels of IQ4_NL and IQ4_XS, by code: dense near zero, where weights are.
var iq4Values = [16]float32{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}

func decodeIQ4_NL(dst []float32, src []byte) {
	for ; len(src) >= 18; dst, src = dst[32:], src[18:] {
		decodeIQ4((*[32]float32)(dst), half(src), (*[16]byte)(src[2:]))
	}
}

func decodeIQ4_XS(dst []float32, src []byte) {
	for ; len(src) >= 136; dst, src = dst[256:], src[136:] {
		d, high := half(src), binary.LittleEndian.Uint16(src[2:])
		for g := range 8 {
			scale := int(src[4+g/2]>>(4*(g%2))&15) | int(high>>(2*g)&3)<<4
			decodeIQ4((*[32]float32)(dst[32*g:]), d*float32(scale-32), (*[16]byte)(src[8+16*g:]))
		}
	}
}

func decodeIQ4(y *[32]float32, d float32, qs *[16]byte) {
	for j, q := range qs {
		y[j] = d * iq4Values[q&15]
		y[j+16] = d * iq4Values[q>>4]
	}
}

func encodeIQ4_NL(dst []byte, src, importance []float32) {
	for b := 0; b < len(src); b, dst = b+32, dst[18:] {
		x := src[b : b+32]
		d := fitIQ4(x, block(importance, b, 32), float32(2*meanSquare(x)))
		putHalf(dst, d)
		encodeIQ4((*[16]byte)(dst[2:]), x, d)
	}
}

// encodeIQ4_XS gives each 32 weights a scale of six bits, from -32 to 31, in units of d. The largest one gets -32.
func encodeIQ4_XS(dst []byte, src, importance []float32) {
	for b := 0; b < len(src); b, dst = b+256, dst[136:] {
		x := src[b : b+256]
		energy := float32(2 * meanSquare(x))
		var scales [8]float32
		for g := range scales {
			scales[g] = fitIQ4(x[32*g:32*g+32], block(importance, b+32*g, 32), energy)
		}
		d := -extreme(scales[:]) / 32
		putHalf(dst, d)
		inv := inverse(d)
		var high uint16
		clear(dst[4:8])
		for g, s := range scales {
			l := min(max(nearest(inv*s), -32), 31)
			encodeIQ4((*[16]byte)(dst[8+16*g:]), x[32*g:32*g+32], d*float32(l))
			dst[4+g/2] |= byte((l+32)&15) << (4 * (g % 2))
			high |= uint16((l+32)>>4) << (2 * g)
		}
		binary.LittleEndian.PutUint16(dst[2:], high)
	}
}

// encodeIQ4 writes the codes of the levels nearest to x/d.
func encodeIQ4(dst *[16]byte, x []float32, d float32) {
	var codes [32]uint8
	inv := inverse(d)
	for j, v := range x {
		codes[j] = iq4Code(float32(inv * v))
	}
	packNibbles(dst, &codes)
}

// fitIQ4 returns the scale of 32 weights with the least weighted square error among 16 tries around the one that makes the
// largest magnitude an outermost level.
func fitIQ4(x, importance []float32, energy float32) float32 {
	top := extreme(x)
	if abs(top) < groupEpsilon {
		return 0
	}
	var weights [32]float32
	if importance != nil {
		weigh(weights[:], importance, x, energy)
	} else {
		squares(weights[:], x)
	}
	xq, qq := iq4Sums(x, weights[:], 1/(-top/iq4Values[0]))
	d := float32(0)
	if qq > 0 {
		d = xq / qq
	}
	best := d * xq
	for try := -7; try <= 7; try++ {
		xq, qq = iq4Sums(x, weights[:], (float32(try)+iq4Values[0])/top)
		if qq > 0 && xq*xq > best*qq {
			d = xq / qq
			best = d * xq
		}
	}
	return d
}

// iq4Sums returns the weighted sums of x·q and q·q, q being the levels nearest to inv·x.
func iq4Sums(x, weights []float32, inv float32) (xq, qq float32) {
	for j, v := range x {
		q, w := iq4Values[iq4Code(float32(inv*v))], weights[j]
		xq += float32(w * q * v)
		qq += float32(w * q * q)
	}
	return xq, qq
}

// iq4Code returns the code of the level nearest to x, of two equally near the upper.
func iq4Code(x float32) uint8 {
	if x <= iq4Values[0] {
		return 0
	}
	if x >= iq4Values[15] {
		return 15
	}
	lo, hi := 0, 15
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; x < iq4Values[mid] {
			hi = mid
		} else {
			lo = mid
		}
	}
	if x-iq4Values[lo] < iq4Values[hi]-x {
		return uint8(lo)
	}
	return uint8(hi)
}
