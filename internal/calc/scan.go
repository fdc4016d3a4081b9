package calc

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a number, a name, an operator or the end.
type token struct {
	kind tokenKind
	text string // of a name in lower case, of a number without separators
	at   int    // byte in the expression
}

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenNumber
	tokenName
	tokenOperator
)

// scanner splits an expression into tokens.
type scanner struct {
	text   string
	pos    int
	token  token // the current one
	inCall bool  // commas separate arguments here, not thousands
}

var (
	thousands = regexp.MustCompile(`^[0-9]{1,3}(?:,[0-9]{3})+`)
	digits    = regexp.MustCompile(`^[0-9]+(?:_[0-9]+)*`)
	fraction  = regexp.MustCompile(`^\.[0-9]*`)
	exponent  = regexp.MustCompile(`^[eE][+-]?[0-9]+`)
)

// operators are what they may be written as. Longer ones come first.
var operators = []struct{ text, means string }{
	{"**", "^"}, {"+", "+"}, {"-", "-"}, {"*", "*"}, {"/", "/"}, {"^", "^"}, {"%", "%"}, {"!", "!"}, {"(", "("}, {")", ")"}, {",", ","},
	{"×", "*"}, {"·", "*"}, {"⋅", "*"}, {"∗", "*"}, {"÷", "/"}, {"∕", "/"}, {"−", "-"}, {"–", "-"},
}

// errorAt is an error at a byte of the expression, which it counts in characters, from 1.
func (s *scanner) errorAt(at int, format string, args ...any) error {
	return fmt.Errorf(format+" (at character %d)", append(args, utf8.RuneCountInString(s.text[:at])+1)...)
}

// next moves to the next token.
func (s *scanner) next() error {
	s.pos = len(s.text) - len(strings.TrimLeftFunc(s.text[s.pos:], unicode.IsSpace))
	rest := s.text[s.pos:]
	s.token = token{at: s.pos}
	if rest == "" {
		return nil
	}
	if rest[0] >= '0' && rest[0] <= '9' || fraction.FindString(rest) > "." {
		return s.number(rest)
	}
	if n := letters(rest); n > 0 {
		s.token.kind, s.token.text = tokenName, strings.ToLower(rest[:n])
		s.pos += n
		return nil
	}
	for _, o := range operators {
		if strings.HasPrefix(rest, o.text) {
			s.token.kind, s.token.text = tokenOperator, o.means
			s.pos += len(o.text)
			return nil
		}
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return s.errorAt(s.pos, "unexpected %q", r)
}

// letters returns the length of the name that a text begins with. Digits may be part of it but not begin it.
func letters(text string) int {
	for i, r := range text {
		if !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r) && r != '_') {
			return i
		}
	}
	return len(text)
}

// number reads a number: with thousands separated by commas, but not in calls, where 1,000 is two arguments; of those, 000 is none.
func (s *scanner) number(rest string) error {
	whole := digits.FindString(rest)
	if !s.inCall {
		if t := thousands.FindString(rest); t != "" {
			whole = t
		}
	}
	if len(whole) > 1 && whole[0] == '0' {
		return s.errorAt(s.pos, "the number %s begins with 0: leave it out, and write thousands in functions without commas", whole)
	}
	frac := fraction.FindString(rest[len(whole):])
	exp := exponent.FindString(rest[len(whole)+len(frac):])
	s.pos += len(whole) + len(frac) + len(exp)
	s.token.kind = tokenNumber
	s.token.text = strings.NewReplacer(",", "", "_", "").Replace(whole) + frac + exp
	return nil
}

// is reports whether the current token is an operator or a word.
func (s *scanner) is(text string) bool {
	return s.token.text == text && (s.token.kind == tokenOperator || s.token.kind == tokenName)
}

// describe names the current token in an error.
func (s *scanner) describe() string {
	if s.token.kind == tokenEnd {
		return "the end"
	}
	return fmt.Sprintf("%q", s.text[s.token.at:s.pos])
}
