package constrain

import "slices"

// Part is a piece of text from which constraints are put together, such as a tool call: what comes before a value, which tool it
// is, the value, what comes after it. Parts are immutable; a Constraint may be part of any number of others.
type Part struct {
	x       *expr
	relaxed []Relaxed
}

// Text is exactly this text.
func Text(s string) Part { return Part{x: text(s)} }

// Tokens is one token out of these, whatever its bytes are: a control token, for one. Text that looks like it does not count.
func Tokens(ids ...int32) Part {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return Part{x: &expr{op: exTokens, tokens: slices.Compact(ids)}}
}

// Free is any UTF-8 text.
func Free() Part { return Part{x: repeat(class(anyRune()), 0, unbounded)} }

// Without is any UTF-8 text in which a regular expression, in the syntax of package regexp, matches nowhere. An expression that
// cannot be read, or is too large, is an error.
func Without(match string) (Part, error) {
	d, err := goRegexp(match, search)
	if err != nil {
		return Part{}, err
	}
	if d = d.complement(); d.empty() {
		return Part{}, failf(Unsatisfiable, "", "the regular expression matches in every text")
	}
	p := &program{}
	p.start = newEmitter(p).emitDFA(d, raw, p.end())
	p.seal()
	return Part{x: &expr{op: exProgram, prog: p}}, nil
}

// Blank is white space as between the tokens of JSON, or none: a run of it is bounded.
func Blank() Part { return Part{x: &expr{op: exBlank}} }

// Whole is a text that a constraint allows.
func Whole(c *Constraint) Part {
	return Part{x: &expr{op: exProgram, prog: c.prog}, relaxed: c.relaxed}
}

// Each is one part after another.
func Each(parts ...Part) Part { return join(exSeq, parts) }

// OneOf is one of several parts.
func OneOf(parts ...Part) Part { return join(exAlt, parts) }

func join(op exprOp, parts []Part) Part {
	p := Part{x: &expr{op: op}}
	for _, q := range parts {
		p.x.subs = append(p.x.subs, q.x)
		p.relaxed = append(p.relaxed, q.relaxed...)
	}
	return p
}

// Repeat is a part lo to hi times; hi -1 is any number of times.
func Repeat(p Part, lo, hi int) Part {
	most := uint32(unbounded)
	if hi >= 0 {
		most = uint32(min(hi, unbounded-1))
	}
	return Part{x: repeat(p.x, uint32(min(max(lo, 0), unbounded-1)), most), relaxed: p.relaxed}
}

// Compose returns the constraint of a part. Its Relaxed are those of the constraints in it. Its Validate knows what masks know, and
// cannot see tokens that are named by id.
func Compose(p Part) (*Constraint, error) {
	g := &grammar{rules: []*expr{p.x}, names: []string{"the text"}}
	prog, err := g.compile(0)
	if err != nil {
		return nil, err
	}
	return &Constraint{prog: prog, relaxed: p.relaxed}, nil
}

// canBeEmpty reports whether a program accepts the empty text.
func (p *program) canBeEmpty() bool {
	m := newMachine(p, 0)
	m.begin()
	return m.accepts
}

// include copies a program into the one that is being made, once, and returns its start.
func (g *grammar) include(p *program) int32 {
	if at, ok := g.included[p]; ok {
		return at
	}
	base := int32(len(g.prog.nodes))
	g.prog.nodes = slices.Grow(g.prog.nodes, len(p.nodes))
	for i := range p.nodes {
		g.prog.nodes = append(g.prog.nodes, p.nodes[i].moved(base))
	}
	if g.included == nil {
		g.included = map[*program]int32{}
	}
	g.included[p] = base + p.start
	return base + p.start
}

// moved returns a copy of a node for a place that is so far behind its own.
func (n node) moved(by int32) node {
	n.edges, n.jumps, n.targets = slices.Clone(n.edges), slices.Clone(n.jumps), slices.Clone(n.targets)
	for i := range n.edges {
		n.edges[i].to += by
	}
	for i := range n.jumps {
		n.jumps[i].to += by
	}
	for i := range n.targets {
		n.targets[i] += by
	}
	if n.next >= 0 {
		n.next += by
	}
	if n.kind == nodeCall {
		n.rule += by
	}
	if n.limit != nil {
		n.twin += by
	}
	return n
}
