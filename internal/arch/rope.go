package arch

import (
	"math"

	"llm/internal/device"
)

// Which values of a head are rotated together. No key says so: it is part of an architecture.
const (
	adjacent  = true  // 2i and 2i+1
	halfApart = false // i and i+n/2
)

// rope reads the rotation of queries and keys: frequencies base^(-2i/n), divided by rope_freqs.weight where the file has
// it, then fitted to a longer context. Source: Su et al. 2021.
func (r *reader) rope(interleaved bool) *device.Rope {
	base := r.base("rope.freq_base")
	rope := r.plainRope(interleaved, base)
	r.divide(rope)
	r.stretch(rope, base)
	for _, f := range rope.Freq {
		if !(f >= 0) || math.IsInf(f, 0) {
			r.corrupt(r.arch+".rope.freq_base", "a frequency of %v", f)
			return rope
		}
	}
	return rope
}

// base returns the base under key, 10000 without it.
func (r *reader) base(key string) float64 {
	if r.hasKey(key) {
		return r.positive(key)
	}
	return 10000
}

// plainRope is a rotation as it was first trained.
func (r *reader) plainRope(interleaved bool, base float64) *device.Rope {
	n := r.rotated()
	rope := &device.Rope{Freq: make([]float64, n/2), Magnitude: 1, Interleaved: interleaved}
	for i := range rope.Freq {
		rope.Freq[i] = math.Pow(base, -2*float64(i)/float64(n))
	}
	return rope
}

// rotated returns how many values of a head are rotated, by default all.
func (r *reader) rotated() int {
	if r.hasKey("rope.dimension_count") {
		return r.even(r.size("rope.dimension_count", maxHeadDim))
	}
	return r.even(r.headDim("attention.key_length", int(r.list("attention.head_count")[0])))
}

func (r *reader) even(n int) int {
	if n%2 != 0 {
		r.corrupt(r.arch+".rope.dimension_count", "%d values cannot be rotated in pairs", n)
		return 0
	}
	return n
}

// divide applies the divisors that came with the weights (llama 3).
func (r *reader) divide(rope *device.Rope) {
	if !r.root.has("rope_freqs.weight") {
		return
	}
	for i, d := range r.root.vector("rope_freqs.weight", len(rope.Freq)) {
		if !(d > 0) {
			r.corrupt("rope_freqs.weight", "divisor %d is %v", i, d)
			return
		}
		rope.Freq[i] /= float64(d)
	}
}

// stretch fits the frequencies to a longer context than the model was first trained for. A factor without a type is
// linear.
func (r *reader) stretch(rope *device.Rope, base float64) {
	factor := r.floatOr("rope.scaling.factor", r.floatOr("rope.scale_linear", 0))
	if factor == 0 {
		factor = 1
	}
	if factor < tiny {
		r.corrupt(r.arch+".rope.scaling.factor", "%v is not above 0", factor)
		return
	}
	switch key := r.arch + ".rope.scaling.type"; r.text(key, "linear") {
	case "none":
	case "linear":
		for i := range rope.Freq {
			rope.Freq[i] /= factor
		}
	case "yarn":
		r.yarn(rope, base, factor)
	default:
		r.unsupported(key, "scaling of positions by %q", r.text(key, ""))
	}
}

// yarn leaves the fast frequencies, divides the slow ones and blends between: those that turn 32 times and once in the
// original context mark the ends, whatever the file says. Source: Peng et al. 2023, with the rounding of llama.cpp.
func (r *reader) yarn(rope *device.Rope, base, factor float64) {
	const fast, slow = 32, 1
	n := float64(2 * len(rope.Freq))
	original := float64(r.sizeOr("rope.scaling.original_context_length", r.spec.Context, maxContext))
	if original == 0 {
		r.corrupt(r.arch+".rope.scaling.original_context_length", "is 0")
		return
	}
	if base <= 1 {
		r.corrupt(r.arch+".rope.freq_base", "no YaRN with a base of %v", base)
		return
	}
	turns := func(t float64) float64 { return n * math.Log(original/(t*2*math.Pi)) / (2 * math.Log(base)) }
	low, high := max(0, math.Floor(turns(fast))), min(n-1, math.Ceil(turns(slow)))
	for i, f := range rope.Freq {
		divided := min(max((float64(i)-low)/max(0.001, high-low), 0), 1)
		rope.Freq[i] = f/factor*divided + f*(1-divided)
	}
	rope.Magnitude = float32((0.1*math.Log(factor) + 1) * r.floatOr("rope.scaling.attn_factor", 1))
}
