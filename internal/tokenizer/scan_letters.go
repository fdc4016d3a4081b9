package tokenizer

import (
	"math"
	"math/bits"
	"unicode/utf8"
)

// lettersRule is the rule of Llama 3 and its relatives:
//
//	(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
type lettersRule struct {
	digits  int
	noShort bool  // no contractions
	also    class // counts as a letter, too
	tail    string
}

func (r lettersRule) match(s string, i int) (int, bool) {
	if !r.noShort {
		if end := contraction(s, i, true); end > i {
			return end, true
		}
	}
	letters := letter | r.also
	c, n := classAt(s, i)
	if c&(letter|number|newline) == 0 {
		if end := runOf(s, i+n, letters); end > i+n {
			return end, true
		}
	}
	if c&letters != 0 {
		return runOf(s, i, letters), true
	}
	if c&number != 0 {
		return numbers(s, i, r.digits, number), true
	}
	if end := others(s, i, space|letters|number); end > i {
		return trailing(s, end, r.tail), true
	}
	return blankLines(s, i), true
}

// letters is lettersRule with groups of up to n digits.
func letters(n int) matcher { return lettersRule{digits: n, tail: "\r\n"}.match }

// allDigits is for rules whose digits a pass before has cut out.
const allDigits = math.MaxInt

// lines matches `[^\n]+|\n+`.
func lines(s string, i int) (int, bool) {
	end := i + 1
	for end < len(s) && (s[end] == '\n') == (s[i] == '\n') {
		end++
	}
	return end, true
}

// blankPowers cuts the pieces that are white space without a newline into 512, 256, … 2, 1 characters.
func blankPowers(s string, i int) (int, bool) {
	last, n := utf8.DecodeLastRuneInString(s)
	first, _ := classAt(s, 0)
	if end, _ := classAt(s, len(s)-n); (first&end)&space == 0 || last == '\n' || last == '\r' {
		return len(s), false
	}
	count, end := 0, i
	for ; count < 512 && end < len(s); count++ {
		_, n := classAt(s, end)
		end += n
	}
	if count == 0 {
		return len(s), false
	}
	return numbers(s, i, 1<<(bits.Len(uint(count))-1), space), true
}

// exaoneMoE joins words that single spaces separate:
//
//	C|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+
func exaoneMoE(s string, i int) (int, bool) {
	if end := contraction(s, i, true); end > i {
		return end, true
	}
	c, n := classAt(s, i)
	if c&(letter|number|newline) == 0 {
		if next, _ := classAt(s, i+n); next&letter != 0 {
			return phrase(s, i+n), true
		}
	}
	if c&letter != 0 {
		return phrase(s, i), true
	}
	if c&number != 0 {
		return i + n, true
	}
	if end := others(s, i, space|letter|number); end > i {
		if end < len(s) && (s[end] == '\r' || s[end] == '\n' || s[end] == '/') {
			end++
		}
		return end, true
	}
	return blankLines(s, i), true
}

// phrase returns the end of the words at s[i:] with single spaces between them.
func phrase(s string, i int) int {
	for {
		from := i
		if i < len(s) && s[i] == ' ' {
			from++
		}
		c, n := classAt(s, from)
		if c&letter == 0 {
			return i
		}
		i = runOf(s, from+n, mark)
	}
}
