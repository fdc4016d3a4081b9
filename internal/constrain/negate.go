package constrain

import "slices"

// deriver makes schemas that stand for parts of others.
type deriver struct{ next int }

func (d *deriver) derive(from *schema) *schema {
	d.next++
	return &schema{id: d.next, pointer: from.pointer, res: from.res, draft: from.draft, types: typeAny, maxLength: unbounded,
		maxItems: unbounded, maxProps: unbounded, minContains: 1, maxContains: unbounded}
}

// trivial reports whether every value is valid under s by what it says itself, schemas for the same value included.
func (s *schema) trivial() bool { return s.silent() && !s.hasApplicators }

// target follows schemas that are nothing but a reference.
func (s *schema) target() *schema {
	for s.ref != nil && s.silent() && len(s.all)+len(s.any)+len(s.one)+len(s.dependents) == 0 && s.not == nil && s.if_ == nil {
		s = s.ref
	}
	return s
}

// silent reports whether s says nothing but by schemas for the same value.
func (s *schema) silent() bool {
	return !s.never && s.types == typeAny && !s.hasEnum && s.notEnum == nil && s.min == nil && s.max == nil && s.multiple == nil &&
		s.minLength == 0 && s.maxLength == unbounded && s.pattern == nil && s.notPattern == nil && s.format == "" &&
		s.minItems == 0 && s.maxItems == unbounded && !s.unique && s.prefix == nil && s.items == nil && s.contains == nil &&
		s.props == nil && s.patterns == nil && s.additional == nil && s.propertyNames == nil && s.required == nil &&
		s.minProps == 0 && s.maxProps == unbounded && s.uncheckedItems == nil && s.uncheckedProps == nil
}

const (
	negateUnknown uint8 = iota
	negateBusy
	negateNo
	negateYes
)

// negate returns schemas of which at least one holds exactly where s does not. It reports false where that is not known to be
// possible.
func (d *deriver) negate(s *schema) ([]*schema, bool) {
	switch s.negatedState {
	case negateBusy, negateNo:
		return nil, false
	case negateYes:
		return s.negated, true
	}
	s.negatedState = negateBusy
	n := negator{d: d, s: s, ok: true}
	n.run()
	s.negatedState = negateNo
	if n.ok {
		s.negatedState, s.negated = negateYes, n.out
	}
	return s.negated, n.ok
}

type negator struct {
	d   *deriver
	s   *schema
	out []*schema
	ok  bool
}

// add appends an alternative for values of the given types.
func (n *negator) add(t types) *schema {
	s := n.d.derive(n.s)
	s.types = t
	n.out = append(n.out, s)
	return s
}

// opposite returns a schema for what t is not.
func (n *negator) opposite(t *schema) *schema {
	if _, ok := n.d.negate(t); !ok {
		n.ok = false
	}
	s := n.d.derive(t)
	s.not, s.hasApplicators = t, true
	return s
}

func (n *negator) run() {
	s := n.s
	if s.never {
		n.add(typeAny)
		return
	}
	n.ok = s.multiple == nil && formatDFAless(s.format) && !s.unique && s.prefix == nil && s.items == nil && s.contains == nil &&
		s.patterns == nil && (s.additional == nil || s.additional.trivial()) && s.propertyNames == nil && s.dependents == nil &&
		s.uncheckedItems == nil && s.uncheckedProps == nil && s.one == nil && s.if_ == nil
	if !n.ok {
		return
	}
	if s.types != typeAny {
		n.add(^s.types & typeAny)
	}
	n.values()
	n.limits()
	n.objects()
	n.inPlace()
}

func formatDFAless(format string) bool { return formatTable[format] == nil }

func (n *negator) values() {
	s := n.s
	if s.hasEnum {
		n.ok = n.ok && !slices.ContainsFunc(s.enum, func(v *value) bool { return v.kind == kindArray || v.kind == kindObject })
		n.add(typeAny).notEnum = s.enum
	}
	if s.notEnum != nil {
		x := n.add(typeAny)
		x.enum, x.hasEnum = s.notEnum, true
	}
}

func (n *negator) limits() {
	s := n.s
	if s.min != nil {
		n.add(typeNumber).max = &bound{s.min.at, !s.min.exclusive}
	}
	if s.max != nil {
		n.add(typeNumber).min = &bound{s.max.at, !s.max.exclusive}
	}
	if s.minLength > 0 {
		n.add(typeString).maxLength = s.minLength - 1
	}
	if s.maxLength != unbounded {
		n.add(typeString).minLength = s.maxLength + 1
	}
	if s.minItems > 0 {
		n.add(typeArray).maxItems = s.minItems - 1
	}
	if s.maxItems != unbounded {
		n.add(typeArray).minItems = s.maxItems + 1
	}
	if s.minProps > 0 {
		n.add(typeObject).maxProps = s.minProps - 1
	}
	if s.maxProps != unbounded {
		n.add(typeObject).minProps = s.maxProps + 1
	}
	if s.pattern != nil {
		n.ok = n.ok && s.pattern.automaton() != nil
		n.add(typeString).notPattern = s.pattern
	}
	if s.notPattern != nil {
		n.add(typeString).pattern = s.notPattern
	}
}

func (n *negator) objects() {
	for _, name := range n.s.names {
		p := n.s.props[name]
		if p.trivial() {
			continue
		}
		x := n.add(typeObject)
		x.required, x.names = []string{name}, []string{name}
		x.props = map[string]*schema{name: n.opposite(p)}
	}
	for _, name := range n.s.required {
		never := n.d.derive(n.s)
		never.never = true
		x := n.add(typeObject)
		x.names, x.props = []string{name}, map[string]*schema{name: never}
	}
}

func (n *negator) inPlace() {
	s := n.s
	if s.ref != nil {
		n.out = append(n.out, n.opposite(s.ref))
	}
	for _, t := range s.all {
		n.out = append(n.out, n.opposite(t))
	}
	if s.any != nil {
		x := n.d.derive(s)
		x.hasApplicators = true
		for _, t := range s.any {
			x.all = append(x.all, n.opposite(t))
		}
		n.out = append(n.out, x)
	}
	if s.not != nil {
		n.out = append(n.out, s.not)
	}
}
