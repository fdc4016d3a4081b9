package jinja

import (
	"fmt"
	"unicode/utf8"
)

// iterate returns an iterator over a value.
func (m *machine) iterate(v Value) (iterator, error) {
	i := 0
	switch v := v.(type) {
	case *list:
		return func() (Value, bool, error) {
			if i >= len(v.items) {
				return nil, false, nil
			}
			i++
			return v.items[i-1], true, m.step(1)
		}, nil
	case text:
		return func() (Value, bool, error) {
			if i >= len(v.s) {
				return nil, false, nil
			}
			_, n := utf8.DecodeRuneInString(v.s[i:])
			i += n
			return v.sub(i-n, i), true, m.alloc(objectBytes)
		}, nil
	case *Map:
		return m.iterateView(view{v, "dict_keys"}), nil
	case view:
		return m.iterateView(v), nil
	case rangeV:
		n := v.len()
		return func() (Value, bool, error) {
			if int64(i) >= n {
				return nil, false, nil
			}
			i++
			return integer(v.at(int64(i - 1))), true, m.step(1)
		}, nil
	case *generator:
		return v.next, nil
	case *undefined:
		return func() (Value, bool, error) { return nil, false, nil }, nil
	case bytesV:
		return func() (Value, bool, error) {
			if i >= len(v) {
				return nil, false, nil
			}
			i++
			return integer(v[i-1]), true, m.step(1)
		}, nil
	case *loop:
		return func() (Value, bool, error) {
			it, ok, err := v.advance()
			if err != nil || !ok {
				return nil, false, err
			}
			return &list{tuple: true, items: []Value{it, v}}, true, m.items(2)
		}, nil
	}
	return nil, failf("'%s' object is not iterable", v.pyType())
}

func (m *machine) iterateView(v view) iterator {
	i := 0
	return func() (Value, bool, error) {
		if i >= v.of.Len() {
			return nil, false, nil
		}
		i++
		switch v.kind {
		case "dict_keys":
			return v.of.keys[i-1], true, m.step(1)
		case "dict_values":
			return v.of.vals[i-1], true, m.step(1)
		}
		return &list{tuple: true, items: []Value{v.of.keys[i-1], v.of.vals[i-1]}}, true, m.items(2)
	}
}

// generate returns a generator that draws from src.
func (m *machine) generate(src Value, next iterator) (Value, error) {
	g := &generator{name: "generator", next: next, depth: 1}
	if below, ok := src.(*generator); ok {
		g.depth += below.depth
	}
	if g.depth > maxValueDepth {
		return nil, &LimitError{"depth", maxValueDepth}
	}
	return g, m.alloc(2 * objectBytes)
}

// toList collects an iterable.
func (m *machine) toList(v Value) ([]Value, error) {
	if l, ok := v.(*list); ok {
		if err := m.items(len(l.items)); err != nil {
			return nil, err
		}
		return append([]Value(nil), l.items...), nil
	}
	next, err := m.iterate(v)
	if err != nil {
		return nil, err
	}
	var out []Value
	for {
		it, ok, err := next()
		if err != nil || !ok {
			return out, err
		}
		if err := m.alloc(2 * valueBytes); err != nil {
			return nil, err
		}
		out = append(out, it)
	}
}

// length is Python's len, or -1 for what has none.
func (m *machine) length(v Value) (int, error) {
	switch v := v.(type) {
	case *list:
		return len(v.items), nil
	case text:
		return v.length(), m.scan(len(v.s))
	case *Map:
		return v.Len(), nil
	case view:
		return v.of.Len(), nil
	case rangeV:
		return int(v.len()), nil
	case *undefined:
		return 0, nil
	case bytesV:
		return len(v), nil
	case *loop:
		return v.length()
	}
	return -1, nil
}

// loop is the state of a for statement, and the value of its variable loop.
type loop struct {
	m       *machine
	of      Value
	next    iterator
	stmt    *forLoop
	scope   *scope // around the statement
	index0  int
	depth0  int
	current Value
	before  Value
	after   Value // already drawn from next, or nil
	size    int   // -1 while unknown
	changed *list
}

func (*loop) pyType() string { return "LoopContext" }

func (m *machine) newLoop(n *forLoop, v Value, s *scope, depth int) (*loop, error) {
	next, err := m.iterate(v)
	if err != nil {
		return nil, err
	}
	l := &loop{m: m, of: v, stmt: n, scope: s, index0: -1, depth0: depth, size: -1}
	l.next = next
	if n.test != nil {
		l.of = &generator{} // its length is not that of v
		l.next = l.selected(next)
	}
	return l, m.alloc(4 * objectBytes)
}

// selected passes what the loop's condition lets through.
func (l *loop) selected(next iterator) iterator {
	return func() (Value, bool, error) {
		for {
			v, ok, err := next()
			if err != nil || !ok {
				return nil, false, err
			}
			in, err := l.m.inner(l.scope)
			if err != nil {
				return nil, false, err
			}
			if err := l.m.assign(l.stmt.target, v, in); err != nil {
				return nil, false, err
			}
			pass, err := l.m.eval(l.stmt.test, in)
			if err != nil {
				return nil, false, err
			}
			if truth(pass) {
				return v, true, nil
			}
		}
	}
}

func (l *loop) peek() (Value, error) {
	if l.after == nil {
		v, ok, err := l.next()
		if err != nil || !ok {
			return nil, err
		}
		l.after = v
	}
	return l.after, nil
}

func (l *loop) advance() (Value, bool, error) {
	v := l.after
	l.after = nil
	if v == nil {
		var ok bool
		var err error
		if v, ok, err = l.next(); err != nil || !ok {
			return nil, false, err
		}
	}
	l.index0++
	l.before, l.current = l.current, v
	return v, true, nil
}

// length counts the items, which empties an iterator into a list.
func (l *loop) length() (int, error) {
	if l.size >= 0 {
		return l.size, nil
	}
	n, err := l.m.length(l.of)
	if err != nil {
		return 0, err
	}
	if n < 0 {
		rest, err := l.m.toList(&generator{next: l.next})
		if err != nil {
			return 0, err
		}
		if l.next, err = l.m.iterate(&list{items: rest}); err != nil {
			return 0, err
		}
		n = len(rest) + l.index0 + 1
		if l.after != nil {
			n++
		}
	}
	l.size = n
	return n, nil
}

// loop runs a for statement over v.
func (m *machine) loop(n *forLoop, v Value, s *scope, depth int) (flow, error) {
	l, err := m.newLoop(n, v, s, depth)
	if err != nil {
		return flowOn, err
	}
	done := false // jinja2 skips else once an iteration has come to its end, without break or continue
	for {
		v, ok, err := l.advance()
		if err != nil {
			return flowOn, err
		}
		if !ok {
			break
		}
		in, err := m.inner(s)
		if err != nil {
			return flowOn, err
		}
		if err := m.assign(n.target, v, in); err != nil {
			return flowOn, err
		}
		if err := m.setName(in, "loop", l); err != nil {
			return flowOn, err
		}
		f, err := m.exec(n.body, in)
		if err != nil {
			return flowOn, err
		}
		if f == flowBreak {
			break
		}
		done = done || f == flowOn
	}
	if done || n.other == nil {
		return flowOn, nil
	}
	in, err := m.inner(s)
	if err != nil {
		return flowOn, err
	}
	return m.exec(n.other, in)
}

// recurse renders the body of a recursive loop over other items.
func (m *machine) recurse(l *loop, a callArgs) (Value, error) {
	if !l.stmt.recursive {
		return nil, failf("The loop must have the 'recursive' marker to be called recursively.")
	}
	if len(a.pos) != 1 || len(a.kw) > 0 {
		return nil, failf("loop() takes 1 argument")
	}
	if err := m.enterCall(); err != nil {
		return nil, err
	}
	defer m.leaveCall()
	outer := m.out
	m.out = newBuilder(m.budget)
	_, err := m.loop(l.stmt, a.pos[0], l.scope, l.depth0+1)
	t := m.out.text()
	m.out = outer
	return t.marked(m.autoescape), err
}

// attr returns an attribute of the variable loop, or nil.
func (l *loop) attr(name string) (Value, error) {
	switch name {
	case "index":
		return integer(l.index0 + 1), nil
	case "index0":
		return integer(l.index0), nil
	case "first":
		return boolean(l.index0 == 0), nil
	case "depth":
		return integer(l.depth0 + 1), nil
	case "depth0":
		return integer(l.depth0), nil
	case "length":
		n, err := l.length()
		return integer(n), err
	case "revindex":
		n, err := l.length()
		return integer(n - l.index0), err
	case "revindex0":
		n, err := l.length()
		return integer(n - l.index0 - 1), err
	case "last":
		v, err := l.peek()
		return boolean(v == nil), err
	case "previtem":
		if l.index0 == 0 {
			return &undefined{hint: "there is no previous item"}, nil
		}
		return l.before, nil
	case "nextitem":
		v, err := l.peek()
		if v == nil {
			v = &undefined{hint: "there is no next item"}
		}
		return v, err
	case "cycle":
		return l.method("cycle", func(a callArgs) (Value, error) {
			if len(a.pos) == 0 {
				return nil, failf("no items for cycling given")
			}
			return a.pos[max(l.index0, 0)%len(a.pos)], nil
		}), nil
	case "changed":
		return l.method("changed", l.hasChanged), nil
	}
	return nil, nil
}

func (l *loop) method(name string, f func(a callArgs) (Value, error)) Value {
	return &function{name, "method", func(_ *machine, a callArgs) (Value, error) {
		if len(a.kw) > 0 {
			return nil, failf("%s() takes no keyword arguments", name)
		}
		return f(a)
	}}
}

func (l *loop) hasChanged(a callArgs) (Value, error) {
	now := &list{tuple: true, items: a.pos}
	if l.changed != nil {
		same, err := l.m.equal(l.changed, now, 0)
		if err != nil || same {
			return boolean(false), err
		}
	}
	l.changed = now
	return boolean(true), nil
}

func (l *loop) String() string { return fmt.Sprintf("<LoopContext %d/%d>", l.index0+1, l.size) }
