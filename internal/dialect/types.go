package dialect

import (
	"encoding/json"
	"strings"
)

// valueType is what a schema allows, as far as it decides how an untyped text is read.
type valueType int

const (
	anyType      valueType = iota // not known
	stringType                    // a string, whatever it looks like
	nullableText                  // a string, or null
	otherType                     // no string
	objectType
	listType
)

// schema is a JSON Schema, decoded a level at a time, where a value asks for it.
type schema struct {
	node, root json.RawMessage
}

type schemaNode struct {
	Type       json.RawMessage            `json:"type"`
	Ref        string                     `json:"$ref"`
	Enum       []json.RawMessage          `json:"enum"`
	Const      json.RawMessage            `json:"const"`
	AnyOf      []json.RawMessage          `json:"anyOf"`
	OneOf      []json.RawMessage          `json:"oneOf"`
	AllOf      []json.RawMessage          `json:"allOf"`
	Properties map[string]json.RawMessage `json:"properties"`
	Additional json.RawMessage            `json:"additionalProperties"`
	Items      json.RawMessage            `json:"items"`
}

// maxRefs bounds the references, and the alternatives, that a value's schema is followed through.
const maxRefs = 64

func (s schema) decode() (n schemaNode, ok bool) {
	for range maxRefs {
		n = schemaNode{}
		if len(s.node) == 0 || json.Unmarshal(s.node, &n) != nil {
			return n, false
		}
		if n.Ref == "" {
			return n, true
		}
		s.node = s.resolve(n.Ref)
	}
	return n, false
}

// resolve returns what a reference to a definition of the same schema names.
func (s schema) resolve(ref string) json.RawMessage {
	var root struct {
		Defs        map[string]json.RawMessage `json:"$defs"`
		Definitions map[string]json.RawMessage `json:"definitions"`
	}
	if json.Unmarshal(s.root, &root) != nil {
		return nil
	}
	if name, ok := strings.CutPrefix(ref, "#/$defs/"); ok {
		return root.Defs[name]
	}
	name, _ := strings.CutPrefix(ref, "#/definitions/")
	return root.Definitions[name]
}

// property returns the schema of a property.
func (s schema) property(key string) schema {
	n, ok := s.decode()
	if !ok {
		return schema{root: s.root}
	}
	if p, ok := n.Properties[key]; ok {
		return schema{p, s.root}
	}
	return schema{n.Additional, s.root}
}

// items returns the schema of a list's items.
func (s schema) items() schema {
	n, _ := s.decode()
	return schema{n.Items, s.root}
}

// kind returns how a text that should be a value of the schema is read.
func (s schema) kind() valueType {
	var t typeSet
	left := maxRefs
	t.add(s, &left)
	return t.kind()
}

// typeSet is the set of types that a schema allows.
type typeSet struct {
	text, null, object, list, other bool
}

func (t typeSet) kind() valueType {
	switch {
	case t.text && t.null:
		return nullableText
	case t.text:
		return stringType
	case t == typeSet{object: true}:
		return objectType
	case t == typeSet{list: true}:
		return listType
	case t == typeSet{}:
		return anyType
	}
	return otherType
}

func (t *typeSet) add(s schema, left *int) {
	n, ok := s.decode()
	if *left--; !ok || *left < 0 {
		return
	}
	var one string
	var many []string
	if json.Unmarshal(n.Type, &one) == nil {
		t.name(one)
	} else if json.Unmarshal(n.Type, &many) == nil {
		for _, name := range many {
			t.name(name)
		}
	} else {
		for _, v := range append(n.Enum, n.Const) {
			t.value(v)
		}
	}
	for _, alternatives := range [][]json.RawMessage{n.AnyOf, n.OneOf, n.AllOf} {
		for _, a := range alternatives {
			t.add(schema{a, s.root}, left)
		}
	}
}

func (t *typeSet) name(name string) {
	switch name {
	case "string":
		t.text = true
	case "null":
		t.null = true
	case "object":
		t.object = true
	case "array":
		t.list = true
	case "integer", "number", "boolean":
		t.other = true
	}
}

// value adds the type of a value that is allowed.
func (t *typeSet) value(v json.RawMessage) {
	if len(v) == 0 {
		return
	}
	switch v[0] {
	case '"':
		t.text = true
	case 'n':
		t.null = true
	case '{':
		t.object = true
	case '[':
		t.list = true
	default:
		t.other = true
	}
}
