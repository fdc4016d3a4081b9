package arch

// phi3 reads Phi-3 and Phi-4: gate and up are one tensor. The window in some of its files is not used, as elsewhere.
// Source: Abdin et al. 2024.
func phi3(r *reader) {
	rope := r.rope(halfApart)
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(rope)
		l.FFNNorm = l.norm("ffn_norm")
		l.FFN = l.joined("", l.needed("feed_forward_length", maxFFN))
	}
}
