package prompt

import "strings"

// held is text that waits because it may still become a marker. It remembers which of it are control tokens: those are
// never shown.
type held struct {
	text   string
	hidden []span
}

type span struct{ from, to int }

func (h *held) add(piece string, control bool) {
	if control {
		h.hidden = append(h.hidden, span{len(h.text), len(h.text) + len(piece)})
	}
	h.text += piece
}

// drop takes n bytes away.
func (h *held) drop(n int) {
	h.text = h.text[n:]
	kept := h.hidden[:0]
	for _, s := range h.hidden {
		if s.to > n {
			kept = append(kept, span{max(s.from-n, 0), s.to - n})
		}
	}
	h.hidden = kept
}

// release passes the first n bytes to show, without control tokens, and takes them away.
func (h *held) release(n int, show func(string) bool) bool {
	text, from, ok := h.text[:n], 0, true
	for _, s := range h.hidden {
		if s.from >= n {
			break
		}
		ok = ok && (s.from <= from || show(text[from:s.from]))
		from = min(s.to, n)
	}
	ok = ok && (from == n || show(text[from:]))
	h.drop(n)
	return ok
}

// find returns the place of the leftmost marker and its index, -1 if there is none.
func (h *held) find(markers []string) (at, marker int) {
	at, marker = len(h.text), -1
	for k, m := range markers {
		if i := strings.Index(h.text, m); i >= 0 && i < at {
			at, marker = i, k
		}
	}
	return at, marker
}

// tail returns the length of the longest end that begins a marker.
func (h *held) tail(markers []string) int {
	for i := max(0, len(h.text)-longest(markers)); i < len(h.text); i++ {
		for _, m := range markers {
			if strings.HasPrefix(m, h.text[i:]) {
				return len(h.text) - i
			}
		}
	}
	return 0
}

func longest(markers []string) (n int) {
	for _, m := range markers {
		n = max(n, len(m))
	}
	return n
}

// mayBegin reports whether a byte of piece is the first of a marker.
func mayBegin(markers []string, piece string) bool {
	for _, m := range markers {
		if strings.IndexByte(piece, m[0]) >= 0 {
			return true
		}
	}
	return false
}

// within reports whether piece is part of a marker.
func within(markers []string, piece string) bool {
	for _, m := range markers {
		if strings.Contains(m, piece) {
			return true
		}
	}
	return false
}

// trimmer drops line ends at the beginning of a text, and at its end if told so.
type trimmer struct {
	leading  bool // nothing but line ends so far
	trailing bool
	newlines string // held back
}

// pass shows text without the line ends to drop.
func (t *trimmer) pass(text string, show func(string) bool) bool {
	if t.leading {
		if text = strings.TrimLeft(text, "\r\n"); text == "" {
			return true
		}
		t.leading = false
	}
	if !t.trailing {
		return show(text)
	}
	body := strings.TrimRight(text, "\r\n")
	if body == "" {
		t.newlines += text
		return true
	}
	if n := t.newlines; n != "" {
		t.newlines = ""
		if !show(n) {
			return false
		}
	}
	t.newlines = text[len(body):]
	return show(body)
}
