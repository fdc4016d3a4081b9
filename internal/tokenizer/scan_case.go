package tokenizer

// caseRule is the rule of o200k and its relatives, which cuts words where lower case turns to upper case:
//
//	X?U*V+C?|X?U+V*C?|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[tail]*|\s*[\r\n]+|\s+(?!\S)|\s+
//
// with X = [^\r\n\p{L}\p{N}], U = [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}], V = [\p{Ll}\p{Lm}\p{Lo}\p{M}] and C the contractions.
type caseRule struct {
	digits  int
	noShort bool // no contractions
	han     bool // `\p{Han}+` first; U and V without Han
	tail    string
}

func (r caseRule) match(s string, i int) (int, bool) {
	if r.han {
		if end := runOf(s, i, han); end > i {
			return end, true
		}
	}
	if end := r.word(s, i); end > i {
		if !r.noShort && end < len(s) {
			end = contraction(s, end, true)
		}
		return end, true
	}
	if end := numbers(s, i, r.digits, number); end > i {
		return end, true
	}
	if end := others(s, i, space|letter|number); end > i {
		return trailing(s, end, r.tail), true
	}
	return blankLines(s, i), true
}

// word returns the end of `X?U*V+|X?U+V*` at s[i:], i if there is none. An X is tried with and without: a mark may be one.
func (r caseRule) word(s string, i int) int {
	c, n := classAt(s, i)
	prefixed, full := 0, false
	if c&(letter|number|newline) == 0 {
		if prefixed, full = r.cased(s, i+n); full {
			return prefixed
		}
	}
	bare, full := r.cased(s, i)
	if !full && prefixed > i+n {
		return prefixed
	}
	return bare
}

// cased returns the end of `U*V+` at s[i:] and true, or else that of `U+V*` (i if there is none) and false. The first may have to
// give up characters of U that are no V.
func (r caseRule) cased(s string, i int) (end int, full bool) {
	j, lastTail := i, i
	for {
		c, n := classAt(s, j)
		if c&lead == 0 || r.han && c&han != 0 {
			break
		}
		j += n
		if c&tail != 0 {
			lastTail = j
		}
	}
	k := j
	for {
		c, n := classAt(s, k)
		if c&tail == 0 || r.han && c&han != 0 {
			break
		}
		k += n
	}
	switch {
	case k > j:
		return k, true
	case lastTail > i:
		return lastTail, true
	}
	return j, false
}
