package arch

import "llm/internal/device"

// bailingMoE reads Ling and Ring, first version: experts in every layer, whatever leading_dense_block_count says.
// Source: Ling team 2025.
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

// bailingMoE2 reads Ling and Ring 2: norms of heads, groups of experts, sigmoid scores.
func bailingMoE2(r *reader) {
	rope := r.rope(halfApart)
	lead := r.sizeOr("leading_dense_block_count", 0, maxLayers)
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(rope)
		l.headNorms(l.Attention)
		l.FFNNorm = l.norm("ffn_norm")
		if l.index < lead {
			l.FFN = l.dense()
			continue
		}
		l.MoE = l.moe(l.router(0), l.needed("expert_feed_forward_length", maxFFN))
		l.MoE.Shared = l.shared(l.sharedWidth())
	}
}
