package llm

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const tinyModel = "testdata/smolmoe-tiny-Q8_0.gguf"

// invarianceModels are checkpoints of every kind of layer; the first is in the repository.
func invarianceModels(t testing.TB) map[string]string {
	all := map[string]string{"smolmoe-tiny": tinyModel}
	for _, name := range []string{"gpt-oss", "qwen2moe", "deepseek", "q-qwen3moe-Q4_K_M", "q-gpt-oss-MXFP4", "q-olmoe-Q4_K_M-96", "granitemoe-bf16", "q-llama-mixtral-Q6_K"} {
		if !testing.Short() {
			all[name] = ""
		}
	}
	return all
}

func someTokens(n, vocab int) []Token {
	ids := make([]Token, n)
	for i := range ids {
		ids[i] = Token((7*i + 11) % vocab)
	}
	return ids
}

// Law 2: the same bits whatever the ubatch, the threads, the reuse of a prefix and the company in the batch.
func TestBatchInvariance(t *testing.T) {
	for name, path := range invarianceModels(t) {
		t.Run(name, func(t *testing.T) {
			if path == "" {
				path = shared(t, "fixtures/arch") + "/" + name + ".gguf"
			}
			for _, kv := range []string{"f16", "f32"} {
				var want []float32
				for _, c := range []struct{ ubatch, threads int }{{512, 1}, {1, 1}, {7, 2}, {64, 3}, {512, 8}, {64, 2}, {1, 8}} {
					m := open(t, File(path), WithKVType(kv), WithUbatch(c.ubatch), WithThreads(c.threads))
					ids := someTokens(150, m.Info().Vocabulary)
					got := allLogits(t, m, ids)
					if want == nil {
						want = got
					}
					require.Equal(t, want, got, "%s cache, ubatch %d, %d threads", kv, c.ubatch, c.threads)
				}
				m := open(t, File(path), WithKVType(kv), WithThreads(2), WithUbatch(64))
				testCompany(t, m, want)
				testReuse(t, m, want)
			}
		})
	}
}

// Law 2 in a context of several parts, some of them computed at a time: workers share heads where tokens come one by one.
func TestDeepContextInvariance(t *testing.T) {
	for name, n := range map[string]int{"smolmoe-tiny": 4700, "gpt-oss": 1300, "deepseek": 1300} {
		t.Run(name, func(t *testing.T) {
			path := invarianceModels(t)[name]
			if path == "" {
				path = shared(t, "fixtures/arch") + "/" + name + ".gguf"
			}
			var want []float32
			for _, c := range []struct{ ubatch, threads int }{{512, 1}, {1, 2}, {1, 8}, {7, 3}} {
				m := open(t, File(path), WithUbatch(c.ubatch), WithThreads(c.threads), WithContext(n))
				var got []float32
				require.NoError(t, m.Logits(t.Context(), someTokens(n, m.Info().Vocabulary), func(i int, row []float32) error {
					if i%97 == 0 || i == n-1 {
						got = append(got, row...)
					}
					return nil
				}))
				if want == nil {
					want = got
				}
				require.Equal(t, want, got, "ubatch %d, %d threads", c.ubatch, c.threads)
			}
		})
	}
}

// testCompany runs four sequences at the same time.
func testCompany(t *testing.T, m *Model, want []float32) {
	ids := someTokens(150, m.Info().Vocabulary)
	vocab := m.Info().Vocabulary
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			n := 150 - 13*i
			var got []float32
			err := m.Logits(context.Background(), ids[:n], func(_ int, row []float32) error { got = append(got, row...); return nil })
			if err == nil && !slices.Equal(got, want[:n*vocab]) {
				err = fmt.Errorf("sequence %d of 4 differs from the one alone", i)
			}
			if err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
}

// testReuse computes a prefix in one call, a fork and a truncated continuation in others.
func testReuse(t *testing.T, m *Model, want []float32) {
	ctx := context.Background()
	vocab := m.Info().Vocabulary
	ids := someTokens(150, vocab)
	s, err := m.NewSession()
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Append(ctx, ids[:70]))
	f, err := s.Fork()
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, s.Append(ctx, []Token{1, 2, 3, 4, 5, 6, 7}))
	require.NoError(t, f.Append(ctx, ids[70:100]))
	require.NoError(t, s.Truncate(70))
	for name, x := range map[string]*Session{"truncated": s, "forked": f} {
		from := len(x.tokens)
		var got []float32
		x.tokens = append(x.tokens, ids32(ids[from:])...)
		j := &job{seq: x.seq, input: x.tokens[x.seq.n:], every: true, rows: func(_ int, row []float32) error { got = append(got, row...); return nil }}
		computed := len(x.tokens) - len(j.input)
		require.NoError(t, m.compute(ctx, j))
		require.Equal(t, want[computed*vocab:], got, name)
	}
}

func ids32(t []Token) []int32 { return slices.Clone(ids(t)) }
