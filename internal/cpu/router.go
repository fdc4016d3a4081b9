package cpu

import (
	"math"

	"llm/asm"
	"llm/internal/device"
)

// minWeightSum keeps the division of normalized weights sane, as llama.cpp does (2⁻¹⁴).
const minWeightSum = 6.103515625e-5

// router chooses experts for one token at a time.
type router struct {
	*device.Router
	set    *asm.Set
	scores []float32 // gated logits, the weights
	choice []float32 // scores plus selection bias, what decides
}

func newRouter(r *device.Router, set *asm.Set) router {
	return router{Router: r, set: set, scores: make([]float32, r.N), choice: make([]float32, r.N)}
}

// choose fills experts and weights [Used], largest score first, equal scores by lower index. Logits that are no
// number count as minus infinity.
func (r *router) choose(logits []float32, experts []int32, weights []float32) {
	r.gate(logits)
	copy(r.choice, r.scores)
	for i, b := range r.SelectionBias {
		r.choice[i] += b
	}
	r.limitGroups()
	for k := range experts {
		best := 0
		for e, c := range r.choice {
			if c > r.choice[best] || math.IsNaN(float64(r.choice[best])) {
				best = e
			}
		}
		experts[k], weights[k] = int32(best), r.scores[best]
		r.choice[best] = float32(math.NaN()) // taken
	}
	r.weigh(weights)
}

func (r *router) gate(logits []float32) {
	copy(r.scores, logits)
	for i, x := range r.scores {
		if math.IsNaN(float64(x)) {
			r.scores[i] = float32(math.Inf(-1))
		}
	}
	switch r.Gating {
	case device.GateSoftmax:
		r.set.Softmax(r.scores)
	case device.GateSigmoid:
		r.set.Sigmoid(r.scores, r.scores)
	case device.GateSqrtSoftplus:
		for i, x := range r.scores {
			r.scores[i] = float32(math.Sqrt(softplus(float64(x))))
		}
	}
}

// weigh turns the chosen scores into weights.
func (r *router) weigh(w []float32) {
	if r.Gating == device.GateSoftmaxChosen {
		r.set.Softmax(w)
	}
	if r.Normalize {
		sum := float32(0)
		for _, x := range w {
			sum += x
		}
		sum = max(sum, minWeightSum)
		for i := range w {
			w[i] /= sum
		}
	}
	if r.Scale != 0 && r.Scale != 1 {
		for i := range w {
			w[i] *= r.Scale
		}
	}
}

// limitGroups leaves only the experts of the best groups: a group's score is the sum of its two best (DeepSeek-V3).
func (r *router) limitGroups() {
	if r.Groups <= 1 {
		return
	}
	size := r.N / r.Groups
	inf := float32(math.Inf(-1))
	keep := uint64(0)
	for range r.GroupsUsed {
		best, at := inf, -1
		for g := range r.Groups {
			if keep>>g&1 == 1 {
				continue
			}
			if s := topTwo(r.choice[g*size : (g+1)*size]); at < 0 || s > best {
				best, at = s, g
			}
		}
		keep |= 1 << at
	}
	for e := range r.choice {
		if keep>>(e/size)&1 == 0 {
			r.choice[e] = inf
		}
	}
}

func topTwo(s []float32) float32 {
	a, b := float32(math.Inf(-1)), float32(math.Inf(-1))
	for _, x := range s {
		if x > a {
			a, b = x, a
		} else if x > b {
			b = x
		}
	}
	return a + b
}

func softplus(x float64) float64 {
	if x > 20 {
		return x
	}
	return math.Log1p(math.Exp(x))
}
