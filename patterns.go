package llm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// openRepeat is how many bytes a repetition without an upper bound is taken to span at most, in a text that is being written.
const openRepeat = 1 << 10

// PatternModerator finds regular expressions of package regexp, given by category, in what is said and what is answered. They ignore
// case unless they say otherwise, as in (?-i)NASA, and ^ and $ are the borders of lines: \A and \z, which have no place in a text
// that is still being written, are refused, and so are expressions that find nothing at all in any text, such as x*.
//
// Window is the longest text that any of them can match. A repetition without an upper bound, such as .* or [0-9]+, counts as 1 KiB:
// in an answer a match may be missed, or found late, in which such a repetition spans more. Bounds, as in .{0,40}, let an answer
// pass sooner.
//
// The answer and the reasoning before it are judged each by itself: no match reaches from one into the other. Moderate returns the
// first match of each category. Time is linear in the text, for each category.
func PatternModerator(patterns map[string][]string) (Moderator, error) {
	m := &patternModerator{}
	for _, category := range slices.Sorted(maps.Keys(patterns)) {
		c, window, err := newPatternCategory(category, patterns[category])
		if err != nil {
			return nil, fmt.Errorf("category %q: %w", category, err)
		}
		m.categories = append(m.categories, c)
		m.window = max(m.window, window)
	}
	if len(m.categories) == 0 {
		return nil, errors.New("no patterns")
	}
	return m, nil
}

type patternModerator struct {
	categories []patternCategory
	window     int
}

// patternCategory is the expressions of a category as one.
type patternCategory struct {
	name  string
	any   *regexp.Regexp // finds the first match
	later *regexp.Regexp // finds, as its group 1, the first match that does not begin with the text
}

func newPatternCategory(name string, patterns []string) (c patternCategory, window int, err error) {
	if name == "" || len(patterns) == 0 {
		return c, 0, errors.New("want a name and at least one pattern")
	}
	parts := make([]string, len(patterns))
	for i, expr := range patterns {
		re, err := syntax.Parse("(?im)"+expr, syntax.Perl)
		if err != nil {
			return c, 0, err
		}
		n, err := patternWindow(re)
		if err != nil {
			return c, 0, fmt.Errorf("pattern %q: %w", expr, err)
		}
		parts[i], window = re.String(), max(window, n)
	}
	either := strings.Join(parts, "|")
	c.name = name
	if c.any, err = regexp.Compile(either); err == nil {
		c.later, err = regexp.Compile(`\A(?s:.)(?s:.*?)(` + either + `)`)
	}
	return c, window, err
}

func (m *patternModerator) Window() int { return m.window }

func (m *patternModerator) Moderate(_ context.Context, text string, _ bool) ([]Violation, error) {
	return m.find(text, 0), nil
}

// find returns the first match of each category that begins in text[from:].
func (m *patternModerator) find(text string, from int) (found []Violation) {
	for _, c := range m.categories {
		if start, end, ok := c.find(text, from); ok {
			end = start + len(wholeRunes(text[start:], min(end-start, m.window)))
			found = append(found, Violation{c.name, start, end})
		}
	}
	return found
}

// find searches from the character before from on, which borders of words and lines look at. A match that begins with that one does
// not count: it may be due to the cut.
func (c patternCategory) find(text string, from int) (start, end int, ok bool) {
	_, before := utf8.DecodeLastRuneInString(text[:from])
	at := from - before
	loc := c.any.FindStringIndex(text[at:])
	if loc != nil && loc[0] < before {
		if loc = c.later.FindStringSubmatchIndex(text[at:]); loc != nil {
			loc = loc[2:]
		}
	}
	if loc == nil {
		return 0, 0, false
	}
	return at + loc[0], at + loc[1], true
}

// patternWindow returns how many bytes an expression can match at most.
func patternWindow(re *syntax.Regexp) (int, error) {
	switch {
	case hasTextBorder(re):
		return 0, errors.New(`\A, \z, and ^ and $ without (?m), are unknown in a text that is being written`)
	case matchesNothing(re):
		return 0, errors.New("it matches the empty text, so every text")
	}
	n := longestMatch(re)
	if n > maxWindow {
		return 0, fmt.Errorf("it can match more than %d bytes", maxWindow)
	}
	return n, nil
}

func hasTextBorder(re *syntax.Regexp) bool {
	return re.Op == syntax.OpBeginText || re.Op == syntax.OpEndText || slices.ContainsFunc(re.Sub, hasTextBorder)
}

// matchesNothing reports whether re can match the empty text somewhere.
func matchesNothing(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpNoMatch, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return false
	case syntax.OpLiteral:
		return len(re.Rune) == 0
	case syntax.OpStar, syntax.OpQuest:
		return true
	case syntax.OpRepeat:
		return re.Min == 0 || matchesNothing(re.Sub[0])
	case syntax.OpAlternate:
		return slices.ContainsFunc(re.Sub, matchesNothing)
	}
	return !slices.ContainsFunc(re.Sub, func(s *syntax.Regexp) bool { return !matchesNothing(s) }) // all of it, one after the other
}

// longestMatch returns the bytes that re can match at most, a repetition without bound taken as openRepeat; never much more than
// maxWindow.
func longestMatch(re *syntax.Regexp) (n int) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			n += longestForm(r, re.Flags&syntax.FoldCase != 0)
		}
	case syntax.OpCharClass:
		if len(re.Rune) > 0 {
			n = longestForm(re.Rune[len(re.Rune)-1], false)
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		n = utf8.UTFMax
	case syntax.OpAlternate:
		for _, s := range re.Sub {
			n = max(n, longestMatch(s))
		}
	case syntax.OpStar:
		n = openRepeat
	case syntax.OpPlus:
		n = longestMatch(re.Sub[0]) + openRepeat
	case syntax.OpRepeat:
		n = longestMatch(re.Sub[0]) * max(re.Min, re.Max)
		if re.Max < 0 {
			n += openRepeat
		}
	default: // one after the other, or nothing
		for _, s := range re.Sub {
			n = min(n+longestMatch(s), maxWindow+1)
		}
	}
	return min(n, maxWindow+1)
}

// longestForm returns the bytes of a character, or of the longest that differs from it in case only: K is also the Kelvin sign.
func longestForm(r rune, fold bool) int {
	n := len(string(r)) // what is no character matches where text is not UTF-8
	for f := unicode.SimpleFold(r); fold && f != r; f = unicode.SimpleFold(f) {
		n = max(n, len(string(f)))
	}
	return n
}
