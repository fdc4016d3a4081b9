package quant

import (
	"encoding/binary"
	"math"

	"github.com/x448/float16"
)

// F16ToF32 returns the value of the IEEE 754 half-precision number with bits h. It is exact; a NaN stays a NaN.
func F16ToF32(h uint16) float32 {
	// Shifted into place the number is 2^112 too small, subnormals included. Small enough to be inlined, unlike float16's.
	b := uint32(h&0x7fff) << 13
	f := math.Float32bits(math.Float32frombits(b) * 0x1p112)
	if b >= 0x0f800000 { // infinity or NaN
		f = b | 0x7f800000
	}
	return math.Float32frombits(f | uint32(h&0x8000)<<16)
}

// F32ToF16 returns the bits of the half-precision number nearest to f, halves to even; magnitudes of 65520 and more become
// infinities, those up to 2^-25 zeros.
func F32ToF16(f float32) uint16 { return float16.Fromfloat32(f).Bits() }

// BF16ToF32 returns the value of the bfloat16 number with bits h. It is exact.
func BF16ToF32(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

// F32ToBF16 returns the bits of the bfloat16 number nearest to f, halves to even. A NaN becomes a quiet NaN.
func F32ToBF16(f float32) uint16 {
	b := math.Float32bits(f)
	if b&0x7fffffff > 0x7f800000 {
		return uint16(b>>16) | 0x40
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// half reads the half-precision number at the start of b.
func half(b []byte) float32 { return F16ToF32(binary.LittleEndian.Uint16(b)) }

// putHalf writes f rounded to half precision at the start of b and returns the value that a reader will see.
func putHalf(b []byte, f float32) float32 {
	h := F32ToF16(f)
	binary.LittleEndian.PutUint16(b, h)
	return F16ToF32(h)
}
