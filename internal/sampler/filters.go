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
		x = max(x, c[i].x)
	}
	return x
}

// mass is the sum of e^(x-top), the denominator of the softmax.
func mass(c []candidate, top float64) (sum float64) {
	for i := range c {
		sum += math.Exp(c[i].x - top)
	}
	return sum
}

// typical keeps the tokens whose surprise is closest to the entropy, together of at least probability p.
func typical(c []candidate, p float64) []candidate {
	top := maximum(c)
	z := mass(c, top)
	logZ := math.Log(z)
	entropy := 0.0
	for i := range c {
		logP := c[i].x - top - logZ
		if e := math.Exp(logP); e > 0 {
			entropy -= e * logP
		}
	}
	for i := range c {
		c[i].key = -math.Abs(entropy + c[i].x - top - logZ)
	}
	c = shortestPrefix(c, top, p*z)
	for i := range c {
		c[i].key = c[i].x
	}
	return c
}

// nucleus is top-p: the greatest logits, together of at least probability p.
func nucleus(c []candidate, p float64) []candidate {
	top := maximum(c)
	return shortestPrefix(c, top, p*mass(c, top))
}

// shortestPrefix sorts no more of c than it must and returns the shortest prefix with a mass of at least want, all of c
// if rounding keeps the mass below it.
func shortestPrefix(c []candidate, top, want float64) []candidate {
	sum, done := 0.0, 0
	for size := 256; done < len(c); size *= 4 {
		n := len(c)
		if size < n {
			n = size
			selectFirst(c[done:], n-done)
		}
		slices.SortFunc(c[done:n], compare)
		for ; done < n; done++ {
			if sum += math.Exp(c[done].x - top); sum >= want {
				return c[:done+1]
			}
		}
	}
	return c
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
