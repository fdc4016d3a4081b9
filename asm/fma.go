package asm

import "math"

// fma32 returns x·y + z rounded once, as the instructions do that fuse a multiplication and an addition. The product is exact in
// float64, so that only the sum is rounded there, and again to float32: once too often if the first rounding ends half way between
// two float32.
func fma32(x, y, z float32) float32 {
	p := float64(x) * float64(y)
	s := p + float64(z)
	if mayTie(s) {
		s = toOdd(s, p, float64(z))
	}
	return float32(s)
}

// mayTie reports whether s may lie half way between two float32: then its last 28 bits are zero, of a subnormal float32 still more.
func mayTie(s float64) bool { return math.Float64bits(s)<<36 == 0 }

// toOdd returns p + z rounded to odd: an inexact sum to that of its two neighbours whose last bit is set, so that it stays on its
// side of whatever lies half way. s is the sum rounded to the nearest, an even one.
//
//go:noinline
func toOdd(s, p, z float64) float64 {
	t := s - p
	e := (p - (s - t)) + (z - t) // what s lacks (Knuth's TwoSum); NaN if s is not finite
	switch b := math.Float64bits(s); {
	case e == 0 || e != e:
		return s
	case (e > 0) == (s > 0):
		return math.Float64frombits(b + 1)
	default:
		return math.Float64frombits(b - 1)
	}
}
