package constrain

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
	case n.kind != nodeRunes || n.spelling == singleQuoted || n.spelling == raw && n.run < longRun:
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
const longRun = 8

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
