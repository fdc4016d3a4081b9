package cpu

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/asm"
	"llm/internal/device"
)

func chooseWith(r *device.Router, logits []float32) ([]int32, []float32) {
	e, w := make([]int32, r.Used), make([]float32, r.Used)
	rt := newRouter(r, asm.Best())
	rt.choose(logits, e, w)
	return e, w
}

// Expected weights are computed by hand from the formulas in 64 bits.
func TestRouterForms(t *testing.T) {
	logits := []float32{1, 3, 2, 3}
	e := math.Exp
	all := e(1) + e(3) + e(2) + e(3)
	sig := func(x float64) float64 { return 1 / (1 + e(-x)) }
	for _, c := range []struct {
		name    string
		r       device.Router
		experts []int32
		weights []float64
	}{
		{"softmax, equal scores choose the lower index", device.Router{N: 4, Used: 2, Gating: device.GateSoftmax}, []int32{1, 3}, []float64{e(3) / all, e(3) / all}},
		{"normalized", device.Router{N: 4, Used: 3, Gating: device.GateSoftmax, Normalize: true}, []int32{1, 3, 2},
			[]float64{e(3) / (all - e(1)), e(3) / (all - e(1)), e(2) / (all - e(1))}},
		{"softmax over the chosen", device.Router{N: 4, Used: 2, Gating: device.GateSoftmaxChosen}, []int32{1, 3}, []float64{.5, .5}},
		{"bias moves the choice, not the weight", device.Router{N: 4, Used: 1, Gating: device.GateSigmoid, SelectionBias: []float32{1, 0, 0, 0}}, []int32{0}, []float64{sig(1)}},
		{"scale", device.Router{N: 4, Used: 1, Gating: device.GateSigmoid, Scale: 2.5}, []int32{1}, []float64{2.5 * sig(3)}},
		{"groups", device.Router{N: 4, Used: 1, Gating: device.GateSigmoid, Groups: 2, GroupsUsed: 1}, []int32{3}, []float64{sig(3)}},
	} {
		experts, weights := chooseWith(&c.r, logits)
		require.Equal(t, c.experts, experts, c.name)
		for i, w := range c.weights {
			require.InDelta(t, w, weights[i], 1e-6, c.name)
		}
	}
}

func TestRouterSurvivesNumbersThatAreNone(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, g := range []device.Gating{device.GateSoftmax, device.GateSigmoid, device.GateSoftmaxChosen, device.GateSqrtSoftplus} {
		for _, l := range [][]float32{{nan, nan, nan, nan}, {inf, inf, inf, -inf}, {nan, 1, inf, -inf}} {
			experts, _ := chooseWith(&device.Router{N: 4, Used: 2, Gating: g, Normalize: true}, l)
			for _, e := range experts {
				require.True(t, e >= 0 && e < 4)
			}
		}
	}
}

// The choice is the head of a stable sort by score, descending.
func TestRouterAgreesWithSort(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		logits := make([]float32, 32)
		for i := range logits {
			logits[i] = float32(rng.IntN(12)) / 4 // many equal ones
		}
		order := make([]int32, len(logits))
		for i := range order {
			order[i] = int32(i)
		}
		sort.SliceStable(order, func(a, b int) bool { return logits[order[a]] > logits[order[b]] })
		experts, _ := chooseWith(&device.Router{N: 32, Used: 8, Gating: device.GateSoftmax}, logits)
		require.Equal(t, order[:8], experts)
	}
}
