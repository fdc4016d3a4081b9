package constrain

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

// object adds an object.
func (e *jsonEmitter) object(o *objectShape, end int32) int32 {
	x := &objectWriter{jsonEmitter: e, o: o, end: end}
	x.props, x.others = e.living(o)
	return x.run()
}

// members adds the objects of a rule with their members written by themselves.
func (e *jsonEmitter) members(s *shape) int32 {
	end := e.end()
	var jumps []jump
	for _, a := range s.alts {
		if a.object == nil {
			continue
		}
		x := &objectWriter{jsonEmitter: e, o: a.object, end: end, marks: e.notation.Members}
		if x.writable() {
			jumps = append(jumps, goTo(x.run()))
		}
	}
	return e.add(node{jumps: jumps, next: -1})
}

// writable finds the members that can be written, and reports whether they suffice.
func (x *objectWriter) writable() bool {
	props, others := x.living(x.o)
	written, required := map[string]bool{}, uint32(0)
	for _, p := range props {
		if f := x.forms(x.marks.Forms(p.name), p.rule); len(f) > 0 && p.name != "" {
			x.props, x.propForms = append(x.props, p), append(x.propForms, f)
			if written[p.name] = true; p.required {
				required++
			}
		}
	}
	for _, y := range others {
		if f := x.forms(x.marks.Forms(""), y.rule); len(f) > 0 && !nameDFA(x.o, &y, x.memberNames).empty() {
			x.others, x.otherForms = append(x.others, y), append(x.otherForms, f)
		}
	}
	for _, p := range x.o.props {
		if p.required && !written[p.name] {
			return false
		}
	}
	return required <= x.o.max && (x.o.min <= uint32(len(x.props)) || len(x.others) > 0)
}

// run adds the object.
func (x *objectWriter) run() int32 {
	if x.b.options.AnyOrder {
		return x.anyOrder()
	}
	return x.ordered()
}

// ordered adds an object whose properties come in the declared order.
func (x *objectWriter) ordered() int32 {
	o, e := x.o, x.jsonEmitter
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

// objectWriter adds an object.
type objectWriter struct {
	*jsonEmitter
	o        *objectShape
	props    []property
	others   []otherNames
	required []uint32 // how many from a property on
	end      int32

	marks                 *Members // between the members; nil: those of the notation
	propForms, otherForms [][]Form // with marks: how they are written
}

// declared adds a property.
func (x *objectWriter) declared(i int, after int32) int32 {
	p := &x.props[i]
	if x.marks == nil {
		return x.property(p, after)
	}
	return x.member(x.propForms[i], p.rule, func(next int32) int32 { return x.texts([]string{p.name}, next) }, after)
}

// undeclared adds a property with another name.
func (x *objectWriter) undeclared(i int, after int32) int32 {
	y := &x.others[i]
	if x.marks == nil {
		return x.other(x.o, y, after)
	}
	return x.member(x.otherForms[i], y.rule, func(next int32) int32 { return x.freeName(x.o, y, x.memberNames, next) }, after)
}

func (x *objectWriter) emit() int32 {
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
		next = x.choose(i, x.declared(i, here), next)
	}
	return x.open(next)
}

// names adds the undeclared names.
func (x *objectWriter) names(after int32) int32 {
	var jumps []jump
	for i := range x.others {
		jumps = append(jumps, x.written(x.undeclared(i, after), 0))
	}
	if jumps == nil {
		return -1
	}
	return x.add(node{jumps: jumps, next: -1, counter: x.counter})
}

// written is a jump to a property, which is counted; so many more are required.
func (x *objectWriter) written(to int32, required uint32) jump {
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
func (x *objectWriter) connect(after, next int32, i int) {
	if next >= 0 && (x.counter == nil || x.o.max > 0) {
		most := uint32(unbounded)
		if x.counter != nil && x.required[i] == 0 && x.o.max != unbounded {
			most = x.o.max - min(x.o.max, 1)
			x.counter.mark(most + 1)
		}
		next = x.blank([]jump{goTo(next)})
		if x.marks == nil {
			x.goOn(after, edge{set: comma, to: next, hi: most})
		} else {
			x.nodes[after].jumps = append(x.nodes[after].jumps, jump{to: x.part(x.marks.Between, next), hi: most})
		}
	}
	if x.required[i] == 0 {
		if x.counter != nil {
			x.counter.mark(x.o.min)
		}
		if x.marks == nil {
			x.goOn(after, edge{set: brace, to: x.end, lo: x.o.min, hi: unbounded})
		} else {
			x.nodes[after].jumps = append(x.nodes[after].jumps, jump{to: x.part(x.marks.Close, x.end), lo: x.o.min, hi: unbounded})
		}
	}
}

func (x *objectWriter) goOn(at int32, by edge) { x.nodes[at].edges = append(x.nodes[at].edges, by) }

// choose adds the choice between property i and, if it is optional, what may follow it.
func (x *objectWriter) choose(i int, property, next int32) int32 {
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

func (x *objectWriter) open(next int32) int32 {
	if x.counter != nil && x.o.max == 0 {
		next = -1
	}
	canClose := x.required[0] == 0 && x.o.min == 0
	if x.marks == nil {
		return x.jsonEmitter.open("{", brace, next, canClose, x.end)
	}
	var jumps []jump
	if canClose {
		jumps = append(jumps, goTo(x.part(x.marks.Close, x.end)))
	}
	if next >= 0 {
		jumps = append(jumps, goTo(next))
	}
	return x.part(x.marks.Open, x.blank(jumps))
}

// anyOrder adds an object whose properties come in any order.
func (x *objectWriter) anyOrder() int32 {
	s := newNameSet(len(x.props))
	s.min, s.max, s.open = x.o.min, x.o.max, len(x.others) > 0
	s.counting = x.o.min > 0 || x.o.max != unbounded
	x.counter = &counter{names: s}
	after := x.blank(nil)
	var jumps []jump
	for i := range x.props {
		if x.props[i].required {
			s.required[i/64] |= 1 << (i & 63)
		}
		jumps = append(jumps, jump{to: x.declared(i, after), change: takeName, arg: int32(i)})
	}
	for i := range x.others {
		jumps = append(jumps, jump{to: x.undeclared(i, after), change: takeOther})
	}
	names := x.add(node{jumps: jumps, next: -1, counter: x.counter})
	more, closing := x.blank([]jump{goTo(names)}), int32(0)
	if x.marks == nil {
		more = x.add(node{edges: []edge{to(comma, more)}, next: -1, counter: x.counter})
		closing = x.add(node{edges: []edge{to(brace, x.end)}, next: -1, counter: x.counter})
	} else {
		more = x.part(x.marks.Between, more)
		closing = x.part(x.marks.Close, x.end)
	}
	x.nodes[after].jumps = []jump{{to: more, change: canGoOn}, {to: closing, change: canClose}}
	first := x.blank([]jump{{to: names, change: canGoOn}, {to: closing, change: canClose}})
	if x.marks == nil {
		return x.word("{", first)
	}
	return x.part(x.marks.Open, first)
}
