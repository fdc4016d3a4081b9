package constrain

// emitter adds automata to a program.
type emitter struct {
	*program
	unions map[string]*runeSet
}

func newEmitter(p *program) *emitter { return &emitter{program: p, unions: map[string]*runeSet{}} }

// union returns the union of some classes of an automaton.
func (e *emitter) union(d *dfa, classes []int) *runeSet {
	if len(classes) == 1 {
		return d.classes[classes[0]]
	}
	key := sprintf("%p%v", d, classes)
	if s := e.unions[key]; s != nil {
		return s
	}
	var spans []span
	for _, c := range classes {
		spans = append(spans, d.classes[c].spans...)
	}
	s := newSet(spans...)
	e.unions[key] = s
	return s
}

// emitDFA adds the states of an automaton, in a JSON string after the opening quotation mark unless the spelling is raw, and
// returns the first. The automaton is trimmed and not empty. After it the program goes on at next.
func (e *emitter) emitDFA(d *dfa, how spelling, next int32) int32 {
	base := int32(len(e.nodes))
	for s := range int32(d.states()) {
		e.emitState(d, s, base, how, next)
	}
	return base
}

func (e *emitter) emitState(d *dfa, s, base int32, how spelling, next int32) {
	n := node{spelling: how, next: -1}
	byTarget := map[int32][]int{}
	var order []int32
	for c, to := range d.row(s) {
		if to < 0 {
			continue
		}
		if byTarget[to] == nil {
			order = append(order, to)
		}
		byTarget[to] = append(byTarget[to], c)
	}
	for _, to := range order {
		x := edge{set: e.union(d, byTarget[to]), to: base + to, hi: unbounded}
		n.edges = append(n.edges, x)
		if to == s { // loops come first
			last := len(n.edges) - 1
			n.edges[0], n.edges[last] = n.edges[last], n.edges[0]
		}
	}
	switch {
	case d.accept[s] && how == raw:
		n.jumps = []jump{{to: next, hi: unbounded}}
	case d.accept[s]:
		n.next = next
	}
	e.add(n)
}
