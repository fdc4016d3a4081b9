package arch

import (
	"math"
	"slices"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/internal/device"
	"llm/quant"
)

// decoder keeps every matrix as numbers.
type decoder struct {
	t     *testing.T
	cache map[*byte][]float64
}

func decode(t *testing.T, s *Spec, tokens []int) [][]float64 {
	d := &decoder{t, map[*byte][]float64{}}
	x := make([][]float64, len(tokens))
	for i, token := range tokens {
		row := d.matrix(s.Embed, 0)[token*s.Width : (token+1)*s.Width]
		x[i] = scaled(row, orOne(s.EmbedScale))
	}
	for i := range s.Layers {
		l := &s.Layers[i]
		for p, y := range d.attention(l.Attention, normed(l.MixerNorm, x)) {
			add(x[p], after(l.PostMixer, y), orOne(l.ResidualScale))
		}
		for p, h := range normed(l.FFNNorm, x) {
			add(x[p], after(l.PostFFN, d.feedForward(l, h)), orOne(l.ResidualScale))
		}
	}
	for i, h := range normed(s.OutputNorm, x) {
		x[i] = scaled(d.apply(s.Output, 0, h), orOne(s.LogitScale))
	}
	return x
}

func (d *decoder) attention(a *Attention, x [][]float64) [][]float64 {
	keys, values, out := make([][]float64, len(x)), make([][]float64, len(x)), make([][]float64, len(x))
	for p, h := range x {
		keys[p], values[p] = d.apply(a.K, 0, h), d.apply(a.V, 0, h)
		prepare(a.KNorm, a.Rope, keys[p], a.KDim, p)
		q := d.apply(a.Q, 0, h)
		prepare(a.QNorm, a.Rope, q, a.KDim, p)
		o := make([]float64, a.Heads*a.VDim)
		for head := range a.Heads {
			kv := head / (a.Heads / a.KVHeads)
			first := 0
			if a.Window > 0 {
				first = max(0, p-a.Window+1)
			}
			var scores []float64
			for j := first; j <= p; j++ {
				scores = append(scores, float64(a.Scale)*dot(q[head*a.KDim:(head+1)*a.KDim], keys[j][kv*a.KDim:(kv+1)*a.KDim]))
			}
			if a.Sinks != nil {
				scores = append(scores, float64(a.Sinks[head]))
			}
			for i, w := range softmax(scores) {
				if j := first + i; j <= p {
					add(o[head*a.VDim:(head+1)*a.VDim], values[j][kv*a.VDim:(kv+1)*a.VDim], w)
				}
			}
		}
		out[p] = d.apply(a.O, 0, o)
	}
	return out
}

// prepare norms and rotates the heads of q or k in x.
func prepare(n *HeadNorm, r *device.Rope, x []float64, dim, pos int) {
	if n != nil && n.Whole {
		copy(x, norm(n.Norm, x))
	}
	for ; len(x) > 0; x = x[dim:] {
		head := x[:dim]
		if n != nil && !n.Whole {
			copy(head, norm(n.Norm, head))
		}
		if r != nil {
			rotate(r, head, pos)
		}
	}
}

func rotate(r *device.Rope, head []float64, pos int) {
	for i, f := range r.Freq {
		a, b := i, i+len(r.Freq)
		if r.Interleaved {
			a, b = 2*i, 2*i+1
		}
		sin, cos := math.Sincos(float64(pos) * f)
		m := float64(r.Magnitude)
		head[a], head[b] = m*(head[a]*cos-head[b]*sin), m*(head[a]*sin+head[b]*cos)
	}
}

func (d *decoder) feedForward(l *Layer, x []float64) []float64 {
	if l.FFN != nil {
		return d.gated(l.FFN.Gate, l.FFN.Up, l.FFN.Down, l.FFN.Act, 0, x)
	}
	m := l.MoE
	y := make([]float64, len(x))
	chosen, weights := route(d.t, m.Router, d.apply(m.RouterWeight, 0, x))
	for i, e := range chosen {
		add(y, d.gated(m.Gate, m.Up, m.Down, m.Act, e, x), weights[i])
	}
	if m.Shared != nil {
		w := 1.0
		if m.SharedGate.Set() {
			w = sigmoid(d.apply(m.SharedGate, 0, x)[0])
		}
		add(y, d.gated(m.Shared.Gate, m.Shared.Up, m.Shared.Down, m.Shared.Act, 0, x), w)
	}
	return y
}

func route(t *testing.T, r device.Router, z []float64) (chosen []int, weights []float64) {
	var p []float64
	switch r.Gating {
	case device.GateSoftmax:
		p = softmax(z)
	case device.GateSigmoid:
		for _, v := range z {
			p = append(p, sigmoid(v))
		}
	case device.GateSoftmaxChosen:
		p = z
	default:
		t.Fatalf("gating %d", r.Gating)
	}
	s := slices.Clone(p)
	for i, b := range r.SelectionBias {
		s[i] += float64(b)
	}
	if r.Groups > 1 {
		limitGroups(s, r.Groups, r.GroupsUsed)
	}
	chosen = largest(s, r.Used)
	sum := 0.0
	for _, e := range chosen {
		weights = append(weights, p[e])
		sum += p[e]
	}
	if r.Gating == device.GateSoftmaxChosen {
		weights = softmax(weights)
	}
	if r.Normalize {
		weights = scaled(weights, 1/sum)
	}
	return chosen, scaled(weights, orOne(r.Scale))
}

// limitGroups leaves only the scores of the groups whose two best have the largest sum.
func limitGroups(s []float64, groups, used int) {
	size := len(s) / groups
	sums := make([]float64, groups)
	for g := range sums {
		best := slices.Sorted(slices.Values(s[g*size : (g+1)*size]))
		sums[g] = best[size-1] + best[size-2]
	}
	kept := largest(sums, used)
	for i := range s {
		if !slices.Contains(kept, i/size) {
			s[i] = math.Inf(-1)
		}
	}
}

func largest(s []float64, n int) []int {
	order := make([]int, len(s))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return s[order[i]] > s[order[j]] })
	return order[:n]
}

func (d *decoder) gated(gate, up, down device.Linear, act device.Activation, n int, x []float64) []float64 {
	g, u := d.apply(gate, n, x), d.apply(up, n, x)
	for i := range g {
		switch act {
		case device.SiLU:
			g[i] *= sigmoid(g[i]) * u[i]
		case device.GELU:
			g[i] *= 0.5 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(g[i]+0.044715*g[i]*g[i]*g[i]))) * u[i]
		case device.SwiGLUOAI:
			c := min(g[i], 7)
			g[i] = c * sigmoid(1.702*c) * (min(max(u[i], -7), 7) + 1)
		default:
			d.t.Fatalf("activation %d", act)
		}
	}
	return d.apply(down, n, g)
}

// matrix returns the numbers of matrix n of a stack.
func (d *decoder) matrix(w device.Weight, n int) []float64 {
	key := &w.Data[n][0]
	if m, ok := d.cache[key]; ok && len(m) >= w.In*w.Out {
		return m
	}
	row := make([]float32, w.In*w.Out)
	require.NoError(d.t, quant.Dequantize(w.Type, row, w.Data[n]))
	m := make([]float64, len(row))
	for i, v := range row {
		m[i] = float64(v)
	}
	d.cache[key] = m
	return m
}

func (d *decoder) apply(l device.Linear, n int, x []float64) []float64 {
	m := d.matrix(l.Weight, n)
	y := make([]float64, l.Out)
	for i := range y {
		y[i] = dot(m[i*l.In:(i+1)*l.In], x) * orOne(l.Scale)
		if l.Bias != nil {
			y[i] += float64(l.Bias[n*l.Out+i])
		}
	}
	return y
}

func normed(n device.Norm, x [][]float64) [][]float64 {
	y := make([][]float64, len(x))
	for i := range x {
		y[i] = norm(n, x[i])
	}
	return y
}

// after applies the norm of a branch's result, if there is one.
func after(n *device.Norm, y []float64) []float64 {
	if n == nil {
		return y
	}
	return norm(*n, y)
}

func norm(n device.Norm, x []float64) []float64 {
	y := scaled(x, 1/math.Sqrt(dot(x, x)/float64(len(x))+float64(n.Eps)))
	for i, w := range n.Weight {
		y[i] *= float64(w)
	}
	return y
}

func softmax(x []float64) []float64 {
	y, sum, top := make([]float64, len(x)), 0.0, slices.Max(x)
	for i, v := range x {
		y[i] = math.Exp(v - top)
		sum += y[i]
	}
	return scaled(y, 1/sum)
}

func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

func add(dst, src []float64, scale float64) {
	for i, v := range src {
		dst[i] += scale * v
	}
}

func scaled(x []float64, by float64) []float64 {
	y := make([]float64, len(x))
	add(y, x, by)
	return y
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// orOne reads a scale of a Spec, where 0 means 1.
func orOne(scale float32) float64 {
	if scale == 0 {
		return 1
	}
	return float64(scale)
}
