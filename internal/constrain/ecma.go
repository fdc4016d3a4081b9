package constrain

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// errUnknownProperty is returned for a Unicode property that Go's tables lack.
var errUnknownProperty = errors.New("unknown Unicode property")

// parseECMA reads a pattern of ECMA-262 with the flag u. It is lenient where engines without the flag are: a brace that begins no
// quantifier and an escaped punctuation mark stand for themselves.
func parseECMA(pattern string) (*re, error) {
	p := &ecmaParser{text: pattern, names: map[string]int{}}
	p.groups = p.countGroups()
	x, err := p.alternatives()
	if err == nil && p.at < len(p.text) {
		err = errors.New("unmatched )")
	}
	if err == nil && p.refers > p.groups {
		err = errors.New("reference to a group that is not there")
	}
	if err == nil {
		err = p.resolve()
	}
	return x, err
}

type ecmaParser struct {
	text   string
	at     int
	depth  int
	group  int // groups begun
	groups int // in all
	refers int // highest reference
	names  map[string]int
	named  []namedRef
}

type namedRef struct {
	name string
	at   *re
}

func (p *ecmaParser) resolve() error {
	for _, n := range p.named {
		i, ok := p.names[n.name]
		if !ok {
			return errors.New("reference to a group that is not there")
		}
		n.at.index = i
	}
	return nil
}

func (p *ecmaParser) countGroups() int {
	n, class := 0, false
	for i := 0; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '\\':
			i++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '(' && !class:
			rest := p.text[i+1:]
			if !strings.HasPrefix(rest, "?") || strings.HasPrefix(rest, "?<") && !strings.HasPrefix(rest, "?<=") && !strings.HasPrefix(rest, "?<!") {
				n++
			}
		}
	}
	return n
}

func (p *ecmaParser) more() bool { return p.at < len(p.text) }

func (p *ecmaParser) take(s string) bool {
	if strings.HasPrefix(p.text[p.at:], s) {
		p.at += len(s)
		return true
	}
	return false
}

func (p *ecmaParser) alternatives() (*re, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errors.New("nested too deep")
	}
	defer func() { p.depth-- }()
	var alts []*re
	for {
		x, err := p.sequence()
		if err != nil {
			return nil, err
		}
		alts = append(alts, x)
		if !p.take("|") {
			break
		}
	}
	if len(alts) == 1 {
		return alts[0], nil
	}
	return &re{op: reAlt, subs: alts}, nil
}

func (p *ecmaParser) sequence() (*re, error) {
	x := &re{op: reSeq}
	for p.more() && p.text[p.at] != '|' && p.text[p.at] != ')' {
		a, quantifiable, err := p.atom()
		if err != nil {
			return nil, err
		}
		if a, err = p.quantified(a, quantifiable); err != nil {
			return nil, err
		}
		x.subs = append(x.subs, a)
	}
	return x, nil
}

func (p *ecmaParser) quantified(x *re, ok bool) (*re, error) {
	if !p.more() {
		return x, nil
	}
	lo, hi := 0, -1
	switch c := p.text[p.at]; {
	case c == '*':
		p.at++
	case c == '+':
		p.at++
		lo = 1
	case c == '?':
		p.at++
		hi = 1
	case c == '{':
		n, l, h := braces(p.text[p.at:])
		if n == 0 {
			return x, nil
		}
		if h >= 0 && h < l {
			return nil, errors.New("repetition out of order")
		}
		p.at += n
		lo, hi = l, h
	default:
		return x, nil
	}
	if !ok {
		return nil, errors.New("nothing to repeat")
	}
	x = &re{op: reRep, subs: []*re{x}, lo: lo, hi: hi}
	x.lazy = p.take("?")
	if p.more() && strings.IndexByte("*+?", p.text[p.at]) >= 0 {
		return nil, errors.New("nothing to repeat")
	}
	return x, nil
}

const maxRepeat = 1 << 30

// braces reads {m}, {m,} or {m,n} at the beginning of s and returns its length, 0 if it is none.
func braces(s string) (n, lo, hi int) {
	end := strings.IndexByte(s, '}')
	if end < 0 {
		return 0, 0, 0
	}
	first, last, ranged := strings.Cut(s[1:end], ",")
	l, ok := parseCount(first)
	if !ok && (first == "" || strings.Trim(first, "0123456789") != "") {
		return 0, 0, 0
	}
	if !ok {
		l = maxRepeat
	}
	if !ranged {
		return end + 1, int(l), int(l)
	}
	if last == "" {
		return end + 1, int(l), -1
	}
	h, ok := parseCount(last)
	if !ok && strings.Trim(last, "0123456789") != "" {
		return 0, 0, 0
	}
	if !ok {
		h = maxRepeat
	}
	return end + 1, int(l), int(h)
}

// atom reads one item; quantifiable is false for assertions.
func (p *ecmaParser) atom() (x *re, quantifiable bool, err error) {
	r, n := utf8.DecodeRuneInString(p.text[p.at:])
	p.at += n
	switch r {
	case '^':
		return &re{op: reBegin}, false, nil
	case '$':
		return &re{op: reEnd}, false, nil
	case '.':
		return &re{op: reSet, set: setDot}, true, nil
	case '*', '+', '?':
		return nil, false, errors.New("nothing to repeat")
	case '(':
		return p.paren()
	case '[':
		x, err = p.class()
		return x, true, err
	case '\\':
		return p.escape()
	}
	return reLiteral(r), true, nil
}

func (p *ecmaParser) paren() (*re, bool, error) {
	x, ok := &re{op: reGroup}, true
	switch {
	case p.take("?:"):
		x = nil
	case p.take("?="):
		x, ok = &re{op: reLook}, false
	case p.take("?!"):
		x, ok = &re{op: reLook, not: true}, false
	case p.take("?<="):
		x, ok = &re{op: reLook, behind: true}, false
	case p.take("?<!"):
		x, ok = &re{op: reLook, behind: true, not: true}, false
	case p.take("?<"):
		end := strings.IndexByte(p.text[p.at:], '>')
		if end <= 0 {
			return nil, false, errors.New("bad group name")
		}
		name := p.text[p.at : p.at+end]
		p.at += end + 1
		p.names[name] = p.group + 1
	case p.take("?"):
		return nil, false, errors.New("unknown group")
	}
	if x != nil && x.op == reGroup {
		p.group++
		x.index = p.group
	}
	body, err := p.alternatives()
	if err != nil {
		return nil, false, err
	}
	if !p.take(")") {
		return nil, false, errors.New("missing )")
	}
	if x == nil {
		return body, true, nil
	}
	x.subs = []*re{body}
	return x, ok, nil
}

func (p *ecmaParser) escape() (*re, bool, error) {
	if !p.more() {
		return nil, false, errors.New(`\ at the end`)
	}
	switch c := p.text[p.at]; {
	case c == 'b' || c == 'B':
		p.at++
		return &re{op: reBoundary, not: c == 'B'}, false, nil
	case c == 'k' && strings.HasPrefix(p.text[p.at:], "k<"):
		end := strings.IndexByte(p.text[p.at:], '>')
		if end < 0 {
			return nil, false, errors.New("bad reference")
		}
		x := &re{op: reRefer}
		p.named = append(p.named, namedRef{p.text[p.at+2 : p.at+end], x})
		p.at += end + 1
		return x, true, nil
	case c >= '1' && c <= '9':
		n := 0
		for p.more() && p.text[p.at] >= '0' && p.text[p.at] <= '9' && n < 1<<20 {
			n = n*10 + int(p.text[p.at]-'0')
			p.at++
		}
		p.refers = max(p.refers, n)
		return &re{op: reRefer, index: n}, true, nil
	}
	set, err := p.escapedSet()
	if err != nil {
		return nil, false, err
	}
	return &re{op: reSet, set: set}, true, nil
}

// escapedSet reads what follows a backslash, in a class or outside.
func (p *ecmaParser) escapedSet() (*runeSet, error) {
	r, n := utf8.DecodeRuneInString(p.text[p.at:])
	p.at += n
	switch r {
	case 'd':
		return setDigit, nil
	case 'D':
		return setDigit.complement(), nil
	case 'w':
		return setWord, nil
	case 'W':
		return setWord.complement(), nil
	case 's':
		return setSpace, nil
	case 'S':
		return setSpace.complement(), nil
	case 'p', 'P':
		return p.property(r == 'P')
	case 't':
		return single('\t'), nil
	case 'n':
		return single('\n'), nil
	case 'v':
		return single('\v'), nil
	case 'f':
		return single('\f'), nil
	case 'r':
		return single('\r'), nil
	case '0':
		if p.more() && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
			return nil, errors.New("octal escape")
		}
		return single(0), nil
	case 'c':
		if p.more() && unicode.IsLetter(rune(p.text[p.at])) && p.text[p.at] < utf8.RuneSelf {
			p.at++
			return single(rune(p.text[p.at-1] & 31)), nil
		}
	case 'x', 'u':
		return p.hexSet(r)
	default:
		if n > 0 && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return single(r), nil
		}
	}
	return nil, errors.New("unknown escape")
}

func (p *ecmaParser) hexSet(kind rune) (*runeSet, error) {
	bad := errors.New("bad hexadecimal escape")
	if kind == 'u' && p.take("{") {
		end := strings.IndexByte(p.text[p.at:], '}')
		if end <= 0 || end > 8 {
			return nil, bad
		}
		v, ok := hexValue(p.text[p.at : p.at+end])
		p.at += end + 1
		if !ok || v > unicode.MaxRune {
			return nil, bad
		}
		return single(v), nil
	}
	digits := 2
	if kind == 'u' {
		digits = 4
	}
	v, ok := p.hexDigits(digits)
	if !ok {
		return nil, bad
	}
	if v >= highLo && v <= highHi && p.take(`\u`) {
		low, ok := p.hexDigits(4)
		if !ok {
			return nil, bad
		}
		if low >= lowLo && low <= lowHi {
			return single(pair(v, low)), nil
		}
		return newSet(), nil // two lone surrogates: no text has them
	}
	return single(v), nil
}

func (p *ecmaParser) hexDigits(n int) (rune, bool) {
	if p.at+n > len(p.text) {
		return 0, false
	}
	p.at += n
	return hexValue(p.text[p.at-n : p.at])
}

func hexValue(s string) (v rune, ok bool) {
	for i := range len(s) {
		d, ok := hexDigit(s[i])
		if !ok || v > unicode.MaxRune {
			return 0, false
		}
		v = v<<4 | d
	}
	return v, true
}

func (p *ecmaParser) property(not bool) (*runeSet, error) {
	if !p.take("{") {
		return nil, errors.New("bad Unicode property")
	}
	end := strings.IndexByte(p.text[p.at:], '}')
	if end < 0 {
		return nil, errors.New("bad Unicode property")
	}
	set := propertySet(p.text[p.at : p.at+end])
	p.at += end + 1
	if set == nil {
		return nil, errUnknownProperty
	}
	if not {
		set = set.complement()
	}
	return set, nil
}

// propertySet returns the characters with a Unicode property, nil if it is not known.
func propertySet(name string) *runeSet {
	kind, value, found := strings.Cut(name, "=")
	if found {
		switch kind {
		case "Script", "sc", "Script_Extensions", "scx":
			if t := unicode.Scripts[value]; t != nil {
				return tableSet(t)
			}
			return nil
		case "General_Category", "gc":
			name = value
		default:
			return nil
		}
	}
	if alias, ok := unicode.CategoryAliases[name]; ok {
		name = alias
	}
	if t := unicode.Categories[name]; t != nil {
		return tableSet(t)
	}
	switch name {
	case "Any":
		return anyRune()
	case "ASCII":
		return newSet(span{0, 0x7F})
	case "Assigned":
		return tableSet(unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.C)
	case "Alphabetic", "Alpha":
		return tableSet(unicode.L, unicode.Nl, unicode.Other_Alphabetic)
	case "Lowercase", "Lower":
		return tableSet(unicode.Ll, unicode.Other_Lowercase)
	case "Uppercase", "Upper":
		return tableSet(unicode.Lu, unicode.Other_Uppercase)
	}
	if t := unicode.Properties[name]; t != nil {
		return tableSet(t)
	}
	return nil
}

func (p *ecmaParser) class() (*re, error) {
	not := p.take("^")
	var spans []span
	for {
		if !p.more() {
			return nil, errors.New("missing ]")
		}
		if p.take("]") {
			break
		}
		lo, err := p.classAtom()
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(p.text[p.at:], "-") && !strings.HasPrefix(p.text[p.at:], "-]") && len(p.text) > p.at+1 {
			p.at++
			hi, err := p.classAtom()
			if err != nil {
				return nil, err
			}
			a, aok := only(lo)
			b, bok := only(hi)
			if !aok || !bok { // as engines without the flag: both, and the dash
				spans = append(append(append(spans, lo.spans...), hi.spans...), span{'-', '-'})
				continue
			}
			if b < a {
				return nil, errors.New("range out of order")
			}
			spans = append(spans, span{a, b})
			continue
		}
		spans = append(spans, lo.spans...)
	}
	set := newSet(spans...)
	if not {
		set = set.complement()
	}
	return &re{op: reSet, set: set}, nil
}

// only returns the member of a set of one.
func only(s *runeSet) (rune, bool) {
	if len(s.spans) == 1 && s.spans[0].lo == s.spans[0].hi {
		return s.spans[0].lo, true
	}
	return 0, false
}

func (p *ecmaParser) classAtom() (*runeSet, error) {
	r, n := utf8.DecodeRuneInString(p.text[p.at:])
	if n == 0 {
		return nil, errors.New("missing ]")
	}
	p.at += n
	if r != '\\' {
		return single(r), nil
	}
	switch {
	case p.take("b"):
		return single('\b'), nil
	case p.take("-"):
		return single('-'), nil
	}
	return p.escapedSet()
}
