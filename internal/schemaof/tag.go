package schemaof

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"llm/internal/constrain"
)

// tag is what an llm tag says.
type tag struct {
	enum     []string
	min, max json.Number
	format   string
	pattern  string
	nonnull  bool
}

// formats are those that constrained decoding keeps to the letter.
var formats = []string{"date", "time", "date-time", "duration", "email", "ipv4", "ipv6", "uri", "uuid"}

func parseTag(text, path string) (t tag, err error) {
	for rest := text; rest != ""; {
		if p, ok := strings.CutPrefix(rest, "pattern="); ok {
			t.pattern = p
			return t, nil
		}
		var part string
		part, rest, _ = strings.Cut(rest, ",")
		key, value, given := strings.Cut(part, "=")
		switch {
		case part == "nonnull":
			t.nonnull = true
		case !given || value == "":
			return t, fail(path, "llm tag: %q has no value", part)
		case key == "enum":
			t.enum = strings.Split(value, "|")
			if sorted := slices.Sorted(slices.Values(t.enum)); len(slices.Compact(sorted)) < len(t.enum) {
				return t, fail(path, "llm tag: enum has a value twice")
			}
		case key == "min" || key == "max":
			if _, err := strconv.ParseFloat(value, 64); err != nil || !json.Valid([]byte(value)) {
				return t, fail(path, "llm tag: %s=%s is no number", key, value)
			}
			if key == "min" {
				t.min = json.Number(value)
			} else {
				t.max = json.Number(value)
			}
		case key == "format":
			if !slices.Contains(formats, value) {
				return t, fail(path, "llm tag: format %q is none of %s", value, strings.Join(formats, ", "))
			}
			t.format = value
		default:
			return t, fail(path, "llm tag: unknown %q; known: enum, min, max, format, nonnull, pattern", key)
		}
	}
	return t, nil
}

// ofElements returns what a list's tag says of its elements.
func (t tag) ofElements() tag { return tag{enum: t.enum, format: t.format, pattern: t.pattern} }

func (t tag) empty() bool { return t.enum == nil && t.hasNoBounds() && t.format+t.pattern == "" }

func (t tag) hasNoBounds() bool { return t.min+t.max == "" }

// unused returns an error if the tag says something that a type cannot keep.
func (t tag) unused(path string, of reflect.Type) error {
	if t.empty() {
		return nil
	}
	return fail(path, "an llm tag other than nonnull does not apply to %v", of)
}

func (t tag) noCount(path string, of reflect.Type) error {
	if t.hasNoBounds() {
		return nil
	}
	return fail(path, "min and max do not apply to %v", of)
}

// counts returns min and max as numbers of something.
func (t tag) counts(path string) (lo, hi json.Number, err error) {
	var n [2]uint64
	for i, text := range []json.Number{cmp.Or(t.min, "0"), cmp.Or(t.max, "4294967295")} {
		if n[i], err = strconv.ParseUint(string(text), 10, 32); err != nil {
			return "", "", fail(path, "llm tag: %s is no count", text)
		}
	}
	if n[0] > n[1] {
		return "", "", fail(path, "llm tag: min is more than max")
	}
	return t.min, t.max, nil
}

// orNull lets null stand for an empty list, unless an empty one is not allowed.
func (t tag) orNull(s *schema) *schema {
	if n, _ := t.min.Float64(); n > 0 {
		return s
	}
	return s.nullable()
}

// text returns the schema of a string.
func text(t tag, path string) (*schema, error) {
	s := &schema{Type: typeNames{"string"}, Format: t.format, Pattern: t.pattern}
	var err error
	if s.MinLength, s.MaxLength, err = t.counts(path); err != nil {
		return nil, err
	}
	if t.enum == nil {
		return s, t.satisfiable(s, path)
	}
	s.Enum, err = enumeration(t, path, reflect.TypeFor[string](), true)
	return s, err
}

// satisfiable compiles what a tag says of strings: a pattern may be malformed, or leave nothing.
func (t tag) satisfiable(s *schema, path string) error {
	if t.empty() {
		return nil
	}
	b, err := marshal(s)
	if err == nil {
		_, err = constrain.CompileSchema(string(b), constrain.Options{})
	}
	if err != nil {
		return fail(path, "llm tag: %w", err)
	}
	return nil
}

// enumeration returns the values of enum, each tried on the type that it must decode into.
func enumeration(t tag, path string, of reflect.Type, asText bool) ([]json.RawMessage, error) {
	if !t.hasNoBounds() || t.format+t.pattern != "" {
		return nil, fail(path, "llm tag: enum stands alone")
	}
	var out []json.RawMessage
	for _, v := range t.enum {
		text := []byte(v)
		if asText {
			var err error
			if text, err = marshal(v); err != nil {
				return nil, fail(path, "llm tag: %w", err)
			}
		} else if _, err := strconv.ParseFloat(v, 64); err != nil {
			return nil, fail(path, "llm tag: %q is no number", v)
		}
		if err := json.Unmarshal(text, reflect.New(of).Interface()); err != nil {
			return nil, fail(path, "llm tag: %q is no %v: %w", v, of, err)
		}
		out = append(out, text)
	}
	return out, nil
}

// textual returns the schema of a type that decodes itself: what it accepts is known only by trying.
func textual(of reflect.Type, t tag, path string) (*schema, error) {
	if t.enum == nil {
		return nil, fail(path, "%v decodes itself: which JSON it accepts is not known; list strings it accepts with llm:\"enum=a|b\"", of)
	}
	values, err := enumeration(t, path, of, true)
	return &schema{Type: typeNames{"string"}, Enum: values}, err
}
