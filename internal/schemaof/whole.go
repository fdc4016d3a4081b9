package schemaof

import (
	"encoding/json"
	"reflect"
	"slices"
)

// Whole reports whether the string at a path of a JSON text for t, of which a part was written so far, counts only when it is
// finished: the words of an enumeration, and texts that must decode, such as times, bytes and quoted numbers. The path has the names
// of properties and the indexes of elements. With partial.Document, what is closed at any place decodes into t.
func Whole(t reflect.Type, path []string) bool {
	for t = target(t); len(path) > 0; path = path[1:] {
		if t == reflect.TypeFor[json.RawMessage]() {
			return false
		}
		switch t.Kind() {
		case reflect.Struct:
			fields, err := fieldsOf(t, "")
			i := slices.IndexFunc(fields, func(f field) bool { return f.name == path[0] })
			if err != nil || i < 0 {
				return true
			}
			if tag, err := parseTag(fields[i].tag.Get("llm"), ""); err != nil || tag.enum != nil || fields[i].quoted {
				return true
			}
			t = target(fields[i].typ)
		case reflect.Slice, reflect.Array, reflect.Map:
			t = target(t.Elem())
		default:
			return t.Kind() != reflect.Interface
		}
	}
	if t == reflect.TypeFor[json.RawMessage]() || t.Kind() == reflect.Interface {
		return false
	}
	return t.Kind() != reflect.String || decodesItself(t) || t == reflect.TypeFor[json.Number]()
}
