package sampler

import (
	"math/bits"
	"slices"
)

// candidate is a token that may still be drawn.
type candidate struct {
	x   float64 // logit after bias and penalties
	key float64 // what it is ordered by, descending: the logit except within typical-p
	id  int32
}

// compare orders candidates by key descending, ties by id ascending: a total order.
func compare(a, b candidate) int {
	switch {
	case a.key > b.key:
		return -1
	case a.key < b.key:
		return 1
	default:
		return int(a.id) - int(b.id)
	}
}

// selectFirst moves the first n in order, 0 < n <= len(c), to the front; the last of them is c[n-1], the others are in any order.
// It is quickselect, linear in the mean, that sorts what is left after too many bad pivots.
func selectFirst(c []candidate, n int) {
	for rounds := 2 * bits.Len(uint(len(c))); len(c) > 12 && rounds > 0; rounds-- {
		p := partition(c)
		switch {
		case n-1 < p:
			c = c[:p]
		case n-1 > p:
			c, n = c[p+1:], n-p-1
		default:
			return
		}
	}
	slices.SortFunc(c, compare)
}

// partition moves a pivot to its place p and returns p: what comes before it in order lies before it.
func partition(c []candidate) int {
	last := len(c) - 1
	mid := last / 2
	order := func(i, j int) {
		if compare(c[j], c[i]) < 0 {
			c[i], c[j] = c[j], c[i]
		}
	}
	order(0, mid)
	order(0, last)
	order(last, mid) // now c[0] <= c[last] <= c[mid]: the median is at the end
	pivot, p := c[last], 0
	for i := range last {
		if compare(c[i], pivot) < 0 {
			c[i], c[p] = c[p], c[i]
			p++
		}
	}
	c[p], c[last] = c[last], c[p]
	return p
}

// slack is by how much a selection of the first k outgrows k before it is cut back: the cut then costs O(1) per candidate.
func slack(k int) int { return max(k, 256) }

// top collects the k greatest values of a row into buf (length ignored, grown if needed) in any order.
// One comparison for most tokens: the k-th of those seen so far is the floor of the scan.
func (r *row) top(k int, buf []candidate) []candidate {
	k = min(k, len(r.logits))
	limit := min(k+slack(k), len(r.logits))
	c := slices.Grow(buf[:0], limit)
	floor := lowest
	r.scan(floor, func(id int32, x float64) float64 {
		if len(c) == limit {
			selectFirst(c, k)
			c = c[:k]
			floor = c[k-1].x
		}
		c = append(c, candidate{x, x, id})
		return floor
	})
	if len(c) > k {
		selectFirst(c, k)
		c = c[:k]
	}
	return c
}

// above collects the tokens of a row whose value is above a floor into buf (length ignored, grown if needed).
func (r *row) above(floor float64, buf []candidate) []candidate {
	c := buf[:0]
	r.scan(floor, func(id int32, x float64) float64 {
		c = append(c, candidate{x, x, id})
		return floor
	})
	return c
}
