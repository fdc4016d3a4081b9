package constrain

import (
	"errors"
	"slices"
)

// anchoring says which texts an expression accepts.
type anchoring bool

const (
	whole  anchoring = false // those that match from end to end
	search anchoring = true  // those in which it matches somewhere
)

// Limits of the automata of one regular expression.
const (
	maxNFA    = 40_000  // states before, and
	maxDFA    = 12_000  // after they are made deterministic
	maxEffort = 2 << 20 // steps to make them so
)

var errTooLarge = errors.New("the expression is too large for an automaton")

// nfaNode is a state that reads a character, or goes on to two others, perhaps under a condition.
type nfaNode struct {
	set    int // index of the set it reads, -1: none
	to     int32
	or     int32 // second way, -1: none
	assert reOp  // condition for to: reBegin, reEnd, reLine, reLineEnd, reBoundary; else reSet
	not    bool
	match  bool
}

type nfa struct {
	nodes    []nfaNode
	sets     distinct
	start    int32
	boundary bool // there are conditions on words
	lines    bool // or on lines
	tooLarge bool
	built    int // calls of build
	wordSet  int
	breakSet int
}

func (n *nfa) add(x nfaNode) int32 {
	if len(n.nodes) > maxNFA {
		n.tooLarge = true
		return 0
	}
	n.nodes = append(n.nodes, x)
	return int32(len(n.nodes) - 1)
}

// build adds states that match x and go on at next, and returns the first.
func (n *nfa) build(x *re, next int32) int32 {
	if n.built++; n.built > 4*maxNFA {
		n.tooLarge = true // empty bodies repeated again and again add nothing
	}
	if n.tooLarge {
		return 0
	}
	switch x.op {
	case reSet:
		return n.add(nfaNode{set: n.sets.add(x.set), to: next, or: -1})
	case reSeq, reGroup:
		for _, s := range slices.Backward(x.subs) {
			next = n.build(s, next)
		}
		return next
	case reAlt:
		return n.buildAlt(x, next)
	case reRep:
		return n.buildRep(x, next)
	}
	n.boundary = n.boundary || x.op == reBoundary
	n.lines = n.lines || x.op == reLine || x.op == reLineEnd
	return n.add(nfaNode{set: -1, to: next, or: -1, assert: x.op, not: x.not})
}

func (n *nfa) buildAlt(x *re, next int32) int32 {
	at := int32(-1)
	for _, s := range slices.Backward(x.subs) {
		first := n.build(s, next)
		if at >= 0 {
			first = n.add(nfaNode{set: -1, to: first, or: at})
		}
		at = first
	}
	if at < 0 {
		return n.add(nfaNode{set: n.sets.add(newSet()), to: next, or: -1})
	}
	return at
}

func (n *nfa) buildRep(x *re, next int32) int32 {
	body := x.subs[0]
	at := next
	if x.hi < 0 {
		loop := n.add(nfaNode{set: -1, or: next})
		first := n.build(body, loop)
		if n.tooLarge {
			return 0
		}
		n.nodes[loop].to = first
		at = loop
		if x.lo > 0 { // the last of the required ones is the loop's own
			at = first
		}
	} else {
		for i := x.lo; i < x.hi && !n.tooLarge; i++ {
			at = n.add(nfaNode{set: -1, to: n.build(body, at), or: next})
		}
	}
	required := x.lo
	if x.hi < 0 && x.lo > 0 {
		required--
	}
	for i := 0; i < required && !n.tooLarge; i++ {
		at = n.build(body, at)
	}
	return at
}

// surround is what lies before or after a place in the text.
type surround uint8

const (
	other    surround = iota
	edgeText          // the beginning or end
	word
	lineBreak
)

// compileRE returns the automaton of a regular expression without memory and lookaround.
func compileRE(x *re, how anchoring) (*dfa, error) {
	n := &nfa{}
	last := n.add(nfaNode{set: -1, to: -1, or: -1, match: true})
	if how == search {
		// what comes after the match does not matter
		all := n.sets.add(anyRune())
		tail := n.add(nfaNode{set: all, or: -1})
		n.nodes[tail].to = n.add(nfaNode{set: -1, to: tail, or: last})
		last = n.nodes[tail].to
	}
	n.start = n.build(x, last)
	if how == search {
		head := n.add(nfaNode{set: n.sets.add(anyRune()), or: -1})
		n.start = n.add(nfaNode{set: -1, to: n.start, or: head})
		n.nodes[head].to = n.start
	}
	if n.tooLarge {
		return nil, errTooLarge
	}
	return n.determinize()
}

// subset is a state of the automaton being made: the states reached and what was read last.
type subset struct {
	nodes  []int32
	before surround
}

type determinizer struct {
	*nfa
	classes partition
	kind    []surround // of each class
	bySet   [][]bool   // by class and set
	number  map[string]int32
	order   []subset
	out     *dfa
	seen    []uint32
	stamp   uint32
	effort  int
	key     []byte
	stack   []int32
	reached []int32
}

func (n *nfa) determinize() (*dfa, error) {
	n.wordSet, n.breakSet = -1, -1
	if n.boundary {
		n.wordSet = n.sets.add(setWord)
	}
	if n.lines {
		n.breakSet = n.sets.add(single('\n'))
	}
	d := &determinizer{nfa: n, classes: divide(n.sets.sets), number: map[string]int32{}, seen: make([]uint32, len(n.nodes))}
	d.out = &dfa{classes: d.classes.classes}
	for _, in := range d.classes.members {
		row, kind := make([]bool, len(n.sets.sets)), other
		for _, s := range in {
			row[s] = true
			if s == n.wordSet {
				kind = word
			}
			if s == n.breakSet {
				kind = lineBreak
			}
		}
		d.bySet, d.kind = append(d.bySet, row), append(d.kind, kind)
	}
	d.id([]int32{n.start}, edgeText)
	for i := 0; i < len(d.order); i++ {
		if d.effort > maxEffort || len(d.order) > maxDFA {
			return nil, errTooLarge
		}
		d.expand(d.order[i])
	}
	return d.out.trim(), nil
}

// id returns the number of a subset. nodes is sorted and without repeats.
func (d *determinizer) id(nodes []int32, before surround) int32 {
	k := append(d.key[:0], byte(before))
	for _, n := range nodes {
		k = append(k, byte(n), byte(n>>8), byte(n>>16))
	}
	d.key = k
	if id, ok := d.number[string(k)]; ok {
		return id
	}
	id := int32(len(d.order))
	d.number[string(k)] = id
	d.order = append(d.order, subset{slices.Clone(nodes), before})
	return id
}

func (d *determinizer) expand(s subset) {
	match := d.closure(s, edgeText)
	d.out.accept = append(d.out.accept, match)
	looks := d.boundary || d.lines
	if !looks {
		d.closure(s, other)
	}
	for c := range d.classes.classes {
		if looks {
			d.closure(s, d.kind[c])
		}
		d.move(c)
	}
}

// move appends the state after a character of class c from the states in reached.
func (d *determinizer) move(c int) {
	d.stamp++
	var to []int32
	for _, n := range d.reached {
		x := &d.nodes[n]
		if d.bySet[c][x.set] && d.seen[x.to] != d.stamp {
			d.seen[x.to] = d.stamp
			to = append(to, x.to)
		}
	}
	d.effort += len(d.reached) + 1
	if len(to) == 0 {
		d.out.next = append(d.out.next, -1)
		return
	}
	slices.Sort(to)
	before := other
	if d.boundary || d.lines {
		before = d.kind[c]
	}
	d.out.next = append(d.out.next, d.id(to, before))
}

// closure puts the states that read a character into reached, given what comes after, and reports whether the end is reached.
func (d *determinizer) closure(s subset, after surround) bool {
	d.stamp++
	d.stack, d.reached = append(d.stack[:0], s.nodes...), d.reached[:0]
	match := false
	for len(d.stack) > 0 {
		n := d.stack[len(d.stack)-1]
		d.stack = d.stack[:len(d.stack)-1]
		if d.seen[n] == d.stamp {
			continue
		}
		d.seen[n] = d.stamp
		d.effort++
		x := &d.nodes[n]
		switch {
		case x.match:
			match = true
		case x.set >= 0:
			d.reached = append(d.reached, n)
		default:
			if x.or >= 0 {
				d.stack = append(d.stack, x.or)
			}
			if x.assert == reSet || holds(x.assert, x.not, s.before, after) {
				d.stack = append(d.stack, x.to)
			}
		}
	}
	return match
}

func holds(assert reOp, not bool, before, after surround) bool {
	switch assert {
	case reBegin:
		return before == edgeText
	case reEnd:
		return after == edgeText
	case reLine:
		return before == edgeText || before == lineBreak
	case reLineEnd:
		return after == edgeText || after == lineBreak
	}
	return ((before == word) != (after == word)) != not
}
