package tokenizer

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// joiner is U+034F, which package norm puts into runs of more than 30 marks. Form NFC has no such thing.
const joiner = "\u034f"

// appendNFC appends text in form NFC.
func appendNFC(dst []byte, text string) []byte {
	at := len(dst)
	dst = norm.NFC.AppendString(dst, text)
	if strings.Count(view(dst[at:]), joiner) == strings.Count(text, joiner) {
		return dst
	}
	for _, c := range compose(decompose(text)) {
		dst = utf8.AppendRune(dst[:at], c.r)
		at = len(dst)
	}
	return dst
}

// combining is a character with its canonical combining class.
type combining struct {
	r   rune
	ccc uint8
}

// decompose returns the canonical decomposition of text in canonical order (Unicode Standard, 3.11 D108). Hangul syllables stay
// whole: composing would make them again.
func decompose(text string) []combining {
	var all []combining
	first := 0 // of the marks at the end of all
	add := func(r rune) {
		c := combining{r, norm.NFD.PropertiesString(string(r)).CCC()}
		if c.ccc == 0 {
			order(all[first:])
			first = len(all) + 1
		}
		all = append(all, c)
	}
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if d := norm.NFD.PropertiesString(text[i:]).Decomposition(); d != nil {
			for _, r := range string(d) {
				add(r)
			}
		} else {
			add(r)
		}
		i += n
	}
	order(all[first:])
	return all
}

func order(marks []combining) {
	slices.SortStableFunc(marks, func(a, b combining) int { return int(a.ccc) - int(b.ccc) })
}

// compose joins starters with what follows them (D117), in place.
func compose(all []combining) []combining {
	out := all[:0]
	starter, last := -1, 0 // last is the class before, -1 right behind the starter
	for _, c := range all {
		if starter >= 0 && last < int(c.ccc) {
			if r, ok := composite(out[starter].r, c.r); ok {
				out[starter].r = r
				continue
			}
		}
		if last = int(c.ccc); c.ccc == 0 {
			starter, last = len(out), -1
		}
		out = append(out, c)
	}
	return out
}

// composite returns the one character that two compose to.
func composite(a, b rune) (rune, bool) {
	var buf [4 * utf8.UTFMax]byte
	pair := utf8.AppendRune(utf8.AppendRune(buf[:0], a), b)
	var out [4 * utf8.UTFMax]byte
	whole := norm.NFC.Append(out[:0], pair...)
	r, n := utf8.DecodeRune(whole)
	return r, n == len(whole) && n > 0
}
