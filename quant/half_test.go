package quant

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// f16 is the value of half-precision bits by the definition in IEEE 754.
func f16(h uint16) float64 {
	sign, exponent, fraction := 1-2*float64(h>>15), int(h>>10&31), float64(h&1023)
	switch {
	case exponent == 31 && fraction != 0:
		return math.NaN()
	case exponent == 31:
		return math.Inf(int(sign))
	case exponent == 0:
		return sign * math.Ldexp(fraction, -24)
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

func TestHalfPrecisionValues(t *testing.T) {
	for h := range 1 << 16 {
		want, got := f16(uint16(h)), float64(F16ToF32(uint16(h)))
		if math.IsNaN(want) {
			require.True(t, math.IsNaN(got))
			require.True(t, math.IsNaN(float64(F16ToF32(F32ToF16(float32(got))))))
			continue
		}
		require.Equal(t, math.Float64bits(want), math.Float64bits(got))
		require.Equal(t, uint16(h), F32ToF16(float32(want)))
	}
}

// requireHalvesToEven checks the numbers around the middle between each two neighbours of a 16-bit format.
func requireHalvesToEven(t *testing.T, last uint16, value func(uint16) float64, round func(float32) uint16) {
	for h := range last {
		middle := (value(h) + value(h+1)) / 2
		if h == last-1 { // infinity takes the place of the next power of two
			middle = value(h) + (value(h)-value(h-1))/2
		}
		m := float32(middle)
		require.Equal(t, middle, float64(m))
		even := h + h&1
		below, above := math.Nextafter32(m, 0), math.Nextafter32(m, float32(math.Inf(1)))
		for sign, s := range map[float32]uint16{1: 0, -1: 1 << 15} {
			require.Equal(t, even|s, round(sign*m))
			require.Equal(t, h|s, round(sign*below))
			require.Equal(t, h+1|s, round(sign*above))
		}
	}
}

func TestHalfPrecisionRounding(t *testing.T) {
	requireHalvesToEven(t, 0x7c00, f16, F32ToF16)
}

func TestBfloat16(t *testing.T) {
	value := func(h uint16) float64 { return float64(BF16ToF32(h)) }
	requireHalvesToEven(t, 0x7f80, value, F32ToBF16)
	for h := range 1 << 16 {
		h := uint16(h)
		require.Equal(t, uint32(h)<<16, math.Float32bits(BF16ToF32(h)))
		if v := BF16ToF32(h); v != v {
			require.True(t, math.IsNaN(value(F32ToBF16(v))))
		} else {
			require.Equal(t, h, F32ToBF16(v))
		}
	}
	// A NaN whose payload lies in the bits that are cut stays one.
	require.True(t, math.IsNaN(value(F32ToBF16(math.Float32frombits(0x7f800001)))))
}
