package arch

// smollm3 reads SmolLM3: a llama in which every fourth layer knows no positions. Source: Hugging Face 2025.
func smollm3(r *reader) {
	rope := r.rope(adjacent)
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		if (l.index+1)%4 == 0 {
			l.Attention = l.attention(nil)
		} else {
			l.Attention = l.attention(rope)
		}
		l.FFNNorm = l.norm("ffn_norm")
		l.FFN = l.dense()
	}
}
