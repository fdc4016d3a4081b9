package arch

import (
	"math"

	"llm/internal/device"
)

// gemma3 reads Gemma 3: norms around both branches, windows with a rotation of their own on five layers of six.
// Its 27B scales scores by the width of a head's share of the stream. Source: Gemma team 2025.
func gemma3(r *reader) {
	r.spec.EmbedScale = float32(math.Sqrt(float64(r.spec.Width)))
	r.spec.LogitCap = float32(r.floatOr("final_logit_softcapping", 0))
	full, near := r.rope(halfApart), r.plainRope(halfApart, r.base("rope.freq_base_swa"))
	windows := r.windows(6)
	for l := range r.layers() {
		l.MixerNorm = l.norm("attn_norm")
		l.Attention = l.attention(full)
		if l.Attention.Window = windows.of(l.index); l.Attention.Window > 0 {
			l.Attention.Rope = near
		}
		if r.trunk == 62 {
			l.Attention.Scale = float32(math.Sqrt(float64(l.Attention.Heads) / float64(r.spec.Width)))
		}
		l.headNorms(l.Attention)
		l.PostMixer = l.post("post_attention_norm")
		l.FFNNorm = l.norm("ffn_norm")
		l.FFN = l.dense()
		l.FFN.Act = device.GELU
		l.PostFFN = l.post("post_ffw_norm")
	}
}
