package constrain

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const orderSchema = `{"type":"object","properties":{"name":{"type":"string","maxLength":40},"kind":{"enum":["open","closed","unknown"]},
	"count":{"type":"integer","minimum":0,"maximum":999},"tags":{"type":"array","items":{"type":"string","pattern":"^[a-z]+$"},"maxItems":9},
	"note":{"type":"string"}},"required":["name","kind","count","tags"],"additionalProperties":false}`

const orderText = `{"name": "a longer name, with Ümlauts", "kind": "unknown", "count": 417, "tags": ["red", "green", "blueish"], "note": "It was \"good\"."}`

// TestNoAllocations holds that a token costs no allocation once its places have been seen.
func TestNoAllocations(t *testing.T) {
	k, err := CompileSchema(orderSchema, Options{})
	require.NoError(t, err)
	rnd := newTestVocabulary(newRand(), 500, []string{orderText})
	trie := NewTrie(rnd)
	ids := trie.cutGreedily(orderText)
	x := NewMatcher(k, trie)
	mask := make([]uint64, x.Words())
	run := func() {
		for _, id := range ids {
			x.Mask(mask)
			x.Forced()
			require.True(t, x.Accepts(id))
			if err := x.Advance(id); err != nil {
				t.Fatal(err)
			}
		}
		if err := x.Rollback(len(ids)); err != nil {
			t.Fatal(err)
		}
	}
	require.LessOrEqual(t, len(ids), keptPoints)
	run()
	run()
	require.Zero(t, testing.AllocsPerRun(20, run))
}

// BenchmarkMask measures masks over the vocabulary of Qwen3 along the valid texts of the real-world schemas, each schema compiled
// anew, so that most places are seen for the first time.
func BenchmarkMask(b *testing.B) {
	v := fixtureVocabulary(b, "qwen3")
	trie := NewTrie(v)
	cases := fixtureCases(b, "real.jsonl.gz")
	for b.Loop() {
		var took []float64
		for i := range cases {
			k, err := cases[i].compile(Options{})
			require.NoError(b, err)
			for _, x := range cases[i].Texts {
				if x.V == "yes" {
					k.judge(trie, v, x.T, &took)
				}
			}
		}
		slices.Sort(took)
		sum := 0.0
		for _, x := range took {
			sum += x
		}
		b.ReportMetric(sum/float64(len(took)), "µs/mask")
		b.ReportMetric(took[len(took)/2], "µs-p50")
		b.ReportMetric(took[len(took)*99/100], "µs-p99")
		b.ReportMetric(float64(len(took)), "masks")
	}
}

// BenchmarkCompile measures the compilation of all schemas of the fixtures but the hostile ones.
func BenchmarkCompile(b *testing.B) {
	var cases []fixtureCase
	for _, file := range fixtureFiles {
		for _, c := range fixtureCases(b, file) {
			if c.Kind == "schema" && c.Expect != "hostile" {
				cases = append(cases, c)
			}
		}
	}
	for b.Loop() {
		var took []float64
		for i := range cases {
			start := time.Now()
			_, _ = cases[i].compile(Options{})
			took = append(took, float64(time.Since(start).Nanoseconds())/1e6)
		}
		slices.Sort(took)
		b.ReportMetric(took[len(took)/2], "ms-p50")
		b.ReportMetric(took[len(took)*99/100], "ms-p99")
		b.ReportMetric(took[len(took)-1], "ms-max")
	}
}

// BenchmarkStep measures a token in places that have been seen: mask, test and advance.
func BenchmarkStep(b *testing.B) {
	v := fixtureVocabulary(b, "qwen3")
	trie := NewTrie(v)
	k, err := CompileSchema(orderSchema, Options{})
	require.NoError(b, err)
	ids := trie.cut(v, orderText)
	x := NewMatcher(k, trie)
	mask := make([]uint64, x.Words())
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		x.Mask(mask)
		if err := x.Advance(ids[i]); err != nil {
			b.Fatal(err)
		}
		if i++; i == len(ids) {
			i = 0
			if err := x.Rollback(len(ids)); err != nil {
				b.Fatal(err)
			}
		}
	}
}
