package arch

import (
	"math"

	"llm/internal/device"
)

// attention reads the projections of multi-head attention: attn_q, attn_k, attn_v or all three in attn_qkv, and
// attn_output. rope may be nil.
func (l *layer) attention(rope *device.Rope) *Attention {
	a := &Attention{Rope: rope}
	a.Heads = l.each("attention.head_count", 0, maxHeads)
	a.KVHeads = l.each("attention.head_count_kv", a.Heads, maxHeads)
	if a.Heads < 1 || a.KVHeads < 1 || a.Heads%a.KVHeads != 0 {
		l.corrupt(l.arch+".attention.head_count", "%d query heads cannot share %d key heads", a.Heads, a.KVHeads)
		return a
	}
	a.KDim = l.headDim("attention.key_length", a.Heads)
	a.VDim = l.headDim("attention.value_length", a.Heads)
	if rope != nil && 2*len(rope.Freq) > a.KDim {
		l.corrupt(l.arch+".rope.dimension_count", "%d values rotated of heads of %d", 2*len(rope.Freq), a.KDim)
	}
	a.Scale = float32(l.floatOr("attention.scale", 0))
	if a.Scale == 0 && a.KDim > 0 {
		a.Scale = float32(1 / math.Sqrt(float64(a.KDim)))
	}
	l.project(a)
	return a
}

// headDim returns the size of a head, by default an equal share of the width.
func (r *reader) headDim(key string, heads int) int {
	if r.hasKey(key) {
		return r.size(key, maxHeadDim)
	}
	n := r.spec.Width / max(heads, 1)
	if n < 1 || n > maxHeadDim {
		r.corrupt(r.arch+"."+key, "is missing, and %d heads do not share a width of %d", heads, r.spec.Width)
		return 0
	}
	return n
}

func (l *layer) project(a *Attention) {
	width := l.spec.Width
	q, k, v := a.Heads*a.KDim, a.KVHeads*a.KDim, a.KVHeads*a.VDim
	a.O = l.linear("attn_output", a.Heads*a.VDim, width)
	if !l.has("attn_qkv.weight") {
		a.Q, a.K, a.V = l.linear("attn_q", width, q), l.linear("attn_k", width, k), l.linear("attn_v", width, v)
		return
	}
	all := l.linear("attn_qkv", width, q+k+v)
	if l.err != nil {
		return
	}
	a.Q, a.K, a.V = part(all, 0, q), part(all, q, k), part(all, q+k, v)
	if all.Bias == nil { // the matrices may be joined and the biases not
		a.Q, a.K, a.V = l.bias("attn_q", a.Q), l.bias("attn_k", a.K), l.bias("attn_v", a.V)
	}
}

func (l *layer) bias(name string, m device.Linear) device.Linear {
	if l.has(name + ".bias") {
		m.Bias = l.vector(name+".bias", m.Out)
	}
	return m
}

// headNorms reads norms of each head of q and k by itself.
func (l *layer) headNorms(a *Attention) {
	a.QNorm = &HeadNorm{Norm: l.normOf("attn_q_norm", a.KDim)}
	a.KNorm = &HeadNorm{Norm: l.normOf("attn_k_norm", a.KDim)}
}

// wholeNorms reads norms of q and k across all their heads.
func (l *layer) wholeNorms(a *Attention) {
	a.QNorm = &HeadNorm{Norm: l.normOf("attn_q_norm", a.Heads*a.KDim), Whole: true}
	a.KNorm = &HeadNorm{Norm: l.normOf("attn_k_norm", a.KVHeads*a.KDim), Whole: true}
}
