// Package schemaof makes JSON Schemas of Go types.
//
// The law: every JSON text that is valid under the schema of T decodes into T with encoding/json, unknown fields disallowed.
// Where a type could not keep it there is an error that names the field. The reading of struct tags is that of
// github.com/google/jsonschema-go, so one struct serves the Model Context Protocol's Go SDK too; what differs is what would not
// decode there (bounds of numbers, time, bytes, recursion, types that decode themselves). That library is not used to build them:
// it holds bounds as float64, which has no 2^63-1, and refuses recursive types.
package schemaof

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
)

// Limits of one schema.
const (
	maxDepth   = 256
	maxSchemas = 10_000
)

// For returns the JSON Schema (2020-12) of a type. Properties are in the order of fields and additional ones are not allowed; fields
// are required unless they are omitempty or omitzero; pointers and slices may be null, except at the top. A jsonschema tag is a
// description; an llm tag narrows a field:
//
//	enum=a|b      the values, of the elements if the field is a list; for types with UnmarshalText or UnmarshalJSON, what they decode
//	min=1,max=5   bounds of a number, of the characters of a string, of how many elements there are
//	format=uuid   date, time, date-time, duration, email, ipv4, ipv6, uri or uuid
//	nonnull       of a pointer or slice
//	pattern=…     a regular expression (ECMA 262, searched for); comes last and takes the rest of the tag, commas included
//
// Errors name the type and the path of the field. For may be called by several goroutines at once.
func For(t reflect.Type) (json.RawMessage, error) {
	if t == nil {
		return nil, fmt.Errorf("schema of nil")
	}
	root := target(t) // null at the top would say nothing
	b := &builder{root: root, open: map[reflect.Type]bool{}, refs: map[reflect.Type]string{}}
	s, err := b.visit(root, tag{}, "", 0)
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", nameOf(t), err)
	}
	s = s.notNull()
	if len(b.defs.names) > 0 {
		s.Defs = &b.defs
	}
	return marshal(s)
}

// nameOf returns what a type is called; one without a name can be longer than the message.
func nameOf(t reflect.Type) string {
	if name := t.String(); len(name) < 80 {
		return name
	}
	return "a " + t.Kind().String()
}

// builder makes one schema.
type builder struct {
	root  reflect.Type
	open  map[reflect.Type]bool   // named types that the current one is a part of
	refs  map[reflect.Type]string // recursive types: what refers to them
	defs  properties
	count int
}

func fail(path, format string, args ...any) error {
	if path == "" {
		return fmt.Errorf(format, args...)
	}
	return fmt.Errorf("field %s: "+format, append([]any{path}, args...)...)
}

// visit returns the schema of t. Recursive types become definitions.
func (b *builder) visit(t reflect.Type, tag tag, path string, depth int) (*schema, error) {
	if b.count++; b.count > maxSchemas || depth > maxDepth {
		return nil, fail(path, "too large: more than %d parts or %d levels", maxSchemas, maxDepth)
	}
	if ref := b.refs[t]; ref != "" {
		return &schema{Ref: ref}, tag.unused(path, t)
	}
	if t.Name() == "" {
		return b.kind(t, tag, path, depth)
	}
	if b.open[t] {
		b.refs[t] = b.refTo(t)
		return &schema{Ref: b.refs[t]}, tag.unused(path, t)
	}
	b.open[t] = true
	defer delete(b.open, t)
	s, err := b.kind(t, tag, path, depth)
	ref := b.refs[t]
	if err != nil || ref == "" || ref == "#" {
		return s, err
	}
	if !tag.empty() {
		return nil, fail(path, "%v is recursive: an llm tag here would hold for all of it", t)
	}
	b.define(ref, s)
	return &schema{Ref: ref}, nil
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9_]+`)

const defsPrefix = "#/$defs/"

// refTo returns a reference to a type that has none yet.
func (b *builder) refTo(t reflect.Type) string {
	if t == b.root {
		return "#"
	}
	base := defsPrefix + notInNames.ReplaceAllString(t.Name(), "_")
	taken := func(ref string) bool {
		for _, r := range b.refs {
			if r == ref {
				return true
			}
		}
		return ref == anyRef
	}
	ref := base
	for i := 2; taken(ref); i++ {
		ref = base + strconv.Itoa(i)
	}
	return ref
}

func (b *builder) define(ref string, s *schema) { b.defs.add(ref[len(defsPrefix):], s) }

// kind returns the schema of t by what it decodes as.
func (b *builder) kind(t reflect.Type, tag tag, path string, depth int) (*schema, error) {
	if t.Kind() == reflect.Pointer {
		to := target(t)
		if to.Kind() == reflect.Pointer {
			return nil, fail(path, "%v points to itself", t)
		}
		s, err := b.visit(to, tag, path, depth+1)
		if err != nil {
			return nil, err
		}
		return s.nullable(), nil
	}
	if known := wellKnown[t]; known != nil {
		return known(), tag.unused(path, t)
	}
	if decodesItself(t) {
		return textual(t, tag, path)
	}
	switch k := t.Kind(); {
	case k == reflect.Bool:
		return &schema{Type: typeNames{"boolean"}}, tag.unused(path, t)
	case t == reflect.TypeFor[json.Number]():
		return &schema{Type: typeNames{"number"}}, tag.unused(path, t)
	case k == reflect.String:
		return text(tag, path)
	case isNumber(k):
		return number(t, tag, path)
	case k == reflect.Interface && t.NumMethod() == 0:
		return b.any(), tag.unused(path, t)
	case k == reflect.Slice || k == reflect.Array:
		return b.list(t, tag, path, depth)
	case k == reflect.Map:
		return b.object(t, tag, path, depth)
	case k == reflect.Struct:
		if err := tag.unused(path, t); err != nil {
			return nil, err
		}
		return b.structure(t, path, depth)
	}
	return nil, fail(path, `%v cannot be decoded from JSON; leave it out with json:"-"`, t)
}

// target returns what a pointer points to in the end, a pointer if there is no end.
func target(t reflect.Type) reflect.Type {
	for i := 0; t.Kind() == reflect.Pointer && i < maxDepth; i++ {
		t = t.Elem()
	}
	return t
}

// decodesItself reports whether encoding/json leaves the decoding to methods of the type.
func decodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// anyRef refers to what an interface can hold: any JSON whose numbers fit into float64, which encoding/json makes of them.
const anyRef = defsPrefix + "any"

func (b *builder) any() *schema {
	ref := anyRef
	if b.root.Kind() == reflect.Interface {
		ref = "#"
	}
	s := &schema{Minimum: "-" + maxFloat64, Maximum: maxFloat64, Items: &schema{Ref: ref}, AdditionalProperties: &schema{Ref: ref}}
	if ref == "#" {
		return s
	}
	if !slices.Contains(b.defs.names, "any") {
		b.define(ref, s)
	}
	return &schema{Ref: ref}
}

func (b *builder) list(t reflect.Type, tag tag, path string, depth int) (*schema, error) {
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
		return &schema{Type: typeNames{"string"}, ContentEncoding: "base64", Pattern: base64Pattern}, tag.unused(path, t)
	}
	items, err := b.visit(t.Elem(), tag.ofElements(), path+"[]", depth+1)
	if err != nil {
		return nil, err
	}
	s := &schema{Type: typeNames{"array"}, Items: items}
	if t.Kind() == reflect.Array {
		n := json.Number(strconv.Itoa(t.Len()))
		s.MinItems, s.MaxItems = n, n
		return s, tag.noCount(path, t)
	}
	if s.MinItems, s.MaxItems, err = tag.counts(path); err != nil {
		return nil, err
	}
	return tag.orNull(s), nil
}

func (b *builder) object(t reflect.Type, tag tag, path string, depth int) (*schema, error) {
	names, err := keys(t.Key(), path)
	if err != nil {
		return nil, err
	}
	values, err := b.visit(t.Elem(), tag.ofElements(), path+"{}", depth+1)
	if err != nil {
		return nil, err
	}
	s := &schema{Type: typeNames{"object"}, PropertyNames: names, AdditionalProperties: values}
	s.MinProperties, s.MaxProperties, err = tag.counts(path)
	return s, err
}

// keys returns the schema of a map's keys, nil if they are strings.
func keys(t reflect.Type, path string) (*schema, error) {
	switch {
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return nil, fail(path, "keys of type %v decode themselves: which texts they accept is not known", t)
	case t.Kind() == reflect.String:
		return nil, nil
	case isInteger(t.Kind()):
		return &schema{Pattern: integerPattern(t)}, nil
	}
	return nil, fail(path, "keys of type %v cannot be decoded from JSON", t)
}

func (b *builder) structure(t reflect.Type, path string, depth int) (*schema, error) {
	list, err := fieldsOf(t, path)
	if err != nil {
		return nil, err
	}
	s := &schema{Type: typeNames{"object"}, Properties: &properties{}, AdditionalProperties: false}
	for _, f := range list {
		p, err := b.field(f, join(path, f.goName), depth+1)
		if err != nil {
			return nil, err
		}
		s.Properties.add(f.name, p)
		if !f.optional {
			s.Required = append(s.Required, f.name)
		}
	}
	return s, nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (b *builder) field(f field, path string, depth int) (*schema, error) {
	description, err := f.description(path)
	if err != nil {
		return nil, err
	}
	tag, err := parseTag(f.tag.Get("llm"), path)
	if err != nil {
		return nil, err
	}
	var s *schema
	if f.quoted {
		s, err = quoted(f.typ, tag, path)
	} else {
		s, err = b.visit(f.typ, tag, path, depth)
	}
	if err != nil {
		return nil, err
	}
	if k := f.typ.Kind(); tag.nonnull && (k != reflect.Pointer && k != reflect.Slice || s.Ref != "") {
		return nil, fail(path, "nonnull does not apply to %v: it is never null, or defined once for all fields", f.typ)
	}
	if tag.nonnull {
		s = s.notNull()
	}
	s.Description = description
	return s, nil
}
