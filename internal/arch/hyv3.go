package arch

import "llm/internal/device"

// hyV3 reads Hunyuan 3: dense where a layer has the tensors of a dense network. The bias that moves the choice of experts is
// called exp_probs_b without more. Source: Tencent 2026.
func hyV3(r *reader) {
	rope := r.rope(halfApart)
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(rope)
		l.headNorms(l.Attention)
		l.FFNNorm = l.norm("ffn_norm")
		if l.has("ffn_gate.weight") {
			l.FFN = l.dense()
			continue
		}
		router := l.router(device.GateSigmoid)
		if l.has("exp_probs_b") {
			router.SelectionBias = l.vector("exp_probs_b", l.expertCount())
		}
		l.MoE = l.moe(router, l.needed("expert_feed_forward_length", maxFFN))
		l.MoE.Shared = l.shared(l.each("expert_shared_feed_forward_length", 0, maxFFN))
	}
}
