package arch

// dots1 reads dots.llm1 and Ling 2: DeepSeek's experts, whose router is described by keys, with norms of each head of q and k.
// Source: rednote-hilab 2025; Ling team 2025.
func dots1(r *reader) {
	rope := r.rope(halfApart)
	lead := r.sizeOr("leading_dense_block_count", 0, maxLayers)
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(rope)
		l.headNorms(l.Attention)
		l.FFNNorm = l.norm("ffn_norm")
		if l.index < lead {
			l.FFN = l.dense()
			continue
		}
		l.MoE = l.moe(l.router(0), l.needed("expert_feed_forward_length", maxFFN))
		l.MoE.Shared = l.shared(l.sharedWidth())
	}
}
