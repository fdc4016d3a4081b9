package constrain

import (
	"net/url"
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
