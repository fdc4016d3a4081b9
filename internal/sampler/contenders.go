package sampler

import (
	"fmt"
	"slices"
)

// Contenders appends to dst the first n tokens, 1 to MaxContenders, in the order in which Sample would take them if those
// before were forbidden: the first that a constraint allows is the token that Sample draws under the constraint's mask,
// so the mask need not be computed. If none is allowed, it must be. ok is false where filters make the order depend
// on the mask; greedy and temperature alone do not. Logits and position are those of Sample. There are fewer than n if
// fewer can be drawn.
func (s *Sampler) Contenders(dst []int32, logits []float32, position uint64, n int) (ids []int32, ok bool, err error) {
	if n < 1 || n > MaxContenders {
		return dst, false, fmt.Errorf("sampler: %d contenders, must be from 1 to %d", n, MaxContenders)
	}
	r, err := s.row(logits, nil)
	if err != nil {
		return dst, false, err
	}
	if s.params.Temperature == 0 {
		c := r.top(n, s.scratch)
		s.scratch = c[:0]
		slices.SortFunc(c, compare)
		return appendIDs(dst, c), true, nil
	}
	if !s.unfiltered() {
		return dst, false, nil
	}
	first, top := r.greatest()
	if first < 0 {
		return dst, true, nil
	}
	race := newRace(&s.params, position, top, n)
	r.scan(lowest, func(id int32, x float64) float64 {
		race.offer(id, x)
		return race.floor
	})
	return appendIDs(dst, race.leaders[:race.taken]), true, nil
}

func appendIDs(dst []int32, c []candidate) []int32 {
	for _, v := range c {
		dst = append(dst, v.id)
	}
	return dst
}
