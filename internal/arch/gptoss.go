package arch

import "llm/internal/device"

// gptOSS reads gpt-oss: sinks in attention, a window on every other layer, biases everywhere, a softmax over the chosen
// experts' logits. The norm before the feed-forward network is called post_attention_norm. Source: OpenAI 2025.
func gptOSS(r *reader) {
	rope := r.rope(halfApart)
	windows := r.windows(2)
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(rope)
		l.Attention.Window = windows.of(l.index)
		l.Attention.Sinks = l.vector("attn_sinks.weight", l.Attention.Heads)
		l.FFNNorm = l.norm("post_attention_norm")
		l.MoE = l.moe(device.Router{Gating: device.GateSoftmaxChosen}, l.needed("expert_feed_forward_length", maxFFN))
		l.MoE.Act = device.SwiGLUOAI
	}
}
