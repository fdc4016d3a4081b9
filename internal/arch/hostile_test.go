package arch

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/internal/errs"
	"llm/internal/gguf"
	"llm/quant"
)

func TestHostileFiles(t *testing.T) {
	corrupt, unsupported := errs.ErrCorrupt, errs.ErrUnsupported
	for _, c := range []struct {
		about, fixture string
		change         change
		want           error
		named          string // key or tensor that the error is about
	}{
		{"no architecture", "llama", change{drop: []string{"general.architecture"}}, corrupt, "general.architecture"},
		{"unknown architecture", "llama", change{set: keys{"general.architecture": gguf.Of("rwkv9")}}, unsupported, "general.architecture"},
		{"architecture is a number", "llama", change{set: keys{"general.architecture": num(1)}}, corrupt, "general.architecture"},
		{"an adapter", "llama", change{set: keys{"general.type": gguf.Of("adapter")}}, unsupported, "general.type"},
		{"no width", "llama", change{drop: []string{"embedding_length"}}, corrupt, "llama.embedding_length"},
		{"width 0", "llama", change{set: keys{"embedding_length": num(0)}}, corrupt, "llama.embedding_length"},
		{"width 2^63", "llama", change{set: keys{"embedding_length": num(1 << 63)}}, corrupt, "llama.embedding_length"},
		{"width negative", "llama", change{set: keys{"embedding_length": gguf.Of(int32(-48))}}, corrupt, "llama.embedding_length"},
		{"another width", "llama", change{set: keys{"embedding_length": num(96)}}, corrupt, "token_embd.weight"},
		{"no layers", "llama", change{set: keys{"block_count": num(0)}}, corrupt, "llama.block_count"},
		{"2^40 layers", "llama", change{set: keys{"block_count": num(1 << 40)}}, corrupt, "llama.block_count"},
		{"1000 layers", "llama", change{set: keys{"block_count": num(1000)}}, corrupt, "blk.2.attn_norm.weight"},
		{"only predictors", "llama", change{set: keys{"nextn_predict_layers": num(2)}}, corrupt, "llama.nextn_predict_layers"},
		{"no context", "llama", change{set: keys{"context_length": num(0)}}, corrupt, "llama.context_length"},
		{"context 2^31", "llama", change{set: keys{"context_length": num(1 << 31)}}, corrupt, "llama.context_length"},
		{"no epsilon", "llama", change{drop: []string{"attention.layer_norm_rms_epsilon"}}, corrupt, "llama.attention.layer_norm_rms_epsilon"},
		{"epsilon NaN", "llama", change{set: keys{"attention.layer_norm_rms_epsilon": gguf.Of(math.NaN())}}, corrupt, "llama.attention.layer_norm_rms_epsilon"},
		{"epsilon too small for float32", "llama", change{set: keys{"attention.layer_norm_rms_epsilon": gguf.Of(1e-60)}}, corrupt, "llama.attention.layer_norm_rms_epsilon"},
		{"no heads", "llama", change{drop: []string{"attention.head_count"}}, corrupt, "llama.attention.head_count"},
		{"2^31 heads", "llama", change{set: keys{"attention.head_count": num(1 << 31)}}, corrupt, "llama.attention.head_count"},
		{"heads listed for too few layers", "llama", change{set: keys{"attention.head_count": gguf.ListOf[uint32](4)}}, corrupt, "llama.attention.head_count"},
		{"a layer without heads", "llama", change{set: keys{"attention.head_count": gguf.ListOf[uint32](4, 0)}}, corrupt, "llama.attention.head_count"},
		{"a negative number of heads", "llama", change{set: keys{"attention.head_count": gguf.ListOf[int32](4, -4)}}, corrupt, "llama.attention.head_count"},
		{"key heads that do not divide", "llama", change{set: keys{"attention.head_count_kv": num(3)}}, corrupt, "llama.attention.head_count"},
		{"no key heads", "llama", change{set: keys{"attention.head_count_kv": num(0)}}, corrupt, "llama.attention.head_count"},
		{"more heads than width", "qwen2", change{set: keys{"attention.head_count": num(100)}}, corrupt, "qwen2.attention.key_length"},
		{"keys of 2^30", "llama", change{set: keys{"attention.key_length": num(1 << 30)}}, corrupt, "llama.attention.key_length"},
		{"odd keys", "qwen3", change{set: keys{"attention.key_length": num(31)}}, corrupt, "qwen3.rope.dimension_count"},
		{"odd rotation", "llama", change{set: keys{"rope.dimension_count": num(11)}}, corrupt, "llama.rope.dimension_count"},
		{"more rotated than there is", "llama", change{set: keys{"rope.dimension_count": num(14)}}, corrupt, "llama.rope.dimension_count"},
		{"base 0", "llama", change{set: keys{"rope.freq_base": gguf.Of(float32(0))}}, corrupt, "llama.rope.freq_base"},
		{"base infinite", "llama", change{set: keys{"rope.freq_base": gguf.Of(math.Inf(1))}}, corrupt, "llama.rope.freq_base"},
		{"factor negative", "llama", change{set: keys{"rope.scaling.factor": gguf.Of(float32(-2))}}, corrupt, "llama.rope.scaling.factor"},
		{"factor tiny", "llama", change{set: keys{"rope.scaling.factor": gguf.Of(1e-320)}}, corrupt, "llama.rope.scaling.factor"},
		{"unknown scaling", "llama", change{set: keys{"rope.scaling.type": gguf.Of("longrope")}}, unsupported, "llama.rope.scaling.type"},
		{"YaRN of base 1", "llama-rope-yarn", change{set: keys{"rope.freq_base": gguf.Of(float32(1))}}, corrupt, "llama.rope.freq_base"},
		{"divisors 0", "llama", change{shape: map[string][]int64{"rope_freqs.weight": {6}}}, corrupt, "rope_freqs.weight"},
		{"too few divisors", "llama", change{shape: map[string][]int64{"rope_freqs.weight": {5}}}, corrupt, "rope_freqs.weight"},
		{"no embedding", "llama", change{drop: []string{"token_embd.weight"}}, corrupt, "token_embd.weight"},
		{"embedding of one dimension", "llama", change{shape: map[string][]int64{"token_embd.weight": {48}}}, corrupt, "token_embd.weight"},
		{"embedding of three dimensions", "llama", change{shape: map[string][]int64{"token_embd.weight": {48, 272, 2}}}, corrupt, "token_embd.weight"},
		{"output of another vocabulary", "llama", change{shape: map[string][]int64{"output.weight": {48, 271}}}, corrupt, "output.weight"},
		{"a missing norm", "llama", change{drop: []string{"blk.1.ffn_norm.weight"}}, corrupt, "blk.1.ffn_norm.weight"},
		{"a missing matrix", "granitemoe", change{drop: []string{"blk.1.ffn_up_exps.weight"}}, corrupt, "blk.1.ffn_up_exps.weight"},
		{"a short bias", "qwen2", change{shape: map[string][]int64{"blk.0.attn_q.bias": {47}}}, corrupt, "blk.0.attn_q.bias"},
		{"a matrix of integers", "llama", change{retype: map[string]quant.Type{"blk.0.attn_q.weight": quant.I32}}, unsupported, "blk.0.attn_q.weight"},
		{"a quantized norm", "q-llama-Q5_0", change{retype: map[string]quant.Type{"output_norm.weight": quant.Q8_0}}, unsupported, "output_norm.weight"},
		{"a scale of 0", "llama", change{shape: map[string][]int64{"blk.0.attn_q.scale": {1}}}, corrupt, "blk.0.attn_q.scale"},
		{"a scale for each expert", "granitemoe", change{shape: map[string][]int64{"blk.0.ffn_up_exps.scale": {6}}}, unsupported, "blk.0.ffn_up_exps.scale"},
		{"2^40 experts", "granitemoe", change{set: keys{"expert_count": num(1 << 40)}}, corrupt, "granitemoe.expert_count"},
		{"another number of experts", "granitemoe", change{set: keys{"expert_count": num(7)}}, corrupt, "blk.0.ffn_gate_inp.weight"},
		{"more experts used than there are", "granitemoe", change{set: keys{"expert_used_count": num(7)}}, corrupt, "granitemoe.expert_used_count"},
		{"no experts used", "granitemoe", change{set: keys{"expert_used_count": num(0)}}, corrupt, "granitemoe.expert_used_count"},
		{"experts of width 0", "granitemoe", change{set: keys{"feed_forward_length": num(0)}}, corrupt, "granitemoe.feed_forward_length"},
		{"experts too narrow to share", "qwen3moe", change{drop: []string{"expert_feed_forward_length"}, set: keys{"feed_forward_length": num(1)}}, corrupt, "blk.0.ffn_down_exps.weight"},
		{"old experts of two types", "llama-mixtral-old", change{retype: map[string]quant.Type{"blk.0.ffn_gate.3.weight": quant.F16}}, unsupported, "blk.0.ffn_gate.3.weight"},
		{"an old expert missing", "llama-mixtral-old", change{drop: []string{"blk.1.ffn_up.5.weight"}}, corrupt, "blk.1.ffn_up.5.weight"},
		{"2^31 shared experts", "deepseek", change{set: keys{"expert_shared_count": num(1 << 31)}}, corrupt, "deepseek.expert_shared_count"},
		{"logits divided by 0", "granite", change{set: keys{"logit_scale": gguf.Of(float32(0))}}, corrupt, "granite.logit_scale"},
		{"no window", "gpt-oss", change{drop: []string{"attention.sliding_window"}}, corrupt, "gpt-oss.attention.sliding_window"},
		{"windows of too few layers", "gpt-oss", change{set: keys{"attention.sliding_window_pattern": gguf.ListOf(true)}}, corrupt, "gpt-oss.attention.sliding_window_pattern"},
		{"windows by name", "gpt-oss", change{set: keys{"attention.sliding_window_pattern": gguf.Of("even")}}, corrupt, "gpt-oss.attention.sliding_window_pattern"},
		{"sinks of another model", "gpt-oss", change{shape: map[string][]int64{"blk.0.attn_sinks.weight": {5}}}, corrupt, "blk.0.attn_sinks.weight"},
	} {
		t.Run(c.about, func(t *testing.T) {
			s, err := Read(changed(t, fixture(t, c.fixture), c.change))
			require.Nil(t, s)
			require.ErrorIs(t, err, c.want)
			var at *errs.FormatError
			require.ErrorAs(t, err, &at)
			require.Equal(t, c.named, at.Tensor)
		})
	}
}
