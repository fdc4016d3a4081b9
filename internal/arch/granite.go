package arch

import "llm/internal/device"

// granite reads IBM's Granite 3 and 4 without recurrent layers: a llama with multipliers, maybe with experts and a shared
// expert beside them. Files of models without positions say so in rope.scaling.finetuned.
func granite(r *reader) {
	var rope *device.Rope
	if r.boolOr("rope.scaling.finetuned", true) {
		rope = r.rope(adjacent)
	}
	residual := r.multipliers()
	for l := range r.layers() {
		l.ResidualScale = residual
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(rope)
		l.FFNNorm = l.norm("ffn_norm")
		if l.expertCount() == 0 {
			l.FFN = l.dense()
			continue
		}
		width := l.each("expert_feed_forward_length", l.needed("feed_forward_length", maxFFN), maxFFN)
		l.MoE = l.moe(device.Router{Gating: device.GateSoftmax, Normalize: true}, width)
		l.MoE.Shared = l.shared(l.each("expert_shared_feed_forward_length", 0, maxFFN))
	}
}

// multipliers reads what scales embeddings and logits, and returns what scales every branch.
func (r *reader) multipliers() (residual float32) {
	r.spec.EmbedScale = float32(r.floatOr("embedding_scale", 0))
	r.spec.LogitScale = float32(1 / r.positive("logit_scale"))
	return float32(r.floatOr("residual_scale", 0))
}
