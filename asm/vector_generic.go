package asm

import "math"

// lanes is the number of partial sums of a float reduction.
const lanes = 32

// reduce32 adds the partial sums in the order that suits every vector width: halves of the 32 lanes, halves of what
// remains down to 8, then neighbours.
func reduce32(a *[lanes]float32) float32 {
	var t [8]float32
	for j := range t {
		t[j] = (a[j] + a[j+16]) + (a[j+8] + a[j+24])
	}
	return ((t[0] + t[1]) + (t[2] + t[3])) + ((t[4] + t[5]) + (t[6] + t[7]))
}

func sumGeneric(x []float32) float32 {
	var a [lanes]float32
	for i, v := range x {
		a[i%lanes] += v
	}
	return reduce32(&a)
}

func maxGeneric(x []float32) float32 {
	m := float32(math.Inf(-1))
	for _, v := range x {
		if v > m {
			m = v
		}
	}
	return m
}

func expShiftGeneric(out, x []float32, m float32) {
	for i := range out {
		out[i] = exp32(x[i] - m)
	}
}

// mapped makes an elementwise operation.
func mapped(f func(float32) float32) func(out, x []float32) {
	return func(out, x []float32) {
		for i := range out {
			out[i] = f(x[i])
		}
	}
}

// gated makes an operation out = f(g)·u.
func gated(f func(float32) float32) func(out, g, u []float32) {
	return func(out, g, u []float32) {
		for i := range out {
			out[i] = f(g[i]) * u[i]
		}
	}
}

func swigluOAIGeneric(out, g, u []float32) {
	for i := range out {
		out[i] = swigluOAI32(g[i], u[i])
	}
}

func addGeneric(out, x, y []float32) {
	for i := range out {
		out[i] = x[i] + y[i]
	}
}

func mulGeneric(out, x, y []float32) {
	for i := range out {
		out[i] = x[i] * y[i]
	}
}

func scaleGeneric(out, x []float32, a float32) {
	for i := range out {
		out[i] = a * x[i]
	}
}

func scaleMulGeneric(out, x, w []float32, a float32) {
	for i := range out {
		out[i] = float32(a*x[i]) * w[i]
	}
}

func ropeNormGeneric(x, cos, sin []float32) {
	for i, c := range cos {
		x[2*i], x[2*i+1] = rotate(x[2*i], x[2*i+1], c, sin[i])
	}
}

func ropeNeoxGeneric(x, cos, sin []float32) {
	n := len(cos)
	for i, c := range cos {
		x[i], x[i+n] = rotate(x[i], x[i+n], c, sin[i])
	}
}

func rotate(a, b, cos, sin float32) (float32, float32) {
	return float32(a*cos) - float32(b*sin), float32(a*sin) + float32(b*cos)
}
