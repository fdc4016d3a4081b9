package schemaof

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// field is a field of a struct as encoding/json sees it.
type field struct {
	name     string // in JSON
	goName   string
	typ      reflect.Type
	tag      reflect.StructTag
	index    []int // its place, through embedded structs
	tagged   bool  // the name is from a tag
	optional bool  // omitempty or omitzero
	quoted   bool  // option string
}

// fieldsOf returns the fields that encoding/json decodes, in their order: those of embedded structs are the struct's own, a name
// belongs to the least nested field, of several to the one that has it from a tag, and to none if that leaves several.
func fieldsOf(t reflect.Type, path string) ([]field, error) {
	var c collector
	if err := c.collect(t, nil, path); err != nil {
		return nil, err
	}
	byName := map[string][]field{}
	for _, f := range c.found {
		byName[f.name] = append(byName[f.name], f)
	}
	return slices.DeleteFunc(c.found, func(f field) bool {
		for _, g := range byName[f.name] {
			if !slices.Equal(f.index, g.index) && !f.hides(g) {
				return true
			}
		}
		return false
	}), nil
}

// hides reports whether f has its name before g.
func (f field) hides(g field) bool {
	if len(f.index) != len(g.index) {
		return len(f.index) < len(g.index)
	}
	return f.tagged && !g.tagged
}

// collector gathers all fields, in order.
type collector struct {
	found []field
	open  []reflect.Type // structs embedded in one another
}

func (c *collector) collect(t reflect.Type, index []int, path string) error {
	if slices.Contains(c.open, t) {
		return nil // what it has is less nested above
	}
	if len(c.found) > maxSchemas {
		return fail(path, "too many fields")
	}
	c.open = append(c.open, t)
	defer func() { c.open = c.open[:len(c.open)-1] }()
	for i := range t.NumField() {
		if err := c.add(t.Field(i), append(slices.Clip(index), i), path); err != nil {
			return err
		}
	}
	return nil
}

func (c *collector) add(f reflect.StructField, index []int, path string) error {
	inner := f.Type
	if inner.Name() == "" && inner.Kind() == reflect.Pointer {
		inner = inner.Elem()
	}
	if !f.IsExported() && (!f.Anonymous || inner.Kind() != reflect.Struct) || f.Tag.Get("json") == "-" {
		return nil
	}
	name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
	if !validName(name) {
		name = ""
	}
	if f.Anonymous && name == "" && inner.Kind() == reflect.Struct {
		if !f.IsExported() && f.Type.Kind() == reflect.Pointer {
			return fail(join(path, f.Name), "an embedded pointer to an unexported struct cannot be set")
		}
		return c.collect(inner, index, join(path, f.Name))
	}
	if !f.IsExported() { // embedded, with a name
		return nil
	}
	options := strings.Split(rest, ",")
	g := field{name: name, goName: f.Name, typ: f.Type, tag: f.Tag, index: index, tagged: name != ""}
	if name == "" {
		g.name = f.Name
	}
	g.optional = slices.Contains(options, "omitempty") || slices.Contains(options, "omitzero")
	g.quoted = slices.Contains(options, "string") && canQuote(inner.Kind())
	c.found = append(c.found, g)
	return nil
}

// canQuote: encoding/json ignores the option for other kinds.
func canQuote(k reflect.Kind) bool { return k == reflect.Bool || k == reflect.String || isNumber(k) }

// validName reports whether encoding/json takes a name from a tag.
func validName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool {
		return !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) < 0
}

var keyword = regexp.MustCompile("^[^ \t\n]*=")

// description returns the field's jsonschema tag.
func (f field) description(path string) (string, error) {
	text, ok := f.tag.Lookup("jsonschema")
	switch {
	case ok && text == "":
		return "", fail(path, "empty jsonschema tag")
	case keyword.MatchString(text):
		return "", fail(path, `a jsonschema tag is a description and must not begin with WORD=; constraints belong into an llm tag`)
	}
	return text, nil
}
