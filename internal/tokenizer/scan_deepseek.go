package tokenizer

// deepseek3 matches `[!-/:-@[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|` and white space. It has
// no answer for control characters, joiners and unassigned code points that stand alone.
func deepseek3(s string, i int) (int, bool) {
	if end := deepseekWord(s, i); end > i {
		return end, true
	}
	if end := spaced(s, i, punct|symb); end > i {
		return trailing(s, end, "\r\n"), true
	}
	if end := blankLines(s, i); end > i {
		return end, true
	}
	return skip(s, i)
}

// spark is deepseek3 with punctuation that takes no newlines, and each newline alone.
func spark(s string, i int) (int, bool) {
	if end := deepseekWord(s, i); end > i {
		return end, true
	}
	if end := spaced(s, i, punct|symb); end > i {
		return end, true
	}
	if s[i] == '\r' || s[i] == '\n' {
		return i + 1, true
	}
	if end := blanks(s, i); end > i {
		return end, true
	}
	return skip(s, i)
}

func deepseekWord(s string, i int) int {
	c, n := classAt(s, i)
	if s[i] < 0x80 && c&(punct|symb) != 0 {
		end := i + 1
		for end < len(s) && ('a' <= s[end]|0x20 && s[end]|0x20 <= 'z') {
			end++
		}
		if end > i+1 {
			return end
		}
	}
	if c&(letter|punct|symb|newline) == 0 {
		if end := runOf(s, i+n, letter|mark); end > i+n {
			return end
		}
	}
	return runOf(s, i, letter|mark)
}

// eachLine matches `[\r\n]`.
func eachLine(s string, i int) (int, bool) {
	end := i
	for end < len(s) && s[end] != '\r' && s[end] != '\n' {
		end++
	}
	if end > i {
		return end, false
	}
	return i + 1, true
}

// lastBlanks matches `\s+$`.
func lastBlanks(s string, i int) (int, bool) {
	end := runOf(s, i, space)
	if end == i {
		return skip(s, i)
	}
	return end, end == len(s)
}
