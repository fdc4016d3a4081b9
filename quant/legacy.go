package quant

import (
	"encoding/binary"
	"math"
)

// The types of 32 weights with one half-precision scale d, and in Q4_1 and Q5_1 one minimum m.

func decodeQ4_0(dst []float32, src []byte) {
	for ; len(src) >= 18; dst, src = dst[32:], src[18:] {
		d, y := half(src), (*[32]float32)(dst)
		for j, q := range (*[16]byte)(src[2:]) {
			y[j] = d * float32(int(q&15)-8)
			y[j+16] = d * float32(int(q>>4)-8)
		}
	}
}

func decodeQ4_1(dst []float32, src []byte) {
	for ; len(src) >= 20; dst, src = dst[32:], src[20:] {
		d, m, y := half(src), half(src[2:]), (*[32]float32)(dst)
		for j, q := range (*[16]byte)(src[4:]) {
			y[j] = float32(d*float32(q&15)) + m
			y[j+16] = float32(d*float32(q>>4)) + m
		}
	}
}

func decodeQ5_0(dst []float32, src []byte) {
	for ; len(src) >= 22; dst, src = dst[32:], src[22:] {
		d, y, bits := half(src), (*[32]float32)(dst), binary.LittleEndian.Uint32(src[2:])
		for j, q := range (*[16]byte)(src[6:]) {
			lo, hi := fiveBits(q, bits, uint(j))
			y[j] = d * float32(lo-16)
			y[j+16] = d * float32(hi-16)
		}
	}
}

func decodeQ5_1(dst []float32, src []byte) {
	for ; len(src) >= 24; dst, src = dst[32:], src[24:] {
		d, m, y, bits := half(src), half(src[2:]), (*[32]float32)(dst), binary.LittleEndian.Uint32(src[4:])
		for j, q := range (*[16]byte)(src[8:]) {
			lo, hi := fiveBits(q, bits, uint(j))
			y[j] = float32(d*float32(lo)) + m
			y[j+16] = float32(d*float32(hi)) + m
		}
	}
}

func decodeQ8_0(dst []float32, src []byte) {
	for ; len(src) >= 34; dst, src = dst[32:], src[34:] {
		d, y := half(src), (*[32]float32)(dst)
		for j, q := range (*[32]byte)(src[2:]) {
			y[j] = d * float32(int8(q))
		}
	}
}

func encodeQ4_0(dst []byte, src, importance []float32) {
	var codes [32]uint8
	energy := meanSquare(src)
	for b := 0; b < len(src); b, dst = b+32, dst[18:] {
		putHalf(dst, encodeSymmetric(8, src[b:b+32], block(importance, b, 32), energy, &codes))
		packNibbles((*[16]byte)(dst[2:]), &codes)
	}
}

func encodeQ5_0(dst []byte, src, importance []float32) {
	var codes [32]uint8
	energy := meanSquare(src)
	for b := 0; b < len(src); b, dst = b+32, dst[22:] {
		putHalf(dst, encodeSymmetric(16, src[b:b+32], block(importance, b, 32), energy, &codes))
		binary.LittleEndian.PutUint32(dst[2:], fifthBits(&codes))
		packNibbles((*[16]byte)(dst[6:]), &codes)
	}
}

func encodeQ4_1(dst []byte, src, importance []float32) {
	var codes [32]uint8
	energy := meanSquare(src)
	for b := 0; b < len(src); b, dst = b+32, dst[20:] {
		d, m := encodeAffine(15, src[b:b+32], block(importance, b, 32), energy, &codes)
		putHalf(dst, d)
		putHalf(dst[2:], m)
		packNibbles((*[16]byte)(dst[4:]), &codes)
	}
}

func encodeQ5_1(dst []byte, src, importance []float32) {
	var codes [32]uint8
	energy := meanSquare(src)
	for b := 0; b < len(src); b, dst = b+32, dst[24:] {
		d, m := encodeAffine(31, src[b:b+32], block(importance, b, 32), energy, &codes)
		putHalf(dst, d)
		putHalf(dst[2:], m)
		binary.LittleEndian.PutUint32(dst[4:], fifthBits(&codes))
		packNibbles((*[16]byte)(dst[8:]), &codes)
	}
}

// encodeSymmetric finds d and codes with x ≈ d·(code-half), codes below 2·half. Without importance the weight of the
// largest magnitude is hit exactly by code 0.
func encodeSymmetric(half int, x, importance []float32, energy float32, codes *[32]uint8) (d float32) {
	if importance != nil {
		var weights [32]float32
		weigh(weights[:], importance, x, energy)
		return fitSymmetric(half, x, weights[:], codes[:])
	}
	d = extreme(x) / -float32(half)
	inv := inverse(d)
	for j, v := range x {
		codes[j] = truncate(float32(v*inv)+float32(half)+0.5, 2*half-1)
	}
	return d
}

// encodeAffine finds d, m and codes with x ≈ d·code + m, codes at most top. Without importance m and d span the block.
func encodeAffine(top int, x, importance []float32, energy float32, codes *[32]uint8) (d, m float32) {
	if importance != nil {
		var weights [32]float32
		weigh(weights[:], importance, x, energy)
		d, m = fitAffine(top, x, weights[:], weightedSearch, codes[:])
		return d, -m
	}
	low, high := float32(math.MaxFloat32), float32(-math.MaxFloat32)
	for _, v := range x {
		if v < low {
			low = v
		}
		if v > high {
			high = v
		}
	}
	d = (high - low) / float32(top)
	inv := inverse(d)
	for j, v := range x {
		codes[j] = truncate(float32((v-low)*inv)+0.5, top)
	}
	return d, low
}

func encodeQ8_0(dst []byte, src []float32) {
	for ; len(src) > 0; dst, src = dst[34:], src[32:] {
		d := abs(extreme(src[:32])) / 127
		putHalf(dst, d)
		inv := inverse(d)
		for j, v := range src[:32] {
			dst[2+j] = byte(roundAway(v*inv, 127))
		}
	}
}
