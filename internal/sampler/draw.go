package sampler

import "math"

// race finds the token with the greatest sum of scaled logit and noise (Gumbel-max), ties to the lowest id.
type race struct {
	seed, position uint64
	top            float64 // greatest logit of the tokens that will be offered
	temperature    float64

	id    int32 // the leader, -1 before the first
	score float64
	floor float64 // a logit at or below it cannot win

	block uint32 // whose words are held; consecutive ids share them
	held  bool
	words [4]uint32
}

func newRace(p *Params, position uint64, top float64) race {
	return race{seed: p.Seed, position: position, top: top, temperature: float64(p.Temperature), id: -1, score: lowest, floor: lowest}
}

// offer enters a token. A token that no noise could bring to the front costs a comparison, and one that its own word
// cannot bring there no logarithm.
func (r *race) offer(id int32, x float64) {
	s := (x - r.top) / r.temperature
	behind := r.score - s
	if behind > maxGumbel {
		return
	}
	word := r.word(uint32(id))
	if behind >= 1 && word < leastWord[int(behind)] {
		return
	}
	score := s + gumbel(word)
	if score > r.score || score == r.score && id < r.id {
		r.id, r.score = id, score
		// One step down, because the sum is rounded.
		r.floor = math.Nextafter(r.top+r.temperature*(score-maxGumbel), lowest)
	}
}

func (r *race) word(id uint32) uint32 {
	if b := id >> 2; b != r.block || !r.held {
		r.block, r.held, r.words = b, true, words(r.seed, r.position, b, StreamDraw)
	}
	return r.words[id&3]
}

// leastWord bounds from below the words whose noise is at least t, t = 0, 1, … 22:
// u >= exp(-exp(-t)) >= 1 - exp(-t). Two less against rounding.
var leastWord = func() (least [23]uint32) {
	for t := 1; t < len(least); t++ {
		least[t] = uint32((1-math.Exp(-float64(t)))*(1<<32)) - 2
	}
	return least
}()
