package constrain

import (
	"math/bits"
	"slices"
	"sync"
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
	limit   int    // of m.work
	age     uint32 // counts how often all was dropped
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
	row     [256]int32 // the state after each byte, unknown, or 0
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
	engineBytes = 64 << 20
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
		s.add('\\', '\\')
	}
}

// allow returns the tokens that may follow a state, with run bytes of whitespace right before it.
func (e *engine) allow(id int32, run int) *allowed {
	s := e.states[id]
	if s.blank && run+e.trie.blanks > maxBlanks {
		clear(e.mask)
		e.walkSlowly(s, run)
		return e.collect(s)
	}
	if s.allowed == nil {
		clear(e.mask)
		e.limit = e.m.work + maxWork
		if !e.fill(s) {
			clear(e.mask)
			e.walkSlowly(s, run)
		}
		s.allowed = e.collect(s)
		e.bytes += s.allowed.size()
	}
	return s.allowed
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

// fill sets the bits of the tokens that may follow a state. It reports false if that takes too many states.
func (e *engine) fill(s *state) bool {
	var others []thread
	for i := range s.threads {
		t := &s.threads[i]
		done, ok := e.fillLoop(t)
		if !ok {
			return false
		}
		if !done {
			others = append(others, *t)
		}
	}
	return e.walkThreads(e.trie.nodes, others, func(id int32) { e.trie.set(e.mask, id) })
}

// fillLoop does the work for threads in strings, where tokens are many; done is false if t is none.
func (e *engine) fillLoop(t *thread) (done, ok bool) {
	n := &e.m.prog.nodes[t.node]
	switch {
	case n.kind == nodeTokens: // see collect
		return true, true
	case t.part != 0:
		return false, true
	case n.kind == nodeName:
		return true, e.fillName(n, t)
	case n.kind != nodeRunes || n.spelling == raw && n.run < longRun:
		return false, true
	case n.spelling == jsonPlain:
		return true, e.fillPattern(t)
	case n.spelling == raw:
		return true, e.fillRun(n, *t, e.mask)
	case !n.loops:
		return false, true
	}
	room := room(&n.edges[0], t.count)
	e.trie.strings.inside.or(e.trie, e.mask, room)
	if n.next < 0 {
		return true, true
	}
	need := n.lo - min(n.lo, t.count)
	return true, e.fillExits(n, thread{stack: t.stack}, e.mask, need, room)
}

// longRun is how many ordinary characters a node has to read in a row for the slices of the vocabulary to pay.
const longRun = 12

// inString is a place in a string, whatever comes after it.
type inString struct {
	node  int32
	count uint32
}

// fillPattern sets the bits of the tokens that may follow in a string that is not free. Those that do not go beyond its end are the
// same wherever the string is.
func (e *engine) fillPattern(t *thread) bool {
	a := e.insideOf(t.node, t.count)
	if a == nil {
		return false
	}
	a.or(e.mask)
	return e.walkThreads(e.trie.crossing, []thread{*t}, func(id int32) { e.trie.set(e.mask, id) })
}

// insideOf returns the tokens that do not go beyond the end of a string, nil if that takes too many states.
func (e *engine) insideOf(at int32, count uint32) *allowed {
	key := inString{at, count}
	if a := e.inside[key]; a != nil {
		return a
	}
	n, t := &e.m.prog.nodes[at], thread{node: at, count: count}
	free := (*allowed)(nil)
	if l := n.limit; l != nil && count >= l.settled && l.max-count >= l.slack+longRun {
		if free = e.insideOf(n.twin, 0); free == nil {
			return nil
		}
	}
	part := make([]uint64, e.trie.words)
	if free != nil {
		free.or(part)
		e.takeLong(t, part, n.limit.max-count-n.limit.slack)
	} else if !e.fillRun(n, t, part) {
		return nil
	}
	a := collect(part)
	e.inside[key] = a
	e.bytes += a.size()
	return a
}

// takeLong takes those tokens of more than so many characters away that the length of the string forbids.
func (e *engine) takeLong(t thread, mask []uint64, chars uint32) {
	e.m.out, e.m.accepts = append(e.m.out[:0], t), false
	from := e.intern()
	check := func(id int32) {
		if e.trie.plain.has(id, mask) && !e.reads(from, e.trie.bytesOf(id)) {
			e.trie.unset(mask, id)
		}
	}
	x := &e.trie.strings
	for _, it := range x.inside.longest {
		if it.chars <= chars {
			break
		}
		check(it.id)
	}
	for _, it := range x.exits[x.bare.lo:x.bare.hi] {
		if it.chars > chars {
			check(it.id)
		}
	}
}

// reads reports whether a state lets bytes through.
func (e *engine) reads(at int32, b []byte) bool {
	for _, c := range b {
		to := e.states[at].row[c]
		if to == unknown {
			to = e.next(at, c)
		}
		if at = to; at == 0 {
			return false
		}
	}
	return true
}

// fillRun sets the bits of the tokens that may follow a node that reads characters.
func (e *engine) fillRun(n *node, t thread, mask []uint64) bool {
	hit := func(id int32) { e.trie.set(mask, id) }
	run := n.run
	for i := range n.edges {
		x := &n.edges[i]
		if x.lo > 0 || x.hi != unbounded && !(n.loops && i == 0) {
			run = 0 // a count has its say
		}
	}
	if n.loops && run > 0 {
		run = min(run, room(&n.edges[0], t.count))
	}
	if run < longRun {
		return e.walkThreads(e.trie.nodes, []thread{t}, hit)
	}
	e.trie.plain.or(e.trie, mask, min(run, shortChars))
	if run == unbounded {
		or(mask, e.trie.plain.all)
	} else if !e.walkThreads(e.trie.long, []thread{t}, hit) {
		return false
	}
	return e.walkThreads(e.trie.rest, []thread{t}, hit)
}

// room returns how many more characters a loop may read.
func room(e *edge, count uint32) uint32 {
	if e.hi == unbounded {
		return unbounded
	}
	if count > e.hi {
		return 0
	}
	return e.hi - count + 1
}

// fillName does the same for names that must not be declared ones.
func (e *engine) fillName(n *node, t *thread) bool {
	clear(e.part)
	e.trie.strings.inside.or(e.trie, e.part, unbounded)
	if !e.fillExits(n, *t, e.part, 0, unbounded) {
		return false
	}
	if t.word != freeName {
		e.forbid(n.words, t.word)
	}
	or(e.mask, e.part)
	return true
}

// forbid takes away the tokens that would end a declared name.
func (e *engine) forbid(words []string, word uint32) {
	first, read := int(word>>16), int(word&0xFFFF)
	if first >= len(words) {
		return
	}
	prefix := words[first][:read]
	for _, w := range words[first:] {
		if len(w) < read || w[:read] != prefix {
			return
		}
		for _, id := range e.trie.strings.byText[w[read:]] {
			e.trie.unset(e.part, id)
		}
	}
}

// fillExits sets the bits of the tokens that close a string after need to room more characters.
func (e *engine) fillExits(n *node, t thread, mask []uint64, need, room uint32) bool {
	x := &e.trie.strings
	set := func(g group) {
		for _, it := range x.exits[g.lo:g.hi] {
			if it.chars >= need && it.chars <= room {
				e.trie.set(mask, it.id)
			}
		}
	}
	set(x.bare)
	e.m.reset()
	e.m.enter(n.next, t.stack, t.count)
	e.m.settle()
	return e.walk(x.after, e.intern(), func(g int32) { set(x.groups[g]) })
}

// walkThreads walks a trie from a set of threads of the machine.
func (e *engine) walkThreads(nodes []trieNode, threads []thread, hit func(int32)) bool {
	if len(threads) == 0 {
		return true
	}
	e.m.out, e.m.accepts = append(e.m.out[:0], threads...), false
	return e.walk(nodes, e.intern(), hit)
}

// walk calls hit for each token of a trie that a state allows.
func (e *engine) walk(nodes []trieNode, from int32, hit func(int32)) bool {
	if from == 0 {
		return true
	}
	e.path[0] = from
	for i := 0; i < len(nodes); {
		n := &nodes[i]
		at := e.path[n.depth]
		to := e.states[at].row[n.char]
		if to == unknown {
			if to = e.next(at, n.char); e.bytes > 2*engineBytes || e.m.work > e.limit {
				return false
			}
		}
		if to == 0 {
			i += int(n.skip)
			continue
		}
		if n.token >= 0 {
			hit(n.token)
		}
		e.path[n.depth+1] = to
		i++
	}
	return true
}

// maxWork bounds the work of a mask, in nodes entered, and maxSlowWork that of walkSlowly.
const (
	maxWork     = 1 << 21
	maxSlowWork = 1 << 20
)

// walkSlowly does the same without making states, and counts whitespace. Where even that is too much work, in grammars that can be
// read in thousands of ways, it leaves tokens of more than one byte out.
func (e *engine) walkSlowly(s *state, run int) {
	if e.levels == nil {
		e.levels, e.runs = make([][]thread, len(e.path)+1), make([]int, len(e.path)+1)
	}
	e.levels[0], e.runs[0] = append(e.levels[0][:0], s.threads...), run
	limit := e.m.work + maxSlowWork
	for i := 0; i < len(e.trie.nodes); {
		n := &e.trie.nodes[i]
		d := int(n.depth)
		if e.m.work > limit && d > 0 {
			i += int(n.skip)
			continue
		}
		e.m.step(e.levels[d], n.char)
		run, ok := e.m.blankRun(e.runs[d], n.char)
		if !ok || len(e.m.out) == 0 && !e.m.accepts {
			i += int(n.skip)
			continue
		}
		if n.token >= 0 {
			e.trie.set(e.mask, n.token)
		}
		e.levels[d+1], e.runs[d+1] = append(e.levels[d+1][:0], e.m.out...), run
		i++
	}
}

// maxBlanks bounds a run of whitespace between JSON tokens: models that lose the thread write blanks for ever.
const maxBlanks = 512

// blankRun returns the length of the run of whitespace that the byte just read ends or goes on with. It reports false if it is too
// long.
func (m *machine) blankRun(run int, b byte) (int, bool) {
	if !isBlank(b) {
		return 0, true
	}
	for i := range m.out {
		if m.prog.nodes[m.out[i].node].blank {
			return run + 1, run < maxBlanks
		}
	}
	return 0, true
}
