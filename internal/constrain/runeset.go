package constrain

import (
	"slices"
	"sort"
	"unicode"
	"unicode/utf8"
)

// span is a range of code points, both ends included.
type span struct{ lo, hi rune }

// runeSet is a set of Unicode scalar values: sorted spans that neither touch nor overlap. It is immutable.
type runeSet struct {
	spans []span
	ascii [2]uint64
}

const surrogateLo, surrogateHi = 0xD800, 0xDFFF

// newSet returns the set of the given spans, which may be in any order and overlap. Surrogates are left out.
func newSet(spans ...span) *runeSet {
	var in []span
	for _, s := range spans {
		s.lo, s.hi = max(s.lo, 0), min(s.hi, unicode.MaxRune)
		if s.lo < surrogateLo && s.hi >= surrogateLo {
			in = append(in, span{s.lo, surrogateLo - 1})
			s.lo = surrogateLo
		}
		if s.lo >= surrogateLo && s.lo <= surrogateHi {
			s.lo = surrogateHi + 1
		}
		if s.lo <= s.hi {
			in = append(in, s)
		}
	}
	slices.SortFunc(in, func(a, b span) int { return int(a.lo - b.lo) })
	out := in[:0]
	for _, s := range in {
		if n := len(out); n > 0 && s.lo <= out[n-1].hi+1 {
			out[n-1].hi = max(out[n-1].hi, s.hi)
		} else {
			out = append(out, s)
		}
	}
	return sealed(out)
}

// follow returns the scalar value after r.
func follow(r rune) rune {
	if r == surrogateLo-1 {
		return surrogateHi + 1
	}
	return r + 1
}

func sealed(spans []span) *runeSet {
	s := &runeSet{spans: spans}
	for _, p := range spans {
		for r := p.lo; r <= p.hi && r < utf8.RuneSelf; r++ {
			s.ascii[r>>6] |= 1 << (r & 63)
		}
	}
	return s
}

func single(r rune) *runeSet { return newSet(span{r, r}) }

func (s *runeSet) has(r rune) bool {
	if r < utf8.RuneSelf {
		return s.ascii[r>>6]>>(r&63)&1 != 0
	}
	return s.meets(r, r)
}

// meets reports whether the set has a member from lo to hi.
func (s *runeSet) meets(lo, hi rune) bool {
	i := sort.Search(len(s.spans), func(i int) bool { return s.spans[i].hi >= lo })
	return i < len(s.spans) && s.spans[i].lo <= hi
}

// covers reports whether every scalar value from lo to hi is a member.
func (s *runeSet) covers(lo, hi rune) bool {
	for _, p := range s.spans {
		if p.lo <= lo && lo <= p.hi {
			if hi <= p.hi {
				return true
			}
			lo = follow(p.hi)
		}
	}
	return false
}

func (s *runeSet) empty() bool { return len(s.spans) == 0 }

// complement returns all other scalar values.
func (s *runeSet) complement() *runeSet {
	var out []span
	at := rune(0)
	for _, p := range s.spans {
		if p.lo > at {
			out = append(out, span{at, p.lo - 1})
		}
		at = p.hi + 1
	}
	return newSet(append(out, span{at, unicode.MaxRune})...)
}

func tableSet(tables ...*unicode.RangeTable) *runeSet {
	var spans []span
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			spans = append(spans, span{lo, hi})
			return
		}
		for r := lo; r <= hi; r += stride {
			spans = append(spans, span{r, r})
		}
	}
	for _, t := range tables {
		for _, x := range t.R16 {
			add(rune(x.Lo), rune(x.Hi), rune(x.Stride))
		}
		for _, x := range t.R32 {
			add(rune(x.Lo), rune(x.Hi), rune(x.Stride))
		}
	}
	return newSet(spans...)
}

// anyRune is every scalar value.
func anyRune() *runeSet { return newSet(span{0, unicode.MaxRune}) }
