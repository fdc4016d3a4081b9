package arch

import "llm/internal/device"

// glm4moe reads GLM-4.5 to 4.7: sigmoid scores, and a bias that moves only the choice of experts. The norm before the
// feed-forward network is called post_attention_norm. Source: GLM-4.5 team 2025.
func glm4moe(r *reader) {
	rope := r.rope(halfApart)
	lead := r.sizeOr("leading_dense_block_count", 0, maxLayers)
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(rope)
		if l.has("attn_q_norm.weight") {
			l.headNorms(l.Attention)
		}
		l.FFNNorm = l.norm("post_attention_norm")
		if l.index < lead {
			l.FFN = l.dense()
			continue
		}
		l.MoE = l.moe(l.router(device.GateSigmoid), l.needed("expert_feed_forward_length", maxFFN))
		l.MoE.Shared = l.shared(l.sharedWidth())
	}
}
