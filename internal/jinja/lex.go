package jinja

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/runenames"
)

type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokData
	tokBlockBegin
	tokBlockEnd
	tokPrintBegin
	tokPrintEnd
	tokName
	tokString
	tokNumber
	tokOp
)

func (k tokenKind) String() string {
	return [...]string{"end of template", "template data", "begin of statement block", "end of statement block",
		"begin of print statement", "end of print statement", "name", "string", "number", "operator"}[k]
}

type token struct {
	kind  tokenKind
	text  string // of names, operators, strings and data
	value Value  // of numbers
	line  int
}

func (t token) describe() string {
	if t.kind == tokName || t.kind == tokOp {
		return t.text
	}
	return t.kind.String()
}

// lexer cuts a template into tokens. It follows jinja2's lexer with trim_blocks and lstrip_blocks on.
type lexer struct {
	src       string
	pos       int
	line      int
	lineStart bool // what was consumed last ended a line
	inside    tokenKind
	open      []byte // closing brackets expected
	runeNames map[string]rune
	room      [2]token // no step finds more
	found     []token
}

func newLexer(src string) *lexer {
	if strings.Contains(src, "\r") {
		src = strings.ReplaceAll(strings.ReplaceAll(src, "\r\n", "\n"), "\r", "\n")
	}
	return &lexer{src: strings.TrimSuffix(src, "\n"), line: 1, lineStart: true}
}

// next returns the next token; at the end of the template, tokEOF again and again.
func (l *lexer) next() (token, error) {
	for len(l.found) == 0 {
		var err error
		switch {
		case l.pos >= len(l.src):
			return token{kind: tokEOF, line: l.line}, nil
		case l.inside == tokEOF:
			err = l.data()
		default:
			err = l.inTag()
		}
		if err != nil {
			return token{}, err
		}
	}
	t := l.found[0]
	l.found = l.found[1:]
	if len(l.found) == 0 {
		l.found = l.room[:0]
	}
	return t, nil
}

func (l *lexer) fail(format string, args ...any) error {
	return &SyntaxError{l.line, fmt.Sprintf(format, args...)}
}

func (l *lexer) emit(k tokenKind, text string) {
	l.found = append(l.found, token{kind: k, text: text, line: l.line})
}

// take consumes up to end.
func (l *lexer) take(end int) string {
	s := l.src[l.pos:end]
	l.line += strings.Count(s, "\n")
	l.lineStart = strings.HasSuffix(s, "\n")
	l.pos = end
	return s
}

// sign returns the white space mark that follows an opening delimiter.
func (l *lexer) sign(at int) string {
	if at < len(l.src) && (l.src[at] == '-' || l.src[at] == '+') {
		return l.src[at : at+1]
	}
	return ""
}

func (l *lexer) skipSpace(at int) int {
	for at < len(l.src) {
		r, n := utf8.DecodeRuneInString(l.src[at:])
		if !isSpace(r) {
			break
		}
		at += n
	}
	return at
}

// data consumes text up to and with the next opening delimiter.
func (l *lexer) data() error {
	at := l.pos
	for {
		i := strings.IndexByte(l.src[at:], '{')
		if i < 0 || at+i+1 >= len(l.src) {
			l.emitData(l.src[l.pos:])
			l.take(len(l.src))
			return nil
		}
		at += i
		if c := l.src[at+1]; c == '{' || c == '%' || c == '#' {
			break
		}
		at++
	}
	sign := l.sign(at + 2)
	l.emitData(l.trimmed(l.src[l.pos:at], sign, l.src[at+1] == '{'))
	l.take(at)
	switch l.src[at+1] {
	case '{':
		l.take(at + 2 + len(sign))
		l.emit(tokPrintBegin, "")
		l.inside = tokPrintEnd
	case '#':
		return l.comment(at + 2 + len(sign))
	default:
		if end := l.rawTag(at + 2 + len(sign)); end > 0 {
			l.take(end)
			return l.raw()
		}
		l.take(at + 2 + len(sign))
		l.emit(tokBlockBegin, "")
		l.inside = tokBlockEnd
	}
	return nil
}

func (l *lexer) emitData(s string) {
	if s != "" {
		l.emit(tokData, s)
	}
}

// trimmed applies the white space rules to the text before a tag.
func (l *lexer) trimmed(s, sign string, print bool) string {
	switch {
	case sign == "-":
		return strings.TrimRightFunc(s, isSpace)
	case sign == "+" || print:
		return s
	}
	at := strings.LastIndexByte(s, '\n') + 1
	if (at > 0 || l.lineStart) && strings.TrimRightFunc(s[at:], isSpace) == "" {
		return s[:at]
	}
	return s
}

// closing returns the end of a closing delimiter at position at, with the white space it eats, or 0.
func (l *lexer) closing(at int, delim string) int {
	rest := l.src[at:]
	switch {
	case strings.HasPrefix(rest, "-"+delim):
		return l.skipSpace(at + 1 + len(delim))
	case delim != "}}" && strings.HasPrefix(rest, "+"+delim):
		return at + 1 + len(delim)
	case strings.HasPrefix(rest, delim):
		at += len(delim)
		if delim != "}}" && strings.HasPrefix(l.src[at:], "\n") {
			at++
		}
		return at
	}
	return 0
}

func (l *lexer) comment(at int) error {
	for i := at; ; i++ {
		k := strings.IndexByte(l.src[i:], '#')
		if k < 0 {
			return l.fail("Missing end of comment tag")
		}
		i += k
		start := i
		if i > at && (l.src[i-1] == '-' || l.src[i-1] == '+') {
			start = i - 1
		}
		if end := l.closing(start, "#}"); end > 0 {
			l.take(end)
			return nil
		}
	}
}

// rawTag returns the end of a raw tag whose inside starts at at, or 0.
func (l *lexer) rawTag(at int) int {
	at = l.skipSpace(at)
	if !strings.HasPrefix(l.src[at:], "raw") {
		return 0
	}
	at = l.skipSpace(at + 3)
	switch {
	case strings.HasPrefix(l.src[at:], "-%}"):
		return l.skipSpace(at + 3)
	case strings.HasPrefix(l.src[at:], "%}"):
		return at + 2
	}
	return 0
}

// raw consumes text up to and with endraw.
func (l *lexer) raw() error {
	for i := l.pos; ; i += 2 {
		k := strings.Index(l.src[i:], "{%")
		if k < 0 {
			return l.fail("Missing end of raw directive")
		}
		i += k
		sign := l.sign(i + 2)
		at := l.skipSpace(i + 2 + len(sign))
		if !strings.HasPrefix(l.src[at:], "endraw") {
			continue
		}
		if end := l.closing(l.skipSpace(at+6), "%}"); end > 0 {
			l.emitData(l.trimmed(l.src[l.pos:i], sign, false))
			l.take(end)
			return nil
		}
	}
}

// inTag consumes one token of a statement or print tag.
func (l *lexer) inTag() error {
	delim := "%}"
	if l.inside == tokPrintEnd {
		delim = "}}"
	}
	if len(l.open) == 0 {
		if end := l.closing(l.pos, delim); end > 0 {
			l.emit(l.inside, "")
			l.take(end)
			l.inside = tokEOF
			return nil
		}
	}
	if end := l.skipSpace(l.pos); end > l.pos {
		l.take(end)
		return nil
	}
	c := l.src[l.pos]
	r, _ := utf8.DecodeRuneInString(l.src[l.pos:])
	switch {
	case c >= '0' && c <= '9':
		return l.number()
	case isNameRune(r):
		return l.name()
	case c == '\'' || c == '"':
		return l.str(c)
	}
	return l.operator(r)
}

func isNameRune(r rune) bool {
	return r == '_' || r == 0xb7 || unicode.In(r, unicode.L, unicode.Nd, unicode.Nl, unicode.Mn, unicode.Mc, unicode.Pc)
}

func (l *lexer) name() error {
	end := l.pos
	for end < len(l.src) {
		r, n := utf8.DecodeRuneInString(l.src[end:])
		if !isNameRune(r) {
			break
		}
		end += n
	}
	s := l.src[l.pos:end]
	if r, _ := utf8.DecodeRuneInString(s); r != '_' && !unicode.In(r, unicode.L, unicode.Nl) {
		return l.fail("Invalid character in identifier")
	}
	l.emit(tokName, s)
	l.take(end)
	return nil
}

// digits returns the end of a stretch of digits joined by single underscores.
func (l *lexer) digits(at int, set string) int {
	if at >= len(l.src) || strings.IndexByte(set, l.src[at]) < 0 {
		return at
	}
	for at++; at < len(l.src); at++ {
		if l.src[at] == '_' && at+1 < len(l.src) && strings.IndexByte(set, l.src[at+1]) >= 0 {
			continue
		}
		if strings.IndexByte(set, l.src[at]) < 0 {
			break
		}
	}
	return at
}

const decimal = "0123456789"

func (l *lexer) number() error {
	if end := l.floatEnd(); end > 0 && (l.pos == 0 || l.src[l.pos-1] != '.') {
		f, _ := strconv.ParseFloat(strings.ReplaceAll(l.src[l.pos:end], "_", ""), 64)
		l.emitNumber(float(f), end)
		return nil
	}
	base, end, at := 10, 0, l.pos
	if l.src[at] == '0' && at+1 < len(l.src) {
		p := at + 2
		if p < len(l.src) && l.src[p] == '_' {
			p++
		}
		switch l.src[at+1] {
		case 'x', 'X':
			base, end = 16, l.digits(p, "0123456789abcdefABCDEF")
		case 'o', 'O':
			base, end = 8, l.digits(p, "01234567")
		case 'b', 'B':
			base, end = 2, l.digits(p, "01")
		}
		if end > p {
			at += 2
		} else {
			base, end = 10, 0
		}
	}
	if end == 0 {
		set := decimal
		if l.src[at] == '0' {
			set = "0"
		}
		end = l.digits(at, set)
	}
	digits := strings.ReplaceAll(l.src[at:end], "_", "")
	if len(digits) > maxIntDigits {
		return l.fail("Exceeds the limit (%d digits) for integer string conversion", maxIntDigits)
	}
	v, ok := new(big.Int).SetString(digits, base)
	if !ok {
		return l.fail("unexpected number")
	}
	n, err := fromBig(v)
	if err != nil {
		return err
	}
	l.emitNumber(n, end)
	return nil
}

func (l *lexer) emitNumber(v Value, end int) {
	l.found = append(l.found, token{kind: tokNumber, value: v, line: l.line})
	l.take(end)
}

// floatEnd returns the end of a float literal at the current position, or 0.
func (l *lexer) floatEnd() int {
	whole := l.digits(l.pos, decimal)
	end, isFloat := whole, false
	if end < len(l.src) && l.src[end] == '.' {
		if e := l.digits(end+1, decimal); e > end+1 {
			end, isFloat = e, true
		}
	}
	if end < len(l.src) && (l.src[end] == 'e' || l.src[end] == 'E') {
		p := end + 1
		if p < len(l.src) && (l.src[p] == '+' || l.src[p] == '-') {
			p++
		}
		if e := l.digits(p, decimal); e > p {
			end, isFloat = e, true
		}
	}
	if !isFloat {
		return 0
	}
	return end
}

func (l *lexer) operator(r rune) error {
	rest := l.src[l.pos:]
	for _, op := range []string{"//", "**", "==", "!=", ">=", "<="} {
		if strings.HasPrefix(rest, op) {
			l.emit(tokOp, op)
			l.take(l.pos + 2)
			return nil
		}
	}
	if strings.IndexByte("+-/*%~[](){}><=.:|,;", rest[0]) < 0 {
		return l.fail("unexpected char %q", r)
	}
	if err := l.balance(rest[0]); err != nil {
		return err
	}
	l.emit(tokOp, rest[:1])
	l.take(l.pos + 1)
	return nil
}

func (l *lexer) balance(c byte) error {
	if len(l.open) > maxParseDepth {
		return &LimitError{"depth", maxParseDepth}
	}
	switch c {
	case '(':
		l.open = append(l.open, ')')
	case '[':
		l.open = append(l.open, ']')
	case '{':
		l.open = append(l.open, '}')
	case ')', ']', '}':
		if len(l.open) == 0 {
			return l.fail("unexpected '%c'", c)
		}
		want := l.open[len(l.open)-1]
		l.open = l.open[:len(l.open)-1]
		if want != c {
			return l.fail("unexpected '%c', expected '%c'", c, want)
		}
	}
	return nil
}

func (l *lexer) str(quote byte) error {
	for i := l.pos + 1; i < len(l.src); i++ {
		switch l.src[i] {
		case '\\':
			i++
		case quote:
			s, err := l.unescape(l.src[l.pos+1 : i])
			if err != nil {
				return err
			}
			l.emit(tokString, s)
			l.take(i + 1)
			return nil
		}
	}
	return l.fail("unexpected char %q", quote)
}

// unescape reads a string literal as Python's unicode-escape codec does.
func (l *lexer) unescape(s string) (string, error) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			i++
			continue
		}
		c := s[i+1]
		i += 2
		if k := strings.IndexByte(`\'"abfnrtv`, c); k >= 0 {
			b.WriteByte("\\'\"\a\b\f\n\r\t\v"[k])
			continue
		}
		switch {
		case c == '\n':
		case c >= '0' && c <= '7':
			end := i
			for end < len(s) && end < i+2 && s[end] >= '0' && s[end] <= '7' {
				end++
			}
			n, _ := strconv.ParseUint(s[i-1:end], 8, 32)
			b.WriteRune(rune(n))
			i = end
		case c == 'x' || c == 'u' || c == 'U':
			r, n, err := l.hexEscape(s[i:], c)
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
			i += n
		case c == 'N':
			r, n, err := l.namedEscape(s[i:])
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
			i += n
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

func (l *lexer) hexEscape(s string, kind byte) (rune, int, error) {
	n := map[byte]int{'x': 2, 'u': 4, 'U': 8}[kind]
	if len(s) < n {
		return 0, 0, l.fail("truncated \\%c escape", kind)
	}
	v, err := strconv.ParseUint(s[:n], 16, 32)
	if err != nil || v > unicode.MaxRune {
		return 0, 0, l.fail("truncated or illegal \\%c escape", kind)
	}
	return rune(v), n, nil // WriteRune turns a lone surrogate into U+FFFD
}

// namedEscape reads the {NAME} of \N{NAME}.
func (l *lexer) namedEscape(s string) (rune, int, error) {
	end := strings.IndexByte(s, '}')
	if !strings.HasPrefix(s, "{") || end < 2 {
		return 0, 0, l.fail("malformed \\N character escape")
	}
	if l.runeNames == nil {
		l.runeNames = findRuneNames(l.src)
	}
	r, ok := l.runeNames[strings.ToUpper(s[1:end])]
	if !ok {
		return 0, 0, l.fail("unknown Unicode character name")
	}
	return r, end + 1, nil
}

// findRuneNames looks up all character names that \N escapes of a template mention, in one pass over Unicode.
func findRuneNames(src string) map[string]rune {
	const none = -1
	names := map[string]rune{}
	for _, part := range strings.Split(src, `\N{`)[1:] {
		if end := strings.IndexByte(part, '}'); end > 0 && end < 100 {
			names[strings.ToUpper(part[:end])] = none
		}
	}
	for r := rune(' '); r <= unicode.MaxRune; r++ {
		if name := runenames.Name(r); name != "" && name[0] != '<' {
			if v, ok := names[name]; ok && v == none {
				names[name] = r
			}
		}
	}
	for name, r := range names {
		if r == none {
			delete(names, name)
		}
	}
	return names
}
