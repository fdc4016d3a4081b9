package constrain

import "slices"

// jsonEmitter makes a program of rules.
type jsonEmitter struct {
	*emitter
	b           *builder
	notation    Notation
	memberNames *dfa // those that members of the outermost object can have
	bare        *dfa // keys without quotation marks
	targets     []wanted
	numbers     map[wanted]int
	starts      []int32 // of targets
	todo        []int
	calls       []int32             // nodes to be given the start of a target, of which rule is the number so far
	python      bool                // values are written as Python does
	trees       map[string]*Element // by their keys
	item        *Form               // of the array at hand: how its items are written as elements; nil: as values are
	included    map[*program]int32
	// of the object or array at hand:
	counter *counter
}

var (
	blanks  = newSet(span{'\t', '\n'}, span{'\r', '\r'}, span{' ', ' '})
	comma   = single(',')
	colon   = single(':')
	brace   = single('}')
	bracket = single(']')
)

func (b *builder) emit(root int) (*program, error) {
	e := &jsonEmitter{emitter: newEmitter(&program{}), b: b, numbers: map[wanted]int{}}
	how, err := e.read(b.options.Notation)
	if err != nil {
		return nil, err
	}
	e.want(wanted{rule: root, how: how})
	for len(e.todo) > 0 {
		i := e.todo[len(e.todo)-1]
		e.todo = e.todo[:len(e.todo)-1]
		e.starts[i] = e.emit(e.targets[i])
		if len(e.nodes) > maxNodes {
			return nil, failf(Limit, "", "more than %d states", maxNodes)
		}
	}
	for _, c := range e.calls {
		e.nodes[c].rule = e.starts[e.nodes[c].rule]
	}
	if e.start = e.starts[0]; how == asMembers && len(e.nodes[e.start].jumps) == 0 {
		return nil, failf(Unsatisfiable, "", "no value can be written in the notation")
	}
	e.seal()
	return e.program, nil
}

// read takes a notation and returns how the first rule is emitted.
func (e *jsonEmitter) read(n *Notation) (how manner, err error) {
	if n == nil {
		return asValue, nil
	}
	if e.notation = *n; n.Quote != nil {
		if e.bare, err = goRegexp(bareNames, whole); err != nil {
			return 0, err
		}
	}
	if n.Members == nil {
		return asValue, nil
	}
	e.memberNames, err = goRegexp(n.Members.Names, whole)
	return asMembers, err
}

// want returns the number of a target.
func (e *jsonEmitter) want(t wanted) int {
	i, ok := e.numbers[t]
	if !ok {
		i = len(e.targets)
		e.numbers[t] = i
		e.targets, e.starts, e.todo = append(e.targets, t), append(e.starts, -1), append(e.todo, i)
	}
	return i
}

func (e *jsonEmitter) emit(t wanted) int32 {
	s := e.b.rules[t.rule]
	e.counter, e.python = nil, t.how == asPython
	switch t.how {
	case asMembers:
		return e.members(s)
	case asText, asTextOrNull:
		return e.text(s, t.how == asTextOrNull)
	case asTree:
		return e.tree(s, e.trees[t.tree])
	}
	return e.rule(s)
}

// rule adds the alternatives of a rule that have a value.
func (e *jsonEmitter) rule(s *shape) int32 {
	end := e.end()
	var jumps []jump
	for _, a := range s.alts {
		if a.canEnd(e.b.rules) {
			jumps = append(jumps, jump{to: e.alternative(a, end), hi: unbounded})
		}
	}
	if len(jumps) == 1 {
		return jumps[0].to
	}
	return e.add(node{jumps: jumps, next: -1})
}

func (e *jsonEmitter) alternative(a *alternative, end int32) int32 {
	e.counter = nil
	switch {
	case a.words != nil:
		return e.words(a.words, end)
	case a.number != nil:
		return e.emitDFA(a.number, raw, end)
	case a.str != nil:
		return e.str(a.str, end)
	case a.array != nil:
		return e.array(a.array, end)
	}
	return e.object(a.object, end)
}

func (e *jsonEmitter) word(text string, next int32) int32 {
	return e.add(node{kind: nodeWords, words: []string{text}, next: next, counter: e.counter})
}

// blank adds a node that reads whitespace and goes on by edges and jumps.
func (e *jsonEmitter) blank(jumps []jump, edges ...edge) int32 {
	return e.emitBlank(e.counter, jumps, edges...)
}

// to is an edge without a condition.
func to(set *runeSet, next int32) edge { return edge{set: set, to: next, hi: unbounded} }

// goTo is a jump without a condition.
func goTo(next int32) jump { return jump{to: next, hi: unbounded} }

// value adds a call of a rule after whitespace.
func (e *jsonEmitter) value(rule int, next int32) int32 {
	return e.blank([]jump{goTo(e.call(rule, next))})
}

func (e *jsonEmitter) call(rule int, next int32) int32 {
	how := asValue
	if e.python {
		how = asPython
	}
	return e.callAs(wanted{rule: rule, how: how}, next)
}

func (e *jsonEmitter) callAs(t wanted, next int32) int32 {
	c := e.add(node{kind: nodeCall, rule: int32(e.want(t)), next: next, counter: e.counter})
	e.calls = append(e.calls, c)
	return c
}

// stringDFA adds the characters of a string that has an automaton, and the quotation mark after them unless the spelling is raw.
func (e *jsonEmitter) stringDFA(s *stringShape, how spelling, end int32) int32 {
	if s.from != nil {
		return e.countedDFA(s, how, end)
	}
	return e.emitDFA(s.dfa, how, end)
}

func (e *jsonEmitter) freeString(s *stringShape, end int32) int32 {
	at := int32(len(e.nodes))
	n := node{spelling: jsonFree, next: end, lo: s.min, edges: []edge{{set: e.everything(), to: at, hi: unbounded}}}
	if s.min > 0 || s.max != unbounded {
		n.counter = s.counting(&n)
	}
	return e.add(n)
}

// counting makes a loop over characters mind the length.
func (s *stringShape) counting(n *node) *counter {
	c := &counter{}
	c.mark(s.min)
	n.edges[0].add = 1
	if s.max != unbounded {
		c.mark(s.max)
		n.edges[0].hi = s.max - 1
		if s.max == 0 {
			n.edges = nil
		}
	}
	return c
}

func (e *jsonEmitter) everything() *runeSet {
	if e.unions[""] == nil {
		e.unions[""] = anyRune()
	}
	return e.unions[""]
}

// countedDFA adds an automaton whose transitions are open only where the length can still come out right.
func (e *jsonEmitter) countedDFA(s *stringShape, how spelling, end int32) int32 {
	c := &counter{}
	c.mark(s.min)
	twin := int32(-1)
	if s.max != unbounded && how == jsonPlain {
		twin = e.emitDFA(s.dfa, how, end)
	}
	base := e.emitDFA(s.dfa, how, end)
	l := &limit{max: s.max, settled: s.min}
	for i := range int32(s.dfa.states()) {
		n := &e.nodes[base+i]
		n.counter, n.lo = c, s.min
		for k := range n.jumps { // of a raw spelling: to what follows
			n.jumps[k].lo = s.min
		}
		if twin >= 0 {
			n.twin, n.limit = twin+i, l
		}
		n.edges = slices.DeleteFunc(n.edges, func(x edge) bool { return s.from[x.to-base] == unbounded || s.from[x.to-base] >= s.max })
		for k := range n.edges {
			s.count(&n.edges[k], base, c, l)
		}
		if s.dfa.accept[i] && s.max != unbounded {
			c.mark(s.max)
		}
	}
	return base
}

// count opens an edge only where the length can still come out right.
func (s *stringShape) count(x *edge, base int32, c *counter, l *limit) {
	least, most := s.from[x.to-base], s.to[x.to-base]
	x.add = 1
	l.slack = max(l.slack, least)
	if s.max != unbounded {
		x.hi = s.max - 1 - least
		c.mark(x.hi + 1)
	}
	if most != unbounded && s.min > most+1 {
		x.lo = s.min - 1 - most
		c.mark(x.lo)
		l.settled = max(l.settled, x.lo)
	}
}

// array adds an array.
func (e *jsonEmitter) array(a *arrayShape, end int32) int32 {
	rules := e.b.rules
	limit := a.limit(rules)
	prefix := a.prefix[:min(uint32(len(a.prefix)), limit)]
	fixed := uint32(len(prefix))
	next := int32(-1)
	if limit > fixed {
		next = e.arrayRest(a, limit-fixed, fixed, limit == unbounded, end)
	}
	for i := len(prefix) - 1; i >= 0; i-- {
		next = e.itemOf(prefix[i], e.afterItem(next, uint32(i)+1 >= a.min, end))
	}
	if e.item != nil {
		return e.elements(next, a.min == 0, end)
	}
	return e.open("[", bracket, next, a.min == 0, end)
}

// itemOf adds an item.
func (e *jsonEmitter) itemOf(rule int, next int32) int32 {
	if e.item == nil {
		return e.call(rule, next)
	}
	return e.member([]Form{*e.item}, rule, func(next int32) int32 { return next }, next)
}

// afterItem adds what follows an item: a comma and the next one, or the end.
func (e *jsonEmitter) afterItem(next int32, canClose bool, end int32) int32 {
	if e.item != nil {
		return e.elements(next, canClose, end)
	}
	var edges []edge
	if next >= 0 {
		edges = append(edges, to(comma, e.blank([]jump{goTo(next)})))
	}
	if canClose {
		edges = append(edges, to(bracket, end))
	}
	return e.blank(nil, edges...)
}

// elements adds white space, which the next element follows, or the end.
func (e *jsonEmitter) elements(next int32, canClose bool, end int32) int32 {
	var jumps []jump
	if next >= 0 {
		jumps = append(jumps, goTo(next))
	}
	if canClose {
		jumps = append(jumps, goTo(end))
	}
	return e.blank(jumps)
}

// open adds an opening bracket or brace, which is followed by its closing one or by what comes next.
func (e *jsonEmitter) open(text string, closing *runeSet, next int32, canClose bool, end int32) int32 {
	var edges []edge
	var jumps []jump
	if canClose {
		edges = append(edges, to(closing, end))
	}
	if next >= 0 {
		jumps = append(jumps, goTo(next))
	}
	return e.word(text, e.blank(jumps, edges...))
}

// arrayRest adds items of one rule, at most room of them unless any number is free, and returns the first node.
func (e *jsonEmitter) arrayRest(a *arrayShape, room, fixed uint32, free bool, end int32) int32 {
	least := a.min - min(a.min, fixed)
	if free && least <= 1 {
		e.counter = nil
	} else {
		e.counter = &counter{}
	}
	after := e.blank(nil)
	item := e.itemOf(a.rest, after)
	more := to(comma, -1)
	done := to(bracket, end)
	first := item
	if e.counter != nil {
		first = e.add(node{jumps: []jump{{to: item, hi: unbounded, change: increment}}, next: -1, counter: e.counter})
		e.counter.mark(least)
		done.lo = least
		if !free {
			e.counter.mark(room)
			more.hi = room - 1
		}
	}
	if e.item != nil {
		e.nodes[after].jumps = []jump{{to: first, hi: more.hi}, {to: done.to, lo: done.lo, hi: done.hi}}
	} else {
		more.to = e.blank([]jump{goTo(first)})
		e.nodes[after].edges = append(e.nodes[after].edges, more, done)
	}
	e.counter = nil
	return first
}

// property adds a declared name, the colon and the value.
func (e *jsonEmitter) property(p *property, after int32) int32 {
	return e.key(p.name, e.blank(nil, to(colon, e.value(p.rule, after))))
}

// other adds an undeclared name, the colon and the value.
func (e *jsonEmitter) other(o *objectShape, x *otherNames, after int32) int32 {
	next := e.blank(nil, to(colon, e.value(x.rule, after)))
	if e.bare != nil {
		return e.freeName(o, x, e.bare, next)
	}
	if e.python {
		return e.pythonName(o, x, next)
	}
	if x.dfa == nil {
		return e.word(`"`, e.add(node{kind: nodeName, words: o.declared, next: next, counter: e.counter}))
	}
	counter := e.counter
	start := e.emitDFA(x.dfa, jsonPlain, e.end())
	return e.word(`"`, e.add(node{kind: nodeCall, rule: start, next: next, counter: counter}))
}
