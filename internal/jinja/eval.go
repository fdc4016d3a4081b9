package jinja

import "time"

// machine is one rendering in progress.
type machine struct {
	*budget
	t          *Template
	vars       *Map
	root       *scope
	out        *builder
	line       int
	now        func() time.Time
	autoescape bool
	cases      *caseMap // made when first needed: casers keep state
}

// scope holds the names that one block has set; a name not found is looked for in the parent.
type scope struct {
	parent *scope
	names  []string
	vals   []Value
	index  map[string]int // when there are many
}

const manyNames = 16

func (s *scope) find(name string) int {
	if s.index != nil {
		if i, ok := s.index[name]; ok {
			return i
		}
		return -1
	}
	for i, n := range s.names {
		if n == name {
			return i
		}
	}
	return -1
}

func (m *machine) setName(s *scope, name string, v Value) error {
	if i := s.find(name); i >= 0 {
		s.vals[i] = v
		return nil
	}
	s.names = append(s.names, name)
	s.vals = append(s.vals, v)
	if s.index != nil {
		s.index[name] = len(s.names) - 1
	} else if len(s.names) > manyNames {
		s.index = map[string]int{}
		for i, n := range s.names {
			s.index[n] = i
		}
	}
	return m.alloc(2 * objectBytes)
}

func (m *machine) inner(s *scope) (*scope, error) {
	return &scope{parent: s}, m.alloc(2 * objectBytes)
}

func (m *machine) lookup(s *scope, name string) Value {
	for ; s != nil; s = s.parent {
		if i := s.find(name); i >= 0 {
			return s.vals[i]
		}
	}
	if v, ok := m.vars.Get(name); ok {
		return v
	}
	if v := m.global(name); v != nil {
		return v
	}
	return &undefined{name: clip(name)}
}

// flow says how a body ended.
type flow uint8

const (
	flowOn flow = iota
	flowBreak
	flowContinue
)

func (m *machine) exec(body []stmt, s *scope) (flow, error) {
	if err := m.enter(); err != nil {
		return flowOn, err
	}
	defer m.leave()
	for i := range body {
		m.line = body[i].line
		if err := m.step(1); err != nil {
			return flowOn, err
		}
		if f, err := m.statement(body[i].node, s); err != nil || f != flowOn {
			return f, err
		}
	}
	return flowOn, nil
}

func (m *machine) statement(node any, s *scope) (flow, error) {
	switch n := node.(type) {
	case *output:
		return flowOn, m.print(n, s)
	case *ifBlock:
		for _, b := range n.branches {
			v, err := m.eval(b.test, s)
			if err != nil {
				return flowOn, err
			}
			if truth(v) {
				return m.exec(b.body, s)
			}
		}
		return m.exec(n.other, s)
	case *forLoop:
		v, err := m.eval(n.iter, s)
		if err != nil {
			return flowOn, err
		}
		return m.loop(n, v, s, 0)
	case *assign:
		v, err := m.eval(n.value, s)
		if err != nil {
			return flowOn, err
		}
		return flowOn, m.assign(n.target, v, s)
	case *assignBlock:
		return m.assignBlock(n, s)
	case *with:
		return m.with(n, s)
	case *macroDef:
		return flowOn, m.setName(s, n.name, &macro{n, s})
	case *callBlock:
		return flowOn, m.callBlock(n, s)
	case *filterBlock:
		t, f, err := m.capture(n.body, s)
		if err != nil || f != flowOn {
			return f, err
		}
		v, err := m.filterText(n.filter, t, s)
		if err != nil {
			return flowOn, err
		}
		return flowOn, m.emit(v)
	case *scoped:
		in, err := m.inner(s)
		if err != nil {
			return flowOn, err
		}
		return m.exec(n.body, in)
	case *autoescape:
		return m.escapeBlock(n, s)
	case *block:
		return flowOn, m.block(n, s)
	case breakLoop:
		return flowBreak, nil
	case continueLoop:
		return flowContinue, nil
	case loader:
		return flowOn, failf("%s: there is no loader for other templates", n.tag)
	}
	return flowOn, failf("unknown statement %T", node)
}

func (m *machine) print(n *output, s *scope) error {
	for _, x := range n.items {
		if c, ok := x.(constant); ok {
			if t, ok := c.v.(text); ok {
				if err := m.out.add(t); err != nil {
					return err
				}
				continue
			}
		}
		v, err := m.eval(x, s)
		if err != nil {
			return err
		}
		if err := m.emit(v); err != nil {
			return err
		}
	}
	return nil
}

// emit writes a value to the output.
func (m *machine) emit(v Value) error {
	t, err := m.str(v)
	if err != nil {
		return err
	}
	if m.autoescape && !t.safe {
		if t, err = m.escape(t); err != nil {
			return err
		}
	}
	return m.out.add(t)
}

// capture runs a body in a scope of its own and returns what it wrote.
func (m *machine) capture(body []stmt, s *scope) (text, flow, error) {
	in, err := m.inner(s)
	if err != nil {
		return text{}, flowOn, err
	}
	return m.captureIn(body, in)
}

func (m *machine) captureIn(body []stmt, s *scope) (text, flow, error) {
	outer := m.out
	m.out = newBuilder(m.budget)
	f, err := m.exec(body, s)
	t := m.out.text()
	m.out = outer
	return t.marked(m.autoescape), f, err
}

func (m *machine) assign(t target, v Value, s *scope) error {
	switch {
	case t.attr != "":
		ns, ok := m.lookup(s, t.name).(*namespace)
		if !ok {
			return failf("cannot assign attribute on non-namespace object")
		}
		return m.setAttr(ns, trustedText(t.attr), v)
	case !t.tuple:
		return m.setName(s, t.name, v)
	}
	next, err := m.iterate(v)
	if err != nil {
		return err
	}
	var vals []Value
	for len(vals) <= len(t.items) {
		v, ok, err := next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		vals = append(vals, v)
	}
	if len(vals) > len(t.items) {
		return failf("too many values to unpack (expected %d)", len(t.items))
	}
	if len(vals) < len(t.items) {
		return failf("not enough values to unpack (expected %d, got %d)", len(t.items), len(vals))
	}
	for i, it := range t.items {
		if err := m.step(1); err != nil {
			return err
		}
		if err := m.assign(it, vals[i], s); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) setAttr(ns *namespace, name text, v Value) error {
	if name.s != "" && name.s[0] == '_' {
		return failf("Chat templates cannot store underscore-prefixed attributes on a namespace, but got '%s'", clip(name.s))
	}
	return m.set(ns.attrs, name, v)
}

func (m *machine) assignBlock(n *assignBlock, s *scope) (flow, error) {
	t, f, err := m.capture(n.body, s)
	if err != nil || f != flowOn {
		return f, err
	}
	var v Value = t
	if n.filter != nil {
		if v, err = m.filterText(n.filter, t, s); err != nil {
			return flowOn, err
		}
	}
	return flowOn, m.assign(n.target, v, s)
}

// filterText applies the filters of a block to its text.
func (m *machine) filterText(x expr, t text, s *scope) (Value, error) {
	f, ok := x.(*filterCall)
	if !ok {
		return t, nil
	}
	v, err := m.filterText(f.x, t, s)
	if err != nil {
		return nil, err
	}
	return m.filter(f, v, s)
}

func (m *machine) with(n *with, s *scope) (flow, error) {
	in, err := m.inner(s)
	if err != nil {
		return flowOn, err
	}
	vals := make([]Value, len(n.values))
	for i, x := range n.values {
		if vals[i], err = m.eval(x, s); err != nil {
			return flowOn, err
		}
	}
	for i, t := range n.targets {
		if err := m.assign(t, vals[i], in); err != nil {
			return flowOn, err
		}
	}
	return m.exec(n.body, in)
}

func (m *machine) escapeBlock(n *autoescape, s *scope) (flow, error) {
	v, err := m.eval(n.on, s)
	if err != nil {
		return flowOn, err
	}
	in, err := m.inner(s)
	if err != nil {
		return flowOn, err
	}
	before := m.autoescape
	m.autoescape = truth(v)
	defer func() { m.autoescape = before }()
	return m.exec(n.body, in)
}

// block renders a named block in place: it sees the top level only, unless it is scoped.
func (m *machine) block(n *block, s *scope) error {
	if n.required {
		return failf("Required block '%s' not found", n.name)
	}
	if !n.scoped {
		s = m.root
	}
	in, err := m.inner(s)
	if err != nil {
		return err
	}
	_, err = m.exec(n.body, in)
	return err
}

// eval computes an expression.
func (m *machine) eval(x expr, s *scope) (Value, error) {
	switch n := x.(type) {
	case constant:
		return n.v, m.step(1)
	case nameRef:
		return m.lookup(s, n.name), m.step(1)
	}
	if err := m.enter(); err != nil {
		return nil, err
	}
	v, err := m.evalNode(x, s)
	m.leave()
	return v, err
}

func (m *machine) evalNode(x expr, s *scope) (Value, error) {
	switch n := x.(type) {
	case *display:
		return m.display(n, s)
	case *dictDisplay:
		return m.dictDisplay(n, s)
	case *conditional:
		v, err := m.eval(n.test, s)
		switch {
		case err != nil:
			return nil, err
		case truth(v):
			return m.eval(n.then, s)
		case n.other == nil:
			return &undefined{hint: "the inline if-expression evaluated to false and no else section was defined."}, nil
		}
		return m.eval(n.other, s)
	case *logic:
		return m.logic(n, s)
	case *negation:
		v, err := m.eval(n.x, s)
		if err != nil {
			return nil, err
		}
		return boolean(!truth(v)), nil
	case *comparison:
		return m.comparison(n, s)
	case *arithmetic:
		v, err := m.eval(n.first, s)
		for i := 0; err == nil && i < len(n.rest); i++ {
			var w Value
			if w, err = m.eval(n.rest[i].x, s); err == nil {
				v, err = m.binary(n.rest[i].op, v, w)
			}
		}
		return v, err
	case *concatenation:
		return m.concatenation(n, s)
	case *sign:
		v, err := m.eval(n.x, s)
		if err != nil {
			return nil, err
		}
		return m.unary(n.minus, v)
	case *attribute:
		v, err := m.eval(n.x, s)
		if err != nil {
			return nil, err
		}
		return m.getAttr(v, n.name)
	case *subscript:
		return m.subscript(n, s)
	case *call:
		fn, err := m.eval(n.fn, s)
		if err != nil {
			return nil, err
		}
		a, err := m.arguments(&n.args, s)
		if err != nil {
			return nil, err
		}
		return m.call(fn, a)
	case *filterCall:
		v, err := m.eval(n.x, s)
		if err != nil {
			return nil, err
		}
		return m.filter(n, v, s)
	case *testCall:
		return m.testNode(n, s)
	}
	return nil, failf("unknown expression %T", x)
}

func (m *machine) display(n *display, s *scope) (Value, error) {
	if err := m.items(len(n.items)); err != nil {
		return nil, err
	}
	l := &list{items: make([]Value, len(n.items)), tuple: n.tuple, own: true}
	for i, x := range n.items {
		var err error
		if l.items[i], err = m.eval(x, s); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (m *machine) dictDisplay(n *dictDisplay, s *scope) (Value, error) {
	d := &Map{own: true}
	for i := range n.keys {
		k, err := m.eval(n.keys[i], s)
		if err != nil {
			return nil, err
		}
		v, err := m.eval(n.vals[i], s)
		if err != nil {
			return nil, err
		}
		if err := m.set(d, k, v); err != nil {
			return nil, err
		}
	}
	return d, m.alloc(objectBytes)
}

func (m *machine) logic(n *logic, s *scope) (v Value, err error) {
	for _, x := range n.items {
		if v, err = m.eval(x, s); err != nil || truth(v) == n.isOr {
			return v, err
		}
	}
	return v, nil
}

func (m *machine) comparison(n *comparison, s *scope) (Value, error) {
	left, err := m.eval(n.first, s)
	if err != nil {
		return nil, err
	}
	for _, o := range n.rest {
		right, err := m.eval(o.x, s)
		if err != nil {
			return nil, err
		}
		ok, err := m.compare(o.op, left, right)
		if err != nil || !ok {
			return boolean(false), err
		}
		left = right
	}
	return boolean(true), nil
}

func (m *machine) concatenation(n *concatenation, s *scope) (Value, error) {
	parts := make([]text, len(n.items))
	safe := false
	for i, x := range n.items {
		v, err := m.eval(x, s)
		if err != nil {
			return nil, err
		}
		if parts[i], err = m.str(v); err != nil {
			return nil, err
		}
		safe = safe || parts[i].safe
	}
	if safe = safe && m.autoescape; safe {
		for i, t := range parts {
			var err error
			if parts[i], err = m.escape(t); err != nil {
				return nil, err
			}
		}
	}
	t, err := concat(m.budget, parts...)
	return t.marked(safe), err
}

func (m *machine) subscript(n *subscript, s *scope) (Value, error) {
	v, err := m.eval(n.x, s)
	if err != nil {
		return nil, err
	}
	sl, ok := n.key.(*slicing)
	if !ok {
		key, err := m.eval(n.key, s)
		if err != nil {
			return nil, err
		}
		return m.getItem(v, key)
	}
	var bounds [3]Value
	for i, x := range []expr{sl.lo, sl.hi, sl.step} {
		bounds[i] = none{}
		if x != nil {
			if bounds[i], err = m.eval(x, s); err != nil {
				return nil, err
			}
		}
	}
	return m.slice(v, bounds[0], bounds[1], bounds[2])
}

func (m *machine) arguments(n *arguments, s *scope) (callArgs, error) {
	var a callArgs
	for _, x := range n.pos {
		v, err := m.eval(x, s)
		if err != nil {
			return a, err
		}
		a.pos = append(a.pos, v)
	}
	for _, k := range n.kw {
		v, err := m.eval(k.x, s)
		if err != nil {
			return a, err
		}
		if err := a.addKeyword(k.name, v); err != nil {
			return a, err
		}
	}
	if n.star != nil {
		v, err := m.eval(n.star, s)
		if err != nil {
			return a, err
		}
		more, err := m.toList(v)
		if err != nil {
			return a, err
		}
		a.pos = append(a.pos, more...)
	}
	if n.double != nil {
		v, err := m.eval(n.double, s)
		if err != nil {
			return a, err
		}
		d, ok := v.(*Map)
		if !ok {
			return a, failf("argument after ** must be a mapping, not %s", v.pyType())
		}
		for i, k := range d.keys {
			name, ok := k.(text)
			if !ok {
				return a, failf("keywords must be strings")
			}
			if err := m.alloc(objectBytes); err != nil {
				return a, err
			}
			if err := a.addKeyword(name.s, d.vals[i]); err != nil {
				return a, err
			}
		}
	}
	return a, m.step(len(a.pos) + len(a.kw))
}
