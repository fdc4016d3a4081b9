package constrain

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// valueKind is a type of JSON.
type valueKind uint8

const (
	kindNull valueKind = iota
	kindBool
	kindNumber
	kindString
	kindArray
	kindObject
)

// value is a JSON text with the order of its members and the spelling of its numbers.
type value struct {
	kind  valueKind
	truth bool
	level int32    // of nesting, 0 for the whole text
	text  string   // of a string, decoded; of a number, as written
	items []*value // of an array or, with names, an object
	names []string
	canon string // see canonical
}

// get returns a member of an object, the last of that name.
func (v *value) get(name string) *value {
	for i := len(v.names) - 1; i >= 0; i-- {
		if v.names[i] == name {
			return v.items[i]
		}
	}
	return nil
}

// readJSON reads a JSON text. Lone surrogates are errors if strict, else U+FFFD.
func readJSON(text string, depth int, strict bool) (*value, error) {
	if !utf8.ValidString(text) {
		return nil, failf(Invalid, "", "not UTF-8")
	}
	r := &reader{text: text, depth: depth, strict: strict}
	v, err := r.value()
	if err == nil {
		if r.space(); r.at < len(text) {
			err = errors.New("more after the value")
		}
	}
	if err != nil {
		return nil, failf(r.kind(), "", "byte %d: %v", r.at, err)
	}
	return v, nil
}

var errDeep = errors.New("nested too deep")

type reader struct {
	text   string
	at     int
	depth  int   // levels that are left
	level  int32 // levels that are open
	strict bool
	deep   bool
}

func (r *reader) kind() ErrorKind {
	if r.deep {
		return Limit
	}
	return Invalid
}

func (r *reader) space() {
	for r.at < len(r.text) && isBlank(r.text[r.at]) {
		r.at++
	}
}

func (r *reader) take(s string) bool {
	if strings.HasPrefix(r.text[r.at:], s) {
		r.at += len(s)
		return true
	}
	return false
}

func (r *reader) value() (*value, error) {
	level := r.level
	v, err := r.anything()
	if err == nil {
		v.level = level
	}
	return v, err
}

func (r *reader) anything() (*value, error) {
	r.space()
	if r.at == len(r.text) {
		return nil, errors.New("a value expected")
	}
	switch c := r.text[r.at]; {
	case r.take("null"):
		return &value{kind: kindNull}, nil
	case r.take("true"):
		return &value{kind: kindBool, truth: true}, nil
	case r.take("false"):
		return &value{kind: kindBool}, nil
	case c == '"':
		s, err := r.str()
		return &value{kind: kindString, text: s}, err
	case c == '[' || c == '{':
		if r.depth--; r.depth < 0 {
			r.deep = true
			return nil, errDeep
		}
		r.level++
		defer func() { r.depth++; r.level-- }()
		r.at++
		if c == '[' {
			return r.array()
		}
		return r.object()
	}
	return r.number()
}

func (r *reader) array() (*value, error) {
	v := &value{kind: kindArray}
	if r.space(); r.take("]") {
		return v, nil
	}
	for {
		x, err := r.value()
		if err != nil {
			return nil, err
		}
		v.items = append(v.items, x)
		if r.space(); r.take("]") {
			return v, nil
		}
		if !r.take(",") {
			return nil, errors.New(", or ] expected")
		}
	}
}

func (r *reader) object() (*value, error) {
	v := &value{kind: kindObject}
	if r.space(); r.take("}") {
		return v, nil
	}
	for {
		r.space()
		name, err := r.str()
		if err != nil {
			return nil, err
		}
		if r.space(); !r.take(":") {
			return nil, errors.New(": expected")
		}
		x, err := r.value()
		if err != nil {
			return nil, err
		}
		v.names, v.items = append(v.names, name), append(v.items, x)
		if r.space(); r.take("}") {
			return v, nil
		}
		if !r.take(",") {
			return nil, errors.New(", or } expected")
		}
	}
}

func (r *reader) digits() bool {
	from := r.at
	for r.at < len(r.text) && r.text[r.at] >= '0' && r.text[r.at] <= '9' {
		r.at++
	}
	return r.at > from
}

func (r *reader) number() (*value, error) {
	from := r.at
	r.take("-")
	ok := r.take("0") || r.digits()
	if ok && r.take(".") {
		ok = r.digits()
	}
	if ok && (r.take("e") || r.take("E")) {
		if !r.take("-") {
			r.take("+")
		}
		ok = r.digits()
	}
	if !ok {
		return nil, errors.New("a value expected")
	}
	return &value{kind: kindNumber, text: r.text[from:r.at]}, nil
}

func (r *reader) str() (string, error) {
	if !r.take(`"`) {
		return "", errors.New("a string expected")
	}
	from := r.at
	for r.at < len(r.text) && r.text[r.at] != '"' && r.text[r.at] != '\\' && r.text[r.at] >= 0x20 {
		r.at++
	}
	if r.take(`"`) {
		return r.text[from : r.at-1], nil
	}
	b := []byte(r.text[from:r.at])
	for r.at < len(r.text) {
		c := r.text[r.at]
		r.at++
		switch {
		case c == '"':
			return string(b), nil
		case c < 0x20:
			return "", errors.New("control character in a string")
		case c != '\\':
			b = append(b, c)
		default:
			x, err := r.escape()
			if err != nil {
				return "", err
			}
			b = utf8.AppendRune(b, x)
		}
	}
	return "", errors.New("string without end")
}

func (r *reader) escape() (rune, error) {
	bad := errors.New("bad escape")
	if r.at == len(r.text) {
		return 0, bad
	}
	c := r.text[r.at]
	r.at++
	if c != 'u' {
		if x := shortEscape(c); x >= 0 {
			return x, nil
		}
		return 0, bad
	}
	x, ok := r.hex()
	if !ok {
		return 0, bad
	}
	if x >= highLo && x <= highHi && strings.HasPrefix(r.text[r.at:], `\u`) {
		back := r.at
		r.at += 2
		low, ok := r.hex()
		if !ok {
			return 0, bad
		}
		if low >= lowLo && low <= lowHi {
			return pair(x, low), nil
		}
		r.at = back
	}
	if x >= highLo && x <= lowHi {
		if r.strict {
			return 0, errors.New("lone surrogate")
		}
		return utf8.RuneError, nil
	}
	return x, nil
}

func (r *reader) hex() (rune, bool) {
	if r.at+4 > len(r.text) {
		return 0, false
	}
	r.at += 4
	return hexValue(r.text[r.at-4 : r.at])
}

// appendQuoted appends a string in the plain spelling of JSON.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\b':
			b = append(b, `\b`...)
		case c == '\f':
			b = append(b, `\f`...)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', '0'+c>>4, "0123456789abcdef"[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

func quote(s string) string { return string(appendQuoted(nil, s)) }

// canonical returns a text that is equal for values that JSON Schema calls equal.
func (v *value) canonical() string {
	if v.canon == "" {
		v.canon = string(v.appendCanonical(nil))
	}
	return v.canon
}

func (v *value) appendCanonical(b []byte) []byte {
	if v.canon != "" {
		return append(b, v.canon...)
	}
	switch v.kind {
	case kindNull:
		return append(b, "null"...)
	case kindBool:
		if v.truth {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	case kindString:
		return appendQuoted(b, v.text)
	case kindNumber:
		return parseDecimal(v.text).appendKey(b)
	case kindArray:
		b = append(b, '[')
		for _, x := range v.items {
			b = append(x.appendCanonical(b), ',')
		}
		return append(b, ']')
	}
	order := make([]int, len(v.names))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return strings.Compare(v.names[i], v.names[j]) })
	b = append(b, '{')
	for _, i := range order {
		b = append(appendQuoted(b, v.names[i]), ':')
		b = append(v.items[i].appendCanonical(b), ',')
	}
	return append(b, '}')
}
