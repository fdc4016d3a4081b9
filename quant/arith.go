package quant

import "math"

// nearest rounds to the nearest integer, halves to even, for magnitudes below 2^22. Elsewhere the result is some integer of 23 bits.
func nearest(x float32) int {
	return int(math.Float32bits(float32(x)+12582912)&0x007fffff) - 0x00400000
}

// roundAway rounds to the nearest integer, halves away from zero, within ±limit. NaN gives 0.
func roundAway(x float32, limit int) int {
	if x != x {
		return 0
	}
	return int(math.Round(float64(min(max(x, -float32(limit)), float32(limit)))))
}

// truncate drops the fraction and stays within 0 to top. NaN gives 0.
func truncate(x float32, top int) uint8 {
	if !(x > 0) {
		return 0
	}
	return uint8(min(x, float32(top)))
}

func abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }

func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// inverse returns 1/d, and 0 for 0.
func inverse(d float32) float32 {
	if d == 0 {
		return 0
	}
	return 1 / d
}

// extreme returns the element with the largest magnitude, the first of equals; 0 for none.
func extreme(x []float32) (top float32) {
	most := float32(0)
	for _, v := range x {
		if a := abs(v); a > most {
			most, top = a, v
		}
	}
	return top
}

// largest returns the largest element, at least 0.
func largest(x []float32) (top float32) {
	for _, v := range x {
		if v > top {
			top = v
		}
	}
	return top
}

func sum(x []float32) (s float32) {
	for _, v := range x {
		s += v
	}
	return s
}

func meanSquare(x []float32) float32 {
	s := float32(0)
	for _, v := range x {
		s += float32(v * v)
	}
	return float32(s / float32(len(x)))
}

func squares(dst, x []float32) {
	for i, v := range x {
		dst[i] = v * v
	}
}

// clampSigned limits q to -half to half-1.
func clampSigned(q, half int) int { return min(max(q, -half), half-1) }

// clampCode limits q to 0 to top.
func clampCode(q, top int) uint8 { return uint8(min(max(q, 0), top)) }
