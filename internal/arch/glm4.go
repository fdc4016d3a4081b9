package arch

// glm4 reads the dense GLM-4 of 2025: norms before and after both branches, gate and up in one tensor.
// Source: GLM team, Zhipu AI.
func glm4(r *reader) {
	rope := r.rope(adjacent)
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(rope)
		l.PostMixer = l.post("post_attention_norm")
		l.FFNNorm = l.norm("ffn_norm")
		l.FFN = l.joined("", l.needed("feed_forward_length", maxFFN))
		l.PostFFN = l.post("post_ffw_norm")
	}
}
