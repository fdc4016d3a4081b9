package arch

import "llm/internal/device"

// graniteSWA reads Granite with windows, sinks, and positions on some layers. Gate and up are one tensor, also of the shared
// expert. Source: IBM 2026.
func graniteSWA(r *reader) {
	rope := r.rope(adjacent)
	residual := r.multipliers()
	windows := r.windows(1)
	for l := range r.layers() {
		l.ResidualScale = residual
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(rope)
		if l.each("attention.rope_pattern", 1, 1) == 0 {
			l.Attention.Rope = nil
		}
		l.Attention.Window = windows.of(l.index)
		l.Attention.Sinks = l.vector("attn_sinks.weight", l.Attention.Heads)
		l.FFNNorm = l.norm("ffn_norm")
		width := l.needed("feed_forward_length", maxFFN)
		if l.expertCount() == 0 {
			l.FFN = l.joined("", width)
			continue
		}
		l.MoE = l.moe(device.Router{Gating: device.GateSoftmax, Normalize: true}, width)
		if shared := l.each("expert_shared_feed_forward_length", 0, maxFFN); shared > 0 {
			l.MoE.Shared = l.joined("_shexp", shared)
		}
	}
}
