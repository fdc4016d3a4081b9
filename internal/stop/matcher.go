// Package stop finds stop strings in text that arrives in pieces, and lets through only what cannot be part of one.
package stop

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

const (
	maxStrings = 1 << 10
	maxBytes   = 1 << 16 // of all stop strings together
)

// Matcher finds the first of several stop strings in a text. The text ends before the stop string that is complete
// first, at whatever byte that is; of several complete at one byte, before the longest. So the answer is the
// same however the text is cut into pieces, and nothing waits for a longer stop string once one is there. For a
// single stop string this is strings.Index. Not safe for concurrent use.
type Matcher struct {
	patterns []pattern
	held     []byte // the end of the text, not let through yet
	hit      int    // index of the stop string found, -1 before
}

// pattern is one stop string and how much of it the end of the text matches (Knuth, Morris and Pratt, 1977).
type pattern struct {
	text    string
	border  []int32 // border[i]: length of the longest proper prefix of text[:i+1] that is also its suffix
	matched int
}

// New returns a matcher for stop strings, none is allowed. An empty string, one that is not UTF-8 and absurd amounts
// are errors.
func New(stops []string) (*Matcher, error) {
	if len(stops) > maxStrings {
		return nil, fmt.Errorf("stop: %d strings, at most %d are allowed", len(stops), maxStrings)
	}
	m := &Matcher{hit: -1}
	total := 0
	for i, s := range stops {
		total += len(s)
		switch {
		case s == "":
			return nil, errors.New("stop: an empty string stops everything")
		case !utf8.ValidString(s):
			return nil, fmt.Errorf("stop: string %d is not UTF-8", i)
		case total > maxBytes:
			return nil, fmt.Errorf("stop: strings of more than %d bytes together", maxBytes)
		}
		m.patterns = append(m.patterns, pattern{text: s, border: borders(s)})
	}
	return m, nil
}

func borders(s string) []int32 {
	border := make([]int32, len(s))
	for i, n := 1, 0; i < len(s); i++ {
		for n > 0 && s[i] != s[n] {
			n = int(border[n-1])
		}
		if s[i] == s[n] {
			n++
		}
		border[i] = int32(n)
	}
	return border
}

// step reads one byte and reports whether the stop string is complete.
func (p *pattern) step(b byte) bool {
	for p.matched > 0 && p.text[p.matched] != b {
		p.matched = int(p.border[p.matched-1])
	}
	if p.text[p.matched] == b {
		p.matched++
	}
	return p.matched == len(p.text)
}

// Push reads a piece of the text and appends to dst what can be let through: not the shortest end that may still become
// a stop string, nor an incomplete UTF-8 sequence. hit reports that a stop string was found; from then on nothing comes
// through. Linear in the piece, once for each stop string. dst and piece may not overlap.
func (m *Matcher) Push(dst, piece []byte) (out []byte, hit bool) {
	if m.hit >= 0 {
		return dst, true
	}
	for i, b := range piece {
		if m.step(b) {
			text := len(m.held) + i + 1 - len(m.patterns[m.hit].text)
			return m.release(dst, piece, text), true
		}
	}
	text := len(m.held) + len(piece)
	return m.release(dst, piece, text-max(m.longest(), m.unfinished(piece))), false
}

// step reads one byte and notes the longest stop string that it completes.
func (m *Matcher) step(b byte) bool {
	for i := range m.patterns {
		if m.patterns[i].step(b) && (m.hit < 0 || len(m.patterns[i].text) > len(m.patterns[m.hit].text)) {
			m.hit = i
		}
	}
	return m.hit >= 0
}

// longest is the length of the end of the text that may still become a stop string.
func (m *Matcher) longest() int {
	n := 0
	for i := range m.patterns {
		n = max(n, m.patterns[i].matched)
	}
	return n
}

// unfinished is the length of the UTF-8 sequence at the end of held and piece that more bytes may complete.
func (m *Matcher) unfinished(piece []byte) int {
	var tail [utf8.UTFMax - 1]byte
	n := len(tail)
	for i := len(piece) - 1; i >= 0 && n > 0; i-- {
		n--
		tail[n] = piece[i]
	}
	for i := len(m.held) - 1; i >= 0 && n > 0; i-- {
		n--
		tail[n] = m.held[i]
	}
	for i := len(tail) - 1; i >= n; i-- {
		if utf8.RuneStart(tail[i]) {
			if utf8.FullRune(tail[i:]) {
				return 0
			}
			return len(tail) - i
		}
	}
	return 0
}

// release appends the first n bytes of held and piece to dst and holds the others.
func (m *Matcher) release(dst, piece []byte, n int) []byte {
	if n < len(m.held) {
		dst = append(dst, m.held[:n]...)
		m.held = append(m.held[:copy(m.held, m.held[n:])], piece...)
		return dst
	}
	n -= len(m.held)
	dst = append(append(dst, m.held...), piece[:n]...)
	m.held = append(m.held[:0], piece[n:]...)
	return dst
}

// Flush appends what is held to dst, for the end of the text, and makes the matcher ready for another. After a hit
// there is nothing to append.
func (m *Matcher) Flush(dst []byte) []byte {
	if m.hit < 0 {
		dst = append(dst, m.held...)
	}
	m.Reset()
	return dst
}

// Found returns the stop string that was hit, empty before.
func (m *Matcher) Found() string {
	if m.hit < 0 {
		return ""
	}
	return m.patterns[m.hit].text
}

// Reset makes the matcher ready for another text.
func (m *Matcher) Reset() {
	m.held, m.hit = m.held[:0], -1
	for i := range m.patterns {
		m.patterns[i].matched = 0
	}
}
