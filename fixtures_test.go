package llm

import (
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// shared returns a folder of the reference data, which lies beside the repository, and skips the test where it is absent.
func shared(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("LLM_SHARED")
	if root == "" {
		root = filepath.Join("..", "shared")
	}
	dir := filepath.Join(root, name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("%s is absent: needs the reference data", dir)
	}
	return dir
}

func readJSON(t testing.TB, path string, v any) {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	require.NoError(t, json.NewDecoder(z).Decode(v))
}

// archFixture is a tiny checkpoint's reference: see the README beside it.
type archFixture struct {
	GGUF         string    `json:"gguf"`
	Architecture string    `json:"architecture"`
	Kind         string    `json:"kind"`
	Vocab        int       `json:"n_vocab"`
	Prompt       []Token   `json:"prompt"`
	Greedy       []Token   `json:"greedy"`
	Gap          []float64 `json:"greedy_gap"`
	Logits       string    `json:"logits"`
	Alt          string    `json:"logits_alt"`
	Positions    []int     `json:"positions"`
	Budget       float64   `json:"budget"`
}

func (f *archFixture) reference(t testing.TB, text string) []float32 {
	raw, err := base64.StdEncoding.DecodeString(text)
	require.NoError(t, err)
	out := make([]float32, len(raw)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return out
}

// supported is what Open runs: every fixture of these must pass.
var supported = []string{"llama", "qwen2", "qwen2moe", "qwen3", "qwen3moe", "olmoe", "granite", "granitemoe", "deepseek", "gpt-oss"}

func archFixtures(t testing.TB, use func(name string, f *archFixture)) {
	dir := shared(t, "fixtures/arch")
	paths, err := filepath.Glob(filepath.Join(dir, "*.json.gz"))
	require.NoError(t, err)
	n := 0
	for _, p := range paths {
		var f archFixture
		readJSON(t, p, &f)
		if !slices.Contains(supported, f.Architecture) || f.Logits == "" {
			continue
		}
		name := f.GGUF
		f.GGUF = filepath.Join(dir, f.GGUF)
		use(name, &f)
		n++
	}
	require.NotZero(t, n)
}

// Logits against llama.cpp and transformers: sum (a-b)² / sum b² within the budget of the fixture.
func TestArchitecturesAgainstOracles(t *testing.T) {
	archFixtures(t, func(name string, f *archFixture) {
		t.Run(name, func(t *testing.T) {
			m := open(t, File(f.GGUF), WithKVType("f32"))
			ids := append(slices.Clone(f.Prompt), f.Greedy...)
			logits := allLogits(t, m, ids)
			at := f.Positions
			if at == nil {
				at = make([]int, len(ids))
				for i := range at {
					at[i] = i
				}
			}
			var got []float32
			for _, p := range at {
				got = append(got, logits[p*f.Vocab:(p+1)*f.Vocab]...)
			}
			best := distance(got, f.reference(t, f.Logits))
			if f.Alt != "" {
				best = min(best, distance(got, f.reference(t, f.Alt)))
			}
			require.LessOrEqual(t, best, f.Budget)
			limit := 1e-3
			if f.Kind == "q" {
				limit = 0.2
			}
			for i, id := range f.Greedy {
				if f.Gap[i] > limit {
					p := len(f.Prompt) - 1 + i
					require.Equal(t, id, argmax(logits[p*f.Vocab:(p+1)*f.Vocab]), "greedy step %d", i)
				}
			}
		})
	})
}

func open(t testing.TB, src Source, opts ...Option) *Model {
	t.Helper()
	m, err := Open(context.Background(), src, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

func allLogits(t testing.TB, m *Model, ids []Token) []float32 {
	t.Helper()
	var out []float32
	require.NoError(t, m.Logits(context.Background(), ids, func(_ int, row []float32) error {
		out = append(out, row...)
		return nil
	}))
	return out
}

func distance(a, b []float32) float64 {
	var d, n float64
	for i := range b {
		x := float64(a[i]) - float64(b[i])
		d += x * x
		n += float64(b[i]) * float64(b[i])
	}
	return d / n
}

func argmax(row []float32) Token {
	best := 0
	for i, x := range row {
		if x > row[best] {
			best = i
		}
	}
	return Token(best)
}
