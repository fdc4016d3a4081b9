package llm

import (
	"llm/internal/arch"
	"llm/internal/device"
)

// plan turns a Spec into the operations of a forward pass: a residual stream x, and for each layer a mixer and a
// feed-forward part that read x and add to it.
func plan(s *arch.Spec) *device.Plan {
	b := &planner{p: &device.Plan{Vocab: s.Vocab}, ropes: map[*device.Rope]int{}}
	x, h, y := b.reg(s.Width), b.reg(s.Width), b.reg(s.Width)
	b.op(&device.Embed{Dst: x, W: s.Embed, Scale: one(s.EmbedScale)})
	for i := range s.Layers {
		l := &s.Layers[i]
		b.norm(h, x, &l.MixerNorm)
		b.attention(l.Attention, h, y, func(o device.Reg) {
			if i == len(s.Layers)-1 {
				b.op(&device.Narrow{Keep: []device.Reg{x, o}})
			}
		})
		b.branch(x, y, l.PostMixer, l.ResidualScale)
		b.norm(h, x, &l.FFNNorm)
		b.feedForward(l, h, y)
		b.branch(x, y, l.PostFFN, l.ResidualScale)
	}
	b.norm(x, x, &s.OutputNorm)
	out := s.Output
	out.Scale = one(out.Scale) * one(s.LogitScale)
	b.op(&device.Logits{Src: x, W: out, Cap: s.LogitCap})
	return b.p
}

// planner builds a Plan. Registers are found again by use and width, so that layers share them.
type planner struct {
	p     *device.Plan
	ropes map[*device.Rope]int
	named map[regKey]device.Reg
}

type regKey struct {
	use   string
	width int
}

func (b *planner) op(op device.Op) { b.p.Ops = append(b.p.Ops, op) }

func (b *planner) reg(width int) device.Reg {
	b.p.Widths = append(b.p.Widths, width)
	return device.Reg(len(b.p.Widths) - 1)
}

func (b *planner) scratch(use string, width int) device.Reg {
	if b.named == nil {
		b.named = map[regKey]device.Reg{}
	}
	k := regKey{use, width}
	r, ok := b.named[k]
	if !ok {
		r = b.reg(width)
		b.named[k] = r
	}
	return r
}

func (b *planner) norm(dst, src device.Reg, n *device.Norm) {
	b.op(&device.Normalize{Dst: dst, Src: src, Norm: *n, Groups: 1})
}

// branch adds a branch's result y to the residual stream.
func (b *planner) branch(x, y device.Reg, post *device.Norm, scale float32) {
	if post != nil {
		b.norm(y, y, post)
	}
	b.op(&device.Add{Dst: x, Src: y, Gate: device.None, Scale: one(scale)})
}

// attention plans one attention layer. stored is called where its keys and values have been stored and its result is in o.
func (b *planner) attention(a *arch.Attention, x, y device.Reg, stored func(o device.Reg)) {
	q, k, v := b.scratch("q", a.Heads*a.KDim), b.scratch("k", a.KVHeads*a.KDim), b.scratch("v", a.KVHeads*a.VDim)
	o := b.scratch("o", a.Heads*a.VDim)
	b.op(&device.MatMul{Src: x, Products: []device.Product{{Linear: a.Q, Dst: q}, {Linear: a.K, Dst: k}, {Linear: a.V, Dst: v}}})
	b.headNorm(q, a.QNorm, a.Heads)
	b.headNorm(k, a.KNorm, a.KVHeads)
	group, layer := b.cache(a)
	b.op(&device.Attend{Q: q, K: k, V: v, Dst: o, Attention: device.Attention{
		Heads: a.Heads, KVHeads: a.KVHeads, KDim: a.KDim, VDim: a.VDim, Scale: a.Scale,
		Rope: b.rope(a.Rope), Group: group, Layer: layer, Window: a.Window, Sinks: a.Sinks,
	}})
	stored(o)
	b.op(&device.MatMul{Src: o, Products: []device.Product{{Linear: a.O, Dst: y}}})
}

func (b *planner) headNorm(r device.Reg, n *arch.HeadNorm, heads int) {
	if n == nil {
		return
	}
	if n.Whole {
		heads = 1
	}
	b.op(&device.Normalize{Dst: r, Src: r, Norm: n.Norm, Groups: heads})
}

// rope returns the number of a rotation; layers that share a pointer share its table of angles.
func (b *planner) rope(r *device.Rope) int {
	if r == nil {
		return -1
	}
	i, ok := b.ropes[r]
	if !ok {
		i = len(b.p.Ropes)
		b.p.Ropes = append(b.p.Ropes, *r)
		b.ropes[r] = i
	}
	return i
}

// cache finds the group of layers with this window and adds a layer to it.
func (b *planner) cache(a *arch.Attention) (group, layer int) {
	group = -1
	for i := range b.p.Caches {
		if b.p.Caches[i].Window == a.Window {
			group = i
		}
	}
	if group < 0 {
		group = len(b.p.Caches)
		b.p.Caches = append(b.p.Caches, device.CacheGroup{Window: a.Window})
	}
	g := &b.p.Caches[group]
	g.Layers = append(g.Layers, device.CacheLayer{KVHeads: a.KVHeads, KDim: a.KDim, VDim: a.VDim})
	return group, len(g.Layers) - 1
}

func (b *planner) feedForward(l *arch.Layer, x, y device.Reg) {
	if l.MoE == nil {
		b.ffn(l.FFN, x, y)
		return
	}
	b.moe(l.MoE, x, y)
}

func (b *planner) ffn(f *arch.FFN, x, y device.Reg) {
	g, u := b.scratch("gate", f.Gate.Out), b.scratch("up", f.Up.Out)
	b.op(&device.MatMul{Src: x, Products: []device.Product{{Linear: f.Gate, Dst: g}, {Linear: f.Up, Dst: u}}})
	b.op(&device.Activate{Dst: g, Gate: g, Up: u, Act: f.Act})
	b.op(&device.MatMul{Src: g, Products: []device.Product{{Linear: f.Down, Dst: y}}})
}

func one(scale float32) float32 {
	if scale == 0 {
		return 1
	}
	return scale
}
