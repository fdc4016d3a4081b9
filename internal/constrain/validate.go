package constrain

import (
	"errors"
	"unicode/utf8"
)

// What validating one text takes at most.
const (
	maxChecks = 1 << 24 // values looked at, and bytes matched or compared
	maxMemo   = 1 << 17 // outcomes that are remembered
)

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
	flaw *flaw
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
		f := c.check(doc.root, v, nil)
		if c.costly != nil {
			return failf(Limit, "", "%v", c.costly)
		}
		if f != nil {
			return f.in(v)
		}
		return nil
	}
}

// maxValueDepth bounds the nesting of a text that is validated.
const maxValueDepth = 100_000

// check returns nil if v is valid under s, else why it is not, and adds to ev, if not nil, what was looked at.
func (c *checker) check(s *schema, v *value, ev *seen) *flaw {
	if !c.spend(1) || s.never {
		return &flaw{at: v, s: s, why: flawNever}
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
		o.flaw = c.run(s, v, o.seen)
		if c.memo == nil {
			c.memo = map[pairing]outcomeOf{}
		}
		if len(c.memo) == maxMemo {
			clear(c.memo) // what is near in the text is asked again soon, what is far hardly
		}
		c.memo[key] = o
	}
	if o.flaw == nil && ev != nil {
		ev.merge(o.seen)
	}
	return o.flaw
}

// spend counts work, and reports whether it may go on.
func (c *checker) spend(n int) bool {
	if c.steps += n; c.steps > maxChecks && c.costly == nil {
		c.costly = errors.New("validating the text takes too long")
	}
	return c.costly == nil
}

// key returns the canonical text of a value, unless validating takes too long by now: where a text is nested deep those of all its
// levels are as long as its length squared.
func (c *checker) key(v *value) (key string, ok bool) {
	if c.costly != nil {
		return "", false
	}
	if v.canon == "" {
		return v.canonical(), c.spend(len(v.canonical()))
	}
	return v.canon, true
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

func (c *checker) run(s *schema, v *value, ev *seen) *flaw {
	if s.hasEnum || len(s.notEnum) > 0 {
		if _, ok := c.key(v); !ok {
			return nil
		}
	}
	switch {
	case s.types&v.types() == 0:
		return &flaw{at: v, s: s, why: flawType}
	case s.hasEnum && !s.lists(v):
		return &flaw{at: v, s: s, why: flawEnum}
	case in(s.notEnum, v):
		return &flaw{at: v, s: s, why: flawNot}
	}
	own := ev
	if ev == nil && (s.uncheckedItems != nil || s.uncheckedProps != nil) {
		own = &seen{}
	}
	if f := c.checkKind(s, v, own); f != nil {
		return f
	}
	if f := c.checkInPlace(s, v, own); f != nil {
		return f
	}
	return c.checkRest(s, v, own)
}

// checkKind applies the keywords for values of one type.
func (c *checker) checkKind(s *schema, v *value, ev *seen) *flaw {
	switch v.kind {
	case kindNumber:
		return checkNumber(s, v)
	case kindString:
		return c.checkString(s, v)
	case kindArray:
		return c.checkArray(s, v, ev)
	case kindObject:
		return c.checkObject(s, v, ev)
	}
	return nil
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

func checkNumber(s *schema, v *value) *flaw {
	d := parseDecimal(v.text)
	if s.min != nil {
		if k := d.compare(s.min.at); k < 0 || k == 0 && s.min.exclusive {
			return &flaw{at: v, s: s, why: flawMin}
		}
	}
	if s.max != nil {
		if k := d.compare(s.max.at); k > 0 || k == 0 && s.max.exclusive {
			return &flaw{at: v, s: s, why: flawMax}
		}
	}
	if s.multiple != nil && !d.multipleOf(*s.multiple) {
		return &flaw{at: v, s: s, why: flawMultiple}
	}
	return nil
}

func (c *checker) checkString(s *schema, v *value) *flaw {
	text := v.text
	if s.minLength > 0 || s.maxLength != unbounded {
		n := utf8.RuneCountInString(text)
		if m := uint32(min(n, unbounded-2)); m < s.minLength || m > s.maxLength {
			return &flaw{at: v, s: s, why: flawLength, n: n}
		}
	}
	if s.format != "" {
		if f := formatDFA(s.format); f != nil && !f.match(text) || s.format == "hostname" && len(text) > maxHostname {
			return &flaw{at: v, s: s, why: flawFormat}
		}
	}
	if !c.matches(s.pattern, text, true) {
		return &flaw{at: v, s: s, why: flawPattern}
	}
	if !c.matches(s.notPattern, text, false) {
		return &flaw{at: v, s: s, why: flawNot}
	}
	return nil
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

func (c *checker) checkArray(s *schema, v *value, ev *seen) *flaw {
	n := uint32(len(v.items))
	if n < s.minItems || n > s.maxItems {
		return &flaw{at: v, s: s, why: flawItems, n: len(v.items)}
	}
	for i, x := range v.items {
		switch {
		case i < len(s.prefix):
			if f := c.check(s.prefix[i], x, nil); f != nil {
				return f
			}
			ev.item(i)
		case s.items != nil:
			if f := c.check(s.items, x, nil); f != nil {
				return f
			}
		}
	}
	if ev != nil && s.items != nil {
		ev.all = true
	}
	if s.unique {
		had := make(map[string]bool, len(v.items))
		for _, x := range v.items {
			key, ok := c.key(x)
			if !ok {
				return nil
			}
			if had[key] {
				return &flaw{at: x, s: s, why: flawUnique}
			}
			had[key] = true
		}
	}
	if s.contains == nil {
		return nil
	}
	return c.checkContains(s, v, ev)
}

func (c *checker) checkContains(s *schema, v *value, ev *seen) *flaw {
	n := uint32(0)
	for i, x := range v.items {
		if c.check(s.contains, x, nil) == nil {
			n++
			if s.draft >= draft2020 {
				ev.item(i)
			}
		}
	}
	if n < s.minContains || n > s.maxContains {
		return &flaw{at: v, s: s, why: flawContains, n: int(n)}
	}
	return nil
}

// checkObject looks at the properties that are there before those that are missing: where alternatives differ in a constant, that
// tells best which of them was meant.
func (c *checker) checkObject(s *schema, v *value, ev *seen) *flaw {
	if n := uint32(len(v.names)); n < s.minProps || n > s.maxProps {
		return &flaw{at: v, s: s, why: flawProperties, n: len(v.names)}
	}
	if s.props != nil || s.patterns != nil || s.additional != nil || s.propertyNames != nil {
		for i, name := range v.names {
			if f := c.checkProperty(s, name, v.items[i], ev); f != nil {
				return f
			}
		}
	}
	for _, r := range s.required {
		if v.get(r) == nil {
			return &flaw{at: v, s: s, why: flawRequired, name: r}
		}
	}
	return nil
}

func (c *checker) checkProperty(s *schema, name string, x *value, ev *seen) *flaw {
	if s.propertyNames != nil {
		if f := c.check(s.propertyNames, &value{kind: kindString, text: name}, nil); f != nil {
			return &flaw{at: x, s: s, why: flawName, name: name, others: []*flaw{f}}
		}
	}
	known := false
	if p := s.props[name]; p != nil {
		known = true
		if f := c.check(p, x, nil); f != nil {
			return f
		}
	}
	for _, p := range s.patterns {
		if ok, err := p.pattern.match(name); err != nil {
			c.costly = err
		} else if ok {
			known = true
			if f := c.check(p.schema, x, nil); f != nil {
				return f
			}
		}
	}
	if !known && s.additional != nil {
		known = true
		if f := c.check(s.additional, x, nil); f != nil {
			return f.unknown(s, x, s.additional)
		}
	}
	if known {
		ev.name(name)
	}
	return nil
}

// checkInPlace applies the schemas that s applies to the same value.
func (c *checker) checkInPlace(s *schema, v *value, ev *seen) *flaw {
	if !s.hasApplicators {
		return nil
	}
	if s.ref != nil {
		if f := c.check(s.ref, v, ev); f != nil {
			return f
		}
	}
	for _, t := range s.all {
		if f := c.check(t, v, ev); f != nil {
			return f
		}
	}
	if s.any != nil {
		if n, flaws := c.count(s.any, v, ev); n == 0 {
			return closest(s, v, flaws)
		}
	}
	if s.one != nil {
		if n, flaws := c.count(s.one, v, ev); n == 0 {
			return closest(s, v, flaws)
		} else if n > 1 {
			return &flaw{at: v, s: s, why: flawOne, n: n}
		}
	}
	if s.not != nil && c.check(s.not, v, nil) == nil {
		return &flaw{at: v, s: s, why: flawNot}
	}
	if f := c.checkIf(s, v, ev); f != nil {
		return f
	}
	return c.checkDependents(s, v, ev)
}

// count returns how many schemas a value is valid under, and what is wrong under the others.
func (c *checker) count(list []*schema, v *value, ev *seen) (n int, flaws []*flaw) {
	for _, t := range list {
		if f := c.check(t, v, ev); f == nil {
			n++
		} else {
			flaws = append(flaws, f)
		}
	}
	return n, flaws
}

func (c *checker) checkIf(s *schema, v *value, ev *seen) *flaw {
	if s.if_ == nil {
		return nil
	}
	then := s.else_
	if c.check(s.if_, v, ev) == nil {
		then = s.then
	}
	if then == nil {
		return nil
	}
	return c.check(then, v, ev)
}

func (c *checker) checkDependents(s *schema, v *value, ev *seen) *flaw {
	if v.kind != kindObject {
		return nil
	}
	for i := range s.dependents {
		d := &s.dependents[i]
		if v.get(d.name) == nil {
			continue
		}
		for _, r := range d.required {
			if v.get(r) == nil {
				return &flaw{at: v, s: s, why: flawRequired, name: r}
			}
		}
		if d.schema != nil {
			if f := c.check(d.schema, v, ev); f != nil {
				return f
			}
		}
	}
	return nil
}

// checkRest applies unevaluatedProperties and unevaluatedItems.
func (c *checker) checkRest(s *schema, v *value, ev *seen) *flaw {
	if s.uncheckedProps != nil && v.kind == kindObject {
		for i, name := range v.names {
			if !ev.names[name] {
				if f := c.check(s.uncheckedProps, v.items[i], nil); f != nil {
					return f.unknown(s, v.items[i], s.uncheckedProps)
				}
			}
			ev.name(name)
		}
	}
	if s.uncheckedItems != nil && v.kind == kindArray && !ev.all {
		for i, x := range v.items {
			if !ev.items[i] {
				if f := c.check(s.uncheckedItems, x, nil); f != nil {
					return f
				}
			}
		}
		ev.all = true
	}
	return nil
}
