package arch

import "llm/internal/device"

// bailingMoE reads Ling and Ring, first version: experts in every layer, whatever leading_dense_block_count says.
// The second version is read by dots1. Source: Ling team 2025.
func bailingMoE(r *reader) {
	rope := r.rope(adjacent)
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(rope)
		l.FFNNorm = l.norm("ffn_norm")
		router := l.router(device.GateSoftmax)
		router.Gating = device.GateSoftmax
		l.MoE = l.moe(router, l.needed("expert_feed_forward_length", maxFFN))
		l.MoE.Shared = l.shared(l.sharedWidth())
	}
}
