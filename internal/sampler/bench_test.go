package sampler

import (
	"math/rand/v2"
	"testing"
)

// benchLogits are shaped like those of a model: a wide bell and a few tokens far above it.
func benchLogits(n int) []float32 {
	rng := rand.New(rand.NewPCG(1, 2))
	logits := make([]float32, n)
	for i := range logits {
		logits[i] = float32(rng.NormFloat64() * 2.5)
	}
	for i := range 30 {
		logits[rng.IntN(n)] = 22 - float32(i)/3
	}
	return logits
}

func BenchmarkSample(b *testing.B) {
	const vocab = 150_000
	logits := benchLogits(vocab)
	ascending := make([]float32, vocab)
	for i := range ascending {
		ascending[i] = float32(i) / 1000
	}
	history := make([]int32, 1000)
	for i := range history {
		history[i] = int32(i * 37)
	}
	for _, c := range []struct {
		name   string
		logits []float32
		p      Params
	}{
		{"greedy", logits, Params{}},
		{"greedy/ascending", ascending, Params{}},
		{"greedy/penalties", logits, Params{RepeatPenalty: 1.1, RepeatLastN: 256}},
		{"temperature", logits, Params{Temperature: 0.8}},
		{"temperature/2", logits, Params{Temperature: 2}},
		{"defaults", logits, Params{Temperature: 0.8, TopK: 40, TopP: 0.95, MinP: 0.05}},
		{"defaults/ascending", ascending, Params{Temperature: 0.8, TopK: 40, TopP: 0.95, MinP: 0.05}},
		{"defaults/penalties", logits, Params{Temperature: 0.8, TopK: 40, TopP: 0.95, MinP: 0.05, RepeatPenalty: 1.1}},
		{"top_k/5000", logits, Params{Temperature: 0.8, TopK: 5000}},
		{"min_p", logits, Params{Temperature: 0.8, MinP: 0.05}},
		{"top_p", logits, Params{Temperature: 0.8, TopP: 0.95}},
		{"top_p/flat", ascending[:50000], Params{Temperature: 0.8, TopP: 0.95}},
		{"typical", logits, Params{Temperature: 0.8, TypicalP: 0.95}},
	} {
		b.Run(c.name, func(b *testing.B) {
			s, err := New(len(c.logits), c.p)
			if err != nil {
				b.Fatal(err)
			}
			s.Reset(history)
			b.ReportAllocs()
			position := uint64(0)
			for b.Loop() {
				if _, err := s.Sample(c.logits, nil, position); err != nil {
					b.Fatal(err)
				}
				position++
			}
		})
	}
}
