package constrain

import "errors"

// maxBacktracks bounds the work of matching a pattern that is not regular.
const maxBacktracks = 1 << 21

var errCostly = errors.New("matching the pattern takes too long")

// backtrack reports whether a pattern is found in a text, for those that need memory or lookaround. The method is that of ECMA-262:
// continuations.
func backtrack(x *re, text string) (bool, error) {
	b := &backtracker{text: []rune(text), groups: map[int]match{}}
	for i := range len(b.text) + 1 {
		if b.try(x, i, func(int) bool { return true }) {
			return true, nil
		}
		if b.steps > maxBacktracks {
			return false, errCostly
		}
	}
	return false, nil
}

type match struct{ lo, hi int }

type backtracker struct {
	text   []rune
	groups map[int]match
	steps  int
	depth  int
	back   bool // matching backwards, in a lookbehind
}

// maxBacktrackDepth bounds the stack.
const maxBacktrackDepth = 100_000

func (b *backtracker) try(x *re, at int, then func(int) bool) bool {
	b.steps++
	b.depth++
	defer func() { b.depth-- }()
	if b.depth > maxBacktrackDepth {
		b.steps = maxBacktracks + 1
	}
	if b.steps > maxBacktracks {
		return false
	}
	switch x.op {
	case reSet:
		if b.back {
			return at > 0 && x.set.has(b.text[at-1]) && then(at-1)
		}
		return at < len(b.text) && x.set.has(b.text[at]) && then(at+1)
	case reSeq:
		return b.trySeq(x.subs, at, then)
	case reAlt:
		for _, s := range x.subs {
			if b.try(s, at, then) {
				return true
			}
		}
		return false
	case reRep:
		return b.tryRep(x, 0, at, then)
	case reGroup:
		return b.tryGroup(x, at, then)
	case reRefer:
		return b.tryRefer(x, at, then)
	case reLook:
		return b.tryLook(x, at, then)
	}
	return holds(x.op, x.not, b.surround(at-1), b.surround(at)) && then(at)
}

func (b *backtracker) surround(i int) surround {
	switch {
	case i < 0 || i >= len(b.text):
		return edgeText
	case b.text[i] == '\n':
		return lineBreak
	case setWord.has(b.text[i]):
		return word
	}
	return other
}

func (b *backtracker) trySeq(subs []*re, at int, then func(int) bool) bool {
	if len(subs) == 0 {
		return then(at)
	}
	if b.back {
		last := len(subs) - 1
		return b.try(subs[last], at, func(i int) bool { return b.trySeq(subs[:last], i, then) })
	}
	return b.try(subs[0], at, func(i int) bool { return b.trySeq(subs[1:], i, then) })
}

func (b *backtracker) tryRep(x *re, n, at int, then func(int) bool) bool {
	again := func() bool {
		return (x.hi < 0 || n < x.hi) && b.try(x.subs[0], at, func(i int) bool {
			if i == at && n >= x.lo {
				return false
			}
			return b.tryRep(x, n+1, i, then)
		})
	}
	if n < x.lo {
		return again()
	}
	if x.lazy {
		return then(at) || again()
	}
	return again() || then(at)
}

func (b *backtracker) tryGroup(x *re, at int, then func(int) bool) bool {
	old, had := b.groups[x.index]
	if b.try(x.subs[0], at, func(i int) bool {
		before, was := b.groups[x.index]
		b.groups[x.index] = match{min(at, i), max(at, i)}
		if then(i) {
			return true
		}
		b.restore(x.index, before, was)
		return false
	}) {
		return true
	}
	b.restore(x.index, old, had)
	return false
}

func (b *backtracker) restore(i int, m match, had bool) {
	if had {
		b.groups[i] = m
	} else {
		delete(b.groups, i)
	}
}

func (b *backtracker) tryRefer(x *re, at int, then func(int) bool) bool {
	m, ok := b.groups[x.index]
	if !ok {
		return then(at)
	}
	n := m.hi - m.lo
	from := at
	if b.back {
		from = at - n
	}
	if from < 0 || from+n > len(b.text) {
		return false
	}
	for i := range n {
		if b.text[from+i] != b.text[m.lo+i] {
			return false
		}
	}
	if b.back {
		return then(from)
	}
	return then(at + n)
}

func (b *backtracker) tryLook(x *re, at int, then func(int) bool) bool {
	back := b.back
	b.back = x.behind
	found := b.try(x.subs[0], at, func(int) bool { return true })
	b.back = back
	return found != x.not && then(at)
}
