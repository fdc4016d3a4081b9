package sampler

import "math"

// MaxContenders bounds Sampler.Contenders.
const MaxContenders = 16

// race finds the tokens with the greatest sums of scaled logit and noise (Gumbel-max), ties to the lowest id.
type race struct {
	seed, position uint64
	top            float64 // greatest logit of the tokens that will be offered
	temperature    float64

	leaders [MaxContenders]candidate // the places, in order; key is the sum
	taken   int
	places  int
	floor   float64 // a logit at or below it takes no place

	block uint32 // whose words are held; consecutive ids share them
	held  bool
	words [4]uint32
}

// newRace returns a race for 1 to MaxContenders places.
func newRace(p *Params, position uint64, top float64, places int) race {
	return race{seed: p.Seed, position: position, top: top, temperature: float64(p.Temperature), places: places, floor: lowest}
}

// toBeat is the sum of the last place, minus infinity while there are places left.
func (r *race) toBeat() float64 {
	if r.taken < r.places {
		return lowest
	}
	return r.leaders[r.places-1].key
}

// offer enters a token. A token that no noise could bring to a place costs a comparison, and one that its own word
// cannot bring there no logarithm.
func (r *race) offer(id int32, x float64) {
	s := (x - r.top) / r.temperature
	behind := r.toBeat() - s
	if behind > maxGumbel {
		return
	}
	word := r.word(uint32(id))
	if behind >= 1 && word < leastWord[int(behind)] {
		return
	}
	r.place(candidate{x: x, key: s + gumbel(word), id: id})
}

// place inserts a token among the leaders if it belongs there.
func (r *race) place(c candidate) {
	i := r.taken
	for i > 0 && compare(c, r.leaders[i-1]) < 0 {
		i--
	}
	if i == r.places {
		return
	}
	r.taken = min(r.taken+1, r.places)
	copy(r.leaders[i+1:r.taken], r.leaders[i:])
	r.leaders[i] = c
	// One step down, because the sum is rounded.
	r.floor = math.Nextafter(r.top+r.temperature*(r.toBeat()-maxGumbel), lowest)
}

func (r *race) word(id uint32) uint32 {
	if b := id >> 2; b != r.block || !r.held {
		r.block, r.held = b, true
		words(&r.words, r.seed, r.position, b, StreamDraw)
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
