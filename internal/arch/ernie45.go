package arch

import "llm/internal/device"

// ernie45 reads ERNIE 4.5, dense or with experts on every so many layers. Source: Baidu 2025.
func ernie45(r *reader) {
	rope := r.rope(adjacent)
	lead := r.sizeOr("leading_dense_block_count", 0, maxLayers)
	step := max(r.sizeOr("interleave_moe_layer_step", 1, maxLayers), 1)
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(rope)
		l.FFNNorm = l.norm("ffn_norm")
		if l.expertCount() == 0 || l.index < lead || (l.index+1)%step != 0 {
			l.FFN = l.dense()
			continue
		}
		router := l.router(device.GateSoftmax)
		router.Gating, router.Normalize = device.GateSoftmax, true
		l.MoE = l.moe(router, l.needed("expert_feed_forward_length", maxFFN))
		l.MoE.Shared = l.shared(l.each("expert_shared_feed_forward_length", 0, maxFFN))
	}
}
