package constrain

import "slices"

// jsonEmitter makes a program of rules.
type jsonEmitter struct {
	*emitter
	b     *builder
	todo  []int
	calls []int32 // nodes to be given the start of a rule
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
	e := &jsonEmitter{emitter: newEmitter(&program{}), b: b}
	for _, s := range b.rules {
		s.start = -1
	}
	e.want(root)
	for len(e.todo) > 0 {
		i := e.todo[len(e.todo)-1]
		e.todo = e.todo[:len(e.todo)-1]
		b.rules[i].start = e.rule(b.rules[i])
		if len(e.nodes) > maxNodes {
			return nil, failf(Limit, "", "more than %d states", maxNodes)
		}
	}
	for _, c := range e.calls {
		e.nodes[c].rule = b.rules[e.nodes[c].rule].start
	}
	e.start = b.rules[root].start
	e.seal()
	return e.program, nil
}

func (e *jsonEmitter) want(rule int) {
	if e.b.rules[rule].start == -1 {
		e.b.rules[rule].start = -2
		e.todo = append(e.todo, rule)
	}
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
		return e.add(node{kind: nodeWords, words: a.words, next: end})
	case a.number != nil:
		return e.emitDFA(a.number, raw, end)
	case a.str != nil:
		return e.word(`"`, e.str(a.str, end))
	case a.array != nil:
		return e.array(a.array, end)
	}
	if e.b.options.AnyOrder {
		return e.objectAnyOrder(a.object, end)
	}
	return e.object(a.object, end)
}

func (e *jsonEmitter) word(text string, next int32) int32 {
	return e.add(node{kind: nodeWords, words: []string{text}, next: next, counter: e.counter})
}

// blank adds a node that reads whitespace and goes on by edges and jumps.
func (e *jsonEmitter) blank(jumps []jump, edges ...edge) int32 {
	at := int32(len(e.nodes))
	edges = append([]edge{{set: blanks, to: at, hi: unbounded}}, edges...)
	return e.add(node{blank: true, counter: e.counter, edges: edges, jumps: jumps, next: -1})
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
	e.want(rule)
	c := e.add(node{kind: nodeCall, rule: int32(rule), next: next, counter: e.counter})
	e.calls = append(e.calls, c)
	return c
}

// str adds the characters of a string and the quotation mark after them.
func (e *jsonEmitter) str(s *stringShape, end int32) int32 {
	switch {
	case s.dfa == nil:
		return e.freeString(s, end)
	case s.from != nil:
		return e.countedDFA(s, end)
	}
	return e.emitDFA(s.dfa, jsonPlain, end)
}

func (e *jsonEmitter) freeString(s *stringShape, end int32) int32 {
	at := int32(len(e.nodes))
	n := node{spelling: jsonFree, next: end, lo: s.min, edges: []edge{{set: e.everything(), to: at, hi: unbounded}}}
	if s.min > 0 || s.max != unbounded {
		n.counter = &counter{}
		n.counter.mark(s.min)
		n.edges[0].add = 1
		if s.max != unbounded {
			n.counter.mark(s.max)
			n.edges[0].hi = s.max - 1
			if s.max == 0 {
				n.edges = nil
			}
		}
	}
	return e.add(n)
}

func (e *jsonEmitter) everything() *runeSet {
	if e.unions[""] == nil {
		e.unions[""] = anyRune()
	}
	return e.unions[""]
}

// countedDFA adds an automaton whose transitions are open only where the length can still come out right.
func (e *jsonEmitter) countedDFA(s *stringShape, end int32) int32 {
	c := &counter{}
	c.mark(s.min)
	twin := int32(-1)
	if s.max != unbounded {
		twin = e.emitDFA(s.dfa, jsonPlain, end)
	}
	base := e.emitDFA(s.dfa, jsonPlain, end)
	l := &limit{max: s.max, settled: s.min}
	for i := range int32(s.dfa.states()) {
		n := &e.nodes[base+i]
		n.counter, n.lo = c, s.min
		if twin >= 0 {
			n.twin, n.limit = twin+i, l
		}
		n.edges = slices.DeleteFunc(n.edges, func(x edge) bool { return s.from[x.to-base] == unbounded || s.from[x.to-base] >= s.max })
		for k := range n.edges {
			s.count(&n.edges[k], base, c, l)
		}
		if n.next >= 0 && s.max != unbounded {
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
		next = e.call(prefix[i], e.afterItem(next, uint32(i)+1 >= a.min, end))
	}
	return e.open("[", bracket, next, a.min == 0, end)
}

// afterItem adds what follows an item: a comma and the next one, or the end.
func (e *jsonEmitter) afterItem(next int32, canClose bool, end int32) int32 {
	var edges []edge
	if next >= 0 {
		edges = append(edges, to(comma, e.blank([]jump{goTo(next)})))
	}
	if canClose {
		edges = append(edges, to(bracket, end))
	}
	return e.blank(nil, edges...)
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
	item := e.call(a.rest, after)
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
	more.to = e.blank([]jump{goTo(first)})
	e.nodes[after].edges = append(e.nodes[after].edges, more, done)
	e.counter = nil
	return first
}

// property adds a declared name, the colon and the value.
func (e *jsonEmitter) property(p *property, after int32) int32 {
	return e.word(quote(p.name), e.blank(nil, to(colon, e.value(p.rule, after))))
}

// other adds an undeclared name, the colon and the value.
func (e *jsonEmitter) other(o *objectShape, x *otherNames, after int32) int32 {
	next := e.blank(nil, to(colon, e.value(x.rule, after)))
	if x.dfa == nil {
		return e.word(`"`, e.add(node{kind: nodeName, words: o.declared, next: next, counter: e.counter}))
	}
	counter := e.counter
	start := e.emitDFA(x.dfa, jsonPlain, e.end())
	return e.word(`"`, e.add(node{kind: nodeCall, rule: start, next: next, counter: counter}))
}

// living returns the properties and other names whose values exist.
func (e *jsonEmitter) living(o *objectShape) (props []property, others []otherNames) {
	for _, p := range o.props {
		if e.b.rules[p.rule].ends {
			props = append(props, p)
		}
	}
	for _, x := range o.others {
		if e.b.rules[x.rule].ends {
			others = append(others, x)
		}
	}
	return props, others
}

// object adds an object whose properties come in the declared order.
func (e *jsonEmitter) object(o *objectShape, end int32) int32 {
	x := &orderedObject{jsonEmitter: e, o: o, end: end}
	x.props, x.others = e.living(o)
	x.required = make([]uint32, len(x.props)+1)
	for i := len(x.props) - 1; i >= 0; i-- {
		x.required[i] = x.required[i+1]
		if x.props[i].required {
			x.required[i]++
		}
	}
	e.counter = nil
	if o.min > 0 || o.max != unbounded {
		e.counter = &counter{}
	}
	return x.emit()
}

// orderedObject is an object being added.
type orderedObject struct {
	*jsonEmitter
	o        *objectShape
	props    []property
	others   []otherNames
	required []uint32 // how many from a property on
	end      int32
}

func (x *orderedObject) emit() int32 {
	n := len(x.props)
	after := x.blank(nil) // after the last property and after undeclared ones
	next := x.names(after)
	x.connect(after, next, n)
	for i := n - 1; i >= 0; i-- {
		here := after
		if i < n-1 {
			here = x.blank(nil)
			x.connect(here, next, i+1)
		}
		next = x.choose(i, x.property(&x.props[i], here), next)
	}
	return x.open(next)
}

// names adds the undeclared names.
func (x *orderedObject) names(after int32) int32 {
	var jumps []jump
	for i := range x.others {
		to := x.other(x.o, &x.others[i], after)
		jumps = append(jumps, x.written(to, 0))
	}
	if jumps == nil {
		return -1
	}
	return x.add(node{jumps: jumps, next: -1, counter: x.counter})
}

// written is a jump to a property, which is counted; so many more are required.
func (x *orderedObject) written(to int32, required uint32) jump {
	j := goTo(to)
	if x.counter != nil {
		j.change = increment
		if x.o.max != unbounded {
			j.hi = x.o.max - min(x.o.max, 1+required)
			x.counter.mark(j.hi + 1)
		}
	}
	return j
}

// connect adds the edges out of the node after a property: next is what may follow, i the first declared one of it.
func (x *orderedObject) connect(after, next int32, i int) {
	var edges []edge
	if next >= 0 {
		more := to(comma, x.blank([]jump{goTo(next)}))
		if x.counter != nil && x.required[i] == 0 && x.o.max != unbounded {
			more.hi = x.o.max - min(x.o.max, 1)
			x.counter.mark(more.hi + 1)
		}
		if x.counter == nil || x.o.max > 0 {
			edges = append(edges, more)
		}
	}
	if x.required[i] == 0 {
		done := to(brace, x.end)
		done.lo = x.o.min
		if x.counter != nil {
			x.counter.mark(done.lo)
		}
		edges = append(edges, done)
	}
	x.nodes[after].edges = append(x.nodes[after].edges, edges...)
}

// choose adds the choice between property i and, if it is optional, what may follow it.
func (x *orderedObject) choose(i int, property, next int32) int32 {
	p := &x.props[i]
	var jumps []jump
	if !(x.o.max == 0 && x.counter != nil) {
		jumps = append(jumps, x.written(property, x.required[i+1]))
	}
	if !p.required && next >= 0 {
		skip := goTo(next)
		if left := uint32(len(x.props) - i - 1); x.counter != nil && len(x.others) == 0 && x.o.min > left {
			skip.lo = x.o.min - left
			x.counter.mark(skip.lo)
		}
		jumps = append(jumps, skip)
	}
	return x.add(node{jumps: jumps, next: -1, counter: x.counter})
}

func (x *orderedObject) open(next int32) int32 {
	if x.counter != nil && x.o.max == 0 {
		next = -1
	}
	return x.jsonEmitter.open("{", brace, next, x.required[0] == 0 && x.o.min == 0, x.end)
}

// objectAnyOrder adds an object whose properties come in any order.
func (e *jsonEmitter) objectAnyOrder(o *objectShape, end int32) int32 {
	props, others := e.living(o)
	s := newNameSet(len(props))
	s.min, s.max, s.open = o.min, o.max, len(others) > 0
	s.counting = o.min > 0 || o.max != unbounded
	e.counter = &counter{names: s}
	after := e.blank(nil)
	var jumps []jump
	for i := range props {
		if props[i].required {
			s.required[i/64] |= 1 << (i & 63)
		}
		jumps = append(jumps, jump{to: e.property(&props[i], after), change: takeName, arg: int32(i)})
	}
	for i := range others {
		jumps = append(jumps, jump{to: e.other(o, &others[i], after), change: takeOther})
	}
	names := e.add(node{jumps: jumps, next: -1, counter: e.counter})
	comma := e.add(node{edges: []edge{to(comma, e.blank([]jump{goTo(names)}))}, next: -1, counter: e.counter})
	closing := e.add(node{edges: []edge{to(brace, end)}, next: -1, counter: e.counter})
	e.nodes[after].jumps = []jump{{to: comma, change: canGoOn}, {to: closing, change: canClose}}
	return e.word("{", e.blank([]jump{{to: names, change: canGoOn}, {to: closing, change: canClose}}))
}
