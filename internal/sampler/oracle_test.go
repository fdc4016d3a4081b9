package sampler

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// The chain again, as its definition reads: one slice, full sorts, no shortcuts.

type scored struct {
	id   int32
	x, p float64
}

func byLogit(a, b scored) int {
	if a.x != b.x {
		if a.x > b.x {
			return -1
		}
		return 1
	}
	return int(a.id) - int(b.id)
}

func softmax(c []scored, temperature float64) {
	top, sum := math.Inf(-1), 0.0
	for _, v := range c {
		top = max(top, v.x)
	}
	for i := range c {
		c[i].p = math.Exp((c[i].x - top) / temperature)
		sum += c[i].p
	}
	for i := range c {
		c[i].p /= sum
	}
}

func takeMass(c []scored, p float64) []scored {
	sum := 0.0
	for i := range c {
		if sum += c[i].p; sum >= p {
			return c[:i+1]
		}
	}
	return c
}

// oracle returns what is left, ids ascending, with probabilities.
func oracle(p Params, logits []float32, mask bitset, history []int32) []scored {
	n := p.RepeatLastN
	if n == 0 {
		n = 64
	}
	if n > 0 && len(history) > n {
		history = history[len(history)-n:]
	}
	repeat := float64(p.RepeatPenalty)
	if repeat == 0 {
		repeat = 1
	}
	var c []scored
	for i, v := range logits {
		id, x := int32(i), float64(v)
		if math.IsNaN(x) {
			x = math.Inf(-1)
		}
		if math.IsInf(x, 1) {
			x = math.MaxFloat32
		}
		x += float64(p.LogitBias[id])
		if mask != nil && !mask.has(id) {
			x = math.Inf(-1)
		}
		count := 0
		for _, h := range history {
			if h == id {
				count++
			}
		}
		if count > 0 {
			if x <= 0 {
				x *= repeat
			} else {
				x /= repeat
			}
			x = x - float64(count)*float64(p.FrequencyPenalty) - float64(p.PresencePenalty)
		}
		if !math.IsInf(x, -1) {
			c = append(c, scored{id: id, x: x})
		}
	}
	slices.SortFunc(c, byLogit)
	if len(c) == 0 {
		return nil
	}
	if p.Temperature == 0 {
		c[0].p = 1
		return c[:1]
	}
	if p.TopK > 0 {
		c = c[:min(p.TopK, len(c))]
	}
	if p.TypicalP > 0 && p.TypicalP < 1 {
		softmax(c, 1)
		entropy := 0.0
		for _, v := range c {
			if v.p > 0 {
				entropy -= v.p * math.Log(v.p)
			}
		}
		shift := func(v scored) float64 { return math.Abs(-math.Log(v.p) - entropy) }
		slices.SortFunc(c, func(a, b scored) int {
			if x, y := shift(a), shift(b); a.x != b.x && x != y {
				if x < y {
					return -1
				}
				return 1
			}
			return int(a.id) - int(b.id)
		})
		c = takeMass(c, float64(p.TypicalP))
		slices.SortFunc(c, byLogit)
	}
	if p.TopP > 0 && p.TopP < 1 {
		softmax(c, 1)
		c = takeMass(c, float64(p.TopP))
	}
	if p.MinP > 0 {
		floor := c[0].x + math.Log(float64(p.MinP))
		c = slices.DeleteFunc(c, func(v scored) bool { return v.x < floor })
	}
	softmax(c, float64(p.Temperature))
	slices.SortFunc(c, func(a, b scored) int { return int(a.id) - int(b.id) })
	return c
}

// oracleDraw is the legal token of the greatest sum of scaled logit and noise.
func oracleDraw(p Params, kept []scored, position uint64) int32 {
	best, id := math.Inf(-1), int32(-1)
	top := math.Inf(-1)
	for _, v := range kept {
		top = max(top, v.x)
	}
	for _, v := range kept {
		score := 0.0
		if p.Temperature > 0 {
			u := (float64(Word(p.Seed, position, uint32(v.id), StreamDraw)) + 0.5) / (1 << 32)
			score = (v.x-top)/float64(p.Temperature) - math.Log(-math.Log(u))
		}
		if score > best {
			best, id = score, v.id
		}
	}
	return id
}

// randomCase draws logits, parameters, a mask and a history of every kind.
func randomCase(rng *rand.Rand, vocab int) (Params, []float32, bitset, []int32) {
	maybe := func() bool { return rng.IntN(2) == 0 }
	spread := []float64{0.1, 1, 3, 10}[rng.IntN(4)]
	quantum := []float64{0, 0, 0.5}[rng.IntN(3)] // half steps make ties
	logits := make([]float32, vocab)
	for i := range logits {
		x := rng.NormFloat64() * spread
		if quantum > 0 {
			x = math.Round(x/quantum) * quantum
		}
		logits[i] = float32(x)
		switch rng.IntN(100) {
		case 0:
			logits[i] = float32(math.Inf(-1))
		case 1:
			logits[i] = float32(math.NaN())
		}
	}
	p := Params{Seed: rng.Uint64(), Temperature: float32(0.2 + 2*rng.Float64())}
	if rng.IntN(8) == 0 {
		p.Temperature = 0
	}
	if maybe() {
		p.TopK = 1 + rng.IntN(vocab+10)
	}
	if maybe() {
		p.TopP = rng.Float32()
	}
	if maybe() {
		p.MinP = rng.Float32() * 0.3
	}
	if maybe() {
		p.TypicalP = rng.Float32()
	}
	if maybe() {
		p.RepeatPenalty = 0.5 + rng.Float32()
		p.FrequencyPenalty = rng.Float32() - 0.5
		p.PresencePenalty = rng.Float32() - 0.5
		p.RepeatLastN = []int{0, -1, 1, 5, 200}[rng.IntN(5)]
	}
	if maybe() {
		p.LogitBias = map[int32]float32{}
		for range rng.IntN(10) {
			p.LogitBias[rng.Int32N(int32(vocab))] = float32(rng.NormFloat64() * 5)
		}
		p.LogitBias[rng.Int32N(int32(vocab))] = float32(math.Inf(-1))
	}
	history := make([]int32, rng.IntN(300))
	for i := range history {
		history[i] = rng.Int32N(int32(vocab))
	}
	var mask bitset
	if maybe() {
		mask = newBitset(vocab)
		density := []float64{0.01, 0.5, 0.99, 1}[rng.IntN(4)]
		for i := range vocab {
			if rng.Float64() < density {
				mask.set(int32(i))
			}
		}
	}
	return p, logits, mask, history
}

func TestChainMatchesItsDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 11))
	for n := range 2000 {
		vocab := 1 + rng.IntN(400)
		if n%100 == 0 {
			vocab = 8000
		}
		p, logits, mask, history := randomCase(rng, vocab)
		s, err := New(vocab, p)
		require.NoError(t, err)
		split := rng.IntN(len(history) + 1)
		s.Reset(history[:split])
		for _, id := range history[split:] {
			s.Accept(id)
		}
		want := oracle(p, logits, mask, history)
		before := slices.Clone(logits)
		ids, probs, err := s.Kept(logits, mask)
		if len(want) == 0 {
			require.ErrorIs(t, err, ErrNothingLeft)
			_, err = s.Sample(logits, mask, 3)
			require.ErrorIs(t, err, ErrNothingLeft)
			continue
		}
		require.NoError(t, err)
		require.Len(t, ids, len(want), "%+v", p)
		for i, v := range want {
			require.Equal(t, v.id, ids[i], "%+v", p)
			require.InDelta(t, v.p, probs[i], 1e-12, "%+v", p)
		}
		for position := range uint64(20) {
			id, err := s.Sample(logits, mask, position<<30)
			require.NoError(t, err)
			require.Equal(t, oracleDraw(p, want, position<<30), id, "%+v", p)
		}
		for i := range before {
			require.Equal(t, math.Float32bits(before[i]), math.Float32bits(logits[i]), "logits are only read")
		}
	}
}
