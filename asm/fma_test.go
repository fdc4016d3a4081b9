package asm

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// exactFMA rounds x·y + z once, with numbers of any length.
func exactFMA(x, y, z float32) float32 {
	p, c := float64(x)*float64(y), float64(z) // exact
	if s := p + c; math.IsInf(s, 0) || s != s || p == 0 && c == 0 {
		return float32(s)
	}
	const longest = 700 // bits between the largest product and the smallest float
	sum := new(big.Float).SetPrec(longest)
	sum.Add(big.NewFloat(p), big.NewFloat(c))
	if sum.Sign() == 0 {
		return 0
	}
	f, _ := sum.Float32()
	return f
}

func TestFMA(t *testing.T) {
	g := &gen{Rand: rand.New(rand.NewPCG(7, 8)), t: t}
	bits := func() float32 { return math.Float32frombits(g.Uint32()) }
	// short is a power of two times a number of few bits, from subnormal numbers up to the largest.
	short := func(least, most int) float32 {
		return float32(math.Ldexp(float64(g.IntN(64)-32), least+g.IntN(most-least+1)))
	}
	beside := func(x float32) float32 { return math.Float32frombits(math.Float32bits(x) + uint32(g.IntN(3)) - 1) }
	twice, zeros, subnormal := 0, 0, 0
	check := func(x, y, z float32) {
		want, got := exactFMA(x, y, z), fma32(x, y, z)
		if math.Float32bits(want) != math.Float32bits(got) && (want == want || got == got) {
			t.Fatalf("%x·%x + %x: want %x, got %x", x, y, z, want, got)
		}
		if float32(float64(x)*float64(y)+float64(z)) != want && want == want {
			twice++
		}
		if want == 0 {
			zeros++
		} else if float32(math.Abs(float64(want))) < 0x1p-126 {
			subnormal++
		}
	}
	for range 200_000 {
		check(bits(), bits(), bits())
		check(g.odd(), g.odd(), g.odd())
		x, y := float32(g.NormFloat64()), float32(g.NormFloat64())
		check(x, y, float32(g.NormFloat64()))
		check(x, y, beside(-float32(x*y)))
		check(x*0x1p-70, y*0x1p-74, bits()*0x1p-100)
		check(x*0x1p63, y*0x1p63, bits()*0x1p10)

		// A sum half way between two floats, or a little beside it: z has all its bits, the product is half the last one.
		z := math.Float32frombits(g.Uint32()&^(0xff<<23) | uint32(25+g.IntN(225))<<23)
		half := (math.Nextafter32(z, math.MaxFloat32) - z) / 2
		for _, d := range []float32{-0x1p-23, 0, 0x1p-23} {
			x, y := half*(1+d), 1-d // half a bit, less 2^-46 of it
			check(x, y, z)
			check(-x, y, z)
			check(beside(x), y, z)
			check(0x1p103*(1+d), y, math.MaxFloat32) // half way to infinity
			check(0x1p-75*(1+d), 0x1p-75*y, math.Float32frombits(g.Uint32()>>(9+g.IntN(23))))
		}
		check(math.MaxFloat32, beside(1), float32(math.Ldexp(1, 90+g.IntN(16))))

		// The same below the normal numbers.
		check(short(-100, -60), short(-100, -60), short(-149, -140))
		check(beside(short(-80, -70)), beside(short(-80, -70)), bits()*0x1p-126)
		check(beside(0x1p-75), beside(0x1p-75), 0)
	}
	require.Greater(t, twice, 10_000, "cases that rounding twice gets wrong")
	require.Greater(t, zeros, 1000)
	require.Greater(t, subnormal, 100_000)
}
