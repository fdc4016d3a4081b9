package asm

import "math"

// Elementwise operations: out may be the same slice as an input, and must not overlap one otherwise.
// All inputs must be at least as long as out.

// step is how many elements one call of a kernel computes at most.
const step = 1 << 14

func each(f func(out, x []float32), out, x []float32) {
	for x = x[:len(out)]; len(out) > step; out, x = out[step:], x[step:] {
		f(out[:step], x[:step])
	}
	f(out, x)
}

func each2(f func(out, x, y []float32), out, x, y []float32) {
	for x, y = x[:len(out)], y[:len(out)]; len(out) > step; out, x, y = out[step:], x[step:], y[step:] {
		f(out[:step], x[:step], y[:step])
	}
	f(out, x, y)
}

// Exp sets out = e^x, with a relative error below 2^-23.
func (s *Set) Exp(out, x []float32) { each(s.exp, out, x) }

// Sigmoid sets out = 1/(1+e^-x).
func (s *Set) Sigmoid(out, x []float32) { each(s.sigmoid, out, x) }

// Silu sets out = x/(1+e^-x).
func (s *Set) Silu(out, x []float32) { each(s.silu, out, x) }

// Gelu sets out to the tanh form of GELU.
func (s *Set) Gelu(out, x []float32) { each(s.gelu, out, x) }

// Tanh sets out = tanh x.
func (s *Set) Tanh(out, x []float32) { each(s.tanh, out, x) }

// Relu2 sets out = max(x, 0)².
func (s *Set) Relu2(out, x []float32) { each(s.relu, out, x) }

// SiluMul sets out = silu(g)·u.
func (s *Set) SiluMul(out, g, u []float32) { each2(s.siluMul, out, g, u) }

// GeluMul sets out = gelu(g)·u, with the tanh form.
func (s *Set) GeluMul(out, g, u []float32) { each2(s.geluMul, out, g, u) }

// Relu2Mul sets out = max(g, 0)²·u.
func (s *Set) Relu2Mul(out, g, u []float32) { each2(s.reluMul, out, g, u) }

// SwigluOAI sets out = x·σ(1.702x)·(y+1), x = min(g, 7), y = u clamped to ±7: the gated unit of gpt-oss.
func (s *Set) SwigluOAI(out, g, u []float32) { each2(s.swigluOAI, out, g, u) }

// Add sets out = x + y.
func (s *Set) Add(out, x, y []float32) { each2(s.add, out, x, y) }

// Mul sets out = x·y.
func (s *Set) Mul(out, x, y []float32) { each2(s.mul, out, x, y) }

// Scale sets out = a·x.
func (s *Set) Scale(out, x []float32, a float32) { s.scale(out, x[:len(out)], a) }

// Axpy adds a·x to out.
func (s *Set) Axpy(out []float32, a float32, x []float32) { s.axpyF32(out, a, bytesOf(x[:len(out)])) }

// Dot returns Σ x·y over the length of x.
func (s *Set) Dot(x, y []float32) float32 { return s.dotF32(x, bytesOf(y[:len(x)])) }

// Sum returns Σ x.
func (s *Set) Sum(x []float32) float32 { return s.sum(x) }

// SumSquares returns Σ x².
func (s *Set) SumSquares(x []float32) float32 { return s.Dot(x, x) }

// Max returns the largest number of x, -Inf if there is none. NaNs are passed over.
func (s *Set) Max(x []float32) float32 {
	return s.max(x) + 0 // -0 and 0 are equal; always return 0
}

// ExpSum sets x = e^(x-m) and returns the sum.
func (s *Set) ExpSum(x []float32, m float32) float32 {
	for rest := x; len(rest) > 0; {
		n := min(len(rest), step)
		s.expShift(rest[:n], rest[:n], m)
		rest = rest[n:]
	}
	return s.sum(x)
}

// Softmax sets x to its softmax.
func (s *Set) Softmax(x []float32) {
	if len(x) == 0 {
		return
	}
	sum := s.ExpSum(x, s.Max(x))
	s.scale(x, x, 1/sum)
}

// RMSNorm sets out = x/√(mean(x²)+eps)·w. A nil w is all ones.
func (s *Set) RMSNorm(out, x, w []float32, eps float32) {
	x = x[:len(out)]
	a := inverseRoot(s.Dot(x, x)/float32(len(x)) + eps)
	if w == nil {
		s.scale(out, x, a)
		return
	}
	s.scaleMul(out, x, w[:len(out)], a)
}

// LayerNorm sets out = (x-mean)/√(variance+eps)·w + b. A nil w is all ones, a nil b all zeros.
func (s *Set) LayerNorm(out, x, w, b []float32, eps float32) {
	x = x[:len(out)]
	mean := s.sum(x) / float32(len(x))
	for i, v := range x {
		out[i] = v - mean
	}
	a := inverseRoot(s.Dot(out, out)/float32(len(x)) + eps)
	if w == nil {
		s.scale(out, out, a)
	} else {
		s.scaleMul(out, out, w[:len(out)], a)
	}
	if b != nil {
		s.add(out, out, b[:len(out)])
	}
}

func inverseRoot(x float32) float32 { return 1 / float32(math.Sqrt(float64(x))) }

// RopeNorm rotates the pairs (2i, 2i+1) of x, i < len(cos), by the angles whose cosines and sines are given.
func (s *Set) RopeNorm(x, cos, sin []float32) { s.ropeNorm(x[:2*len(cos)], cos, sin[:len(cos)]) }

// RopeNeox rotates the pairs (i, i+len(cos)) of x.
func (s *Set) RopeNeox(x, cos, sin []float32) { s.ropeNeox(x[:2*len(cos)], cos, sin[:len(cos)]) }
