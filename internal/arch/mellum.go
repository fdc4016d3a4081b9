package arch

import "llm/internal/device"

// mellum reads Mellum 2: three layers of four have a window and a plain rotation, the fourth sees everything and has YaRN.
// Source: JetBrains 2026.
func mellum(r *reader) {
	full, near := r.rope(halfApart), r.plainRope(halfApart, r.base("rope.freq_base_swa"))
	windows := r.windows(4)
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(full)
		if l.Attention.Window = windows.of(l.index); l.Attention.Window > 0 {
			l.Attention.Rope = near
		}
		l.headNorms(l.Attention)
		l.FFNNorm = l.norm("ffn_norm")
		l.MoE = l.moe(device.Router{Gating: device.GateSoftmax, Normalize: true}, l.expertWidth())
	}
}
