package arch

import "llm/internal/device"

// qwen3 reads Qwen3 and its mixtures: each head of q and k has a norm, the chosen experts' weights sum to 1.
// Source: Yang et al. 2025.
func qwen3(r *reader) {
	rope := r.rope(halfApart)
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(rope)
		l.headNorms(l.Attention)
		l.FFNNorm = l.norm("ffn_norm")
		if l.expertCount() == 0 {
			l.FFN = l.dense()
			continue
		}
		l.MoE = l.moe(device.Router{Gating: device.GateSoftmax, Normalize: true}, l.expertWidth())
	}
}
