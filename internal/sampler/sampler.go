package sampler

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
)

// ErrNothingLeft: every token is forbidden or has a logit of minus infinity.
var ErrNothingLeft = errors.New("sampler: no token can be drawn")

// Sampler draws the tokens of one sequence. It keeps the history that penalties need and scratch space, nothing else:
// the same logits, mask, history and position give the same token. Not safe for concurrent use.
type Sampler struct {
	params   Params
	vocab    int
	window   *window // nil without penalties
	adjusted bitset  // tokens with a bias or in the window
	scratch  []candidate
}

// New returns a sampler over a vocabulary of that many tokens with an empty history. The error names the field that is wrong.
func New(vocab int, p Params) (*Sampler, error) {
	if vocab <= 0 || vocab > math.MaxInt32 {
		return nil, fmt.Errorf("sampler: vocabulary of %d tokens", vocab)
	}
	if err := p.validate(vocab); err != nil {
		return nil, err
	}
	p.LogitBias = maps.Clone(p.LogitBias)
	s := &Sampler{params: p, vocab: vocab, adjusted: newBitset(vocab), scratch: make([]candidate, 0, scratchSize(vocab, &p))}
	if p.penalizes() {
		s.window = newWindow(vocab, p.lastN())
	}
	s.Reset(nil)
	return s, nil
}

// scratchSize is how many candidates the chain holds at most.
func scratchSize(vocab int, p *Params) int {
	typical, topP, minP := p.filters()
	switch {
	case p.Temperature == 0:
		return 0
	case p.TopK > 0 && p.TopK < vocab:
		return min(p.TopK+slack(p.TopK), vocab)
	case typical || topP || minP:
		return vocab
	default:
		return 0
	}
}

// Reset replaces the history: all tokens so far, oldest first, the prompt included.
func (s *Sampler) Reset(history []int32) {
	clear(s.adjusted)
	for id := range s.params.LogitBias {
		s.adjusted.set(id)
	}
	if s.window == nil {
		return
	}
	s.window.clear()
	if n := len(s.window.ring); n > 0 && len(history) > n {
		history = history[len(history)-n:]
	}
	for _, id := range history {
		s.Accept(id)
	}
}

// Accept appends a token to the history. One outside the vocabulary takes a place in the window and has no effect.
func (s *Sampler) Accept(id int32) {
	if s.window == nil {
		return
	}
	if left := s.window.push(id); s.window.has(left) && s.window.count(left) == 0 {
		if _, biased := s.params.LogitBias[left]; !biased {
			s.adjusted.unset(left)
		}
	}
	if s.window.has(id) {
		s.adjusted.set(id)
	}
}

// Sample draws the token at a position, its index in the sequence. logits has one entry per token of the vocabulary and
// is only read; mask has a bit per token that is allowed (bit id&63 of word id>>6), nil allows all. It does not
// change the history. The error is ErrNothingLeft or says which argument has the wrong length.
func (s *Sampler) Sample(logits []float32, mask []uint64, position uint64) (int32, error) {
	r, err := s.row(logits, mask)
	if err != nil {
		return 0, err
	}
	id := int32(-1)
	switch {
	case s.params.Temperature == 0:
		id, _ = r.greatest()
	case s.unfiltered():
		id = s.drawAll(&r, position)
	default:
		if c := s.filter(&r); len(c) > 0 {
			id = s.draw(c, position)
		}
	}
	if id < 0 {
		return 0, ErrNothingLeft
	}
	return id, nil
}

// row checks the lengths of the arguments and pairs them with bias and penalties.
func (s *Sampler) row(logits []float32, mask []uint64) (row, error) {
	if len(logits) != s.vocab {
		return row{}, fmt.Errorf("sampler: %d logits for a vocabulary of %d", len(logits), s.vocab)
	}
	if mask != nil && len(mask) < len(s.adjusted) {
		return row{}, fmt.Errorf("sampler: a mask of %d words for a vocabulary of %d", len(mask), s.vocab)
	}
	return row{logits: logits, mask: mask, adjusted: s.adjusted, bias: s.params.LogitBias, penalties: s.window, params: &s.params}, nil
}

// topK is k, 0 if top-k has no effect.
func (s *Sampler) topK() int {
	if s.params.TopK >= s.vocab {
		return 0
	}
	return s.params.TopK
}

// filter runs the chain from top-k to min-p. What is left lies in the scratch space, in any order.
func (s *Sampler) filter(r *row) []candidate {
	typicalOn, topP, minP := s.params.filters()
	floor := math.Log(float64(s.params.MinP)) // relative to the greatest logit
	var c []candidate
	switch {
	case s.topK() > 0:
		c = r.top(s.topK(), s.scratch)
	case topP && !typicalOn:
		c = r.nucleus(float64(s.params.TopP), s.scratch)
		topP = false
	case minP && !typicalOn:
		_, x := r.greatest()
		c = r.above(math.Nextafter(x+floor, lowest), s.scratch)
	default:
		c = r.above(lowest, s.scratch)
	}
	s.scratch = c[:0]
	if len(c) == 0 {
		return nil
	}
	if typicalOn {
		c = typical(c, float64(s.params.TypicalP))
	}
	if topP {
		c = nucleus(c, float64(s.params.TopP))
	}
	if minP {
		c = atLeast(c, maximum(c)+floor)
	}
	return c
}

// draw draws from what the filters left, which is not empty.
func (s *Sampler) draw(c []candidate, position uint64) int32 {
	race := newRace(&s.params, position, maximum(c), 1)
	for i := range c {
		if c[i].x > race.floor {
			race.offer(c[i].id, c[i].x)
		}
	}
	return race.leaders[0].id
}

// drawAll draws from the whole row without collecting it, -1 if nothing is left.
func (s *Sampler) drawAll(r *row, position uint64) int32 {
	first, x := r.greatest()
	if first < 0 {
		return -1
	}
	race := newRace(&s.params, position, x, 1)
	race.offer(first, x) // a high bar from the start
	r.scan(race.floor, func(id int32, x float64) float64 {
		if id != first {
			race.offer(id, x)
		}
		return race.floor
	})
	return race.leaders[0].id
}

// unfiltered reports whether the draw is from the whole row.
func (s *Sampler) unfiltered() bool {
	typical, topP, minP := s.params.filters()
	return s.topK() == 0 && !typical && !topP && !minP
}

// Kept returns what Sample draws from: the tokens left, ids ascending, and their probabilities. It is for
// inspection and allocates.
func (s *Sampler) Kept(logits []float32, mask []uint64) (ids []int32, probs []float64, err error) {
	r, err := s.row(logits, mask)
	if err != nil {
		return nil, nil, err
	}
	if s.params.Temperature == 0 {
		id, _ := r.greatest()
		if id < 0 {
			return nil, nil, ErrNothingLeft
		}
		return []int32{id}, []float64{1}, nil
	}
	c := s.filter(&r)
	if len(c) == 0 {
		return nil, nil, ErrNothingLeft
	}
	slices.SortFunc(c, func(a, b candidate) int { return int(a.id) - int(b.id) })
	top, sum := maximum(c), 0.0
	for _, v := range c {
		ids = append(ids, v.id)
		p := math.Exp((v.x - top) / float64(s.params.Temperature))
		probs = append(probs, p)
		sum += p
	}
	for i := range probs {
		probs[i] /= sum
	}
	return ids, probs, nil
}
