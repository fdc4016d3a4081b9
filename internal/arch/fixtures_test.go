package arch

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/internal/device"
	"llm/internal/gguf"
	"llm/internal/source"
)

// shared returns a path in the directory of shared test data, and skips the test where that is absent.
func shared(t testing.TB, elem ...string) string {
	t.Helper()
	root := os.Getenv("LLM_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	path := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no shared test data: %v", err)
	}
	return path
}

func fixture(t testing.TB, name string) *gguf.File {
	t.Helper()
	return open(t, source.File(shared(t, "fixtures", "arch", name+".gguf")))
}

func open(t testing.TB, src source.Source) *gguf.File {
	t.Helper()
	f, err := gguf.Open(context.Background(), src, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

func spec(t testing.TB, name string) *Spec {
	t.Helper()
	s, err := Read(fixture(t, name))
	require.NoError(t, err)
	return s
}

// readable are the fixtures of all families that are read.
var readable = []string{
	"deepseek", "gpt-oss", "gpt-oss-long", "granite", "granitemoe", "granitemoe-bf16", "granitemoe-shared",
	"llama", "llama-f16", "llama-long", "llama-mixtral", "llama-mixtral-old", "llama-rope-linear", "llama-rope-llama3",
	"llama-rope-yarn", "llama-tied-biased", "olmoe", "qwen2", "qwen2moe", "qwen3", "qwen3moe", "qwen3moe-f16",
	"bailingmoe", "bailingmoe2", "dots1", "ernie4_5-moe", "exaone-moe", "gemma3", "glm4", "glm4moe", "granite_swa-moe", "hy_v3",
	"mellum", "mimo2", "minimax-m2", "phi3", "smollm3",
	"q-deepseek-IQ4_XS", "q-gpt-oss-MXFP4", "q-granitemoe-Q4_1", "q-granitemoe-Q5_K_M", "q-llama-Q5_0",
	"q-llama-mixtral-IQ4_NL", "q-llama-mixtral-Q6_K", "q-olmoe-Q4_0", "q-olmoe-Q4_K_M-96", "q-qwen2moe-Q8_0",
	"q-qwen3moe-Q2_K", "q-qwen3moe-Q4_K_M", "q-qwen3moe-Q5_1",
}

func TestFixturesAreReadWhole(t *testing.T) {
	for _, name := range readable {
		t.Run(name, func(t *testing.T) {
			s := spec(t, name)
			require.Empty(t, s.Unused)
			requireWhole(t, s)
		})
	}
}

// requireWhole checks that a Spec keeps the promises of its types.
func requireWhole(t testing.TB, s *Spec) {
	t.Helper()
	require.Positive(t, s.Context)
	require.NotEmpty(t, s.Layers)
	requireMatrix(t, device.Linear{Weight: s.Embed}, s.Width, s.Vocab, 1)
	requireMatrix(t, s.Output, s.Width, s.Vocab, 1)
	require.Len(t, s.OutputNorm.Weight, s.Width)
	require.Positive(t, s.OutputNorm.Eps)
	for _, l := range s.Layers {
		require.Len(t, l.MixerNorm.Weight, s.Width)
		require.Len(t, l.FFNNorm.Weight, s.Width)
		a := l.Attention
		require.Zero(t, a.Heads%a.KVHeads)
		require.NotZero(t, a.Scale)
		requireMatrix(t, a.Q, s.Width, a.Heads*a.KDim, 1)
		requireMatrix(t, a.K, s.Width, a.KVHeads*a.KDim, 1)
		requireMatrix(t, a.V, s.Width, a.KVHeads*a.VDim, 1)
		requireMatrix(t, a.O, a.Heads*a.VDim, s.Width, 1)
		if a.Rope != nil {
			require.LessOrEqual(t, 2*len(a.Rope.Freq), a.KDim)
		}
		require.NotEqual(t, l.FFN == nil, l.MoE == nil)
		if l.FFN != nil {
			requireFFN(t, l.FFN, s.Width)
			continue
		}
		n := l.MoE.Router.N
		require.GreaterOrEqual(t, n, l.MoE.Router.Used)
		require.Positive(t, l.MoE.Router.Used)
		requireMatrix(t, l.MoE.RouterWeight, s.Width, n, 1)
		requireMatrix(t, l.MoE.Gate, s.Width, l.MoE.Up.Out, n)
		requireMatrix(t, l.MoE.Up, s.Width, l.MoE.Up.Out, n)
		requireMatrix(t, l.MoE.Down, l.MoE.Up.Out, s.Width, n)
		if l.MoE.Shared != nil {
			requireFFN(t, l.MoE.Shared, s.Width)
		}
	}
}

func requireFFN(t testing.TB, f *FFN, width int) {
	t.Helper()
	requireMatrix(t, f.Gate, width, f.Up.Out, 1)
	requireMatrix(t, f.Up, width, f.Up.Out, 1)
	requireMatrix(t, f.Down, f.Up.Out, width, 1)
}

func requireMatrix(t testing.TB, m device.Linear, in, out, n int) {
	t.Helper()
	require.Equal(t, in, m.In, m.Name)
	require.Equal(t, out, m.Out, m.Name)
	require.Len(t, m.Data, n, m.Name)
	for _, d := range m.Data {
		require.Len(t, d, out*m.Type.RowBytes(in), m.Name)
	}
	if m.Bias != nil {
		require.Len(t, m.Bias, n*out, m.Name)
	}
}
