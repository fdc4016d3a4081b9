package arch

import "llm/internal/device"

// ffn reads a gated feed-forward network of the given width whose tensors end in suffix.
func (l *layer) ffn(suffix string, width int) *FFN {
	w := l.spec.Width
	return &FFN{
		Gate: l.linear("ffn_gate"+suffix, w, width),
		Up:   l.linear("ffn_up"+suffix, w, width),
		Down: l.linear("ffn_down"+suffix, width, w),
	}
}

// dense reads the feed-forward network of a layer without experts.
func (l *layer) dense() *FFN { return l.ffn("", l.needed("feed_forward_length", maxFFN)) }

// joined is ffn with the gate in the first half of ffn_up.
func (l *layer) joined(suffix string, width int) *FFN {
	w := l.spec.Width
	f := &FFN{Down: l.linear("ffn_down"+suffix, width, w)}
	f.Gate, f.Up = halves(l.linear("ffn_up"+suffix, w, 2*width), width)
	return f
}

// expertCount returns the number of experts of the layer, 0 where the model has none whatever its name says.
func (l *layer) expertCount() int { return l.each("expert_count", 0, maxExperts) }

// moe reads a router of the given kind and its experts of the given width.
func (l *layer) moe(kind device.Router, width int) *MoE {
	kind.N = l.needed("expert_count", maxExperts)
	kind.Used = l.needed("expert_used_count", kind.N)
	w := l.spec.Width
	m := &MoE{Router: kind, RouterWeight: l.linear("ffn_gate_inp", w, kind.N)}
	m.Down = l.experts("ffn_down", width, w, kind.N)
	if !l.has("ffn_gate_up_exps.weight") {
		m.Gate, m.Up = l.experts("ffn_gate", w, width, kind.N), l.experts("ffn_up", w, width, kind.N)
		return m
	}
	m.Gate, m.Up = halves(l.linears("ffn_gate_up_exps", w, 2*width, kind.N), width)
	return m
}

// halves splits each matrix of a stack into its first and its last n rows.
func halves(l device.Linear, n int) (first, last device.Linear) {
	first, last = l, l
	first.Weight, last.Weight = l.Rows(0, n), l.Rows(n, n)
	first.Bias, last.Bias = nil, nil
	for b := l.Bias; n > 0 && len(b) >= 2*n; b = b[2*n:] {
		first.Bias = append(first.Bias, b[:n]...)
		last.Bias = append(last.Bias, b[n:2*n]...)
	}
	return first, last
}

// router reads from keys how experts are chosen. gating is that of files without a key, 0 if there must be one.
func (l *layer) router(gating device.Gating) device.Router {
	n := l.expertCount()
	r := device.Router{
		Gating:     device.Gating(l.sizeOr("expert_gating_func", int(gating), int(device.GateSqrtSoftplus))),
		Normalize:  l.boolOr("expert_weights_norm", false),
		Scale:      float32(l.floatOr("expert_weights_scale", 0)),
		Groups:     l.sizeOr("expert_group_count", 0, n),
		GroupsUsed: l.sizeOr("expert_group_used_count", 0, n),
	}
	if r.Gating == 0 {
		l.corrupt(l.arch+".expert_gating_func", "is missing or 0")
	}
	if r.Groups <= 1 {
		r.Groups, r.GroupsUsed = 0, 0
	} else if r.Groups == n || n%r.Groups != 0 || r.GroupsUsed < 1 || r.GroupsUsed > r.Groups {
		l.corrupt(l.arch+".expert_group_count", "%d of %d groups cannot be chosen from %d experts", r.GroupsUsed, r.Groups, n)
	}
	if l.has("exp_probs_b.bias") {
		r.SelectionBias = l.vector("exp_probs_b.bias", n)
	}
	return r
}

// sharedWidth returns the width of the shared experts, which are stored as one: by default that of routed ones each.
func (l *layer) sharedWidth() int {
	each := l.each("expert_shared_feed_forward_length", l.each("expert_feed_forward_length", 0, maxFFN), maxFFN)
	return each * l.each("expert_shared_count", 0, maxExperts)
}

// shared reads the expert that every token takes, or returns nil where its width is 0.
func (l *layer) shared(width int) *FFN {
	if width == 0 {
		return nil
	}
	return l.ffn("_shexp", width)
}
