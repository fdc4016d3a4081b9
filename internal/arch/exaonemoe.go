package arch

// exaoneMoE reads K-EXAONE: three layers of four have a window and positions, the fourth has neither.
// Source: LG AI Research 2025.
func exaoneMoE(r *reader) {
	rope := r.rope(halfApart)
	windows := r.windows(4)
	lead := r.sizeOr("leading_dense_block_count", 0, maxLayers)
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(rope)
		if l.Attention.Window = windows.of(l.index); l.Attention.Window == 0 {
			l.Attention.Rope = nil
		}
		l.headNorms(l.Attention)
		l.FFNNorm = l.norm("ffn_norm")
		if l.index < lead {
			l.FFN = l.dense()
			continue
		}
		l.MoE = l.moe(l.router(0), l.needed("expert_feed_forward_length", maxFFN))
		l.MoE.Shared = l.shared(l.needed("expert_feed_forward_length", maxFFN) * l.each("expert_shared_count", 0, maxExperts))
	}
}
