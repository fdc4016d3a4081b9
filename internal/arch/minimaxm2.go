package arch

import "llm/internal/device"

// minimaxM2 reads MiniMax-M2: norms of q and k across all heads, half of each head rotated. The width of its experts stands
// under the key of a dense network. Source: MiniMax 2025.
func minimaxM2(r *reader) {
	rope := r.rope(halfApart)
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(rope)
		l.wholeNorms(l.Attention)
		l.FFNNorm = l.norm("ffn_norm")
		router := l.router(device.GateSigmoid)
		router.Normalize = true
		l.MoE = l.moe(router, l.needed("feed_forward_length", maxFFN))
	}
}
