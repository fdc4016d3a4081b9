package constrain

import (
	"strings"
	"unicode/utf8"
)

// Limits that are checked before work.
const (
	maxText  = 4 << 20 // bytes of a schema, grammar or regular expression
	maxDepth = 512     // nesting
	maxRules = 200_000
	maxNodes = 1 << 19 // of a program
)

// CompileGrammar reads a grammar in GBNF as llama.cpp does, with these differences: rules that can never end are not offered,
// an empty class matches nothing, and repetitions have no limit. Terminals name tokens by id, <[1000]>; those that name them by
// text, and left recursion, are Unsupported.
func CompileGrammar(text string) (*Constraint, error) {
	if len(text) > maxText {
		return nil, failf(Limit, "", "grammar of %d bytes, at most %d", len(text), maxText)
	}
	p := &grammarParser{text: text, names: map[string]int{}}
	if err := p.parse(); err != nil {
		return nil, err
	}
	g := &grammar{rules: p.rules, names: p.order}
	prog, err := g.compile(p.names["root"])
	if err != nil {
		return nil, err
	}
	return &Constraint{prog: prog}, nil
}

// grammarParser reads GBNF.
type grammarParser struct {
	text  string
	at    int
	depth int
	names map[string]int
	order []string
	rules []*expr // nil: not defined yet
}

func (p *grammarParser) fail(format string, args ...any) error {
	line := 1 + strings.Count(p.text[:min(p.at, len(p.text))], "\n")
	return &Error{Invalid, "line " + itoa(line), sprintf(format, args...)}
}

func (p *grammarParser) parse() error {
	if !utf8.ValidString(p.text) {
		return p.fail("not UTF-8")
	}
	p.space(true)
	for p.at < len(p.text) {
		if err := p.rule(); err != nil {
			return err
		}
		p.space(true)
	}
	if r, ok := p.names["root"]; !ok || p.rules[r] == nil {
		return p.fail("there is no rule root")
	}
	for i, r := range p.rules {
		if r == nil {
			return p.fail("rule %s is not defined", p.order[i])
		}
	}
	return nil
}

// space skips blanks and comments, and line ends if they do not matter.
func (p *grammarParser) space(lines bool) {
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '#':
			for p.at < len(p.text) && p.text[p.at] != '\n' && p.text[p.at] != '\r' {
				p.at++
			}
		case c == ' ' || c == '\t' || lines && (c == '\n' || c == '\r'):
			p.at++
		default:
			return
		}
	}
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

func (p *grammarParser) name() string {
	from := p.at
	for p.at < len(p.text) && nameByte(p.text[p.at]) {
		p.at++
	}
	return p.text[from:p.at]
}

func (p *grammarParser) number(name string) int {
	if i, ok := p.names[name]; ok {
		return i
	}
	p.names[name] = len(p.rules)
	p.rules = append(p.rules, nil)
	p.order = append(p.order, name)
	return len(p.rules) - 1
}

func (p *grammarParser) rule() error {
	name := p.name()
	if name == "" {
		return p.fail("a rule's name expected")
	}
	i := p.number(name)
	if len(p.rules) > maxRules {
		return failf(Limit, "", "more than %d rules", maxRules)
	}
	p.space(false)
	if !strings.HasPrefix(p.text[p.at:], "::=") {
		return p.fail("::= expected after %s", name)
	}
	p.at += 3
	p.space(true)
	x, err := p.alternatives(false)
	if err != nil {
		return err
	}
	if p.rules[i] != nil {
		return p.fail("rule %s is defined twice", name)
	}
	p.rules[i] = x
	if p.at < len(p.text) && p.text[p.at] != '\n' && p.text[p.at] != '\r' {
		return p.fail("unexpected %q", p.text[p.at])
	}
	return nil
}

func (p *grammarParser) alternatives(nested bool) (*expr, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, failf(Limit, "", "groups are nested deeper than %d", maxDepth)
	}
	defer func() { p.depth-- }()
	var alts []*expr
	for {
		x, err := p.sequence(nested)
		if err != nil {
			return nil, err
		}
		alts = append(alts, x)
		if p.at == len(p.text) || p.text[p.at] != '|' {
			return alt(alts...), nil
		}
		p.at++
		p.space(true)
	}
}

func (p *grammarParser) sequence(nested bool) (*expr, error) {
	var items []*expr
	for p.at < len(p.text) {
		x, err := p.item()
		if err != nil {
			return nil, err
		}
		if x == nil {
			break
		}
		p.space(nested)
		if x, err = p.repeats(x, nested); err != nil {
			return nil, err
		}
		items = append(items, x)
	}
	return seq(items...), nil
}

// item reads what a repetition may follow; nil if none begins here.
func (p *grammarParser) item() (*expr, error) {
	switch c := p.text[p.at]; {
	case c == '"':
		return p.literal()
	case c == '[':
		return p.class()
	case c == '(':
		p.at++
		p.space(true)
		x, err := p.alternatives(true)
		if err != nil {
			return nil, err
		}
		if p.at == len(p.text) || p.text[p.at] != ')' {
			return nil, p.fail(") expected")
		}
		p.at++
		return x, nil
	case c == '.':
		p.at++
		return class(anyRune()), nil
	case c == '<':
		return p.token()
	case c == '!':
		return nil, failf(Unsupported, "", "terminals that exclude tokens")
	case nameByte(c):
		return &expr{op: exRule, rule: p.number(p.name())}, nil
	case c == '*' || c == '+' || c == '?' || c == '{':
		return nil, p.fail("nothing before %q to repeat", c)
	}
	return nil, nil
}

func (p *grammarParser) repeats(x *expr, nested bool) (*expr, error) {
	for p.at < len(p.text) {
		lo, hi := uint32(0), uint32(unbounded)
		switch p.text[p.at] {
		case '*':
		case '+':
			lo = 1
		case '?':
			hi = 1
		case '{':
			var err error
			if lo, hi, err = p.bounds(); err != nil {
				return nil, err
			}
		default:
			return x, nil
		}
		p.at++
		p.space(nested)
		if p.depth++; p.depth > maxDepth {
			return nil, failf(Limit, "", "more than %d repetitions of one another", maxDepth)
		}
		defer func() { p.depth-- }()
		x = repeat(x, lo, hi)
	}
	return x, nil
}

// bounds reads {m}, {m,} or {m,n} up to the closing brace.
func (p *grammarParser) bounds() (lo, hi uint32, err error) {
	end := strings.IndexByte(p.text[p.at:], '}')
	if end < 0 {
		return 0, 0, p.fail("} expected")
	}
	first, last, ranged := strings.Cut(p.text[p.at+1:p.at+end], ",")
	lo, ok := parseCount(strings.TrimSpace(first))
	hi = lo
	if ranged {
		hi = unbounded
		if last = strings.TrimSpace(last); last != "" && ok {
			hi, ok = parseCount(last)
		}
	}
	if !ok || hi < lo {
		return 0, 0, p.fail("bad repetition %q", p.text[p.at:p.at+end+1])
	}
	p.at += end
	return lo, hi, nil
}

func parseCount(s string) (uint32, bool) {
	if s == "" {
		return 0, false
	}
	n := uint64(0)
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		if n = n*10 + uint64(s[i]-'0'); n > 1<<31 {
			return 0, false
		}
	}
	return uint32(n), true
}

func (p *grammarParser) literal() (*expr, error) {
	p.at++
	var b strings.Builder
	for p.at < len(p.text) && p.text[p.at] != '"' {
		r, err := p.char()
		if err != nil {
			return nil, err
		}
		b.WriteRune(r)
	}
	if p.at == len(p.text) {
		return nil, p.fail("literal without end")
	}
	p.at++
	return text(b.String()), nil
}

// token reads <[id]>.
func (p *grammarParser) token() (*expr, error) {
	end := strings.IndexByte(p.text[p.at:], '>')
	if end < 0 {
		return nil, p.fail("> expected")
	}
	inner := p.text[p.at+1 : p.at+end]
	if len(inner) < 3 || inner[0] != '[' || inner[len(inner)-1] != ']' {
		return nil, failf(Unsupported, "", "terminals that name tokens by their text")
	}
	id, ok := parseCount(inner[1 : len(inner)-1])
	if !ok || id >= 1<<31 {
		return nil, p.fail("bad token %q", inner)
	}
	p.at += end + 1
	return &expr{op: exTokens, tokens: []int32{int32(id)}}, nil
}

func (p *grammarParser) class() (*expr, error) {
	p.at++
	not := p.at < len(p.text) && p.text[p.at] == '^'
	if not {
		p.at++
	}
	var spans []span
	for p.at < len(p.text) && p.text[p.at] != ']' {
		lo, err := p.char()
		if err != nil {
			return nil, err
		}
		hi := lo
		if p.at+1 < len(p.text) && p.text[p.at] == '-' && p.text[p.at+1] != ']' {
			p.at++
			if hi, err = p.char(); err != nil {
				return nil, err
			}
		}
		if hi < lo {
			return nil, p.fail("range out of order")
		}
		spans = append(spans, span{lo, hi})
	}
	if p.at == len(p.text) {
		return nil, p.fail("class without end")
	}
	p.at++
	set := newSet(spans...)
	if not {
		set = set.complement()
	}
	return class(set), nil
}

// char reads a character or an escape.
func (p *grammarParser) char() (rune, error) {
	r, n := utf8.DecodeRuneInString(p.text[p.at:])
	p.at += n
	if r != '\\' {
		return r, nil
	}
	if p.at == len(p.text) {
		return 0, p.fail("escape without end")
	}
	c := p.text[p.at]
	p.at++
	switch c {
	case 'x':
		return p.hex(2)
	case 'u':
		return p.hex(4)
	case 'U':
		return p.hex(8)
	case 't':
		return '\t', nil
	case 'r':
		return '\r', nil
	case 'n':
		return '\n', nil
	case '\\', '"', '[', ']':
		return rune(c), nil
	}
	return 0, p.fail("unknown escape \\%c", c)
}

func (p *grammarParser) hex(digits int) (rune, error) {
	v := rune(0)
	for range digits {
		if p.at == len(p.text) {
			return 0, p.fail("escape without end")
		}
		d, ok := hexDigit(p.text[p.at])
		if !ok || v > utf8.MaxRune {
			return 0, p.fail("bad hexadecimal escape")
		}
		v = v<<4 | d
		p.at++
	}
	if !utf8.ValidRune(v) {
		return 0, p.fail("escape of no character")
	}
	return v, nil
}
