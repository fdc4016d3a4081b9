package sampler

import (
	"math"
	"math/bits"
)

// bitset is a set of token ids, 64 to a word.
type bitset []uint64

func newBitset(n int) bitset          { return make(bitset, (n+63)/64) }
func (b bitset) has(id int32) bool    { return b[id>>6]>>(id&63)&1 != 0 }
func (b bitset) set(id int32)         { b[id>>6] |= 1 << (id & 63) }
func (b bitset) unset(id int32)       { b[id>>6] &^= 1 << (id & 63) }
func (b bitset) allows(id int32) bool { return b == nil || b.has(id) }

// row is one row of logits as the filters see it. Few tokens differ from the plain logits: those with a bias and those
// that the penalties touch. They are marked, and only they are computed.
type row struct {
	logits    []float32
	mask      bitset // nil: all
	adjusted  bitset // tokens for which value is not the plain logit
	bias      map[int32]float32
	penalties *window // nil: none
	params    *Params
}

// value is the logit of a token after bias and penalties; the mask is not looked at.
func (r *row) value(id int32) float64 {
	x := finite(r.logits[id])
	if !r.adjusted.has(id) {
		return x
	}
	x += float64(r.bias[id])
	if r.penalties == nil {
		return x
	}
	c := r.penalties.count(id)
	if c == 0 {
		return x
	}
	if x <= 0 {
		x *= r.params.repeat()
	} else {
		x /= r.params.repeat()
	}
	return x - float64(c)*float64(r.params.FrequencyPenalty) - float64(r.params.PresencePenalty)
}

// finite widens a logit. Plus infinity becomes the greatest 32-bit float, so that differences stay numbers.
func finite(v float32) float64 { return min(float64(v), math.MaxFloat32) }

// scan visits the allowed tokens whose value is above a floor, in the order of their ids; visit returns the next floor.
// Minus infinity and NaN are above no floor. Most tokens cost one comparison.
func (r *row) scan(floor float64, visit func(id int32, x float64) float64) {
	for w, adjusted := range r.adjusted {
		base := w * 64
		block := r.logits[base:min(base+64, len(r.logits))]
		allowed := ^uint64(0)
		if r.mask != nil {
			allowed = r.mask[w]
		}
		if allowed == ^uint64(0) && adjusted == 0 {
			floor = scanPlain(block, int32(base), floor, visit)
			continue
		}
		for ; allowed != 0; allowed &= allowed - 1 {
			i := bits.TrailingZeros64(allowed)
			if i >= len(block) {
				break
			}
			id := int32(base + i)
			if x := r.value(id); x > floor {
				floor = visit(id, x)
			}
		}
	}
}

// scanPlain is scan over logits that are all allowed and none adjusted.
func scanPlain(block []float32, base int32, floor float64, visit func(int32, float64) float64) float64 {
	below := roundDown(floor)
	for len(block) > 0 {
		n := min(8, len(block))
		if n == 8 && noneAbove((*[8]float32)(block), below) {
			block, base = block[8:], base+8
			continue
		}
		for i, v := range block[:n] {
			if float64(v) > floor {
				floor = visit(base+int32(i), finite(v))
			}
		}
		below = roundDown(floor)
		block, base = block[n:], base+int32(n)
	}
	return floor
}

// noneAbove reports whether no value is above the floor.
func noneAbove(v *[8]float32, floor float32) bool {
	return !(v[0] > floor || v[1] > floor || v[2] > floor || v[3] > floor ||
		v[4] > floor || v[5] > floor || v[6] > floor || v[7] > floor)
}

// roundDown returns a 32-bit float that is not above x.
func roundDown(x float64) float32 {
	f := float32(x)
	if float64(f) > x {
		f = math.Nextafter32(f, float32(lowest))
	}
	return f
}

// greatest returns the token of the greatest value, the lowest of equal ones; id is -1 if there is none.
func (r *row) greatest() (id int32, x float64) {
	id, x = -1, math.Inf(-1)
	r.scan(x, func(i int32, v float64) float64 {
		if v > x {
			id, x = i, v
		}
		return x
	})
	return id, x
}
