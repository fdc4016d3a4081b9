package arch

import "llm/internal/device"

// mimo2 reads MiMo-V2: windowed layers have other key heads, another base and sinks; values are narrower than keys and are
// scaled. Source: Xiaomi 2025.
func mimo2(r *reader) {
	full, near := r.rope(halfApart), r.plainRope(halfApart, r.base("rope.freq_base_swa"))
	windows := r.windows(1)
	values := float32(r.floatOr("attention.value_scale", 0))
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(full)
		if l.Attention.Window = windows.of(l.index); l.Attention.Window > 0 {
			l.Attention.Rope = near
		}
		if l.has("attn_sinks.weight") {
			l.Attention.Sinks = l.vector("attn_sinks.weight", l.Attention.Heads)
		}
		l.Attention.O.Scale = times(l.Attention.O.Scale, values)
		l.FFNNorm = l.norm("ffn_norm")
		if !l.has("ffn_gate_inp.weight") {
			l.FFN = l.dense()
			continue
		}
		router := l.router(device.GateSigmoid)
		router.Gating, router.Normalize = device.GateSigmoid, true
		l.MoE = l.moe(router, l.needed("expert_feed_forward_length", maxFFN))
	}
}

// times multiplies scales of which 0 means 1.
func times(a, b float32) float32 {
	if a == 0 || b == 0 {
		return a + b
	}
	return a * b
}
