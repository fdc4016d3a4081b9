package constrain

import (
	"slices"
	"unicode/utf8"
)

// maxNameGroups bounds the classes of undeclared names that patterns tell apart.
const maxNameGroups = 64

// objectsOf returns the objects valid under all schemas.
func (b *builder) objectsOf(f *flat) (*objectShape, error) {
	o := &objectShape{max: unbounded}
	required := map[string]bool{}
	var names []string
	declared := map[string]bool{}
	declare := func(list []string) {
		for _, n := range list {
			if !declared[n] {
				declared[n] = true
				names = append(names, n)
			}
		}
	}
	for _, s := range f.schemas {
		o.min, o.max = max(o.min, s.minProps), min(o.max, s.maxProps)
		declare(s.names)
		if slices.ContainsFunc(s.notEnum, func(v *value) bool { return v.kind == kindObject }) {
			b.relax(s, "not", "objects")
		}
		if s.uncheckedProps != nil && !s.uncheckedProps.trivial() && !s.static() {
			b.relax(s, "unevaluatedProperties", "what is evaluated depends on a choice")
		}
	}
	for _, s := range f.schemas {
		for _, n := range s.required {
			required[n] = true
		}
		declare(s.required)
	}
	for _, n := range names {
		list := b.valueSchemas(f.schemas, n)
		if !b.nameAllowed(f.schemas, n) || b.avoid != nil && !b.avoid.match(n) {
			never := b.derive(f.schemas[0])
			never.never = true
			list = append(list, never)
		}
		o.props = append(o.props, property{n, b.rule(list), required[n]})
	}
	o.declared = names
	slices.Sort(o.declared)
	o.declared = slices.Clone(o.declared)
	if len(o.declared) > maxNames || slices.ContainsFunc(o.declared, func(n string) bool { return len(n) > maxNameBytes }) {
		return nil, failf(Limit, f.schemas[0].pointer, "too many or too long names of properties")
	}
	if o.max > uint32(min(len(o.props), unbounded-1)) || !allRequired(o.props) {
		b.others(o, f)
	}
	return o, nil
}

func allRequired(props []property) bool {
	return !slices.ContainsFunc(props, func(p property) bool { return !p.required })
}

func (b *builder) nameAllowed(list []*schema, name string) bool {
	v := &value{kind: kindString, text: name}
	for _, s := range list {
		if s.propertyNames != nil && !b.holds([]*schema{s.propertyNames}, v) {
			return false
		}
	}
	return true
}

// nameGroup is a set of undeclared names and which patterns they match.
type nameGroup struct {
	dfa     *dfa // nil: all
	matched map[string]bool
}

// others finds the undeclared names and the rules of their values.
func (b *builder) others(o *objectShape, f *flat) {
	groups := []nameGroup{{}}
	skip := map[*schema]bool{} // schemas whose patterns and additionalProperties are left to the validator
	var patterns []*pattern
	have := map[string]bool{}
	for _, s := range f.schemas {
		for _, p := range s.patterns {
			if p.pattern.automaton() == nil {
				b.relax(s, "patternProperties", p.pattern.why)
				skip[s] = true
			}
		}
		for _, p := range s.patterns {
			if !skip[s] && !have[p.pattern.text] {
				have[p.pattern.text] = true
				patterns = append(patterns, p.pattern)
			}
		}
	}
	names := b.namesOf(f.schemas)
	if names != nil || patterns != nil {
		base := &dfa{classes: []*runeSet{anyRune()}, next: []int32{0}, accept: []bool{true}}
		if len(o.declared) > 0 {
			base = oneOfTexts(o.declared).complement()
		}
		if names != nil {
			if both := intersect(base, names, maxStringStates); both != nil {
				base = both
			} else {
				b.relaxNames(f.schemas)
			}
		}
		groups[0] = nameGroup{dfa: base}
		groups = b.split(groups, patterns, f, skip)
	}
	for _, g := range groups {
		if g.dfa != nil && g.dfa.empty() {
			continue
		}
		list, never := b.otherSchemas(f.schemas, g, skip)
		if !never {
			o.others = append(o.others, otherNames{g.dfa, b.rule(list)})
		}
	}
}

func (b *builder) relaxNames(list []*schema) {
	for _, s := range list {
		if s.propertyNames != nil {
			b.relax(s, "propertyNames", "too complex for an automaton")
		}
	}
}

// split divides groups of names by whether they match each pattern.
func (b *builder) split(groups []nameGroup, patterns []*pattern, f *flat, skip map[*schema]bool) []nameGroup {
	all := groups[0]
	for _, p := range patterns {
		d := p.automaton()
		not := d.complement()
		var next []nameGroup
		for _, g := range groups {
			with, without := intersect(g.dfa, d, maxStringStates), intersect(g.dfa, not, maxStringStates)
			if with == nil || without == nil || len(next) > maxNameGroups {
				for _, s := range f.schemas {
					if s.patterns != nil && !skip[s] {
						b.relax(s, "patternProperties", "too many patterns that overlap")
						skip[s] = true
					}
				}
				return []nameGroup{all}
			}
			if !with.empty() {
				m := map[string]bool{p.text: true}
				for t := range g.matched {
					m[t] = true
				}
				next = append(next, nameGroup{with, m})
			}
			if !without.empty() {
				next = append(next, nameGroup{without, g.matched})
			}
		}
		groups = next
	}
	return groups
}

// otherSchemas returns the schemas for the values of a group of names, and whether there can be none.
func (b *builder) otherSchemas(list []*schema, g nameGroup, skip map[*schema]bool) (out []*schema, never bool) {
	for _, s := range list {
		known := false
		for _, p := range s.patterns {
			if g.matched[p.pattern.text] && !skip[s] {
				out, known = append(out, p.schema), true
			}
		}
		if !known && s.additional != nil && !skip[s] {
			out = append(out, s.additional)
		}
		if u := s.uncheckedProps; u != nil && !u.trivial() && s.static() && !s.seesGroup(g, skip) {
			out = append(out, u)
		}
	}
	return out, slices.ContainsFunc(out, func(s *schema) bool { return s.never })
}

// seesGroup reports whether a static schema looks at undeclared names.
func (s *schema) seesGroup(g nameGroup, skip map[*schema]bool) bool {
	for _, t := range flatten([]*schema{s}).schemas {
		if t.additional != nil || t != s && t.uncheckedProps != nil || skip[t] {
			return true
		}
		if slices.ContainsFunc(t.patterns, func(p patternProperty) bool { return g.matched[p.pattern.text] }) {
			return true
		}
	}
	return false
}

// namesOf returns the automaton of the names that propertyNames allows, nil if it allows all or has to be relaxed.
func (b *builder) namesOf(list []*schema) *dfa {
	var conditions []*schema
	for _, s := range list {
		if s.propertyNames != nil {
			conditions = append(conditions, s.propertyNames)
		}
	}
	if conditions == nil {
		return b.avoid
	}
	nothing := &dfa{classes: []*runeSet{anyRune()}, next: []int32{-1}, accept: []bool{false}}
	branches := b.branches(conditions)
	var out *dfa
	for _, f := range branches {
		d, ok := b.nameDFA(&f)
		if !ok {
			b.relaxNames(list)
			return b.avoid
		}
		if d == nil {
			continue
		}
		if out == nil {
			out = d
		} else if out = intersect(out.complement(), d.complement(), maxStringStates); out == nil {
			b.relaxNames(list)
			return b.avoid
		} else {
			out = out.complement()
		}
	}
	if out == nil {
		return nothing
	}
	return out
}

// nameDFA returns the automaton of the strings of one branch, nil if there are none.
func (b *builder) nameDFA(f *flat) (*dfa, bool) {
	if f.types&typeString == 0 {
		return nil, true
	}
	for _, s := range f.schemas {
		if s.hasEnum {
			var texts []string
			for _, v := range s.enum {
				if v.kind == kindString && utf8.ValidString(v.text) && b.holds(f.schemas, v) {
					texts = append(texts, v.text)
				}
			}
			slices.Sort(texts)
			return oneOfTexts(slices.Compact(texts)), true
		}
	}
	x := b.stringsOf(f, false)
	if x == nil {
		return nil, true
	}
	d := x.dfa
	if x.min == 0 && x.max == unbounded {
		if d == nil {
			d = lengths(0, -1)
		}
		return d, true
	}
	hi := int(x.max)
	if x.max == unbounded {
		hi = -1
	}
	if max(int(x.min), hi) > maxExpandedWork {
		return nil, false
	}
	l := lengths(int(x.min), hi)
	if d == nil {
		return l, true
	}
	d = intersect(d, l, maxStringStates)
	return d, d != nil
}
