package sampler

import (
	"math"
	"slices"
)

var lowest = math.Inf(-1)

// maximum is the greatest logit of c, which is not empty.
func maximum(c []candidate) float64 {
	x := c[0].x
	for i := range c {
		if c[i].x > x {
			x = c[i].x
		}
	}
	return x
}

// typical keeps the tokens whose surprise is closest to the entropy, together of at least probability p.
func typical(c []candidate, p float64) []candidate {
	top := maximum(c)
	z, weighted := 0.0, 0.0 // sums of e^d and d·e^d, d = x-top
	for i := range c {
		d := c[i].x - top
		e := math.Exp(d)
		z += e
		weighted += d * e
	}
	// With ln p = d - ln z, |-ln p - H| is |H - ln z + d|, and H - ln z is -Σ p·d.
	for i := range c {
		c[i].key = -math.Abs(c[i].x - top - weighted/z)
	}
	c, _ = shortestPrefix(c, top, p*z)
	for i := range c {
		c[i].key = c[i].x
	}
	return c
}

// nucleus is top-p: the greatest logits, together of at least probability p.
func nucleus(c []candidate, p float64) []candidate {
	top, z := maximum(c), 0.0
	for i := range c {
		z += math.Exp(c[i].x - top)
	}
	c, _ = shortestPrefix(c, top, p*z)
	return c
}

// nucleus is top-p over the whole row. It collects only a few hundred tokens unless the distribution is flat.
func (r *row) nucleus(p float64, buf []candidate) []candidate {
	first, top := r.greatest()
	if first < 0 {
		return nil
	}
	want := p * r.mass(top)
	for k := firstPrefix; ; k *= 16 {
		c := r.top(k, buf)
		if prefix, reached := shortestPrefix(c, top, want); reached || len(c) < k {
			return prefix
		}
	}
}

// mass is the sum of e^(x-top) over the row, the denominator of its softmax.
func (r *row) mass(top float64) (sum float64) {
	r.scan(lowest, func(_ int32, x float64) float64 {
		sum += math.Exp(x - top)
		return lowest
	})
	return sum
}

// firstPrefix is how many candidates are sorted before it is known how many are needed.
const firstPrefix = 256

// shortestPrefix returns the shortest prefix, in order, with a mass of at least want, and all of c if there is none.
// It sorts little more than that prefix.
func shortestPrefix(c []candidate, top, want float64) (prefix []candidate, reached bool) {
	sum, done := 0.0, 0
	for size := firstPrefix; done < len(c); size *= 4 {
		n := min(size, len(c))
		if n < len(c) {
			selectFirst(c[done:], n-done)
		}
		slices.SortFunc(c[done:n], compare)
		for ; done < n; done++ {
			if sum += math.Exp(c[done].x - top); sum >= want {
				return c[:done+1], true
			}
		}
	}
	return c, false
}

// atLeast is min-p: it keeps logits that are not below the floor.
func atLeast(c []candidate, floor float64) []candidate {
	kept := c[:0]
	for _, v := range c {
		if v.x >= floor {
			kept = append(kept, v)
		}
	}
	return kept
}
