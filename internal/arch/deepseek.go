package arch

import "llm/internal/device"

// deepseek reads the first DeepSeekMoE: some dense layers, then fine-grained experts beside shared ones, which are stored
// as one. Source: Dai et al. 2024.
func deepseek(r *reader) {
	rope := r.rope(adjacent)
	lead := r.sizeOr("leading_dense_block_count", 0, maxLayers)
	router := device.Router{Gating: device.GateSoftmax, Scale: float32(r.floatOr("expert_weights_scale", 0))}
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(rope)
		l.FFNNorm = l.norm("ffn_norm")
		if l.index < lead || l.expertCount() == 0 {
			l.FFN = l.dense()
			continue
		}
		width := l.needed("expert_feed_forward_length", maxFFN)
		l.MoE = l.moe(router, width)
		l.MoE.Shared = l.shared(width * l.each("expert_shared_count", 0, maxExperts))
	}
}
