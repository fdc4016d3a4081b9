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
	both := l.linears("ffn_gate_up_exps", w, 2*width, kind.N)
	if l.err == nil {
		m.Gate, m.Up = halves(both, width)
	}
	return m
}

// halves splits each matrix of a stack into its first and its last n rows.
func halves(l device.Linear, n int) (first, last device.Linear) {
	first, last = l, l
	first.Weight, last.Weight = l.Rows(0, n), l.Rows(n, n)
	first.Bias, last.Bias = nil, nil
	for b := l.Bias; len(b) >= 2*n; b = b[2*n:] {
		first.Bias = append(first.Bias, b[:n]...)
		last.Bias = append(last.Bias, b[n:2*n]...)
	}
	return first, last
}

// shared reads the expert that every token takes, or returns nil where its width is 0.
func (l *layer) shared(width int) *FFN {
	if width == 0 {
		return nil
	}
	return l.ffn("_shexp", width)
}
