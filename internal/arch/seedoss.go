package arch

// seedOSS reads Seed-OSS, whose norm before the feed-forward network is called post_attention_norm.
// Source: ByteDance Seed 2025.
func seedOSS(r *reader) {
	rope := r.rope(halfApart)
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(rope)
		l.FFNNorm = l.norm("post_attention_norm")
		l.FFN = l.dense()
	}
}
