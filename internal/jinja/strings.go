package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// caser returns the tables of full case mapping, which are made on first use.
func (m *machine) caser() *caseMap {
	if m.cases == nil {
		m.cases = newCaseMap()
	}
	return m.cases
}

// recase maps every character; a string that stays as it is costs nothing.
func (m *machine) recase(t text, f func(at int, r rune) string) (text, error) {
	if err := m.alloc(4 * len(t.s)); err != nil {
		return text{}, err
	}
	return m.mapRunes(t, func(at int, r rune) string {
		if s := f(at, r); s != string(r) {
			return s
		}
		return ""
	}, t.safe)
}

func (m *machine) upper(t text) (text, error) {
	c := m.caser()
	return m.recase(t, func(_ int, r rune) string { return c.toUpper(r) })
}

func (m *machine) lower(t text) (text, error) {
	return m.recase(t, m.lowering(t.s))
}

// lowering maps a character of s, at the given place, to lower case.
func (m *machine) lowering(s string) func(at int, r rune) string {
	c := m.caser()
	return func(at int, r rune) string {
		if r == 'Σ' && finalSigma(s, at) {
			return "ς"
		}
		return c.toLower(r)
	}
}

func (m *machine) casefold(t text) (text, error) {
	c := m.caser()
	return m.recase(t, func(_ int, r rune) string { return c.toFold(r) })
}

func (m *machine) swapcase(t text) (text, error) {
	c, lower := m.caser(), m.lowering(t.s)
	return m.recase(t, func(at int, r rune) string {
		switch {
		case unicode.IsUpper(r):
			return lower(at, r)
		case unicode.IsLower(r):
			return c.toUpper(r)
		}
		return string(r)
	})
}

func (m *machine) capitalize(t text) (text, error) {
	c, lower := m.caser(), m.lowering(t.s)
	return m.recase(t, func(at int, r rune) string {
		if at == 0 {
			return c.toTitle(r)
		}
		return lower(at, r)
	})
}

// title is str.title: a letter after anything without case begins a word.
func (m *machine) title(t text) (text, error) {
	c, lower := m.caser(), m.lowering(t.s)
	inWord := false
	return m.recase(t, func(at int, r rune) string {
		first := !inWord
		inWord = isCased(r)
		if first {
			return c.toTitle(r)
		}
		return lower(at, r)
	})
}

// titleFilter is the filter title: words begin after blanks, hyphens and opening brackets.
func (m *machine) titleFilter(t text) (text, error) {
	c := m.caser()
	first, rest := true, 0 // rest: where what follows the first letter of the word begins
	return m.recase(t, func(at int, r rune) string {
		begins := first
		first = isSpace(r) || strings.ContainsRune("-({[<", r)
		if begins {
			rest = at + utf8.RuneLen(r)
			return c.toUpper(r)
		}
		if r == 'Σ' && finalSigma(t.s[rest:], at-rest) {
			return "ς"
		}
		return c.toLower(r)
	})
}

func (m *machine) isLower(s string) bool {
	return oneCase(s, unicode.IsUpper, unicode.Other_Lowercase, unicode.IsLower)
}

func (m *machine) isUpper(s string) bool {
	return oneCase(s, unicode.IsLower, unicode.Other_Uppercase, unicode.IsUpper)
}

// oneCase reports whether s has a letter of the wanted case and none of the other.
func oneCase(s string, other func(rune) bool, also *unicode.RangeTable, wanted func(rune) bool) bool {
	found := false
	for _, r := range s {
		if other(r) || unicode.IsTitle(r) {
			return false
		}
		found = found || wanted(r) || unicode.Is(also, r)
	}
	return found
}

// isTitle is str.istitle.
func isTitle(s string) bool {
	found, inWord := false, false
	for _, r := range s {
		switch {
		case unicode.IsUpper(r) || unicode.IsTitle(r):
			if inWord {
				return false
			}
			found, inWord = true, true
		case unicode.IsLower(r):
			if !inWord {
				return false
			}
		default:
			inWord = false
		}
	}
	return found
}

// strip removes characters of a set, white space when it is nil or none, from the ends.
func (m *machine) strip(t text, chars Value, left, right bool) (Value, error) {
	in := isSpace
	if !isNone(chars) {
		set, ok := chars.(text)
		if !ok {
			return nil, failf("strip arg must be None or str, not %s", chars.pyType())
		}
		if len(set.s) > 64 {
			if err := m.alloc(16 * len(set.s)); err != nil {
				return nil, err
			}
			members := map[rune]bool{}
			for _, r := range set.s {
				members[r] = true
			}
			in = func(r rune) bool { return members[r] }
		} else {
			in = func(r rune) bool { return strings.ContainsRune(set.s, r) }
		}
		if err := m.step(len(set.s)); err != nil {
			return nil, err
		}
	}
	lo, hi := 0, len(t.s)
	if left {
		lo = hi - len(strings.TrimLeftFunc(t.s, in))
	}
	if right {
		hi = lo + len(strings.TrimRightFunc(t.s[lo:], in))
	}
	if err := m.step((len(t.s) - (hi - lo)) / 4); err != nil {
		return nil, err
	}
	return t.sub(lo, hi), m.alloc(objectBytes + len(t.runs)*runBytes)
}

// replace puts with in place of old. What stands in place of data is data, whoever wrote it: a template that masks a marker
// in user text and unmasks it later must not make a token of it.
func (m *machine) replace(t, old, with text, count int) (Value, error) {
	if t.safe {
		var err error
		if with, err = m.escape(with); err != nil {
			return nil, err
		}
		if old, err = m.escape(old); err != nil {
			return nil, err
		}
	}
	if err := m.scan(len(t.s)); err != nil {
		return nil, err
	}
	if old.s != "" && !strings.Contains(t.s, old.s) {
		return t, nil
	}
	w := newBuilder(m.budget)
	at := 0
	for n := 0; n != count; n++ {
		i, skip := 0, len(old.s)
		if skip == 0 {
			if n > 0 {
				if at == len(t.s) {
					break
				}
				_, i = utf8.DecodeRuneInString(t.s[at:])
			}
		} else if i = strings.Index(t.s[at:], old.s); i < 0 {
			break
		}
		if err := m.step(1); err != nil {
			return nil, err
		}
		if err := w.add(t.sub(at, at+i)); err != nil {
			return nil, err
		}
		put := with
		if skip > 0 && !t.sub(at+i, at+i+skip).allTrusted() {
			put = plain(with.s)
		}
		if err := w.add(put); err != nil {
			return nil, err
		}
		at += i + skip
	}
	if err := w.add(t.sub(at, len(t.s))); err != nil {
		return nil, err
	}
	return w.text().marked(t.safe), nil
}

// justify pads to a width in characters. Centered text with one blank over leans as Python's does.
func (m *machine) justify(t text, width int64, align byte, fill text) (Value, error) {
	if fill.length() != 1 {
		return nil, failf("The fill character must be exactly one character long")
	}
	missing := width - int64(t.length())
	if missing <= 0 {
		return t, m.scan(len(t.s))
	}
	if missing > m.limits.Memory {
		return nil, &LimitError{"memory", m.limits.Memory}
	}
	left := int64(0)
	switch align {
	case '>':
		left = missing
	case '^':
		left = missing/2 + (missing & width & 1)
	}
	w := newBuilder(m.budget)
	if err := w.repeat(fill, int(left)); err != nil {
		return nil, err
	}
	if err := w.add(t); err != nil {
		return nil, err
	}
	if err := w.repeat(fill, int(missing-left)); err != nil {
		return nil, err
	}
	return w.text().marked(t.safe), nil
}

// pieces collects parts of one text.
type pieces struct {
	m   *machine
	t   text
	out []Value
}

func (p *pieces) add(lo, hi int) error {
	part := p.t.sub(lo, hi)
	p.out = append(p.out, part)
	return p.m.alloc(2*objectBytes + len(part.runs)*runBytes)
}

// split is str.split, and str.rsplit with fromRight. A nil separator stands for runs of white space.
func (m *machine) split(t text, sep Value, limit int64, fromRight bool) (Value, error) {
	p := &pieces{m: m, t: t}
	if err := m.step(1 + len(t.s)/16); err != nil {
		return nil, err
	}
	if limit < 0 {
		limit = int64(len(t.s)) + 1
	}
	var err error
	if isNone(sep) {
		err = p.splitSpace(limit, fromRight)
	} else if s, ok := sep.(text); !ok {
		err = failf("must be str or None, not %s", sep.pyType())
	} else if s.s == "" {
		err = failf("empty separator")
	} else if fromRight {
		err = p.splitRight(s.s, limit)
	} else {
		err = p.splitLeft(s.s, limit)
	}
	if fromRight {
		for i, j := 0, len(p.out)-1; i < j; i, j = i+1, j-1 {
			p.out[i], p.out[j] = p.out[j], p.out[i]
		}
	}
	return &list{items: p.out, own: true}, err
}

func (p *pieces) splitLeft(sep string, limit int64) error {
	at := 0
	for ; limit > 0; limit-- {
		i := strings.Index(p.t.s[at:], sep)
		if i < 0 {
			break
		}
		if err := p.add(at, at+i); err != nil {
			return err
		}
		at += i + len(sep)
	}
	return p.add(at, len(p.t.s))
}

func (p *pieces) splitRight(sep string, limit int64) error {
	end := len(p.t.s)
	for ; limit > 0; limit-- {
		i := strings.LastIndex(p.t.s[:end], sep)
		if i < 0 {
			break
		}
		if err := p.add(i+len(sep), end); err != nil {
			return err
		}
		end = i
	}
	return p.add(0, end)
}

func (p *pieces) splitSpace(limit int64, fromRight bool) error {
	s := p.t.s
	lo, hi := 0, len(s)
	for {
		// Only the end that words are taken from is trimmed: the rest of a limited split keeps its other blanks.
		if fromRight {
			hi = lo + len(strings.TrimRightFunc(s[lo:hi], isSpace))
		} else {
			lo = hi - len(strings.TrimLeftFunc(s[lo:hi], isSpace))
		}
		if lo == hi {
			return nil
		}
		if limit == 0 {
			return p.add(lo, hi)
		}
		limit--
		cut := 0
		if fromRight {
			cut = lo + lastSpace(s[lo:hi])
			if err := p.add(cut, hi); err != nil {
				return err
			}
			hi = cut
			continue
		}
		cut = strings.IndexFunc(s[lo:hi], isSpace)
		if cut < 0 {
			cut = hi - lo
		}
		if err := p.add(lo, lo+cut); err != nil {
			return err
		}
		lo += cut
	}
}

// lastSpace returns the end of the last white space in s, 0 when there is none.
func lastSpace(s string) int {
	for i := len(s); i > 0; {
		r, n := utf8.DecodeLastRuneInString(s[:i])
		if isSpace(r) {
			return i
		}
		i -= n
	}
	return 0
}

func isLineBreak(r rune) bool {
	switch r {
	case '\n', '\r', '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
		return true
	}
	return false
}

// endsLine reports whether one more newline after s makes one more line.
func endsLine(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return isLineBreak(r) && r != '\r'
}

// lines is str.splitlines.
func (m *machine) lines(t text, keepEnds bool) ([]Value, error) {
	p := &pieces{m: m, t: t}
	if err := m.step(1 + len(t.s)/4); err != nil {
		return nil, err
	}
	start := 0
	for i, r := range t.s {
		if i < start || !isLineBreak(r) {
			continue
		}
		end := i + utf8.RuneLen(r)
		if r == '\r' && strings.HasPrefix(t.s[end:], "\n") {
			end++
		}
		stop := i
		if keepEnds {
			stop = end
		}
		if err := p.add(start, stop); err != nil {
			return nil, err
		}
		start = end
	}
	if start < len(t.s) {
		if err := p.add(start, len(t.s)); err != nil {
			return nil, err
		}
	}
	return p.out, nil
}

// partition is str.partition, and str.rpartition with last.
func (m *machine) partition(t text, sep Value, last bool) (Value, error) {
	s, ok := sep.(text)
	if !ok {
		return nil, failf("must be str, not %s", sep.pyType())
	}
	if s.s == "" {
		return nil, failf("empty separator")
	}
	if err := m.scan(len(t.s)); err != nil {
		return nil, err
	}
	find := strings.Index
	if last {
		find = strings.LastIndex
	}
	empty := text{trusted: true, safe: t.safe}
	parts := []Value{t, empty, empty}
	if i := find(t.s, s.s); i >= 0 {
		parts = []Value{t.sub(0, i), t.sub(i, i+len(s.s)), t.sub(i+len(s.s), len(t.s))}
	} else if last {
		parts = []Value{empty, empty, t}
	}
	return &list{items: parts, tuple: true}, m.alloc(4*objectBytes + 2*len(t.runs)*runBytes)
}

// expandTabs is str.expandtabs.
func (m *machine) expandTabs(t text, size int64) (Value, error) {
	if size > maxWidth {
		return nil, &LimitError{"memory", maxWidth}
	}
	w := newBuilder(m.budget)
	column := int64(0)
	for i, r := range t.s {
		if err := m.step(1); err != nil {
			return nil, err
		}
		switch r {
		case '\t':
			if size > 0 {
				n := size - column%size
				column += n
				if err := w.repeat(text{s: " ", trusted: t.trustedAt(i)}, int(n)); err != nil {
					return nil, err
				}
			}
			continue
		case '\n', '\r':
			column = -1
		}
		column++
		_, n := utf8.DecodeRuneInString(t.s[i:])
		if err := w.add(t.sub(i, i+n)); err != nil {
			return nil, err
		}
	}
	return w.text().marked(t.safe), nil
}

// zfill is str.zfill.
func (m *machine) zfill(t text, width int64) (Value, error) {
	missing := width - int64(t.length())
	if missing <= 0 {
		return t, nil
	}
	if missing > m.limits.Memory {
		return nil, &LimitError{"memory", m.limits.Memory}
	}
	zeros, err := m.repeat(t.like("0"), missing)
	if err != nil {
		return nil, err
	}
	sign := 0
	if t.s != "" && (t.s[0] == '-' || t.s[0] == '+') {
		sign = 1
	}
	out, err := concat(m.budget, t.sub(0, sign), zeros.(text), t.sub(sign, len(t.s)))
	return out.marked(t.safe), err
}

// window cuts t to the characters from start to end and returns that with its offset in characters.
func (m *machine) window(t text, start, end Value) (string, int64, bool, error) {
	if err := m.scan(len(t.s)); err != nil {
		return "", 0, false, err
	}
	n := int64(t.length())
	lo, hi := int64(0), n
	for i, p := range []*int64{&lo, &hi} {
		v := []Value{start, end}[i]
		if isNone(v) {
			continue
		}
		k, ok := clampInt(v)
		if !ok {
			return "", 0, false, failf("slice indices must be integers or None or have an __index__ method")
		}
		if k < 0 {
			k = max(k+n, 0)
		}
		*p = k
	}
	hi = min(hi, n)
	if lo > hi {
		return "", 0, false, nil
	}
	return t.s[t.offset(int(lo)):t.offset(int(hi))], lo, true, nil
}
