package tokenizer

import "strings"

// falcon matches `[\p{P}$+<=>^~|]+`, with the characters of also as well.
func falconPunct(also string) matcher {
	run := func(s string, i int) int {
		for {
			c, n := classAt(s, i)
			if c&punct == 0 && (n != 1 || strings.IndexByte("$+<=>^~|"+also, s[i]) < 0) {
				return i
			}
			i += n
		}
	}
	return func(s string, i int) (int, bool) {
		if end := run(s, i); end > i {
			return end, true
		}
		return skip(s, i)
	}
}

// asciiTriples matches `[0-9][0-9][0-9]`.
func asciiTriples(s string, i int) (int, bool) {
	for k := range 3 {
		if i+k >= len(s) || s[i+k] < '0' || s[i+k] > '9' {
			return skip(s, i)
		}
	}
	return i + 3, true
}

// bloom matches ` ?[^(\s|.,!?…。，、।۔،)]+`: a character class, parentheses and bar included.
func bloom(s string, i int) (int, bool) {
	run := func(i int) int {
		for i < len(s) {
			c, n := classAt(s, i)
			if c&space != 0 || strings.Contains("(|.,!?…。，、।۔،)", s[i:i+n]) {
				break
			}
			i += n
		}
		return i
	}
	if s[i] == ' ' {
		if end := run(i + 1); end > i+1 {
			return end, true
		}
	}
	if end := run(i); end > i {
		return end, true
	}
	return skip(s, i)
}
