package constrain

import (
	"maps"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// machine runs a program. It owns the stacks and sets that its threads name; threads of one machine mean nothing to another
// (see adopt). Not safe for concurrent use.
type machine struct {
	prog    *program
	horizon uint32 // 0: counts are exact. Else counts further than this from their next mark are as good as the mark before
	frames  interner[frame]
	written []written // [0]: nothing
	known   map[string]uint32
	visits  interner[visit]
	out     []thread
	accepts bool // the last step or start could end here
	full    bool // a limit was hit and ways to read were dropped
	work    int  // nodes entered so far
	key     []byte
	at      place
}

// frame is where a rule goes on when it ends, and the count to go on with.
type frame struct {
	ret, parent int32
	count       uint32
}

// visit is a node being entered.
type visit struct {
	node, stack int32
	count       uint32
}

// maxVisits bounds the nodes entered by one byte, which only very ambiguous grammars reach.
const maxVisits = 1 << 12

func (f frame) hash() uint64 { return mix(mix(uint64(f.count), uint64(f.ret)), uint64(f.parent)) }
func (v visit) hash() uint64 { return mix(mix(uint64(v.count), uint64(v.node)), uint64(v.stack)) }

func newMachine(p *program, horizon uint32) *machine {
	m := &machine{prog: p, horizon: horizon, written: make([]written, 1)}
	m.frames.add(frame{-1, -1, 0}) // the empty stack
	return m
}

// begin puts the threads at the beginning of a text into m.out.
func (m *machine) begin() {
	m.reset()
	m.enter(m.prog.start, 0, 0)
	m.settle()
}

// step puts what the threads become after byte b into m.out.
func (m *machine) step(threads []thread, b byte) {
	m.reset()
	for i := range threads {
		m.advance(&threads[i], b)
	}
	m.settle()
}

// take puts what the threads become after a token that some of them name into m.out. It reports false if none does.
func (m *machine) take(threads []thread, id int32) bool {
	m.reset()
	for i := range threads {
		t := &threads[i]
		if n := &m.prog.nodes[t.node]; n.kind == nodeTokens && n.names(id) {
			m.enter(n.next, t.stack, t.count)
		}
	}
	if m.visits.len() == 0 {
		return false
	}
	m.settle()
	return true
}

func (n *node) names(id int32) bool {
	_, ok := slices.BinarySearch(n.tokens, id)
	return ok
}

func (m *machine) reset() {
	m.out, m.accepts = m.out[:0], false
	m.visits.clear()
}

// enter notes that a node is reached.
func (m *machine) enter(node, stack int32, count uint32) {
	if m.visits.len() >= maxVisits {
		m.full = true
		return
	}
	m.visits.add(visit{node, stack, m.round(m.prog.nodes[node].counter, count)})
}

// round replaces a count by the one that stands for all that behave alike.
func (m *machine) round(c *counter, count uint32) uint32 {
	if c == nil {
		return 0
	}
	if c.names != nil {
		return count
	}
	below := uint32(0)
	for _, v := range c.marks {
		if v > count {
			if m.horizon > 0 && v-count > m.horizon {
				return below
			}
			return count
		}
		below = v
	}
	return below
}

// settle follows jumps, calls and ends until only nodes that read are left.
func (m *machine) settle() {
	defer func() { m.work += m.visits.len() + 1 }()
	for i := 0; i < m.visits.len(); i++ {
		v := m.visits.items[i]
		n := &m.prog.nodes[v.node]
		switch n.kind {
		case nodeEnd:
			if v.stack == 0 {
				m.accepts = true
				continue
			}
			f := m.frames.items[v.stack]
			m.enter(f.ret, f.parent, f.count)
		case nodeCall:
			m.call(n, v)
		case nodeWords, nodeName, nodeTokens:
			m.out = append(m.out, thread{node: v.node, stack: v.stack, count: v.count})
		default:
			if len(n.edges) > 0 || n.next >= 0 {
				m.out = append(m.out, thread{node: v.node, stack: v.stack, count: v.count})
			}
			for k := range n.jumps {
				m.jump(n, &n.jumps[k], v)
			}
		}
	}
}

func (m *machine) call(n *node, v visit) {
	if m.prog.nodes[n.next].kind == nodeEnd {
		m.enter(n.rule, v.stack, 0) // what calls last need not be come back to
		return
	}
	if m.frames.len() > 1<<26 {
		m.full = true
		return
	}
	m.enter(n.rule, m.frames.add(frame{n.next, v.stack, v.count}), 0)
}

func (m *machine) jump(n *node, j *jump, v visit) {
	if j.change >= takeName {
		m.jumpNames(n.counter.names, j, v)
		return
	}
	if v.count < j.lo || v.count > j.hi {
		return
	}
	switch j.change {
	case reset:
		v.count = 0
	case increment:
		v.count++
	}
	m.enter(j.to, v.stack, v.count)
}

func (m *machine) jumpNames(s *nameSet, j *jump, v visit) {
	w := &m.written[v.count]
	if !s.allows(w, j.change, int(j.arg)) {
		return
	}
	switch j.change {
	case takeName:
		v.count = m.intern(s.after(w, int(j.arg)))
	case takeOther:
		if s.counting {
			v.count = m.intern(s.after(w, -1))
		}
	}
	m.enter(j.to, v.stack, v.count)
}

// intern returns the number of a set of written properties.
func (m *machine) intern(w written) uint32 {
	if w.bits == nil && w.total == 0 {
		return 0
	}
	k := m.key[:0]
	for _, x := range append([]uint64{uint64(w.total)}, w.bits...) {
		for range 8 {
			k = append(k, byte(x))
			x >>= 8
		}
	}
	m.key = k
	if id, ok := m.known[string(k)]; ok {
		return id
	}
	if m.known == nil {
		m.known = map[string]uint32{}
	}
	id := uint32(len(m.written))
	m.written = append(m.written, w)
	m.known[string(k)] = id
	return id
}

// advance lets one thread read a byte.
func (m *machine) advance(t *thread, b byte) {
	n := &m.prog.nodes[t.node]
	switch n.kind {
	case nodeWords:
		m.advanceWords(n, t, b)
	case nodeName:
		m.advanceName(n, t, b)
	case nodeTokens: // have no bytes here
	default:
		m.advanceRunes(n, t, b)
	}
}

func (m *machine) advanceRunes(n *node, t *thread, b byte) {
	m.at = place{n, t.count}
	p, r, what := decode(t.part, b, n.spelling, &m.at)
	switch what {
	case waiting:
		m.out = append(m.out, thread{node: t.node, stack: t.stack, count: t.count, part: p})
	case quoted:
		if n.next >= 0 && t.count >= n.lo {
			m.enter(n.next, t.stack, 0)
		}
	case arrived:
		for i := range n.edges {
			if e := &n.edges[i]; t.count >= e.lo && t.count <= e.hi && e.set.has(r) {
				m.enter(e.to, t.stack, t.count+e.add)
			}
		}
	}
}

// place is a node with a count: what the decoder asks.
type place struct {
	node  *node
	count uint32
}

func (p *place) meets(lo, hi rune) bool {
	for i := range p.node.edges {
		if e := &p.node.edges[i]; p.count >= e.lo && p.count <= e.hi && e.set.meets(lo, hi) {
			return true
		}
	}
	return false
}

func (p *place) all(lo, hi rune) bool {
	top := p.node.top
	if top < 0 || !p.node.edges[top].set.covers(lo, hi) {
		return false
	}
	for i := range p.node.edges {
		if int32(i) != top && p.node.edges[i].set.meets(lo, hi) {
			return false
		}
	}
	return true
}

func (m *machine) advanceWords(n *node, t *thread, b byte) {
	first, read := int(t.part>>32), int(uint32(t.part))
	prefix := n.words[first][:read]
	i := first
	if len(n.words) > 1 {
		i += sort.Search(len(n.words)-first, func(k int) bool { return reaches(n.words[first+k], prefix, b) })
		if i == len(n.words) || !strings.HasPrefix(n.words[i], prefix) {
			return
		}
	}
	w := n.words[i]
	if len(w) <= read || w[read] != b {
		return
	}
	read++
	if len(w) > read {
		m.out = append(m.out, thread{node: t.node, stack: t.stack, count: t.count, part: partial(i)<<32 | partial(read)})
		return
	}
	to := n.next
	if n.targets != nil {
		to = n.targets[i]
	}
	m.enter(to, t.stack, t.count)
	if i+1 < len(n.words) && strings.HasPrefix(n.words[i+1], w) {
		m.out = append(m.out, thread{node: t.node, stack: t.stack, count: t.count, part: partial(i)<<32 | partial(read)})
	}
}

// reaches reports whether w sorts at or after prefix followed by b.
func reaches(w, prefix string, b byte) bool {
	if len(w) <= len(prefix) {
		return w > prefix // no longer than prefix: never before a continuation of it unless it sorts after
	}
	if c := strings.Compare(w[:len(prefix)], prefix); c != 0 {
		return c > 0
	}
	return w[len(prefix)] >= b
}

// Names are followed by the index of the first that fits and the bytes read of it, or by freeName once none fits.
const (
	freeName     = 1<<32 - 1
	maxNames     = 1<<16 - 1
	maxNameBytes = 1<<16 - 1
)

func (m *machine) advanceName(n *node, t *thread, b byte) {
	p, r, what := decode(t.part, b, jsonFree, anything(t.word == freeName))
	switch what {
	case waiting:
		m.out = append(m.out, thread{node: t.node, stack: t.stack, count: t.count, word: t.word, part: p})
	case quoted:
		if !spells(n.words, t.word) {
			m.enter(n.next, t.stack, t.count)
		}
	case arrived:
		m.out = append(m.out, thread{node: t.node, stack: t.stack, count: t.count, word: nameAfter(n.words, t.word, r)})
	}
}

// anything is a target that goes on with every code point, in the same way if it is true.
type anything bool

func (anything) meets(lo, hi rune) bool {
	return max(lo, 0) <= hi && (lo < surrogateLo || hi > surrogateHi)
}
func (a anything) all(lo, hi rune) bool { return bool(a) }

// spells reports whether a name read so far is one of the words.
func spells(words []string, word uint32) bool {
	first, read := int(word>>16), int(word&0xFFFF)
	return word != freeName && first < len(words) && len(words[first]) == read
}

// nameAfter returns where a name is after one more character.
func nameAfter(words []string, word uint32, r rune) uint32 {
	first, read := int(word>>16), int(word&0xFFFF)
	if word == freeName || first >= len(words) {
		return freeName
	}
	var buf [utf8.UTFMax]byte
	next := buf[:utf8.EncodeRune(buf[:], r)]
	prefix := words[first][:read]
	i := first + sort.Search(len(words)-first, func(k int) bool {
		w := words[first+k]
		if len(w) < read || w[:read] != prefix {
			return w > prefix
		}
		return w[read:] >= string(next)
	})
	if i == len(words) || !strings.HasPrefix(words[i], prefix) || !strings.HasPrefix(words[i][read:], string(next)) {
		return freeName
	}
	return uint32(i)<<16 | uint32(read+len(next))
}

// clone returns a machine for which the same threads mean the same.
func (m *machine) clone() *machine {
	c := &machine{prog: m.prog, horizon: m.horizon, frames: m.frames.clone(), written: slices.Clone(m.written)}
	c.known = maps.Clone(m.known)
	return c
}
