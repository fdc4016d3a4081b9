package arch

import "llm/internal/device"

// qwen2 reads Qwen 1.5, 2 and 2.5, and their mixtures, whose shared expert has a gate of its own and whose routed experts
// are weighted by the softmax over all. Source: Yang et al. 2024.
func qwen2(r *reader) {
	rope := r.rope(halfApart)
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(rope)
		l.FFNNorm = l.norm("ffn_norm")
		if l.expertCount() == 0 {
			l.FFN = l.dense()
			continue
		}
		l.MoE = l.moe(device.Router{Gating: device.GateSoftmax}, l.expertWidth())
		l.MoE.Shared = l.shared(l.each("expert_shared_feed_forward_length", l.each("feed_forward_length", 0, maxFFN), maxFFN))
		l.MoE.SharedGate = l.linear("ffn_gate_inp_shexp", l.spec.Width, 1)
	}
}

// expertWidth returns the width of a routed expert, by default that of a dense network shared by the experts used.
func (l *layer) expertWidth() int {
	if used := l.needed("expert_used_count", maxExperts); used > 0 && !l.hasKey("expert_feed_forward_length") {
		return l.needed("feed_forward_length", maxFFN) / used
	}
	return l.needed("expert_feed_forward_length", maxFFN)
}
