package jinja

import (
	"fmt"
	"strings"
)

// str is Python's str(v), as printing does it.
func (m *machine) str(v Value) (text, error) {
	switch v := v.(type) {
	case text:
		return v, nil
	case *undefined:
		return text{trusted: true}, nil
	case integer:
		return plain(fmt.Sprint(int64(v))), m.alloc(objectBytes)
	case boolean:
		return plain(pyBool(bool(v))), nil
	case none:
		return plain("None"), nil
	case float:
		return plain(reprFloat(float64(v))), m.alloc(objectBytes)
	}
	w := newBuilder(m.budget)
	err := m.repr(w, v, 0)
	return w.text(), err
}

// repr writes Python's repr(v). All of it counts as data.
func (m *machine) repr(w *builder, v Value, depth int) error {
	if err := m.step(1); err != nil {
		return err
	}
	if depth >= maxValueDepth {
		return &LimitError{"depth", maxValueDepth}
	}
	switch v := v.(type) {
	case text:
		if v.safe {
			return m.wrapped(w, "Markup(", ")", func() error { return m.reprString(w, v.s) })
		}
		return m.reprString(w, v.s)
	case *undefined:
		return w.str("Undefined", false)
	case bigInt:
		s, err := m.bigString(v.v)
		if err != nil {
			return err
		}
		return w.str(s, false)
	case bytesV:
		return m.reprBytes(w, string(v))
	case *list:
		return m.reprList(w, v, depth)
	case *Map:
		return m.wrapped(w, "{", "}", func() error { return m.reprEntries(w, v, depth) })
	case view:
		items, err := m.toList(v)
		if err != nil {
			return err
		}
		return m.wrapped(w, v.kind+"(", ")", func() error { return m.repr(w, &list{items: items}, depth+1) })
	case rangeV:
		if v.step == 1 {
			return w.str(fmt.Sprintf("range(%d, %d)", v.start, v.stop), false)
		}
		return w.str(fmt.Sprintf("range(%d, %d, %d)", v.start, v.stop, v.step), false)
	case *namespace:
		return m.wrapped(w, "<Namespace ", ">", func() error { return m.repr(w, v.attrs, depth+1) })
	case *macro:
		return w.str("<Macro '"+clip(v.def.name)+"'>", false)
	case *loop:
		return w.str(v.String(), false)
	case *function:
		return w.str("<function "+v.name+">", false)
	case *generator, *object:
		return w.str("<"+v.pyType()+" object>", false)
	}
	t, err := m.str(v)
	if err != nil {
		return err
	}
	return w.str(t.s, false)
}

func (m *machine) wrapped(w *builder, open, end string, body func() error) error {
	if err := w.str(open, false); err != nil {
		return err
	}
	if err := body(); err != nil {
		return err
	}
	return w.str(end, false)
}

func (m *machine) reprList(w *builder, v *list, depth int) error {
	open, end := "[", "]"
	if v.tuple {
		open, end = "(", ")"
		if len(v.items) == 1 {
			end = ",)"
		}
	}
	return m.wrapped(w, open, end, func() error {
		for i, it := range v.items {
			if i > 0 {
				if err := w.str(", ", false); err != nil {
					return err
				}
			}
			if err := m.repr(w, it, depth+1); err != nil {
				return err
			}
		}
		return nil
	})
}

func (m *machine) reprEntries(w *builder, d *Map, depth int) error {
	for i := range d.keys {
		if i > 0 {
			if err := w.str(", ", false); err != nil {
				return err
			}
		}
		if err := m.repr(w, d.keys[i], depth+1); err != nil {
			return err
		}
		if err := w.str(": ", false); err != nil {
			return err
		}
		if err := m.repr(w, d.vals[i], depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) reprString(w *builder, s string) error {
	quote := byte('\'')
	if strings.IndexByte(s, '\'') >= 0 && strings.IndexByte(s, '"') < 0 {
		quote = '"'
	}
	if err := m.alloc(10*strings.Count(s, "\\") + len(s)); err != nil {
		return err
	}
	var b strings.Builder
	b.WriteByte(quote)
	for _, r := range s {
		switch {
		case r == rune(quote) || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r >= ' ' && r < 0x7f || r >= 0x80 && isPrintable(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteByte(quote)
	return w.str(b.String(), false)
}

func (m *machine) reprBytes(w *builder, s string) error {
	if err := m.alloc(5 * len(s)); err != nil {
		return err
	}
	quote := byte('\'')
	if strings.IndexByte(s, '\'') >= 0 && strings.IndexByte(s, '"') < 0 {
		quote = '"'
	}
	var b strings.Builder
	b.WriteByte('b')
	b.WriteByte(quote)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == quote || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c >= ' ' && c < 0x7f:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	b.WriteByte(quote)
	return w.str(b.String(), false)
}

// escape replaces what HTML gives a meaning, unless t is marked safe.
func (m *machine) escape(t text) (text, error) {
	if t.safe {
		return t, nil
	}
	return m.escapeAlways(t)
}

func (m *machine) escapeAlways(t text) (text, error) {
	return m.mapRunes(t, func(_ int, r rune) string {
		switch r {
		case '&':
			return "&amp;"
		case '<':
			return "&lt;"
		case '>':
			return "&gt;"
		case '\'':
			return "&#39;"
		case '"':
			return "&#34;"
		}
		return ""
	}, true)
}

// mapRunes replaces characters, keeping provenance. An empty replacement keeps the character.
func (m *machine) mapRunes(t text, f func(at int, r rune) string, safe bool) (text, error) {
	w := newBuilder(m.budget)
	if err := m.step(1 + len(t.s)/4); err != nil {
		return text{}, err
	}
	from := 0
	flush := func(to int) error {
		if from == to {
			return nil
		}
		return w.add(t.sub(from, to))
	}
	for i, r := range t.s {
		s := f(i, r)
		if s == "" {
			continue
		}
		if err := m.step(1); err != nil {
			return text{}, err
		}
		if err := flush(i); err != nil {
			return text{}, err
		}
		if err := w.str(s, t.trustedAt(i)); err != nil {
			return text{}, err
		}
		from = i + len(string(r))
		if r == '\uFFFD' && !strings.HasPrefix(t.s[i:], "\uFFFD") {
			from = i + 1 // a byte that is no UTF-8
		}
	}
	if err := flush(len(t.s)); err != nil {
		return text{}, err
	}
	return w.text().marked(safe), nil
}
