package constrain

// maxDisjointDepth bounds how far two schemas are compared, property by property.
const maxDisjointDepth = 4

// disjoint reports whether two schemas are known to have no value in common.
func (b *builder) disjoint(s, t *schema, depth int) bool {
	if b.effort++; depth > maxDisjointDepth || b.effort > maxEffortSchema {
		return false
	}
	f := flatten([]*schema{s, t})
	if f.never || b.noValue(&f) {
		return true
	}
	// any choice all of whose alternatives clash with the rest will do
	for _, k := range f.choices {
		if k.keyword != "anyOf" && k.keyword != "oneOf" {
			continue
		}
		x := f.byID(k.id)
		list := x.any
		if k.keyword == "oneOf" {
			list = x.one
		}
		other := s
		if within(s, x) {
			other = t
		}
		if all(list, func(u *schema) bool { return b.disjoint(u, other, depth+1) }) {
			return true
		}
	}
	if f.types != typeObject {
		return false
	}
	return b.clash(&f, depth)
}

func all(list []*schema, ok func(*schema) bool) bool {
	for _, s := range list {
		if !ok(s) {
			return false
		}
	}
	return true
}

// within reports whether x is s or what s applies to the same value without a choice.
func within(s, x *schema) bool {
	f := flatten([]*schema{s})
	return f.byID(x.id) != nil
}

// noValue reports whether enumerations, or limits of the only type, leave nothing.
func (b *builder) noValue(f *flat) bool {
	for _, s := range f.schemas {
		if !s.hasEnum {
			continue
		}
		found := false
		for _, v := range s.enum {
			if b.effort++; b.holds(f.schemas, v) {
				found = true
				break
			}
		}
		if !found {
			return true
		}
	}
	switch f.types {
	case typeInteger, typeNumber:
		var n schema
		for _, s := range f.schemas {
			n.raise(s.min)
			n.lower(s.max)
		}
		if n.min != nil && n.max != nil {
			k := n.min.at.compare(n.max.at)
			return k > 0 || k == 0 && (n.min.exclusive || n.max.exclusive)
		}
	case typeString:
		return b.stringsOf(f, true) == nil
	case typeArray:
		lo, hi := uint32(0), uint32(unbounded)
		for _, s := range f.schemas {
			lo, hi = max(lo, s.minItems), min(hi, s.maxItems)
		}
		return lo > hi
	}
	return false
}

// holds reports whether a value is valid under all schemas.
func (b *builder) holds(list []*schema, v *value) bool {
	c := checker{doc: b.doc}
	for _, s := range list {
		if c.check(s, v, nil) != nil {
			return false
		}
	}
	return c.costly == nil
}

// clash reports whether a property that must be there can have no value.
func (b *builder) clash(f *flat, depth int) bool {
	for _, s := range f.schemas {
		for _, name := range s.required {
			list := b.valueSchemas(f.schemas, name)
			for i, x := range list {
				if x.never {
					return true
				}
				for _, y := range list[:i] {
					if b.disjoint(x, y, depth+1) {
						return true
					}
				}
			}
		}
	}
	return false
}

// valueSchemas returns the schemas that apply to the value of a property.
func (b *builder) valueSchemas(list []*schema, name string) []*schema {
	var out []*schema
	for _, s := range list {
		known := false
		if p := s.props[name]; p != nil {
			out, known = append(out, p), true
		}
		for _, p := range s.patterns {
			if ok, err := p.pattern.match(name); err == nil && ok {
				out, known = append(out, p.schema), true
			}
		}
		if !known && s.additional != nil {
			out = append(out, s.additional)
		}
		if s.uncheckedProps != nil && !s.uncheckedProps.trivial() && s.static() && !s.sees(name) {
			out = append(out, s.uncheckedProps)
		}
	}
	return out
}

// static reports whether what s and the schemas it applies look at does not depend on a choice.
func (s *schema) static() bool {
	f := flatten([]*schema{s})
	return len(f.choices) == 0 && all(f.schemas, func(t *schema) bool { return t.contains == nil && t.if_ == nil })
}

// sees reports whether a static schema looks at a property.
func (s *schema) sees(name string) bool {
	found := false
	for _, t := range flatten([]*schema{s}).schemas {
		found = found || t.props[name] != nil || t.additional != nil || t != s && t.uncheckedProps != nil
		for _, p := range t.patterns {
			if ok, err := p.pattern.match(name); err == nil && ok {
				found = true
			}
		}
	}
	return found
}
