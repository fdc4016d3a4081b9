package llm

import (
	"encoding/json"
	"reflect"

	"llm/internal/schemaof"
)

// SchemaOf returns the JSON Schema (2020-12) of a Go type. Every JSON text that it lets through decodes into T with encoding/json,
// unknown fields disallowed.
//
// Properties come in the order of the fields and are required unless a field is omitempty or omitzero; additional ones are not allowed.
// Pointers and slices may be null, except at the top. Numbers have the bounds of their kind (floats round ones: 1e38 and 1e308),
// time.Time is RFC 3339, []byte base64, json.RawMessage anything; a recursive type refers to itself. The tag jsonschema is the field's
// description, as for the Model Context Protocol's Go SDK; the tag llm narrows a field:
//
//	Unit  string   `json:"unit" jsonschema:"of the temperature" llm:"enum=c|f"` // values; of strings, numbers, or the elements of a list
//	Days  int      `json:"days" llm:"min=1,max=14"`       // of a number, of a string's characters, of how many elements there are
//	ID    string   `json:"id" llm:"format=uuid"`          // or date, time, date-time, duration, email, ipv4, ipv6, uri
//	Tags  []string `json:"tags" llm:"nonnull"`            // not null; so is a list with min=1
//	Plate string   `json:"plate" llm:"pattern=^[A-Z]{1,3}$"` // ECMA 262, searched for; comes last, commas and all
//
// Types that decode themselves (UnmarshalJSON, UnmarshalText) are an error, unless enum lists strings that they accept; time.Time,
// json.RawMessage, big.Int and netip.Addr are known. Errors name the field.
func SchemaOf[T any]() (json.RawMessage, error) { return schemaof.For(reflect.TypeFor[T]()) }
