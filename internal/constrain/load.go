package constrain

import (
	"net/url"
	"slices"
	"strings"
)

// resource is a schema with a URI of its own: what pointers and anchors in references are relative to.
type resource struct {
	base    *url.URL
	root    *value
	anchors map[string]*value
}

// document is a schema with all its parts.
type document struct {
	root      *schema
	byValue   map[*value]*schema
	all       []*schema
	resources map[string]*resource
	dynamic   map[string]int // how often a $dynamicAnchor is there
	pending   []*schema      // whose references are not resolved yet
	unchecked bool           // some schema has unevaluatedProperties or unevaluatedItems
}

// Drafts, by their year or number.
const (
	draft4    = 4
	draft6    = 6
	draft7    = 7
	draft2019 = 2019
	draft2020 = 2020
)

func draftOf(uri string, otherwise int) int {
	for _, d := range []struct {
		part  string
		draft int
	}{{"draft-04", draft4}, {"draft-03", draft4}, {"draft-06", draft6}, {"draft-07", draft7}, {"2019-09", draft2019}, {"2020-12", draft2020}} {
		if strings.Contains(uri, "json-schema.org/") && strings.Contains(uri, d.part) {
			return d.draft
		}
	}
	return otherwise
}

// loadSchema reads a schema and resolves its references.
func loadSchema(text string) (*document, error) {
	if len(text) > maxText {
		return nil, failf(Limit, "", "schema of %d bytes, at most %d", len(text), maxText)
	}
	v, err := readJSON(text, maxDepth, false)
	if err != nil {
		return nil, err
	}
	d := &document{byValue: map[*value]*schema{}, resources: map[string]*resource{}, dynamic: map[string]int{}}
	res := &resource{base: &url.URL{}, root: v}
	d.resources[""] = res
	if d.root, err = d.load(v, "", res, draft2020); err != nil {
		return nil, err
	}
	for len(d.pending) > 0 {
		s := d.pending[len(d.pending)-1]
		d.pending = d.pending[:len(d.pending)-1]
		if s.ref, err = d.resolve(s); err != nil {
			return nil, err
		}
	}
	return d, d.refuseLoops()
}

func (s *schema) fail(keyword, format string, args ...any) error {
	return failf(Invalid, s.pointer+"/"+token(keyword), format, args...)
}

// load reads the schema in v.
func (d *document) load(v *value, pointer string, res *resource, draft int) (*schema, error) {
	if s := d.byValue[v]; s != nil {
		return s, nil
	}
	s := &schema{id: len(d.all), pointer: pointer, res: res, draft: draft, types: typeAny, maxLength: unbounded, maxItems: unbounded,
		maxProps: unbounded, minContains: 1, maxContains: unbounded}
	d.byValue[v] = s
	d.all = append(d.all, s)
	switch v.kind {
	case kindBool:
		s.never = !v.truth
		return s, nil
	case kindObject:
	default:
		return nil, failf(Invalid, pointer, "a schema must be an object or a boolean")
	}
	if len(d.all) > maxRules {
		return nil, failf(Limit, pointer, "more than %d schemas", maxRules)
	}
	if err := d.identify(s, v); err != nil {
		return nil, err
	}
	l := loader{d, s, v}
	return s, l.keywords()
}

// identify reads what gives a schema a name.
func (d *document) identify(s *schema, v *value) error {
	if u := v.get("$schema"); u != nil && u.kind == kindString {
		s.draft = draftOf(u.text, draft2020)
		if strings.Contains(u.text, "metaschema") {
			return failf(Unsupported, s.pointer+"/$schema", "a meta-schema of its own, which may give keywords another meaning")
		}
	}
	key := "$id"
	if s.draft == draft4 {
		key = "id"
	}
	hidden := s.draft <= draft7 && v.get("$ref") != nil
	if id := v.get(key); id != nil && id.kind == kindString && !hidden {
		name, fragment, _ := strings.Cut(id.text, "#")
		if name != "" {
			u, err := s.res.base.Parse(name)
			if err != nil {
				return s.fail(key, "%v", err)
			}
			s.res = &resource{base: u, root: v}
			if d.resources[u.String()] == nil {
				d.resources[u.String()] = s.res
			}
		}
		if fragment != "" && s.draft <= draft7 {
			s.res.anchor(fragment, v)
		}
	}
	for _, k := range []string{"$anchor", "$dynamicAnchor"} {
		if a := v.get(k); a != nil && a.kind == kindString && s.draft >= draft2019 {
			s.res.anchor(a.text, v)
			if k == "$dynamicAnchor" {
				d.dynamic[a.text]++
			}
		}
	}
	if a := v.get("$recursiveAnchor"); a != nil && a.truth {
		d.dynamic["#"]++
	}
	return nil
}

func (r *resource) anchor(name string, v *value) {
	if r.anchors == nil {
		r.anchors = map[string]*value{}
	}
	r.anchors[name] = v
}

// resolve finds what a schema refers to.
func (d *document) resolve(s *schema) (*schema, error) {
	at := s.pointer + "/$ref"
	name, fragment, _ := strings.Cut(s.refText, "#")
	res := s.res
	if name != "" {
		u, err := s.res.base.Parse(name)
		if err != nil {
			return nil, failf(Invalid, at, "%v", err)
		}
		if res = d.resources[u.String()]; res == nil {
			return nil, failf(Unsupported, at, "reference to another document: %s", s.refText)
		}
	}
	fragment, err := url.PathUnescape(fragment)
	if err != nil {
		return nil, failf(Invalid, at, "%v", err)
	}
	if s.dynamic && (d.dynamic[fragment] > 1 || d.dynamic["#"] > 0) {
		return nil, failf(Unsupported, at, "dynamic reference with more than one target")
	}
	if fragment == "" || fragment[0] == '/' {
		return d.follow(res, fragment, at)
	}
	v := res.anchors[fragment]
	if v == nil {
		return nil, failf(Invalid, at, "no anchor %q", fragment)
	}
	return d.load(v, "#"+fragment, res, s.draft)
}

// follow finds the schema at a JSON Pointer.
func (d *document) follow(res *resource, pointer, at string) (*schema, error) {
	v, draft := res.root, draft2020
	for rest := pointer; ; {
		if s := d.byValue[v]; s != nil {
			res, draft = s.res, s.draft
		}
		if rest == "" {
			return d.load(v, pointer, res, draft)
		}
		part, more, found := strings.Cut(rest[1:], "/")
		rest = ""
		if found {
			rest = "/" + more
		}
		name := strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		var next *value
		switch v.kind {
		case kindObject:
			next = v.get(name)
		case kindArray:
			if i, ok := parseCount(name); ok && int(i) < len(v.items) {
				next = v.items[i]
			}
		}
		if next == nil {
			return nil, failf(Invalid, at, "nothing at #%s", pointer)
		}
		v = next
	}
}

// inPlace calls f for the schemas that s applies to the same value.
func (s *schema) inPlace(f func(*schema)) {
	for _, t := range []*schema{s.ref, s.not, s.if_, s.then, s.else_} {
		if t != nil {
			f(t)
		}
	}
	for _, list := range [][]*schema{s.all, s.any, s.one} {
		for _, t := range list {
			f(t)
		}
	}
	for i := range s.dependents {
		if t := s.dependents[i].schema; t != nil {
			f(t)
		}
	}
}

// refuseLoops finds schemas that apply themselves to the same value without end.
func (d *document) refuseLoops() error {
	const fresh, open, done = 0, 1, 2
	mark := make([]uint8, len(d.all))
	type visit struct {
		s    *schema
		rest []*schema
	}
	enter := func(s *schema) visit {
		mark[s.id] = open
		var rest []*schema
		s.inPlace(func(t *schema) { rest = append(rest, t) })
		return visit{s, rest}
	}
	for _, root := range d.all {
		if mark[root.id] != fresh {
			continue
		}
		stack := []visit{enter(root)}
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if len(top.rest) == 0 {
				mark[top.s.id] = done
				stack = stack[:len(stack)-1]
				continue
			}
			t := top.rest[0]
			top.rest = top.rest[1:]
			switch mark[t.id] {
			case open:
				return failf(Invalid, t.pointer, "the schema refers to itself without end")
			case fresh:
				stack = append(stack, enter(t))
			}
		}
	}
	return nil
}

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
