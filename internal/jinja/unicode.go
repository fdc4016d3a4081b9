package jinja

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// isSpace is Python's str.isspace for one character.
func isSpace(r rune) bool {
	switch {
	case r >= '\t' && r <= '\r', r >= 0x1c && r <= ' ', r == 0x85, r == 0xa0, r == 0x1680, r >= 0x2000 && r <= 0x200a:
		return true
	case r == 0x2028, r == 0x2029, r == 0x202f, r == 0x205f, r == 0x3000:
		return true
	}
	return false
}

// isPrintable is Python's str.isprintable for one character: what repr does not escape.
func isPrintable(r rune) bool {
	return r == ' ' || unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S)
}

func isCased(r rune) bool {
	return unicode.IsUpper(r) || unicode.IsLower(r) || unicode.IsTitle(r) ||
		unicode.Is(unicode.Other_Lowercase, r) || unicode.Is(unicode.Other_Uppercase, r)
}

func isCaseIgnorable(r rune) bool {
	switch r {
	case '\'', '.', ':', '^', '`', 0xb7, 0x2019, 0x2018, 0x2024, 0x2027, 0xad:
		return true
	}
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk)
}

// caseMap maps one character to its full upper, lower, title or folded form, which may be several characters.
type caseMap struct{ upper, lower, title, fold cases.Caser }

func newCaseMap() *caseMap {
	return &caseMap{cases.Upper(language.Und), cases.Lower(language.Und), cases.Title(language.Und), cases.Fold()}
}

// simpleCase reports whether the simple mapping of a character is its full one, without looking it up.
func simpleCase(r rune) bool {
	return r < 0x80 || !unicode.IsLower(r) && !unicode.IsUpper(r) && !unicode.IsTitle(r) && !unicode.Is(unicode.M, r)
}

func (c *caseMap) toUpper(r rune) string {
	if simpleCase(r) {
		return string(unicode.ToUpper(r))
	}
	return c.upper.String(string(r))
}

func (c *caseMap) toLower(r rune) string {
	if simpleCase(r) {
		return string(unicode.ToLower(r))
	}
	if r == 'Σ' {
		return "σ"
	}
	return c.lower.String(string(r))
}

func (c *caseMap) toTitle(r rune) string {
	if simpleCase(r) {
		return string(unicode.ToTitle(r))
	}
	return c.title.String(string(r))
}

func (c *caseMap) toFold(r rune) string {
	if simpleCase(r) {
		return string(unicode.ToLower(r))
	}
	return c.fold.String(string(r))
}

// finalSigma reports whether the capital sigma at byte i ends a word, as Unicode's rule for lower casing has it.
func finalSigma(s string, i int) bool {
	before := false
	for _, r := range reverseRunes(s[:i]) {
		if !isCaseIgnorable(r) {
			before = isCased(r)
			break
		}
	}
	if !before {
		return false
	}
	after := s[i+len("Σ"):]
	for _, r := range after[:min(len(after), sigmaWindow)] {
		if !isCaseIgnorable(r) {
			return !isCased(r)
		}
	}
	return true
}

// sigmaWindow is how far the rule looks, in bytes: a longer stretch of ignorable characters is not followed.
const sigmaWindow = 64

// reverseRunes returns the last few characters of s, last first.
func reverseRunes(s string) []rune {
	if len(s) > sigmaWindow {
		s = strings.ToValidUTF8(s[len(s)-sigmaWindow:], "")
	}
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return r
}
