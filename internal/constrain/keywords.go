package constrain

import (
	"slices"
	"strings"
)

// loader reads the keywords of one schema.
type loader struct {
	d *document
	s *schema
	v *value
}

// pointerTo returns the pointer to a keyword's value.
func (l *loader) pointerTo(keyword string) string { return l.s.pointer + "/" + token(keyword) }

func (l *loader) sub(v *value, pointer string) (*schema, error) {
	return l.d.load(v, pointer, l.s.res, l.s.draft)
}

func (l *loader) keywords() error {
	s, v := l.s, l.v
	if s.draft <= draft7 {
		if r := v.get("$ref"); r != nil && r.kind == kindString { // hides its siblings, but for places that are referred to
			l.refer(r.text)
			return l.definitions()
		}
	}
	for i, name := range v.names {
		if x := v.items[i]; v.get(name) == x {
			if err := l.keyword(name, x); err != nil {
				return err
			}
		}
	}
	if s.minContains > s.maxContains && s.contains != nil && s.maxContains != unbounded {
		s.never = s.never || s.types&^typeArray == 0
	}
	s.hasApplicators = s.ref != nil || s.refText != "" || len(s.all)+len(s.any)+len(s.one)+len(s.dependents) > 0 || s.not != nil || s.if_ != nil
	l.d.unchecked = l.d.unchecked || s.uncheckedItems != nil || s.uncheckedProps != nil
	return nil
}

func (l *loader) refer(text string) {
	l.s.refText = text
	l.s.hasApplicators = true
	l.d.pending = append(l.d.pending, l.s)
}

func (l *loader) definitions() error {
	for _, k := range []string{"definitions", "$defs"} {
		if x := l.v.get(k); x != nil && x.kind == kindObject {
			if err := l.keyword(k, x); err != nil {
				return err
			}
		}
	}
	return nil
}

// keyword reads one keyword. Unknown ones are remarks.
func (l *loader) keyword(name string, x *value) (err error) {
	s := l.s
	switch name {
	case "type":
		return l.typeOf(x)
	case "enum", "const":
		return l.values(name, x)
	case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf":
		return l.number(name, x)
	case "minLength":
		return l.count(name, x, &s.minLength)
	case "maxLength":
		return l.count(name, x, &s.maxLength)
	case "minItems":
		return l.count(name, x, &s.minItems)
	case "maxItems":
		return l.count(name, x, &s.maxItems)
	case "minProperties":
		return l.count(name, x, &s.minProps)
	case "maxProperties":
		return l.count(name, x, &s.maxProps)
	case "pattern":
		if x.kind != kindString {
			return s.fail(name, "must be a string")
		}
		s.pattern, err = readPattern(x.text, l.pointerTo(name))
		return err
	case "format":
		if x.kind != kindString {
			return s.fail(name, "must be a string")
		}
		s.format = x.text
	case "uniqueItems":
		if x.kind != kindBool {
			return s.fail(name, "must be a boolean")
		}
		s.unique = x.truth
	case "items":
		return l.items(x)
	case "required":
		s.required, err = l.names(name, x)
		return err
	default:
		return l.applicator(name, x)
	}
	return nil
}

func (l *loader) applicator(name string, x *value) (err error) {
	s := l.s
	later := s.draft >= draft2019
	switch {
	case name == "properties":
		return l.properties(x)
	case name == "patternProperties":
		return l.patternProperties(x)
	case name == "additionalProperties":
		s.additional, err = l.sub(x, l.pointerTo(name))
	case name == "prefixItems":
		s.prefix, err = l.list(name, x)
	case name == "additionalItems":
		if prev := l.v.get("items"); prev != nil && prev.kind == kindArray {
			s.items, err = l.sub(x, l.pointerTo(name))
		}
	case name == "allOf":
		s.all, err = l.list(name, x)
	case name == "anyOf":
		s.any, err = l.list(name, x)
	case name == "oneOf":
		s.one, err = l.list(name, x)
	case name == "not":
		s.not, err = l.sub(x, l.pointerTo(name))
	case name == "if" && s.draft >= draft7:
		s.if_, err = l.sub(x, l.pointerTo(name))
	case name == "then" && s.draft >= draft7:
		s.then, err = l.sub(x, l.pointerTo(name))
	case name == "else" && s.draft >= draft7:
		s.else_, err = l.sub(x, l.pointerTo(name))
	case name == "contains" && s.draft >= draft6:
		s.contains, err = l.sub(x, l.pointerTo(name))
	case name == "minContains" && later:
		return l.count(name, x, &s.minContains)
	case name == "maxContains" && later:
		return l.count(name, x, &s.maxContains)
	case name == "propertyNames" && s.draft >= draft6:
		s.propertyNames, err = l.sub(x, l.pointerTo(name))
	case name == "dependentRequired" && later, name == "dependentSchemas" && later, name == "dependencies" && !later:
		return l.dependencies(name, x)
	case name == "unevaluatedItems" && later:
		s.uncheckedItems, err = l.sub(x, l.pointerTo(name))
	case name == "unevaluatedProperties" && later:
		s.uncheckedProps, err = l.sub(x, l.pointerTo(name))
	case name == "$ref", name == "$dynamicRef" && later, name == "$recursiveRef" && s.draft == draft2019:
		if x.kind != kindString {
			return s.fail(name, "must be a string")
		}
		if s.refText != "" {
			return failf(Unsupported, l.pointerTo(name), "two references in one schema")
		}
		s.dynamic = name != "$ref"
		l.refer(x.text)
	case name == "$defs", name == "definitions":
		if x.kind != kindObject {
			return s.fail(name, "must be an object")
		}
		for i, n := range x.names {
			if k := x.items[i].kind; k == kindObject || k == kindBool {
				if _, err := l.sub(x.items[i], l.pointerTo(name)+"/"+token(n)); err != nil {
					return err
				}
			}
		}
	}
	return err
}

func (l *loader) typeOf(x *value) error {
	list := []*value{x}
	if x.kind == kindArray {
		list = x.items
	}
	l.s.types = 0
	for _, t := range list {
		set, ok := typeNames[t.text]
		if t.kind != kindString || !ok {
			return l.s.fail("type", "unknown type")
		}
		l.s.types |= set
	}
	return nil
}

func (l *loader) values(name string, x *value) error {
	list := []*value{x}
	if name == "enum" {
		if x.kind != kindArray {
			return l.s.fail(name, "must be a list")
		}
		list = x.items
	}
	for _, v := range list {
		v.canonical() // now, while nobody shares it
	}
	s := l.s
	if s.hasEnum {
		list = slices.DeleteFunc(slices.Clone(list), func(v *value) bool { return !in(s.enum, v) })
	}
	s.enum, s.hasEnum, s.enumSet = list, true, nil
	if len(list) > fewValues {
		s.enumSet = make(map[string]bool, len(list))
		for _, v := range list {
			s.enumSet[v.canonical()] = true
		}
	}
	return nil
}

// fewValues is how many values of an enumeration are compared one by one.
const fewValues = 8

func (l *loader) number(name string, x *value) error {
	s := l.s
	if s.draft == draft4 && strings.HasPrefix(name, "exclusive") {
		if x.kind != kindBool {
			return s.fail(name, "must be a boolean in draft 4")
		}
		return nil // read with minimum and maximum
	}
	if x.kind != kindNumber {
		return s.fail(name, "must be a number")
	}
	d := parseDecimal(x.text)
	switch name {
	case "multipleOf":
		if d.sign() <= 0 {
			return s.fail(name, "must be greater than 0")
		}
		s.multiple = &d
	case "minimum", "exclusiveMinimum":
		s.raise(&bound{d, l.exclusive(name, "exclusiveMinimum")})
	case "maximum", "exclusiveMaximum":
		s.lower(&bound{d, l.exclusive(name, "exclusiveMaximum")})
	}
	return nil
}

// exclusive reports whether a bound leaves out the limit itself.
func (l *loader) exclusive(name, keyword string) bool {
	if l.s.draft == draft4 {
		x := l.v.get(keyword)
		return x != nil && x.truth
	}
	return name == keyword
}

// raise makes b a lower bound.
func (s *schema) raise(b *bound) {
	if b == nil {
		return
	}
	if s.min == nil || b.at.compare(s.min.at) > 0 || b.at.compare(s.min.at) == 0 && b.exclusive {
		s.min = b
	}
}

// lower makes b an upper bound.
func (s *schema) lower(b *bound) {
	if b == nil {
		return
	}
	if s.max == nil || b.at.compare(s.max.at) < 0 || b.at.compare(s.max.at) == 0 && b.exclusive {
		s.max = b
	}
}

func (l *loader) count(name string, x *value, to *uint32) error {
	if x.kind == kindNumber {
		if n, ok := parseDecimal(x.text).count(); ok {
			*to = n
			return nil
		}
	}
	return l.s.fail(name, "must be a whole number, at least 0")
}

func readPattern(text, pointer string) (*pattern, error) {
	p := &pattern{text: text}
	if len(text) > maxPattern {
		p.why = "the pattern is too long"
		return p, nil
	}
	x, err := parseECMA(text)
	if err == errUnknownProperty {
		p.why = err.Error()
		return p, nil
	}
	if err != nil {
		return nil, failf(Invalid, pointer, "%v", err)
	}
	p.re = x
	return p, nil
}

func (l *loader) list(name string, x *value) ([]*schema, error) {
	if x.kind != kindArray {
		return nil, l.s.fail(name, "must be a list")
	}
	out := make([]*schema, len(x.items))
	for i, v := range x.items {
		s, err := l.sub(v, l.pointerTo(name)+"/"+itoa(i))
		if err != nil {
			return nil, err
		}
		out[i] = s
	}
	return out, nil
}

func (l *loader) items(x *value) (err error) {
	if x.kind == kindArray {
		if l.v.get("prefixItems") == nil {
			l.s.prefix, err = l.list("items", x)
		}
		return err
	}
	l.s.items, err = l.sub(x, l.pointerTo("items"))
	return err
}

func (l *loader) names(name string, x *value) ([]string, error) {
	if x.kind != kindArray {
		return nil, l.s.fail(name, "must be a list")
	}
	var out []string
	for _, v := range x.items {
		if v.kind != kindString {
			return nil, l.s.fail(name, "must be a list of strings")
		}
		out = append(out, v.text)
	}
	return out, nil
}

func (l *loader) properties(x *value) error {
	if x.kind != kindObject {
		return l.s.fail("properties", "must be an object")
	}
	l.s.props = make(map[string]*schema, len(x.names))
	for i, n := range x.names {
		s, err := l.sub(x.items[i], l.pointerTo("properties")+"/"+token(n))
		if err != nil {
			return err
		}
		if l.s.props[n] == nil {
			l.s.names = append(l.s.names, n)
		}
		l.s.props[n] = s
	}
	return nil
}

func (l *loader) patternProperties(x *value) error {
	if x.kind != kindObject {
		return l.s.fail("patternProperties", "must be an object")
	}
	for i, n := range x.names {
		at := l.pointerTo("patternProperties") + "/" + token(n)
		p, err := readPattern(n, at)
		if err != nil {
			return err
		}
		s, err := l.sub(x.items[i], at)
		if err != nil {
			return err
		}
		l.s.patterns = append(l.s.patterns, patternProperty{p, s})
	}
	return nil
}

func (l *loader) dependencies(name string, x *value) error {
	if x.kind != kindObject {
		return l.s.fail(name, "must be an object")
	}
	for i, n := range x.names {
		v := x.items[i]
		d := dependency{name: n, keyword: name}
		var err error
		switch {
		case v.kind == kindArray && name != "dependentSchemas":
			d.required, err = l.names(name, v)
		case v.kind == kindString && name == "dependencies":
			d.required = []string{v.text}
		case name == "dependentRequired":
			err = l.s.fail(name, "must be lists of strings")
		default:
			d.schema, err = l.sub(v, l.pointerTo(name)+"/"+token(n))
		}
		if err != nil {
			return err
		}
		l.s.dependents = append(l.s.dependents, d)
	}
	return nil
}
