package arch

import "llm/internal/device"

// llama reads LLaMA, Mistral and what else is called llama, dense, and Mixtral, whose experts have the width of a dense
// network. Source: Touvron et al. 2023; Jiang et al. 2024.
func llama(r *reader) {
	rope := r.rope(adjacent)
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(rope)
		l.FFNNorm = l.norm("ffn_norm")
		if l.expertCount() == 0 {
			l.FFN = l.dense()
			continue
		}
		width := l.each("expert_feed_forward_length", l.needed("feed_forward_length", maxFFN), maxFFN)
		l.MoE = l.moe(device.Router{Gating: device.GateSoftmax, Normalize: true}, width)
	}
}
