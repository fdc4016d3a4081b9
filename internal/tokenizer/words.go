package tokenizer

import "strings"

// words cuts text with spaceMark for spaces where no token crosses, so that each part can be merged alone: before a space that
// follows anything else. Merging is the same as of the whole, only faster.
type words struct {
	crossed [256]bool // last bytes of characters that stand before a space within a token
}

const markText = string(spaceMark)

func newWords(v *vocab) *words {
	w := new(words)
	for id := range int32(v.size()) {
		if v.kinds[id] != Normal {
			continue
		}
		s := v.piece(id)
		for at := nextSpace(s, 0); at < len(s); at = nextSpace(s, at) {
			w.crossed[s[at-1]] = true
		}
	}
	return w
}

// end returns the end of the first word of text, which is not empty.
func (w *words) end(text string) int {
	at := nextSpace(text, 0)
	for at < len(text) && w.crossed[text[at-1]] {
		at = nextSpace(text, at)
	}
	return at
}

// nextSpace returns where the first spaceMark after from, that does not follow another one, begins: the length of s if there is none.
func nextSpace(s string, from int) int {
	for at := from; ; {
		i := strings.Index(s[at:], markText)
		if i < 0 {
			return len(s)
		}
		if i > 0 {
			return at + i
		}
		at += i + len(markText)
	}
}
