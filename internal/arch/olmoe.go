package arch

import "llm/internal/device"

// olmoe reads OLMoE: norms of q and k across all heads, weights of the chosen experts as the softmax over all leaves them.
// Source: Muennighoff et al. 2024.
func olmoe(r *reader) {
	rope := r.rope(halfApart)
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(rope)
		l.wholeNorms(l.Attention)
		l.FFNNorm = l.norm("ffn_norm")
		l.MoE = l.moe(device.Router{Gating: device.GateSoftmax}, l.needed("feed_forward_length", maxFFN))
	}
}
