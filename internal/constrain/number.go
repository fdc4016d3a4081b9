package constrain

import (
	"math/big"
	"strings"
)

// numberSpec is a set of numbers.
type numberSpec struct {
	integer  bool
	min, max *bound
	multiple *decimal
	not      []decimal
}

func (n *numberSpec) free() bool {
	return !n.integer && n.min == nil && n.max == nil && n.multiple == nil && len(n.not) == 0
}

// Limits of the automata of numbers.
const (
	maxNumberDigits = 1000
	maxNumberStates = 40_000
	maxRemainders   = 2000
	maxNotNumbers   = 8
)

// size is a magnitude, digit by digit.
type size struct{ whole, frac string }

func sizeOf(d decimal) (size, bool) {
	d.neg = false
	s, ok := d.plain(maxNumberDigits)
	whole, frac, _ := strings.Cut(s, ".")
	return size{whole, frac}, ok
}

// digitState is how far a number is: its form, how its digits so far compare with those of each limit, and its remainder.
type digitState struct {
	phase     phase
	neg       bool
	nonzero   bool
	whole     int16 // digits before the point, up to one more than matters
	frac      int16 // digits after it, likewise
	remainder int32
	order     [2 + maxNotNumbers]int8
}

type phase uint8

const (
	phaseStart phase = iota
	phaseMinus
	phaseZero
	phaseWhole
	phasePoint
	phaseFrac
)

// digits makes the automaton of a set of numbers, spelled without exponent, without needless zeros and without -0.
type digits struct {
	spec     *numberSpec
	limits   []size // min, max, not…
	signs    []bool // which of them are negative
	maxWhole int16
	maxFrac  int16
	divisor  int32 // 0: none
	places   int   // decimal places that multiples have at most
}

// newDigits returns nil and the keyword that is too much, if one is.
func newDigits(n *numberSpec) (*digits, string) {
	d := &digits{spec: n, maxWhole: 1, maxFrac: 1}
	for i, b := range []*bound{n.min, n.max} {
		at := decimal{}
		if b != nil {
			at = b.at
		}
		if !d.limit(at) {
			return nil, [...]string{"minimum", "maximum"}[i]
		}
	}
	if len(n.not) > maxNotNumbers {
		return nil, "not"
	}
	for _, v := range n.not {
		if !d.limit(v) {
			return nil, "not"
		}
	}
	if n.multiple != nil && !d.divideBy(*n.multiple) {
		return nil, "multipleOf"
	}
	return d, ""
}

func (d *digits) limit(v decimal) bool {
	s, ok := sizeOf(v)
	if !ok {
		return false
	}
	d.limits, d.signs = append(d.limits, s), append(d.signs, v.neg)
	d.maxWhole = max(d.maxWhole, int16(len(s.whole))+1)
	d.maxFrac = max(d.maxFrac, int16(len(s.frac))+1)
	return true
}

// divideBy sets the divisor in units of the last decimal place.
func (d *digits) divideBy(m decimal) bool {
	n, e := m.scaled()
	if e > 6 || e < -30 {
		return false
	}
	if e > 0 {
		n.Mul(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(e), nil))
	} else {
		d.places = int(-e)
	}
	if !n.IsInt64() || n.Int64() > maxRemainders {
		return false
	}
	d.divisor = int32(n.Int64())
	d.maxFrac = max(d.maxFrac, int16(d.places)+1)
	return true
}

// numberChars are the classes of the automaton.
const numberChars = "0123456789-."

// numberDFA returns the automaton of a set of numbers, or the keyword that is too much for one.
func numberDFA(n *numberSpec) (*dfa, string) {
	d, keyword := newDigits(n)
	if d == nil {
		return nil, keyword
	}
	out := &dfa{}
	for _, c := range numberChars {
		out.classes = append(out.classes, single(c))
	}
	number := map[digitState]int32{{}: 0}
	order := []digitState{{}}
	for i := 0; i < len(order); i++ {
		s := order[i]
		out.accept = append(out.accept, d.accepts(&s))
		for _, c := range numberChars {
			to := int32(-1)
			if t, ok := d.step(s, byte(c)); ok {
				id, known := number[t]
				if !known {
					id = int32(len(order))
					number[t] = id
					order = append(order, t)
				}
				to = id
			}
			out.next = append(out.next, to)
		}
		if len(order) > maxNumberStates {
			if n.multiple != nil {
				return nil, "multipleOf"
			}
			return nil, "minimum"
		}
	}
	return out.trim(), ""
}

func (d *digits) step(s digitState, c byte) (digitState, bool) {
	switch {
	case c == '-':
		s.neg = true
		ok := s.phase == phaseStart
		s.phase = phaseMinus
		return s, ok
	case c == '.':
		ok := !d.spec.integer && (s.phase == phaseZero || s.phase == phaseWhole) && (d.divisor == 0 || d.places > 0)
		s.phase = phasePoint
		d.endWhole(&s)
		return s, ok
	case s.phase == phaseZero:
		return s, false
	case s.phase == phaseStart || s.phase == phaseMinus:
		s.phase = phaseWhole
		if c == '0' {
			s.phase = phaseZero
		}
		return d.wholeDigit(s, c), true
	case s.phase == phaseWhole:
		return d.wholeDigit(s, c), true
	}
	s.phase = phaseFrac
	return d.fracDigit(s, c)
}

func (d *digits) add(s *digitState, c byte) {
	s.nonzero = s.nonzero || c != '0'
	if d.divisor > 0 {
		s.remainder = (s.remainder*10 + int32(c-'0')) % d.divisor
	}
}

func (d *digits) wholeDigit(s digitState, c byte) digitState {
	d.add(&s, c)
	for i, l := range d.limits {
		if s.order[i] == 0 && int(s.whole) < len(l.whole) {
			s.order[i] = sign(c, l.whole[s.whole])
		}
	}
	s.whole = min(s.whole+1, d.maxWhole)
	return s
}

func sign(a, b byte) int8 {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// endWhole settles the order by the number of digits, after which that number does not matter.
func (d *digits) endWhole(s *digitState) {
	for i, l := range d.limits {
		switch n := int(s.whole); {
		case n < len(l.whole):
			s.order[i] = -1
		case n > len(l.whole):
			s.order[i] = 1
		}
	}
	s.whole = 0
}

func (d *digits) fracDigit(s digitState, c byte) (digitState, bool) {
	if d.divisor > 0 && int(s.frac) >= d.places {
		return s, false
	}
	d.add(&s, c)
	for i, l := range d.limits {
		if s.order[i] == 0 {
			want := byte('0')
			if int(s.frac) < len(l.frac) {
				want = l.frac[s.frac]
			}
			s.order[i] = sign(c, want)
		}
	}
	s.frac = min(s.frac+1, d.maxFrac)
	return s, true
}

func (d *digits) accepts(s *digitState) bool {
	t := *s
	switch t.phase {
	case phaseZero, phaseWhole:
		d.endWhole(&t)
	case phaseFrac:
	default:
		return false
	}
	if t.neg && !t.nonzero {
		return false
	}
	for i, l := range d.limits {
		if t.order[i] == 0 && int(t.frac) < len(l.frac) {
			t.order[i] = -1 // what is left of the limit is not zero
		}
	}
	n := d.spec
	if n.min != nil && !above(&t, 0, n.min, d.signs[0]) || n.max != nil && !below(&t, 1, n.max, d.signs[1]) {
		return false
	}
	for i := range n.not {
		if t.order[2+i] == 0 && t.neg == d.signs[2+i] {
			return false
		}
	}
	return d.divisible(&t)
}

// signed returns how the number compares with limit i.
func signed(t *digitState, i int, neg bool) int8 {
	switch {
	case t.neg && !neg:
		return -1
	case !t.neg && neg:
		return 1
	case neg:
		return -t.order[i]
	}
	return t.order[i]
}

func above(t *digitState, i int, b *bound, neg bool) bool {
	k := signed(t, i, neg)
	return k > 0 || k == 0 && !b.exclusive
}

func below(t *digitState, i int, b *bound, neg bool) bool {
	k := signed(t, i, neg)
	return k < 0 || k == 0 && !b.exclusive
}

func (d *digits) divisible(t *digitState) bool {
	if d.divisor == 0 {
		return true
	}
	r := int64(t.remainder)
	for i := int(t.frac); i < d.places; i++ {
		r = r * 10 % int64(d.divisor)
	}
	return r == 0
}
