package constrain

import (
	"errors"
	"unicode/utf8"
)

// maxChecks bounds the work of validating one text.
const maxChecks = 1 << 24

// checker validates values against the schemas of a document.
type checker struct {
	doc    *document
	memo   map[pairing]outcomeOf
	steps  int
	costly error
}

// pairing is a schema and a value it is applied to.
type pairing struct {
	s *schema
	v *value
}

type outcomeOf struct {
	ok   bool
	seen *seen
}

// seen is what of a value adjacent keywords looked at, for unevaluatedProperties and unevaluatedItems.
type seen struct {
	names map[string]bool
	items map[int]bool
	all   bool // every item
}

// validateSchema returns a function that validates texts.
func validateSchema(doc *document) func(string) error {
	return func(text string) error {
		v, err := readJSON(text, maxValueDepth, true)
		if err != nil {
			return err
		}
		c := &checker{doc: doc}
		ok := c.check(doc.root, v, nil)
		if c.costly != nil {
			return failf(Limit, "", "%v", c.costly)
		}
		if !ok {
			return failf(Invalid, "", "the text is not valid under the schema")
		}
		return nil
	}
}

// maxValueDepth bounds the nesting of a text that is validated.
const maxValueDepth = 100_000

// check reports whether v is valid under s, and adds to ev, if not nil, what was looked at.
func (c *checker) check(s *schema, v *value, ev *seen) bool {
	if c.steps++; c.steps > maxChecks && c.costly == nil {
		c.costly = errors.New("validating the text takes too long")
	}
	if c.costly != nil || s.never {
		return false
	}
	if !s.hasApplicators {
		return c.run(s, v, ev)
	}
	key := pairing{s, v}
	o, known := c.memo[key]
	if !known {
		if c.doc.unchecked {
			o.seen = &seen{}
		}
		o.ok = c.run(s, v, o.seen)
		if c.memo == nil {
			c.memo = map[pairing]outcomeOf{}
		}
		c.memo[key] = o
	}
	if o.ok && ev != nil {
		ev.merge(o.seen)
	}
	return o.ok
}

func (e *seen) merge(o *seen) {
	if o == nil {
		return
	}
	e.all = e.all || o.all
	for n := range o.names {
		e.name(n)
	}
	for i := range o.items {
		e.item(i)
	}
}

func (e *seen) name(n string) {
	if e == nil {
		return
	}
	if e.names == nil {
		e.names = map[string]bool{}
	}
	e.names[n] = true
}

func (e *seen) item(i int) {
	if e == nil {
		return
	}
	if e.items == nil {
		e.items = map[int]bool{}
	}
	e.items[i] = true
}

func (v *value) types() types {
	switch v.kind {
	case kindNull:
		return typeNull
	case kindBool:
		return typeBool
	case kindString:
		return typeString
	case kindArray:
		return typeArray
	case kindObject:
		return typeObject
	}
	if parseDecimal(v.text).integer() {
		return typeInteger
	}
	return typeFraction
}

func (c *checker) run(s *schema, v *value, ev *seen) bool {
	if s.types&v.types() == 0 || s.hasEnum && !s.lists(v) || in(s.notEnum, v) {
		return false
	}
	own := ev
	if ev == nil && (s.uncheckedItems != nil || s.uncheckedProps != nil) {
		own = &seen{}
	}
	ok := false
	switch v.kind {
	case kindNumber:
		ok = checkNumber(s, parseDecimal(v.text))
	case kindString:
		ok = c.checkString(s, v.text)
	case kindArray:
		ok = c.checkArray(s, v, own)
	case kindObject:
		ok = c.checkObject(s, v, own)
	default:
		ok = true
	}
	return ok && c.checkInPlace(s, v, own) && c.checkRest(s, v, own)
}

// lists reports whether v is one of the enumeration's values.
func (s *schema) lists(v *value) bool {
	if s.enumSet != nil {
		return s.enumSet[v.canonical()]
	}
	return in(s.enum, v)
}

func in(list []*value, v *value) bool {
	for _, x := range list {
		if x.kind == v.kind && x.canonical() == v.canonical() {
			return true
		}
	}
	return false
}

func checkNumber(s *schema, d decimal) bool {
	if s.min != nil {
		if k := d.compare(s.min.at); k < 0 || k == 0 && s.min.exclusive {
			return false
		}
	}
	if s.max != nil {
		if k := d.compare(s.max.at); k > 0 || k == 0 && s.max.exclusive {
			return false
		}
	}
	return s.multiple == nil || d.multipleOf(*s.multiple)
}

func (c *checker) checkString(s *schema, text string) bool {
	if s.minLength > 0 || s.maxLength != unbounded {
		if n := uint32(min(utf8.RuneCountInString(text), unbounded-2)); n < s.minLength || n > s.maxLength {
			return false
		}
	}
	if s.format != "" {
		if f := formatDFA(s.format); f != nil && !f.match(text) || s.format == "hostname" && len(text) > maxHostname {
			return false
		}
	}
	return c.matches(s.pattern, text, true) && c.matches(s.notPattern, text, false)
}

func (c *checker) matches(p *pattern, text string, want bool) bool {
	if p == nil {
		return true
	}
	c.steps += len(text)
	ok, err := p.match(text)
	if err != nil {
		c.costly = err
	}
	return ok == want
}

func (c *checker) checkArray(s *schema, v *value, ev *seen) bool {
	n := uint32(len(v.items))
	if n < s.minItems || n > s.maxItems {
		return false
	}
	for i, x := range v.items {
		switch {
		case i < len(s.prefix):
			if !c.check(s.prefix[i], x, nil) {
				return false
			}
			ev.item(i)
		case s.items != nil:
			if !c.check(s.items, x, nil) {
				return false
			}
		}
	}
	if ev != nil && s.items != nil {
		ev.all = true
	}
	if s.unique {
		had := make(map[string]bool, len(v.items))
		for _, x := range v.items {
			if had[x.canonical()] {
				return false
			}
			had[x.canonical()] = true
		}
	}
	return s.contains == nil || c.checkContains(s, v, ev)
}

func (c *checker) checkContains(s *schema, v *value, ev *seen) bool {
	n := uint32(0)
	for i, x := range v.items {
		if c.check(s.contains, x, nil) {
			n++
			if s.draft >= draft2020 {
				ev.item(i)
			}
		}
	}
	return n >= s.minContains && n <= s.maxContains
}

func (c *checker) checkObject(s *schema, v *value, ev *seen) bool {
	n := uint32(len(v.names))
	if n < s.minProps || n > s.maxProps {
		return false
	}
	for _, r := range s.required {
		if v.get(r) == nil {
			return false
		}
	}
	if s.props == nil && s.patterns == nil && s.additional == nil && s.propertyNames == nil {
		return true
	}
	for i, name := range v.names {
		if s.propertyNames != nil && !c.check(s.propertyNames, &value{kind: kindString, text: name}, nil) {
			return false
		}
		if !c.checkProperty(s, name, v.items[i], ev) {
			return false
		}
	}
	return true
}

func (c *checker) checkProperty(s *schema, name string, x *value, ev *seen) bool {
	known := false
	if p := s.props[name]; p != nil {
		known = true
		if !c.check(p, x, nil) {
			return false
		}
	}
	for _, p := range s.patterns {
		if ok, err := p.pattern.match(name); err != nil {
			c.costly = err
		} else if ok {
			known = true
			if !c.check(p.schema, x, nil) {
				return false
			}
		}
	}
	if !known && s.additional != nil {
		known = true
		if !c.check(s.additional, x, nil) {
			return false
		}
	}
	if known {
		ev.name(name)
	}
	return true
}

// checkInPlace applies the schemas that s applies to the same value.
func (c *checker) checkInPlace(s *schema, v *value, ev *seen) bool {
	if !s.hasApplicators {
		return true
	}
	if s.ref != nil && !c.check(s.ref, v, ev) {
		return false
	}
	for _, t := range s.all {
		if !c.check(t, v, ev) {
			return false
		}
	}
	if s.any != nil && c.count(s.any, v, ev) == 0 || s.one != nil && c.count(s.one, v, ev) != 1 {
		return false
	}
	if s.not != nil && c.check(s.not, v, nil) {
		return false
	}
	return c.checkIf(s, v, ev) && c.checkDependents(s, v, ev)
}

func (c *checker) count(list []*schema, v *value, ev *seen) int {
	n := 0
	for _, t := range list {
		if c.check(t, v, ev) {
			n++
		}
	}
	return n
}

func (c *checker) checkIf(s *schema, v *value, ev *seen) bool {
	if s.if_ == nil {
		return true
	}
	if c.check(s.if_, v, ev) {
		return s.then == nil || c.check(s.then, v, ev)
	}
	return s.else_ == nil || c.check(s.else_, v, ev)
}

func (c *checker) checkDependents(s *schema, v *value, ev *seen) bool {
	if v.kind != kindObject {
		return true
	}
	for i := range s.dependents {
		d := &s.dependents[i]
		if v.get(d.name) == nil {
			continue
		}
		for _, r := range d.required {
			if v.get(r) == nil {
				return false
			}
		}
		if d.schema != nil && !c.check(d.schema, v, ev) {
			return false
		}
	}
	return true
}

// checkRest applies unevaluatedProperties and unevaluatedItems.
func (c *checker) checkRest(s *schema, v *value, ev *seen) bool {
	if s.uncheckedProps != nil && v.kind == kindObject {
		for i, name := range v.names {
			if !ev.names[name] && !c.check(s.uncheckedProps, v.items[i], nil) {
				return false
			}
			ev.name(name)
		}
	}
	if s.uncheckedItems != nil && v.kind == kindArray && !ev.all {
		for i, x := range v.items {
			if !ev.items[i] && !c.check(s.uncheckedItems, x, nil) {
				return false
			}
		}
		ev.all = true
	}
	return true
}
