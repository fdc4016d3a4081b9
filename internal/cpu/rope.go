package cpu

import (
	"math"

	"llm/internal/device"
)

// ropeTable holds cosine and sine of every token's angles, made once a batch and used by all layers of one rotation.
// Angles are computed in 64 bits: pos·freq in 32 loses whole turns of accuracy in long contexts.
type ropeTable struct {
	r        *runner
	rope     *device.Rope
	half     int
	cos, sin []float32 // [tokens, half]
	fn       func(worker, item int)
}

func newRopeTable(r *runner, rope *device.Rope) *ropeTable {
	t := &ropeTable{r: r, rope: rope, half: len(rope.Freq)}
	t.cos, t.sin = make([]float32, r.maxTokens*t.half), make([]float32, r.maxTokens*t.half)
	t.fn = t.item
	return t
}

func (t *ropeTable) fill() { t.r.eachToken(t.fn) }

func (t *ropeTable) item(_, i int) {
	from, to := t.r.group(i)
	m := float64(t.rope.Magnitude)
	for tok := from; tok < to; tok++ {
		pos := float64(t.r.batch.Pos[tok])
		cos, sin := t.row(tok)
		for j, f := range t.rope.Freq {
			s, c := math.Sincos(pos * f)
			cos[j], sin[j] = float32(c*m), float32(s*m)
		}
	}
}

func (t *ropeTable) row(tok int) (cos, sin []float32) {
	return t.cos[tok*t.half : (tok+1)*t.half], t.sin[tok*t.half : (tok+1)*t.half]
}

// rotate turns each head of x in place.
func (t *ropeTable) rotate(x []float32, dim, tok int) {
	cos, sin := t.row(tok)
	for h := 0; h < len(x); h += dim {
		if t.rope.Interleaved {
			t.r.set.RopeNorm(x[h:h+dim], cos, sin)
		} else {
			t.r.set.RopeNeox(x[h:h+dim], cos, sin)
		}
	}
}
