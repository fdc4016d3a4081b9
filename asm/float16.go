package asm

import (
	"encoding/binary"
	"math"
)

// half returns the value of an IEEE binary16 number. Every NaN stays a NaN.
func half(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp := uint32(h>>10) & 31
	frac := uint32(h & 0x3ff)
	switch exp {
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	case 0:
		// A subnormal is frac·2^-24, exact in float32.
		return math.Float32frombits(sign | math.Float32bits(float32(frac)*0x1p-24))
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// toHalf rounds to the nearest binary16, ties to even; what is too large becomes infinite.
func toHalf(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b>>16) & 0x8000
	b &= 0x7fffffff
	switch {
	case b > 0x7f800000:
		return sign | 0x7e00 | uint16(b>>13)&0x1ff
	case b >= 0x477ff000: // 65520: half way to the first number beyond the range
		return sign | 0x7c00
	case b >= 0x38800000: // 2^-14, the smallest normal
		return sign | uint16((b-0x38000000+0xfff+b>>13&1)>>13)
	}
	// Adding 0.5 leaves the value in units of 2^-24 in the low bits, rounded to even by the addition.
	return sign | uint16(math.Float32bits(math.Float32frombits(b)+0.5)-0x3f000000)
}

// halfAt reads the binary16 at b[i].
func halfAt(b []byte, i int) float32 { return half(binary.LittleEndian.Uint16(b[i:])) }

// floatAt reads the float32 that is element i of the raw row b.
func floatAt(b []byte, i int) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
}
