package dialect

import (
	"strconv"
	"unicode/utf8"
)

// maxDepth bounds the nesting of values.
const maxDepth = 512

// maxNumber bounds the digits of a number, in bytes.
const maxNumber = 1 << 16

// notation is a way of writing values that are objects, lists, strings, numbers and words.
type notation struct {
	python bool   // '…', True, None, (1, 2), [1,]
	bare   bool   // keys without quotes; = for : too
	quote  string // strings are also written between two of these, without escapes
}

var (
	jsonNotation   = notation{}
	pythonNotation = notation{python: true}
)

// progress is what a reader says about its input.
type progress int

const (
	waiting progress = iota // for more input
	done
	broken // not what was expected
)

type literalState uint8

const (
	atValue  literalState = iota
	atItem                // a value or the end of a list
	atKey                 // of an object
	atMember              // a key or the end of an object
	atColon
	atComma // or the end
	inQuotes
	inEscape
	inHex
	inVerbatim // between two of the notation's own quotes
	inNumber
	inWord
	inBareKey
)

// literal reads one value in a notation and writes it as JSON, as it comes. White space between the parts is left out. It
// does not recurse, and nesting is bounded.
type literal struct {
	notation
	state   literalState
	stack   []byte // closers of what is open
	quote1  byte   // that ends the string
	isKey   bool   // the string is one
	comma   bool   // owed before the next item
	hex     rune
	hexLeft int
	word    []byte
}

func (l *literal) reset(n notation) {
	*l = literal{notation: n, stack: l.stack[:0], word: l.word[:0]}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// read consumes as much of in as belongs to the value and appends JSON to dst. The last byte of a number or word is known
// only when something follows: last says that nothing does.
func (l *literal) read(dst, in []byte, last bool) (out []byte, n int, p progress) {
	for n < len(in) {
		used, p := l.step(&dst, in[n:], last)
		n += used
		if p != waiting {
			return dst, n, p
		}
		if used == 0 && l.stuck(in[n:]) {
			return dst, n, waiting
		}
	}
	if last && len(l.stack) == 0 && (l.state == inNumber || l.state == inWord) {
		return dst, n, l.endScalar(&dst)
	}
	return dst, n, waiting
}

// stuck reports whether a step that took nothing needs more input: it may have only changed the state.
func (l *literal) stuck(in []byte) bool {
	return l.quote != "" && in[0] == l.quote[0] && len(in) < len(l.quote) && (l.state == inVerbatim || l.state <= atMember)
}

// step reads at least a byte, or changes the state, or waits for the rest of a quote.
func (l *literal) step(dst *[]byte, in []byte, last bool) (int, progress) {
	c := in[0]
	switch l.state {
	case inQuotes:
		return l.quoted(dst, in)
	case inEscape:
		return 1, l.escape(dst, c)
	case inHex:
		return 1, l.hexDigit(dst, c)
	case inVerbatim:
		return l.verbatim(dst, in, last)
	case inNumber, inWord:
		if scalarByte(c) {
			if l.word = append(l.word, c); len(l.word) > maxNumber {
				return 0, broken
			}
			return 1, waiting
		}
		return 0, l.endScalar(dst)
	case inBareKey:
		return l.bareKey(dst, c)
	}
	if isSpace(c) {
		return 1, waiting
	}
	switch l.state {
	case atColon:
		if c != ':' && !(l.bare && c == '=') {
			return 0, broken
		}
		*dst = append(*dst, ':')
		l.state = atValue
		return 1, waiting
	case atComma:
		if c == ',' {
			l.comma = true
			switch closer := l.stack[len(l.stack)-1]; {
			case closer == '}' && l.python:
				l.state = atMember
			case closer == '}':
				l.state = atKey
			case l.python:
				l.state = atItem
			default:
				l.state = atValue
			}
			return 1, waiting
		}
		return l.close(dst, c)
	case atItem, atMember:
		if c == l.stack[len(l.stack)-1] {
			return l.close(dst, c)
		}
	}
	return l.begin(dst, in, last)
}

// begin reads the first byte of a value or key.
func (l *literal) begin(dst *[]byte, in []byte, last bool) (int, progress) {
	c := in[0]
	l.isKey = l.state == atKey || l.state == atMember
	if l.quote != "" && c == l.quote[0] {
		n := common(in, l.quote)
		switch {
		case n == len(l.quote):
			l.state = inVerbatim
			l.item(dst, '"')
			return n, waiting
		case n == len(in) && !last:
			return 0, waiting
		}
		return 0, broken
	}
	switch {
	case c == '"', c == '\'' && l.python:
		l.item(dst, '"')
		l.state, l.quote1 = inQuotes, c
		return 1, waiting
	case l.isKey && l.bare && scalarByte(c):
		l.item(dst, '"')
		l.state = inBareKey
		return 0, waiting
	case l.isKey:
		return 0, broken
	case c == '{':
		return l.open(dst, '{', '}', atMember)
	case c == '[':
		return l.open(dst, '[', ']', atItem)
	case c == '(' && l.python:
		return l.open(dst, '[', ')', atItem)
	case c == '-', c >= '0' && c <= '9', l.python && (c == '.' || c == '+'):
		l.state, l.word = inNumber, append(l.word[:0], c)
		return 1, waiting
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		l.state, l.word = inWord, append(l.word[:0], c)
		return 1, waiting
	}
	return 0, broken
}

// item writes the first byte of an item, after the comma that is owed.
func (l *literal) item(dst *[]byte, c byte) {
	if l.comma {
		*dst = append(*dst, ',')
		l.comma = false
	}
	*dst = append(*dst, c)
}

func (l *literal) open(dst *[]byte, c, closer byte, state literalState) (int, progress) {
	if len(l.stack) == maxDepth {
		return 0, broken
	}
	l.item(dst, c)
	l.stack = append(l.stack, closer)
	l.state = state
	return 1, waiting
}

func (l *literal) close(dst *[]byte, c byte) (int, progress) {
	if c != l.stack[len(l.stack)-1] {
		return 0, broken
	}
	if c == ')' {
		c = ']'
	}
	l.comma = false
	*dst = append(*dst, c)
	l.stack = l.stack[:len(l.stack)-1]
	return 1, l.endItem()
}

// endItem is what follows a whole value.
func (l *literal) endItem() progress {
	l.state = atComma
	if l.isKey {
		l.state, l.isKey = atColon, false
	} else if len(l.stack) == 0 {
		return done
	}
	return waiting
}

// quoted reads the inside of a string up to its end or an escape.
func (l *literal) quoted(dst *[]byte, in []byte) (int, progress) {
	for i, c := range in {
		switch c {
		case '\\':
			*dst = appendEscaped(*dst, in[:i])
			l.state = inEscape
			return i + 1, waiting
		case l.quote1:
			*dst = append(appendEscaped(*dst, in[:i]), '"')
			return i + 1, l.endItem()
		}
	}
	*dst = appendEscaped(*dst, in)
	return len(in), waiting
}

func (l *literal) verbatim(dst *[]byte, in []byte, last bool) (int, progress) {
	for i, c := range in {
		if c != l.quote[0] {
			continue
		}
		n := common(in[i:], l.quote)
		switch {
		case n == len(l.quote):
			*dst = append(appendEscaped(*dst, in[:i]), '"')
			return i + n, l.endItem()
		case i+n == len(in) && !last:
			*dst = appendEscaped(*dst, in[:i])
			return i, waiting
		}
	}
	*dst = appendEscaped(*dst, in)
	return len(in), waiting
}

func (l *literal) bareKey(dst *[]byte, c byte) (int, progress) {
	if scalarByte(c) {
		*dst = append(*dst, c)
		return 1, waiting
	}
	*dst = append(*dst, '"')
	return 0, l.endItem()
}

// scalarByte reports whether a byte can be part of a number, a word or a bare key.
func scalarByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-' || c == '+' || c == '.' || c == '$' || c >= 0x80
}

func (l *literal) endScalar(dst *[]byte) progress {
	text := string(l.word)
	if l.state == inWord {
		text = l.wordValue(text)
	} else if !isNumber(text) {
		text = l.looseNumber(text)
	}
	if text == "" {
		return broken
	}
	l.item(dst, text[0])
	*dst = append(*dst, text[1:]...)
	return l.endItem()
}

// wordValue returns the JSON of a word, "" if it has none.
func (l *literal) wordValue(w string) string {
	switch w {
	case "true", "false", "null":
		return w
	}
	if l.python || l.bare {
		switch w {
		case "True":
			return "true"
		case "False":
			return "false"
		case "None":
			return "null"
		}
	}
	return ""
}

// looseNumber returns the JSON of a number that Python reads and JSON does not, such as .5 or 1., else "".
func (l *literal) looseNumber(w string) string {
	if !l.python {
		return ""
	}
	for _, c := range w {
		if (c < '0' || c > '9') && c != '.' && c != '+' && c != '-' && c != 'e' && c != 'E' {
			return ""
		}
	}
	if _, err := strconv.ParseInt(w, 10, 64); err == nil && len(w) > 1 && w[0] == '0' {
		return "" // 007 is no number
	}
	f, err := strconv.ParseFloat(w, 64)
	if err != nil {
		return ""
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// isNumber reports whether a text is a number in JSON.
func isNumber(s string) bool {
	digits := func() bool {
		n := len(s)
		for len(s) > 0 && s[0] >= '0' && s[0] <= '9' {
			s = s[1:]
		}
		return len(s) < n
	}
	if s != "" && s[0] == '-' {
		s = s[1:]
	}
	if s != "" && s[0] == '0' {
		s = s[1:]
	} else if !digits() {
		return false
	}
	if s != "" && s[0] == '.' {
		if s = s[1:]; !digits() {
			return false
		}
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		if s = s[1:]; s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		if !digits() {
			return false
		}
	}
	return s == ""
}

// escape reads the byte after a backslash.
func (l *literal) escape(dst *[]byte, c byte) progress {
	l.state = inQuotes
	switch c {
	case '"', '\\', 'b', 'f', 'n', 'r', 't':
		*dst = append(*dst, '\\', c)
		return waiting
	case 'u':
		l.expectHex(4)
		return waiting
	}
	if !l.python {
		if c != '/' {
			return broken
		}
		*dst = append(*dst, '\\', '/')
		return waiting
	}
	switch c {
	case '\'', '\n':
		if c == '\'' {
			*dst = append(*dst, c)
		}
	case 'x':
		l.expectHex(2)
	case 'U':
		l.expectHex(8)
	case 'a':
		*dst = append(*dst, `\u0007`...)
	case 'v':
		*dst = append(*dst, `\u000b`...)
	case '0':
		*dst = append(*dst, `\u0000`...)
	default: // Python keeps the backslash of an escape that it does not know
		*dst = append(*dst, '\\', '\\')
		*dst = appendEscaped(*dst, []byte{c})
	}
	return waiting
}

func (l *literal) expectHex(n int) { l.state, l.hexLeft, l.hex = inHex, n, 0 }

func (l *literal) hexDigit(dst *[]byte, c byte) progress {
	d, ok := hexValue(c)
	if !ok {
		return broken
	}
	l.hex = l.hex<<4 | d
	if l.hexLeft--; l.hexLeft > 0 {
		return waiting
	}
	l.state = inQuotes
	switch r := l.hex; {
	case r < 0 || r > utf8.MaxRune:
		return broken
	case r < 0x10000: // halves of a surrogate pair stay apart, as they were written
		*dst = appendUnicodeEscape(*dst, r)
	default:
		*dst = utf8.AppendRune(*dst, r)
	}
	return waiting
}

func hexValue(c byte) (rune, bool) {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0'), true
	case c >= 'a' && c <= 'f':
		return rune(c-'a') + 10, true
	case c >= 'A' && c <= 'F':
		return rune(c-'A') + 10, true
	}
	return 0, false
}

func appendUnicodeEscape(dst []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}

// appendEscaped appends text as the inside of a JSON string.
func appendEscaped(dst, text []byte) []byte {
	from := 0
	for i, c := range text {
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, text[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = appendUnicodeEscape(dst, rune(c))
		}
	}
	return append(dst, text[from:]...)
}

// common returns how many bytes in and text have in common at their beginnings.
func common(in []byte, text string) int {
	n := min(len(in), len(text))
	for i := range n {
		if in[i] != text[i] {
			return i
		}
	}
	return n
}

// convert writes a whole text as the JSON of the value that it is in a notation.
func (l *literal) convert(dst, text []byte, n notation) ([]byte, bool) {
	l.reset(n)
	from := len(dst)
	dst, used, p := l.read(dst, text, true)
	for used < len(text) && isSpace(text[used]) {
		used++
	}
	if p != done || used < len(text) {
		return dst[:from], false
	}
	return dst, true
}
