package schemaof

import (
	"bytes"
	"encoding/json"
	"slices"
)

// schema holds the keywords that Go types need. Numbers stay text: a float64 cannot hold the bounds of 64-bit integers.
type schema struct {
	Ref         string            `json:"$ref,omitempty"`
	Type        typeNames         `json:"type,omitempty"`
	Description string            `json:"description,omitempty"`
	Enum        []json.RawMessage `json:"enum,omitempty"`
	AnyOf       []*schema         `json:"anyOf,omitempty"`

	Minimum json.Number `json:"minimum,omitempty"`
	Maximum json.Number `json:"maximum,omitempty"`

	MinLength       json.Number `json:"minLength,omitempty"`
	MaxLength       json.Number `json:"maxLength,omitempty"`
	Pattern         string      `json:"pattern,omitempty"`
	Format          string      `json:"format,omitempty"`
	ContentEncoding string      `json:"contentEncoding,omitempty"`

	Items    *schema     `json:"items,omitempty"`
	MinItems json.Number `json:"minItems,omitempty"`
	MaxItems json.Number `json:"maxItems,omitempty"`

	Properties           *properties `json:"properties,omitempty"`
	Required             []string    `json:"required,omitempty"`
	PropertyNames        *schema     `json:"propertyNames,omitempty"`
	AdditionalProperties any         `json:"additionalProperties,omitempty"` // *schema, or false
	MinProperties        json.Number `json:"minProperties,omitempty"`
	MaxProperties        json.Number `json:"maxProperties,omitempty"`

	Defs *properties `json:"$defs,omitempty"`
}

// typeNames is one type, or null and a type.
type typeNames []string

// MarshalJSON writes a single type as a string.
func (t typeNames) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

// properties are schemas with names, in order.
type properties struct {
	names   []string
	schemas []*schema
}

func (p *properties) add(name string, s *schema) {
	p.names, p.schemas = append(p.names, name), append(p.schemas, s)
}

// MarshalJSON writes the properties in their order.
func (p *properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range p.names {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := marshal(name)
		if err != nil {
			return nil, err
		}
		value, err := marshal(p.schemas[i])
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// marshal is json.Marshal that leaves <, > and & alone: models read schemas.
func marshal(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// nullable lets null through as well.
func (s *schema) nullable() *schema {
	null := &schema{Type: typeNames{"null"}}
	switch {
	case s.Ref == anyRef:
	case s.Ref != "":
		return &schema{AnyOf: []*schema{null, s}}
	case s.AnyOf != nil:
		s.AnyOf = slices.Insert(s.AnyOf, 0, null)
	case s.Type != nil && s.Type[0] != "null":
		s.Type = slices.Insert(s.Type, 0, "null")
		if s.Enum != nil {
			s.Enum = append(s.Enum, json.RawMessage("null"))
		}
	}
	return s
}

// notNull undoes nullable.
func (s *schema) notNull() *schema {
	isNull := func(t *schema) bool { return len(t.Type) == 1 && t.Type[0] == "null" }
	switch {
	case len(s.AnyOf) == 2 && isNull(s.AnyOf[0]):
		return s.AnyOf[1]
	case s.AnyOf != nil:
		s.AnyOf = slices.DeleteFunc(s.AnyOf, isNull)
	case len(s.Type) > 1:
		s.Type = s.Type[1:]
		s.Enum = slices.DeleteFunc(s.Enum, func(v json.RawMessage) bool { return string(v) == "null" })
	}
	return s
}
