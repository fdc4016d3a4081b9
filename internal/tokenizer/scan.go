package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// A matcher is one pass of a splitting rule, written out as a scanner: it reports whether a match begins at text[i:], i within
// text, and its end. Without a match, end is where to look next. end is always beyond i. A matcher sees one piece of the
// pass before, never what lies around it, and looks at each byte a bounded number of times.
type matcher func(text string, i int) (end int, ok bool)

// skip is the answer of a matcher at a character that begins no match.
func skip(s string, i int) (int, bool) {
	_, n := utf8.DecodeRuneInString(s[i:])
	return i + n, false
}

// contraction returns the end of 's 't 're 've 'm 'll 'd at s[i:], i if there is none. fold takes upper case as well.
func contraction(s string, i int, fold bool) int {
	if s[i] != '\'' || i+1 == len(s) {
		return i
	}
	lower := func(b byte) byte {
		if fold && 'A' <= b && b <= 'Z' {
			return b + 'a' - 'A'
		}
		return b
	}
	a := lower(s[i+1])
	switch a {
	case 's', 't', 'm', 'd':
		return i + 2
	}
	if i+2 < len(s) {
		switch b := lower(s[i+2]); {
		case a == 'r' && b == 'e', a == 'v' && b == 'e', a == 'l' && b == 'l':
			return i + 3
		}
	}
	return i
}

// numbers returns the end of up to limit characters of the class at s[i:].
func numbers(s string, i, limit int, in class) int {
	for ; limit > 0; limit-- {
		c, n := classAt(s, i)
		if c&in == 0 {
			break
		}
		i += n
	}
	return i
}

// run returns the end of ` ?[^not]+` at s[i:], i if there is none.
func others(s string, i int, not class) int {
	from := i
	if s[i] == ' ' {
		from++
	}
	end := from
	for {
		c, n := classAt(s, end)
		if n == 0 || c&not != 0 {
			break
		}
		end += n
	}
	if end == from {
		return i
	}
	return end
}

// spaced returns the end of ` ?[in]+` at s[i:], i if there is none.
func spaced(s string, i int, in class) int {
	from := i
	if s[i] == ' ' {
		from++
	}
	if end := runOf(s, from, in); end > from {
		return end
	}
	return i
}

// trailing returns the end of the run at s[i:] of bytes in set.
func trailing(s string, i int, set string) int {
	for i < len(s) && strings.IndexByte(set, s[i]) >= 0 {
		i++
	}
	return i
}

// blanks returns the end of `\s+(?!\S)|\s+` at s[i:], i if there is none: the last of several before a word is left to it.
func blanks(s string, i int) int {
	end, last := i, i
	for {
		c, n := classAt(s, end)
		if c&space == 0 {
			break
		}
		last = end
		end += n
	}
	if end < len(s) && last > i {
		return last
	}
	return end
}

// blankLines returns the end of `\s*[\r\n]+|\s+(?!\S)|\s+` at s[i:], i if there is none.
func blankLines(s string, i int) int {
	end, last, line := i, i, i
	for {
		c, n := classAt(s, end)
		if c&space == 0 {
			break
		}
		last = end
		end += n
		if c&newline != 0 {
			line = end
		}
	}
	switch {
	case line > i:
		return line
	case end < len(s) && last > i:
		return last
	}
	return end
}

// runs matches `[in]+`.
func runs(in class) matcher {
	return func(s string, i int) (int, bool) {
		if end := runOf(s, i, in); end > i {
			return end, true
		}
		return skip(s, i)
	}
}

// groups matches `[in]{1,limit}`.
func groups(in class, limit int) matcher {
	return func(s string, i int) (int, bool) {
		if end := numbers(s, i, limit, in); end > i {
			return end, true
		}
		return skip(s, i)
	}
}

// charset is a set of characters by ranges, in order.
type charset []struct{ lo, hi rune }

func (t charset) has(r rune) bool {
	lo, hi := 0, len(t)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if t[m].hi < r {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo < len(t) && t[lo].lo <= r
}

// run returns the end of the run at s[i:] of characters in the set.
func (t charset) run(s string, i int) int {
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !t.has(r) {
			break
		}
		i += n
	}
	return i
}

// runsIn matches `[a]+|[b]+|…`.
func runsIn(sets ...charset) matcher {
	return func(s string, i int) (int, bool) {
		for _, t := range sets {
			if end := t.run(s, i); end > i {
				return end, true
			}
		}
		return skip(s, i)
	}
}

// afterSpace matches `\s?[…]+`, run being the end of the run of the class.
func afterSpace(run func(s string, i int) int) matcher {
	return func(s string, i int) (int, bool) {
		if c, n := classAt(s, i); c&space != 0 {
			if end := run(s, i+n); end > i+n {
				return end, true
			}
		}
		if end := run(s, i); end > i {
			return end, true
		}
		return skip(s, i)
	}
}
