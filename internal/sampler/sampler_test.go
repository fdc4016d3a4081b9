package sampler

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNewNamesTheWrongField(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		field string
		p     Params
	}{
		{"Temperature", Params{Temperature: nan}},
		{"Temperature", Params{Temperature: -0.1}},
		{"Temperature", Params{Temperature: inf}},
		{"TopP", Params{TopP: -1}},
		{"TopP", Params{TopP: 1.01}},
		{"TopP", Params{TopP: nan}},
		{"MinP", Params{MinP: -1}},
		{"MinP", Params{MinP: 2}},
		{"TypicalP", Params{TypicalP: nan}},
		{"TypicalP", Params{TypicalP: -1}},
		{"RepeatPenalty", Params{RepeatPenalty: -1}},
		{"RepeatPenalty", Params{RepeatPenalty: inf}},
		{"FrequencyPenalty", Params{FrequencyPenalty: -inf}},
		{"PresencePenalty", Params{PresencePenalty: nan}},
		{"TopK", Params{TopK: -1}},
		{"RepeatLastN", Params{RepeatLastN: math.MaxInt}},
		{"LogitBias", Params{LogitBias: map[int32]float32{10: 1}}},
		{"LogitBias", Params{LogitBias: map[int32]float32{-1: 1}}},
		{"LogitBias", Params{LogitBias: map[int32]float32{3: nan}}},
		{"LogitBias", Params{LogitBias: map[int32]float32{3: inf}}},
	} {
		_, err := New(10, c.p)
		require.ErrorContains(t, err, c.field, "%+v", c.p)
	}
	for _, vocab := range []int{0, -1, math.MaxInt} {
		_, err := New(vocab, Params{})
		require.ErrorContains(t, err, "vocabulary")
	}
}

func TestParamsAreCopied(t *testing.T) {
	bias := map[int32]float32{1: 5}
	s, err := New(4, Params{LogitBias: bias})
	require.NoError(t, err)
	bias[1], bias[9] = -5, 1
	id, err := s.Sample(make([]float32, 4), nil, 0)
	require.NoError(t, err)
	require.EqualValues(t, 1, id)
}

func TestWrongLengthsAreErrors(t *testing.T) {
	s, err := New(100, Params{Temperature: 1})
	require.NoError(t, err)
	for _, err := range []error{
		third(s.Kept(make([]float32, 99), nil)),
		third(s.Logprobs(nil, make([]float32, 101), nil, 0, 1)),
		third(s.Logprobs(nil, make([]float32, 100), nil, 100, 1)),
		third(s.Logprobs(nil, make([]float32, 100), nil, -1, 1)),
		third(s.Logprobs(nil, make([]float32, 100), nil, 0, -1)),
		third(s.Contenders(nil, make([]float32, 99), 0, 1)),
		third(s.Contenders(nil, make([]float32, 100), 0, 0)),
		third(s.Contenders(nil, make([]float32, 100), 0, MaxContenders+1)),
		second(s.Sample(make([]float32, 99), nil, 0)),
		second(s.Sample(make([]float32, 100), make([]uint64, 1), 0)),
	} {
		require.Error(t, err)
		require.NotErrorIs(t, err, ErrNothingLeft)
	}
}

func second[A any](_ A, err error) error        { return err }
func third[A, B any](_ A, _ B, err error) error { return err }

// Without filters the draw under a mask is the first legal contender, whatever is legal.
func TestFirstLegalContenderIsTheMaskedDraw(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	found := 0
	for range 4000 {
		vocab := 1 + rng.IntN(500)
		p, logits, _, history := randomCase(rng, vocab)
		p.TopK, p.TopP, p.MinP, p.TypicalP = 0, 0, 0, 0
		s, err := New(vocab, p)
		require.NoError(t, err)
		s.Reset(history)
		mask := newBitset(vocab)
		density := 0.02 + rng.Float64()
		for i := range vocab {
			if rng.Float64() < density {
				mask.set(int32(i))
			}
		}
		position := rng.Uint64()
		n := 1 + rng.IntN(MaxContenders)
		ids, ok, err := s.Contenders([]int32{-7}, logits, position, n)
		require.NoError(t, err)
		require.True(t, ok)
		require.EqualValues(t, -7, ids[0])
		ids = ids[1:]
		require.LessOrEqual(t, len(ids), n)
		want, err := s.Sample(logits, mask, position)
		i := slices.IndexFunc(ids, mask.has)
		if errors.Is(err, ErrNothingLeft) {
			require.Equal(t, -1, i)
			continue
		}
		require.NoError(t, err)
		if i >= 0 {
			found++
			require.Equal(t, want, ids[i], "%+v", p)
		} else {
			require.Len(t, ids, n, "only a list cut short may miss the draw")
		}
	}
	require.Greater(t, found, 2000)
}

func TestContendersNeedNoFilters(t *testing.T) {
	for _, p := range []Params{
		{Temperature: 1, TopK: 5}, {Temperature: 1, TopP: 0.5}, {Temperature: 1, MinP: 0.1}, {Temperature: 1, TypicalP: 0.5},
	} {
		s, err := New(10, p)
		require.NoError(t, err)
		_, ok, err := s.Contenders(nil, make([]float32, 10), 0, 1)
		require.NoError(t, err)
		require.False(t, ok)
	}
}

// Cutting tokens that would not have been drawn, or padding the vocabulary, does not change the draw.
func TestDrawIgnoresWhatItDoesNotTake(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 13))
	const vocab = 300
	logits := make([]float32, vocab)
	for i := range logits {
		logits[i] = float32(rng.NormFloat64() * 2)
	}
	padded := append(slices.Clone(logits), make([]float32, 77)...)
	for i := vocab; i < len(padded); i++ {
		padded[i] = float32(math.Inf(-1))
	}
	p := Params{Temperature: 0.9, Seed: 99}
	plain, err := New(vocab, p)
	require.NoError(t, err)
	wide, err := New(len(padded), p)
	require.NoError(t, err)
	cut := p
	cut.TopK = 50
	few, err := New(vocab, cut)
	require.NoError(t, err)
	kept, _, err := few.Kept(logits, nil)
	require.NoError(t, err)
	for position := range uint64(2000) {
		id, err := plain.Sample(logits, nil, position)
		require.NoError(t, err)
		same, err := wide.Sample(padded, nil, position)
		require.NoError(t, err)
		require.Equal(t, id, same)
		if slices.Contains(kept, id) {
			same, err = few.Sample(logits, nil, position)
			require.NoError(t, err)
			require.Equal(t, id, same)
		}
		mask := newBitset(vocab)
		for i := range int32(vocab) {
			if i == id || rng.IntN(2) == 0 {
				mask.set(i)
			}
		}
		same, err = plain.Sample(logits, mask, position)
		require.NoError(t, err)
		require.Equal(t, id, same)
	}
}

// A position is drawn alike whatever was drawn before it and by whichever sampler.
func TestDrawIsAFunctionOfSeedAndPosition(t *testing.T) {
	logits := benchLogits(1000)
	p := Params{Temperature: 1.3, TopP: 0.98, Seed: 1 << 63}
	draw := func(order []int) map[int]int32 {
		s, err := New(len(logits), p)
		require.NoError(t, err)
		got := map[int]int32{}
		for _, position := range order {
			id, err := s.Sample(logits, nil, uint64(position))
			require.NoError(t, err)
			got[position] = id
		}
		return got
	}
	rng := rand.New(rand.NewPCG(1, 1))
	want := draw(rng.Perm(500))
	require.Equal(t, want, draw(rng.Perm(500)))
	p.Seed++
	require.NotEqual(t, want, draw(rng.Perm(500)))
}

// Chi-square of fifty thousand draws against the softmax. The bound is the 0.9999 quantile (Wilson-Hilferty).
func TestDrawFollowsTheDistribution(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 34))
	const vocab, draws = 40, 50_000
	logits := make([]float32, vocab)
	for i := range logits {
		logits[i] = float32(rng.NormFloat64() * 1.5)
	}
	for _, p := range []Params{
		{Temperature: 1, Seed: 1}, {Temperature: 0.7, Seed: 2}, {Temperature: 2, Seed: 3, TopK: 20}, {Temperature: 1, Seed: 4, TopP: 0.8},
	} {
		s, err := New(vocab, p)
		require.NoError(t, err)
		ids, probs, err := s.Kept(logits, nil)
		require.NoError(t, err)
		counts := make([]float64, vocab)
		for position := range uint64(draws) {
			id, err := s.Sample(logits, nil, position)
			require.NoError(t, err)
			counts[id]++
		}
		chi, cells, rest, restWant := 0.0, 0, 0.0, 0.0
		for i, id := range ids {
			want := probs[i] * draws
			if want < 10 {
				rest, restWant = rest+counts[id], restWant+want
				continue
			}
			chi += (counts[id] - want) * (counts[id] - want) / want
			cells++
		}
		if restWant > 0 {
			chi += (rest - restWant) * (rest - restWant) / restWant
			cells++
		}
		k := float64(cells - 1)
		bound := k * math.Pow(1-2/(9*k)+3.719*math.Sqrt(2/(9*k)), 3)
		require.Less(t, chi, bound, "%+v", p)
	}
}

// The skip by the word's bound must never lose a token that its noise would have brought to the front.
func TestLeastWordIsBelowTheNoise(t *testing.T) {
	for step := range len(leastWord) {
		if step == 0 {
			require.Zero(t, leastWord[0])
			continue
		}
		require.Less(t, gumbel(leastWord[step]-1), float64(step))
	}
	require.Less(t, gumbel(math.MaxUint32), maxGumbel)
	require.Greater(t, gumbel(0), -3.2)
}

func TestWindowCountsTheLastTokens(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	for _, n := range []int{-1, 1, 2, 7, 64} {
		s, err := New(20, Params{PresencePenalty: 1, RepeatLastN: n, LogitBias: map[int32]float32{4: 1}})
		require.NoError(t, err)
		var history []int32
		for range 500 {
			id := rng.Int32N(30) - 5 // some outside the vocabulary
			history = append(history, id)
			s.Accept(id)
			if rng.IntN(50) == 0 {
				s.Reset(history)
			}
			last := history
			if n > 0 {
				last = history[max(0, len(history)-n):]
			}
			for id := range int32(20) {
				want := 0
				for _, h := range last {
					if h == id {
						want++
					}
				}
				require.EqualValues(t, want, s.window.count(id))
				require.Equal(t, want > 0 || id == 4, s.adjusted.has(id))
			}
		}
	}
}

func TestLogprobs(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 8))
	for range 500 {
		vocab := 1 + rng.IntN(600)
		p, logits, mask, history := randomCase(rng, vocab)
		s, err := New(vocab, p)
		require.NoError(t, err)
		s.Reset(history)
		want := oracle(Params{Temperature: 1, LogitBias: p.LogitBias}, logits, mask, nil)
		n, chosen := rng.IntN(30), rng.Int32N(int32(vocab))
		own, top, err := s.Logprobs([]Logprob{{ID: -1}}, logits, mask, chosen, n)
		if len(want) == 0 {
			require.ErrorIs(t, err, ErrNothingLeft)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, chosen, own.ID)
		i := slices.IndexFunc(want, func(v scored) bool { return v.id == chosen })
		if i < 0 {
			require.True(t, math.IsInf(own.Logprob, -1))
		} else {
			require.InDelta(t, math.Log(want[i].p), own.Logprob, 1e-9)
		}
		slices.SortFunc(want, byLogit)
		top = top[1:]
		require.Len(t, top, min(n, len(want)))
		for i, v := range top {
			require.Equal(t, want[i].id, v.ID)
			require.InDelta(t, math.Log(want[i].p), v.Logprob, 1e-9)
		}
	}
}

// Every combination of fields, with and without a mask, draws and accepts without touching the heap.
func TestSteadyStateDoesNotAllocate(t *testing.T) {
	const vocab = 3000
	logits := benchLogits(vocab)
	mask := newBitset(vocab)
	for i := range int32(vocab) {
		if i%3 != 0 {
			mask.set(i)
		}
	}
	for bits := range 1 << 8 {
		on := func(i int) bool { return bits>>i&1 == 1 }
		var p Params
		if on(0) {
			p.Temperature = 0.8
		}
		if on(1) {
			p.TopK = 40
		}
		if on(2) {
			p.TopP = 0.95
		}
		if on(3) {
			p.MinP = 0.05
		}
		if on(4) {
			p.TypicalP = 0.9
		}
		if on(5) {
			p.RepeatPenalty = 1.1
		}
		if on(6) {
			p.LogitBias = map[int32]float32{5: 1, 700: -3}
		}
		m := mask
		if on(7) {
			m = nil
		}
		s, err := New(vocab, p)
		require.NoError(t, err)
		position := uint64(0)
		allocs := testing.AllocsPerRun(5, func() {
			id, err := s.Sample(logits, m, position)
			if err != nil {
				t.Fatal(err)
			}
			s.Accept(id)
			position++
		})
		require.Zero(t, allocs, "%+v", p)
	}
}

func TestInspectionReusesItsSpace(t *testing.T) {
	logits := benchLogits(3000)
	s, err := New(len(logits), Params{Temperature: 1})
	require.NoError(t, err)
	top := make([]Logprob, 0, 20)
	ids := make([]int32, 0, MaxContenders)
	require.Zero(t, testing.AllocsPerRun(5, func() {
		if _, _, err := s.Logprobs(top, logits, nil, 3, 20); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Contenders(ids, logits, 3, MaxContenders); err != nil {
			t.Fatal(err)
		}
	}))
}

// Sorted, constant and sawtooth rows are the ones that selections trip over.
func TestSelectionOnHardOrders(t *testing.T) {
	const vocab = 20_000
	shapes := map[string]func(i int) float32{
		"ascending":  func(i int) float32 { return float32(i) / 1000 },
		"descending": func(i int) float32 { return -float32(i) / 1000 },
		"constant":   func(int) float32 { return 1 },
		"sawtooth":   func(i int) float32 { return float32(i % 100) },
		"organ pipe": func(i int) float32 { return float32(min(i, vocab-i)) / 500 },
		"infinite":   func(i int) float32 { return float32(math.Inf(i%2*2 - 1)) },
	}
	for name, shape := range shapes {
		logits := make([]float32, vocab)
		for i := range logits {
			logits[i] = shape(i)
		}
		for _, p := range []Params{
			{}, {Temperature: 1, TopK: 1}, {Temperature: 1, TopK: 40}, {Temperature: 1, TopK: vocab - 1}, {Temperature: 1, TopP: 0.777},
			{Temperature: 1, TypicalP: 0.333}, {Temperature: 1, MinP: 0.5}, {Temperature: 1, TopK: 5000, TopP: 0.5003, TypicalP: 0.7001}, // no boundary on a token
		} {
			t.Run(fmt.Sprintf("%s/%d,%v,%v,%v", name, p.TopK, p.TopP, p.TypicalP, p.MinP), func(t *testing.T) {
				s, err := New(vocab, p)
				require.NoError(t, err)
				ids, _, err := s.Kept(logits, nil)
				require.NoError(t, err)
				want := oracle(p, logits, nil, nil)
				require.Len(t, ids, len(want))
				for i := range want {
					require.Equal(t, want[i].id, ids[i])
				}
			})
		}
	}
}

// FuzzSample feeds raw bits as logits and parameters: an error or a token that may be drawn, never a panic.
func FuzzSample(f *testing.F) {
	f.Add([]byte{}, []byte{0xff, 0xff}, float32(0.8), float32(0.9), float32(0.05), float32(0.5), float32(1.1), 3, 2, uint64(1))
	f.Add([]byte{0, 0, 0xc0, 0x7f, 0, 0, 0x80, 0x7f, 0, 0, 0x80, 0xff, 1, 2, 3, 4}, []byte{}, float32(1), float32(0), float32(0), float32(0), float32(0), 0, 0, uint64(9))
	f.Add([]byte{0, 0, 0x80, 0x7f, 0, 0, 0x80, 0x7f}, []byte{1}, float32(1e-40), float32(1e-30), float32(1e-44), float32(1e-30), float32(3e38), 1, -1, uint64(0))
	f.Fuzz(func(t *testing.T, raw, maskBytes []byte, temperature, topP, minP, typicalP, penalty float32, topK, lastN int, position uint64) {
		vocab := len(raw) / 4
		logits := make([]float32, vocab)
		for i := range logits {
			logits[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		p := Params{Temperature: temperature, TopP: topP, MinP: minP, TypicalP: typicalP, TopK: topK,
			RepeatPenalty: penalty, FrequencyPenalty: penalty, PresencePenalty: -penalty, RepeatLastN: lastN, Seed: position}
		if vocab > 2 {
			p.LogitBias = map[int32]float32{0: float32(math.Inf(-1)), 1: penalty}
		}
		s, err := New(vocab, p)
		if err != nil {
			return
		}
		var mask bitset
		if len(maskBytes) > 0 {
			mask = newBitset(vocab)
			for i := range vocab {
				if maskBytes[i%len(maskBytes)]>>(i%8)&1 == 1 {
					mask.set(int32(i))
				}
			}
		}
		s.Reset([]int32{0, 1, 1, int32(topK), -5})
		id, err := s.Sample(logits, mask, position)
		ids, probs, keptErr := s.Kept(logits, mask)
		require.Equal(t, err, keptErr)
		if err != nil {
			require.ErrorIs(t, err, ErrNothingLeft)
			return
		}
		require.True(t, mask.allows(id))
		require.Contains(t, ids, id)
		sum := 0.0
		for _, q := range probs {
			require.False(t, math.IsNaN(q))
			sum += q
		}
		require.InDelta(t, 1, sum, 1e-9)
		own, _, err := s.Logprobs(nil, logits, mask, id, 5)
		require.NoError(t, err)
		require.False(t, math.IsNaN(own.Logprob))
		_, _, err = s.Contenders(nil, logits, position, 5)
		require.NoError(t, err)
	})
}
