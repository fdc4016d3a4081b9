package schemaof

import (
	"encoding/json"
	"math/big"
	"net/netip"
	"reflect"
	"time"
)

const (
	base64Pattern = `^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$`
	// timePattern narrows RFC 3339 to what package time reads: capital letters, no leap second.
	timePattern = `T[0-9:]{6}[0-5][^z]*$`
)

// wellKnown are types that decode themselves and whose texts are known.
var wellKnown = map[reflect.Type]func() *schema{
	reflect.TypeFor[json.RawMessage](): func() *schema { return &schema{} },
	reflect.TypeFor[big.Int]():         func() *schema { return &schema{Type: typeNames{"integer"}} },
	reflect.TypeFor[time.Time](): func() *schema {
		return &schema{Type: typeNames{"string"}, Format: "date-time", Pattern: timePattern}
	},
	reflect.TypeFor[netip.Addr](): func() *schema {
		return &schema{AnyOf: []*schema{{Type: typeNames{"string"}, Format: "ipv4"}, {Type: typeNames{"string"}, Format: "ipv6"}}}
	},
}

// quoted returns the schema of a field with the option string: JSON in a string.
func quoted(t reflect.Type, tag tag, path string) (*schema, error) {
	pointer := t.Kind() == reflect.Pointer
	if pointer {
		t = t.Elem()
	}
	if decodesItself(t) || t == reflect.TypeFor[json.Number]() {
		return nil, fail(path, "the option string does not go with %v", t)
	}
	if err := tag.unused(path, t); err != nil {
		return nil, err
	}
	s := &schema{Type: typeNames{"string"}}
	switch k := t.Kind(); {
	case k == reflect.Bool:
		s.Enum = []json.RawMessage{json.RawMessage(`"true"`), json.RawMessage(`"false"`)}
	case k == reflect.String:
		s.Pattern = `^"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"$`
	case isInteger(k):
		s.Pattern = integerPattern(t)
	default:
		s.Pattern = `^-?(?:0|[1-9][0-9]{0,36})(?:\.[0-9]+)?$` // within float32
	}
	if pointer {
		return s.nullable(), nil
	}
	return s, nil
}
