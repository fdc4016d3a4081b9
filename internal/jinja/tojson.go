package jinja

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf16"
)

// jsonWriter is Python's json.dumps with the arguments transformers' tojson takes.
type jsonWriter struct {
	m           *machine
	w           *builder
	ascii, sort bool
	indent      string
	pretty      bool
	item, key   string // separators
	untrusted   bool   // some string in it is data
}

// toJSON is the filter tojson. All of its text counts as data as soon as some of the input does.
func toJSON(m *machine, a []Value) (Value, error) {
	j := &jsonWriter{m: m, w: newBuilder(m.budget), item: ", ", key: ": "}
	j.ascii = a[1] != nil && truth(a[1])
	j.sort = a[4] != nil && truth(a[4])
	if err := j.setIndent(a[2]); err != nil {
		return nil, err
	}
	if err := j.setSeparators(a[3]); err != nil {
		return nil, err
	}
	if err := j.value(a[0], 0); err != nil {
		return nil, err
	}
	return text{s: j.w.buf.String(), trusted: !j.untrusted}, nil
}

func (j *jsonWriter) setIndent(v Value) error {
	switch v := v.(type) {
	case nil, none:
		return nil
	case text:
		j.indent = v.s
		j.untrusted = !v.allTrusted()
	default:
		n, ok := clampInt(v)
		if !ok {
			return failf("can't multiply sequence by non-int of type '%s'", v.pyType())
		}
		if n > 0 {
			if n > j.m.limits.Memory {
				return &LimitError{"memory", j.m.limits.Memory}
			}
			if err := j.m.alloc(int(n)); err != nil {
				return err
			}
			j.indent = strings.Repeat(" ", int(n))
		}
	}
	j.pretty, j.item = true, ","
	return nil
}

func (j *jsonWriter) setSeparators(v Value) error {
	if v == nil {
		return nil
	}
	if _, ok := v.(none); ok {
		return nil
	}
	pair, err := j.m.toList(v)
	if err != nil {
		return err
	}
	if len(pair) != 2 {
		return failf("separators must be a pair")
	}
	item, ok1 := pair[0].(text)
	key, ok2 := pair[1].(text)
	if !ok1 || !ok2 {
		return failf("separators must be strings")
	}
	j.item, j.key = item.s, key.s
	j.untrusted = j.untrusted || !item.allTrusted() || !key.allTrusted()
	return nil
}

func (j *jsonWriter) write(s string) error { return j.w.str(s, false) }

func (j *jsonWriter) value(v Value, depth int) error {
	if err := j.m.step(1); err != nil {
		return err
	}
	if depth >= maxValueDepth {
		return &LimitError{"depth", maxValueDepth}
	}
	switch v := v.(type) {
	case text:
		return j.string(v)
	case *list:
		return j.list(v, depth)
	case *Map:
		return j.object(v, depth)
	}
	s, err := j.scalar(v)
	if err != nil {
		return err
	}
	if s == "" {
		return failf("Object of type %s is not JSON serializable", v.pyType())
	}
	return j.write(s)
}

// scalar returns the form of a number, boolean or null, or "".
func (j *jsonWriter) scalar(v Value) (string, error) {
	switch v := v.(type) {
	case none:
		return "null", nil
	case boolean:
		return strings.ToLower(pyBool(bool(v))), nil
	case integer:
		return fmt.Sprint(int64(v)), nil
	case bigInt:
		return j.m.bigString(v.v)
	case float:
		switch f := float64(v); {
		case math.IsNaN(f):
			return "NaN", nil
		case math.IsInf(f, 1):
			return "Infinity", nil
		case math.IsInf(f, -1):
			return "-Infinity", nil
		default:
			return reprFloat(f), nil
		}
	}
	return "", nil
}

func (j *jsonWriter) list(v *list, depth int) error {
	if len(v.items) == 0 {
		return j.write("[]")
	}
	if err := j.write("["); err != nil {
		return err
	}
	for i, it := range v.items {
		if err := j.next(i, depth); err != nil {
			return err
		}
		if err := j.value(it, depth+1); err != nil {
			return err
		}
	}
	return j.end(depth, "]")
}

// next writes what stands before item i.
func (j *jsonWriter) next(i, depth int) error {
	if i > 0 {
		if err := j.write(j.item); err != nil {
			return err
		}
	}
	if !j.pretty {
		return nil
	}
	return j.newline(depth + 1)
}

func (j *jsonWriter) newline(depth int) error {
	if err := j.write("\n"); err != nil {
		return err
	}
	return j.w.repeat(plain(j.indent), depth)
}

func (j *jsonWriter) end(depth int, bracket string) error {
	if j.pretty {
		if err := j.newline(depth); err != nil {
			return err
		}
	}
	return j.write(bracket)
}

func (j *jsonWriter) object(d *Map, depth int) error {
	if d.Len() == 0 {
		return j.write("{}")
	}
	order, err := j.order(d)
	if err != nil {
		return err
	}
	if err := j.write("{"); err != nil {
		return err
	}
	for n, i := range order {
		if err := j.next(n, depth); err != nil {
			return err
		}
		if err := j.objectKey(d.keys[i]); err != nil {
			return err
		}
		if err := j.write(j.key); err != nil {
			return err
		}
		if err := j.value(d.vals[i], depth+1); err != nil {
			return err
		}
	}
	return j.end(depth, "}")
}

// order returns the indices of the entries in the order they are written.
func (j *jsonWriter) order(d *Map) ([]int, error) {
	if err := j.m.items(d.Len()); err != nil {
		return nil, err
	}
	order := make([]int, d.Len())
	for i := range order {
		order[i] = i
	}
	if !j.sort {
		return order, nil
	}
	return order, sortStable(order, func(a, b int) (bool, error) { return j.m.less("<", d.keys[a], d.keys[b], 0) })
}

func (j *jsonWriter) objectKey(k Value) error {
	if t, ok := k.(text); ok {
		return j.string(t)
	}
	s, err := j.scalar(k)
	if err != nil {
		return err
	}
	if s == "" {
		return failf("keys must be str, int, float, bool or None, not %s", k.pyType())
	}
	return j.write(`"` + s + `"`)
}

func (j *jsonWriter) string(t text) error {
	j.untrusted = j.untrusted || !t.allTrusted() && t.s != ""
	if err := j.write(`"`); err != nil {
		return err
	}
	from := 0
	for i, r := range t.s {
		s := j.escaped(r)
		if s == "" {
			continue
		}
		if err := j.write(t.s[from:i]); err != nil {
			return err
		}
		if err := j.write(s); err != nil {
			return err
		}
		from = i + len(string(r))
		if r == '\uFFFD' && !strings.HasPrefix(t.s[i:], "\uFFFD") {
			from = i + 1
		}
	}
	if err := j.write(t.s[from:]); err != nil {
		return err
	}
	return j.write(`"`)
}

// escaped returns the escape of a character, or "".
func (j *jsonWriter) escaped(r rune) string {
	switch r {
	case '"':
		return `\"`
	case '\\':
		return `\\`
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	case '\b':
		return `\b`
	case '\f':
		return `\f`
	}
	switch {
	case r < ' ' || j.ascii && r >= 0x7f && r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	case j.ascii && r >= 0x10000:
		hi, lo := utf16.EncodeRune(r)
		return fmt.Sprintf(`\u%04x\u%04x`, hi, lo)
	}
	return ""
}
