package sampler

import (
	"fmt"
	"math"
	"slices"
)

// Logprob is a token and the natural logarithm of its probability.
type Logprob struct {
	ID      int32
	Logprob float64 // -Inf for a token that cannot be drawn
}

// Logprobs returns the log-probability of a chosen token and, appended to dst, the n most probable tokens in descending
// order, ties by id; the chosen one may be among them. Probabilities are those after bias and mask, before penalties and
// filters, at temperature 1. There are fewer than n if fewer can be drawn. The arguments are those of Sample.
func (s *Sampler) Logprobs(dst []Logprob, logits []float32, mask []uint64, chosen int32, n int) (Logprob, []Logprob, error) {
	r, err := s.row(logits, mask)
	if err != nil {
		return Logprob{}, dst, err
	}
	if chosen < 0 || int(chosen) >= s.vocab || n < 0 {
		return Logprob{}, dst, fmt.Errorf("sampler: log-probability of token %d and %d more of a vocabulary of %d", chosen, n, s.vocab)
	}
	r.penalties = nil
	first, top := r.greatest()
	if first < 0 {
		return Logprob{}, dst, ErrNothingLeft
	}
	logZ := math.Log(r.mass(top))
	own := Logprob{chosen, lowest}
	if r.mask.allows(chosen) {
		if x := r.value(chosen); x > lowest {
			own.Logprob = x - top - logZ
		}
	}
	if n == 0 {
		return own, dst, nil
	}
	c := r.top(n, s.scratch)
	s.scratch = c[:0]
	slices.SortFunc(c, compare)
	for _, v := range c {
		dst = append(dst, Logprob{v.id, v.x - top - logZ})
	}
	return own, dst, nil
}
