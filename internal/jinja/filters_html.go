package jinja

import (
	"html"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// stripTags removes comments and tags, joins white space and resolves entities.
func (m *machine) stripTags(t text) (text, error) {
	if err := m.alloc(3 * len(t.s)); err != nil {
		return text{}, err
	}
	s := cutBetween(cutBetween(t.s, "<!--", "-->"), "<", ">")
	return t.like(html.UnescapeString(strings.Join(strings.FieldsFunc(s, isSpace), " "))).marked(false), nil
}

// cutBetween removes every stretch from open to close, both included.
func cutBetween(s, open, end string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, open)
		if i < 0 {
			break
		}
		k := strings.Index(s[i+len(open):], end)
		if k < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i+len(open)+k+len(end):]
	}
	b.WriteString(s)
	return b.String()
}

// quoteURL escapes for a path; for a query string, blanks become "+" and "/" is escaped as well.
func quoteURL(s string, query bool) string {
	s = strings.ReplaceAll(url.QueryEscape(s), "%7E", "~")
	if query {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "+", "%20"), "%2F", "/")
}

func filterURLEncode(m *machine, a []Value) (Value, error) {
	v := a[0]
	if d, ok := v.(*Map); ok {
		v = view{d, "dict_items"}
	}
	_, isText := v.(text)
	if _, err := m.iterate(v); isText || err != nil {
		t, err := m.str(v)
		if err != nil {
			return nil, err
		}
		return t.like(quoteURL(t.s, false)).marked(false), m.alloc(3 * len(t.s))
	}
	pairs, err := m.toList(v)
	if err != nil {
		return nil, err
	}
	w := newBuilder(m.budget)
	for i, p := range pairs {
		pair, err := m.toList(p)
		if err != nil {
			return nil, err
		}
		if len(pair) != 2 {
			return nil, failf("not enough values to unpack (expected 2)")
		}
		for k, v := range pair {
			t, err := m.str(v)
			if err != nil {
				return nil, err
			}
			if err := m.alloc(3 * len(t.s)); err != nil {
				return nil, err
			}
			sep := "="
			if k == 0 {
				sep = "&"
			}
			if i+k > 0 {
				if err := w.str(sep, false); err != nil {
					return nil, err
				}
			}
			if err := w.str(quoteURL(t.s, true), false); err != nil {
				return nil, err
			}
		}
	}
	return w.text(), nil
}

// filterURLize makes links of http and www addresses; mail addresses and extra schemes are left alone.
func filterURLize(m *machine, a []Value) (Value, error) {
	t, err := m.str(a[0])
	if err != nil {
		return nil, err
	}
	esc, err := m.escape(t)
	if err != nil {
		return nil, err
	}
	if err := m.alloc(8 * len(esc.s)); err != nil {
		return nil, err
	}
	rel := "noopener"
	if flag(a[2]) {
		rel = "nofollow noopener"
	}
	w := newBuilder(m.budget)
	for i, word := range strings.SplitAfter(esc.s, " ") {
		link := strings.TrimRight(word, " \n\t.,;:!?)")
		if link == "" || !strings.HasPrefix(link, "http://") && !strings.HasPrefix(link, "https://") && !strings.HasPrefix(link, "www.") {
			if err := w.str(word, false); err != nil {
				return nil, err
			}
			continue
		}
		href := link
		if strings.HasPrefix(link, "www.") {
			href = "https://" + link
		}
		if err := m.step(i & 1); err != nil {
			return nil, err
		}
		if err := w.str(`<a href="`+href+`" rel="`+rel+`">`+link+"</a>"+word[len(link):], false); err != nil {
			return nil, err
		}
	}
	return w.text(), nil
}

func filterXMLAttr(m *machine, a []Value) (Value, error) {
	d, ok := a[0].(*Map)
	if !ok {
		return nil, failf("'%s' object has no attribute 'items'", a[0].pyType())
	}
	w := newBuilder(m.budget)
	first := a[1] != nil && !truth(a[1])
	for i, k := range d.keys {
		if isNone(d.vals[i]) || isUndefined(d.vals[i]) {
			continue
		}
		key, ok := k.(text)
		if !ok {
			return nil, failf("expected string or bytes-like object, got '%s'", k.pyType())
		}
		if strings.ContainsAny(key.s, " \t\n\r\f\v/>=") {
			return nil, failf("Invalid character in attribute name: '%s'", clip(key.s))
		}
		val, err := m.str(d.vals[i])
		if err != nil {
			return nil, err
		}
		if key, err = m.escape(key); err != nil {
			return nil, err
		}
		if val, err = m.escape(val); err != nil {
			return nil, err
		}
		parts := []text{plain(" "), key, plain(`="`), val, plain(`"`)}
		if first {
			parts, first = parts[1:], false
		}
		for _, p := range parts {
			if err := w.add(p); err != nil {
				return nil, err
			}
		}
	}
	return w.text(), nil
}

func isWordRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) }

func filterWordCount(m *machine, a []Value) (Value, error) {
	t, err := m.str(a[0])
	if err != nil {
		return nil, err
	}
	n, inside := 0, false
	for _, r := range t.s {
		if word := isWordRune(r); word != inside {
			inside = word
			if word {
				n++
			}
		}
	}
	return integer(n), m.step(1 + len(t.s)/8)
}

// filterWordwrap breaks each line at white space, and after hyphens between letters, as Python's textwrap does.
func filterWordwrap(m *machine, a []Value) (Value, error) {
	t, ok := a[0].(text)
	if !ok {
		return nil, failf("'%s' object has no attribute 'splitlines'", a[0].pyType())
	}
	width, err := intArg(a[1], 79)
	if err != nil {
		return nil, err
	}
	if width <= 0 {
		return nil, failf("invalid width %d (must be > 0)", width)
	}
	sep := t.like("\n")
	if !isNone(a[3]) {
		if sep, err = m.str(a[3]); err != nil {
			return nil, err
		}
	}
	lines, err := m.lines(t, false)
	if err != nil {
		return nil, err
	}
	wr := wrapper{m: m, width: int(width), breakLong: a[2] == nil || truth(a[2]), hyphens: a[4] == nil || truth(a[4])}
	w := newBuilder(m.budget)
	for i, v := range lines {
		if i > 0 {
			if err := w.add(sep); err != nil {
				return nil, err
			}
		}
		rows, err := wr.wrap(v.(text))
		if err != nil {
			return nil, err
		}
		for k, row := range rows {
			if k > 0 {
				if err := w.add(sep); err != nil {
					return nil, err
				}
			}
			if err := w.add(row); err != nil {
				return nil, err
			}
		}
	}
	return w.text(), nil
}

type wrapper struct {
	m                  *machine
	width              int
	breakLong, hyphens bool
}

// chunks cuts a line into words and the blanks between them; each is given by its end.
func (wr wrapper) chunks(s string) []int {
	var ends []int
	blank := false
	prev := rune(0)
	for i, r := range s {
		b := isSpace(r)
		if i > 0 && (b != blank || wr.hyphens && prev == '-' && unicode.IsLetter(r) && hyphenBreaks(s[:i])) {
			ends = append(ends, i)
		}
		blank, prev = b, r
	}
	if s != "" {
		ends = append(ends, len(s))
	}
	return ends
}

// hyphenBreaks reports whether the hyphen at the end of s follows two letters.
func hyphenBreaks(s string) bool {
	s = strings.TrimSuffix(s, "-")
	for range 2 {
		r, n := utf8.DecodeLastRuneInString(s)
		if !unicode.IsLetter(r) {
			return false
		}
		s = s[:len(s)-n]
	}
	return true
}

func (wr wrapper) wrap(line text) ([]text, error) {
	if err := wr.m.alloc(64 * len(line.s)); err != nil {
		return nil, err
	}
	if err := wr.m.step(len(line.s)); err != nil {
		return nil, err
	}
	var rows []text
	start, end, used, at := 0, 0, 0, 0
	flush := func() {
		if row := strings.TrimRightFunc(line.s[start:end], isSpace); row != "" {
			rows = append(rows, line.sub(start, start+len(row)))
		}
		start, used = end, 0
	}
	for _, next := range wr.chunks(line.s) {
		chunk := line.s[at:next]
		n := utf8.RuneCountInString(chunk)
		if used == 0 && len(rows) > 0 && strings.TrimLeftFunc(chunk, isSpace) == "" {
			start, end, at = next, next, next
			continue
		}
		if used > 0 && used+n > wr.width {
			if wr.breakLong && n > wr.width {
				room := wr.width - used
				end = at + text{s: chunk}.offset(room)
				at, n = end, n-room
			}
			flush()
			if strings.TrimLeftFunc(line.s[at:next], isSpace) == "" {
				start, end, at = next, next, next
				continue
			}
		}
		for wr.breakLong && n > wr.width {
			end = at + text{s: line.s[at:next]}.offset(wr.width)
			at, n = end, n-wr.width
			flush()
		}
		end, at, used = next, next, used+n
	}
	flush()
	return rows, nil
}
