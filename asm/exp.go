package asm

import "math"

// exp32 returns e^x, the same bits as the assembly: x = n·ln 2 + r, a polynomial of degree 7 in r (Cephes expf), and two
// multiplications by powers of two, so that subnormal results and infinity come out of the last rounding. The error of all float32
// whose result is normal is at most 0.895 units in the last place and 2^-23.6 of the result.
func exp32(x float32) float32 {
	// Comparisons leave a NaN alone.
	if x > expMax {
		x = expMax
	}
	if x < expMin {
		x = expMin
	}
	t := fma32(x, log2E, roundOff)
	n := int32(math.Float32bits(t)) - roundBits
	f := t - roundOff
	r := fma32(-f, ln2High, x)
	r = fma32(-f, ln2Low, r)
	p := fma32(exp0, r, exp1)
	p = fma32(p, r, exp2)
	p = fma32(p, r, exp3)
	p = fma32(p, r, exp4)
	p = fma32(p, r, exp5)
	p = fma32(p, r, 1)
	p = fma32(p, r, 1)
	h := n >> 1
	return float32(p*powerOfTwo(h)) * powerOfTwo(n-h)
}

// powerOfTwo returns 2^n, -126 ≤ n ≤ 127.
func powerOfTwo(n int32) float32 { return math.Float32frombits(uint32(n+127) << 23) }

// The constants are typed: an untyped one would be rounded differently where a product is folded.
const (
	expMax  float32 = 89
	expMin  float32 = -104
	log2E   float32 = 1.44269504088896341
	ln2High float32 = 0.693359375
	ln2Low  float32 = -2.12194440e-4
	exp0    float32 = 1.9875691500e-4
	exp1    float32 = 1.3981999507e-3
	exp2    float32 = 8.3334519073e-3
	exp3    float32 = 4.1665795894e-2
	exp4    float32 = 1.6666665459e-1
	exp5    float32 = 5.0000001201e-1
)

// gate32 returns x·σ(z).
func gate32(x, z float32) float32 { return x / (1 + exp32(-z)) }

func sigmoid32(x float32) float32 { return 1 / (1 + exp32(-x)) }

func silu32(x float32) float32 { return gate32(x, x) }

// gelu32 is the tanh form: x/2·(1 + tanh(√(2/π)(x + 0.044715x³))), written as x·σ of twice that argument.
func gelu32(x float32) float32 {
	return gate32(x, x*fma32(geluCubic, x*x, geluLinear))
}

const (
	geluLinear float32 = 1.5957691216057308
	geluCubic  float32 = 0.07135481627159965
)

// tanh32 is an odd polynomial near zero (Cephes tanhf) and 1 - 2/(e^2x + 1) beyond.
func tanh32(x float32) float32 {
	a := math.Float32frombits(math.Float32bits(x) &^ (1 << 31))
	if a < tanhSmall {
		z := x * x
		p := fma32(tanh0, z, tanh1)
		p = fma32(p, z, tanh2)
		p = fma32(p, z, tanh3)
		p = fma32(p, z, tanh4)
		return fma32(float32(p*z), x, x)
	}
	r := 1 - 2/(exp32(a+a)+1)
	return math.Float32frombits(math.Float32bits(r) | math.Float32bits(x)&(1<<31))
}

const (
	tanhSmall float32 = 0.625
	tanh0     float32 = -5.70498872745e-3
	tanh1     float32 = 2.06390887954e-2
	tanh2     float32 = -5.37397155531e-2
	tanh3     float32 = 1.33314422036e-1
	tanh4     float32 = -3.33332819422e-1
)

// reluSquared32 returns max(x, 0)².
func reluSquared32(x float32) float32 {
	if x < 0 {
		x = 0
	}
	return x * x
}

// swigluOAI32 is the gated unit of gpt-oss, with its clamps.
func swigluOAI32(g, u float32) float32 {
	if g > oaiLimit {
		g = oaiLimit
	}
	if u > oaiLimit {
		u = oaiLimit
	}
	if u < -oaiLimit {
		u = -oaiLimit
	}
	return gate32(g, float32(oaiAlpha*g)) * (u + 1)
}

const (
	oaiLimit float32 = 7
	oaiAlpha float32 = 1.702
)
