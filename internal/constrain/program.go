package constrain

import (
	"math"
	"unicode"
)

// unbounded stands for no upper bound of a count.
const unbounded = math.MaxUint32

// nodeKind says how a node of a program goes on.
type nodeKind uint8

const (
	nodeRunes  nodeKind = iota // by edges over code points, and by jumps without reading
	nodeWords                  // along one of a set of byte strings
	nodeName                   // along a JSON string that is none of a set of names
	nodeTokens                 // by one of some tokens, whatever their bytes
	nodeCall                   // into a rule, and on at ret when the rule ends
	nodeEnd                    // the rule ends
)

// spelling says how code points are written.
type spelling uint8

const (
	raw          spelling = iota // as UTF-8
	jsonFree                     // in a JSON string, with any escapes; a quotation mark ends it
	jsonPlain                    // in a JSON string, escaped only where JSON demands it, with the usual escape
	singleQuoted                 // the same between single quotation marks
)

// edge reads a code point.
type edge struct {
	set    *runeSet
	to     int32
	lo, hi uint32 // the counts at which it is open
	add    uint32 // added to the count
}

// change is what a jump does to the count.
type change uint8

const (
	keep change = iota
	reset
	increment
	takeName  // of an object in any order: the name arg is written
	takeOther // an undeclared name is written
	canGoOn   // a further name may come
	canClose  // all is there
)

// jump reads nothing.
type jump struct {
	to     int32
	lo, hi uint32
	change change
	arg    int32
}

// counter describes the count that nodes of a frame share: the values at which some guard opens or closes, ascending; or, for
// objects in any order, the properties.
type counter struct {
	marks []uint32
	names *nameSet
}

// mark notes that counts below v and from v on differ.
func (c *counter) mark(v uint32) {
	if v == 0 || v == unbounded {
		return
	}
	for i, m := range c.marks {
		if m == v {
			return
		}
		if m > v {
			c.marks = append(c.marks, 0)
			copy(c.marks[i+1:], c.marks[i:])
			c.marks[i] = v
			return
		}
	}
	c.marks = append(c.marks, v)
}

// node is a state of a program.
type node struct {
	kind     nodeKind
	spelling spelling
	sealed   bool     // seal has seen it
	blank    bool     // what it reads is whitespace between JSON tokens, apart from edges that leave it
	loops    bool     // all ordinary characters lead back to it through its first edge
	top      int32    // the only edge that reads the last character of Unicode, -1: none or several
	run      uint32   // how many ordinary characters it can read in a row, apart from counts
	counter  *counter // nil: the count is always 0
	edges    []edge
	jumps    []jump
	words    []string // sorted
	targets  []int32  // where each word leads; nil: to next
	tokens   []int32  // sorted
	next     int32    // after a word, a token or, for strings, after the closing quotation mark; -1: nowhere
	lo       uint32   // the count from which a string may be closed
	rule     int32    // start of the called rule
	limit    *limit   // of the length of a string, which twin has not
	twin     int32
}

// limit says how an automaton of a string minds the length.
type limit struct {
	max     uint32
	settled uint32 // the count from which on no minimum matters
	slack   uint32 // how many characters any of its states needs at most to end
}

// program is a compiled constraint. It is immutable once built.
type program struct {
	nodes []node
	start int32
}

func (p *program) add(n node) int32 {
	p.nodes = append(p.nodes, n)
	return int32(len(p.nodes) - 1)
}

// end returns a node that ends a rule.
func (p *program) end() int32 { return p.add(node{kind: nodeEnd, next: -1}) }

// plainSpans are the ordinary characters: those of which most tokens consist and that every string may hold as they are, even
// what the dot of ECMA-262 leaves out.
var plainSpans = [...]span{{0x20, 0x21}, {0x23, 0x5B}, {0x5D, 0x7E}, {0x80, 0x2027}, {0x202A, unicode.MaxRune}}

func plain(b byte) bool { return b >= 0x20 && b <= 0x7E && b != '"' && b != '\\' }

// seal finds what masks need to know of nodes once all are there.
func (p *program) seal() {
	verdict := map[*runeSet]bool{}
	for i := range p.nodes {
		n := &p.nodes[i]
		if n.kind == nodeRunes && !n.sealed {
			n.loops = len(n.edges) > 0 && n.edges[0].to == int32(i) && n.edges[0].lo == 0 && ordinary(n.edges[0].set, verdict)
			n.top = topEdge(n)
		}
	}
	p.measureRuns(verdict)
	for i := range p.nodes {
		p.nodes[i].sealed = true
	}
}

// topEdge returns the only edge that reads the last character of Unicode, -1 if there is none or more than one.
func topEdge(n *node) int32 {
	top := int32(-1)
	for i, e := range n.edges {
		if e.set.has(unicode.MaxRune) {
			if top >= 0 {
				return -1
			}
			top = int32(i)
		}
	}
	return top
}

// measureRuns finds how many ordinary characters, whichever, each node can read in a row, apart from counts: the distance to the
// nearest node that cannot read all of them.
func (p *program) measureRuns(verdict map[*runeSet]bool) {
	back := map[int32][]int32{}
	var now []int32
	for i := range p.nodes {
		n := &p.nodes[i]
		if n.sealed { // of an included program, into which only calls lead
			continue
		}
		n.run = unbounded
		if n.kind != nodeRunes || n.spelling == jsonFree || !readsOrdinary(n, verdict) {
			n.run = 0
			now = append(now, int32(i))
			continue
		}
		for _, e := range n.edges {
			if e.to != int32(i) {
				back[e.to] = append(back[e.to], int32(i))
			}
		}
	}
	for run := uint32(1); len(now) > 0; run++ {
		var next []int32
		for _, i := range now {
			for _, from := range back[i] {
				if p.nodes[from].run == unbounded {
					p.nodes[from].run = run
					next = append(next, from)
				}
			}
		}
		now = next
	}
}

// readsOrdinary reports whether the edges of a node read every ordinary character.
func readsOrdinary(n *node, verdict map[*runeSet]bool) bool {
	if len(n.edges) == 0 {
		return false
	}
	all := n.edges[0].set
	if ordinary(all, verdict) {
		return true
	}
	if len(n.edges) == 1 {
		return false
	}
	var spans []span
	for _, e := range n.edges {
		spans = append(spans, e.set.spans...)
	}
	return ordinary(newSet(spans...), map[*runeSet]bool{})
}

func ordinary(s *runeSet, verdict map[*runeSet]bool) bool {
	ok, known := verdict[s]
	if !known {
		ok = true
		for _, p := range plainSpans {
			ok = ok && s.covers(p.lo, p.hi)
		}
		verdict[s] = ok
	}
	return ok
}
