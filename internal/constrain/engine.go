package constrain

import (
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
)

// engine computes the masks of one program over one vocabulary. Its machine rounds counts to what one token can tell apart, so
// that places which allow the same tokens are one state. States, the steps between them and masks are made when first needed,
// shared by all matchers, and dropped together when they take too much room.
type engine struct {
	mu      sync.Mutex
	trie    *Trie
	m       *machine
	states  []*state // [0]: nothing goes on
	table   []int32
	slab    []state
	inside  map[inString]*allowed
	bytes   int
	limit   int          // of m.work
	stop    *atomic.Bool // of the matcher that is served; nil: never
	age     uint32       // counts how often all was dropped
	path    []int32
	levels  [][]thread
	runs    []int
	mask    []uint64
	part    []uint64
	threads []thread
}

// state is a set of threads.
type state struct {
	threads []thread
	hash    uint64
	accepts bool
	blank   bool
	allowed *allowed
	tight   map[int]*allowed // without tokens of too much whitespace, by how many those are
	row     [256]int32       // the state after each byte, unknown, or 0
}

// allowed is the set of tokens that may follow: as a list where they are few.
type allowed struct {
	few  []int32
	mask []uint64
	n    int
}

const (
	unknown     = -1
	stateBytes  = 1200
	engineBytes = 32 << 20
	fewTokens   = 512
)

func newEngine(p *program, t *Trie) *engine {
	e := &engine{trie: t, m: newMachine(p, max(t.longest, 1)), mask: make([]uint64, t.words), part: make([]uint64, t.words)}
	e.path = make([]int32, t.longest+2)
	e.drop()
	return e
}

// drop forgets everything.
func (e *engine) drop() {
	e.m = newMachine(e.m.prog, e.m.horizon)
	e.states = append(e.states[:0:0], &state{})
	e.table = make([]int32, 1<<8)
	e.slab, e.bytes, e.inside = nil, 0, map[inString]*allowed{}
	e.age++
}

// intern returns the state of the threads in m.out.
func (e *engine) intern() int32 {
	m := e.m
	if len(m.out) == 0 && !m.accepts {
		return 0
	}
	sortThreads(m.out)
	h := hashThreads(m.out)
	if m.accepts {
		h = mix(h, 1)
	}
	mask := uint64(len(e.table) - 1)
	at := h & mask
	for ; e.table[at] != 0; at = (at + 1) & mask {
		s := e.states[e.table[at]]
		if s.hash == h && s.accepts == m.accepts && slices.Equal(s.threads, m.out) {
			return e.table[at]
		}
	}
	id := int32(len(e.states))
	e.table[at] = id
	e.states = append(e.states, e.newState(h))
	if 2*len(e.states) > len(e.table) {
		e.rehash()
	}
	return id
}

func (e *engine) rehash() {
	e.table = make([]int32, 2*len(e.table))
	mask := uint64(len(e.table) - 1)
	for id, s := range e.states[1:] {
		at := s.hash & mask
		for e.table[at] != 0 {
			at = (at + 1) & mask
		}
		e.table[at] = int32(id + 1)
	}
}

func (e *engine) newState(h uint64) *state {
	if len(e.slab) == 0 {
		e.slab = make([]state, min(64, len(e.states)))
	}
	s := &e.slab[0]
	e.slab = e.slab[1:]
	e.bytes += stateBytes + 24*len(e.m.out)
	s.threads, s.hash, s.accepts = slices.Clone(e.m.out), h, e.m.accepts
	var may byteSet
	for i := range s.threads {
		s.blank = s.blank || e.m.prog.nodes[s.threads[i].node].blank
		e.m.begins(&s.threads[i], &may)
	}
	for w, b := range may {
		for ; b != 0; b &= b - 1 {
			s.row[w<<6+bits.TrailingZeros64(b)] = unknown
		}
	}
	return s
}

// next returns the state after a byte.
func (e *engine) next(from int32, b byte) int32 {
	s := e.states[from]
	e.m.step(s.threads, b)
	to := e.intern()
	s.row[b] = to
	return to
}

// byteSet is a set of bytes.
type byteSet [4]uint64

func (s *byteSet) add(lo, hi byte) {
	for b := int(lo); b <= int(hi); b++ {
		s[b>>6] |= 1 << (b & 63)
	}
}

// begins adds the bytes that a thread may read next, or more.
func (m *machine) begins(t *thread, may *byteSet) {
	n := &m.prog.nodes[t.node]
	switch {
	case n.kind == nodeTokens:
	case n.kind == nodeWords:
		first, read := int(t.part>>32), int(uint32(t.part))
		if len(n.words)-first > 64 {
			may.add(0, 255)
			return
		}
		for _, w := range n.words[first:] {
			if len(w) > read {
				may.add(w[read], w[read])
			}
		}
	case n.kind == nodeName || t.part != 0:
		may.add(0x20, 0xF4)
	default:
		may.addEdges(n)
	}
}

func (s *byteSet) addEdges(n *node) {
	for i := range n.edges {
		set := n.edges[i].set
		s[0] |= set.ascii[0]
		s[1] |= set.ascii[1]
		if k := len(set.spans); k > 0 && set.spans[k-1].hi >= 0x80 {
			s.add(0xC2, 0xF4)
		}
	}
	if n.spelling != raw {
		s.add('"', '"')
		s.add('\'', '\'')
		s.add('\\', '\\')
	}
}

// stopped reports whether nobody wants the mask any more.
func (e *engine) stopped() bool { return e.stop != nil && e.stop.Load() }

// allow returns the tokens that may follow a state, with a run of whitespace of some weight right before it; none if it is stopped.
func (e *engine) allow(id int32, run int) *allowed {
	s := e.states[id]
	if s.allowed == nil {
		clear(e.mask)
		e.limit = e.m.work + maxWork
		if !e.fill(s) {
			clear(e.mask)
			e.walkSlowly(s, 0)
		}
		if e.stopped() {
			return nothing // what there is may be a part
		}
		s.allowed = e.collect(s)
		e.bytes += s.allowed.size()
	}
	if !s.blank || run == 0 {
		return s.allowed
	}
	return e.allowTight(s, e.trie.tooBlank(maxBlanks-run))
}

// allowTight is allow without the tokens whose whitespace would make the run before them too long.
func (e *engine) allowTight(s *state, heavy []blankToken) *allowed {
	if len(heavy) == 0 {
		return s.allowed
	}
	if known := s.tight[len(heavy)]; known != nil {
		return known
	}
	clear(e.mask)
	s.allowed.or(e.mask)
	for _, t := range heavy {
		for id := t.id; id >= 0; id = e.trie.dups[id] {
			e.mask[id>>6] &^= 1 << (id & 63)
		}
	}
	if s.tight == nil {
		s.tight = map[int]*allowed{}
	}
	a := collect(e.mask)
	s.tight[len(heavy)] = a
	e.bytes += a.size()
	return a
}

// collect makes of the mask what is kept.
func (e *engine) collect(s *state) *allowed {
	for i := range s.threads {
		for _, id := range e.m.prog.nodes[s.threads[i].node].tokens {
			if int(id) < e.trie.size {
				e.mask[id>>6] |= 1 << (id & 63)
			}
		}
	}
	if s.accepts {
		for _, id := range e.trie.ends {
			e.mask[id>>6] |= 1 << (id & 63)
		}
	}
	return collect(e.mask)
}

// collect returns a set of tokens as it is kept.
func collect(mask []uint64) *allowed {
	a := &allowed{}
	for _, w := range mask {
		a.n += bits.OnesCount64(w)
	}
	if a.n > fewTokens {
		a.mask = slices.Clone(mask)
		return a
	}
	a.few = make([]int32, 0, a.n)
	for i, w := range mask {
		for ; w != 0; w &= w - 1 {
			a.few = append(a.few, int32(i<<6+bits.TrailingZeros64(w)))
		}
	}
	return a
}

func (a *allowed) size() int { return 64 + 8*len(a.mask) + 4*len(a.few) }

// or adds the tokens to a mask, as far as it goes.
func (a *allowed) or(mask []uint64) {
	for i := range min(len(a.mask), len(mask)) {
		mask[i] |= a.mask[i]
	}
	for _, id := range a.few {
		if int(id>>6) < len(mask) {
			mask[id>>6] |= 1 << (id & 63)
		}
	}
}
