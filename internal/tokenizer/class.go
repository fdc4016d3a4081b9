package tokenizer

import (
	"sync"
	"unicode"
	"unicode/utf8"
)

// class is the set of Unicode properties that word rules ask for.
type class uint16

const (
	letter  class = 1 << iota // \p{L}
	lead                      // [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]: begins a capitalized word
	tail                      // [\p{Ll}\p{Lm}\p{Lo}\p{M}]: goes on with it
	mark                      // \p{M}
	number                    // \p{N}
	digit                     // \p{Nd}
	space                     // \s
	punct                     // \p{P}
	symb                      // \p{S}
	han                       // \p{Han}
	wordy                     // \w
	newline                   // CR and LF
)

// classTable holds the classes of all code points in blocks of 256; equal blocks are shared.
type classTable struct {
	block [unicode.MaxRune>>8 + 1]uint16
	class [][256]class
}

var classes = sync.OnceValue(newClassTable)

func newClassTable() *classTable {
	all := make([]class, unicode.MaxRune+1)
	set := func(c class, tables ...*unicode.RangeTable) {
		for _, t := range tables {
			for _, r := range t.R16 {
				for x := rune(r.Lo); x <= rune(r.Hi); x += rune(r.Stride) {
					all[x] |= c
				}
			}
			for _, r := range t.R32 {
				for x := rune(r.Lo); x <= rune(r.Hi); x += rune(r.Stride) {
					all[x] |= c
				}
			}
		}
	}
	set(letter|wordy, unicode.L)
	set(lead, unicode.Lu, unicode.Lt, unicode.Lm, unicode.Lo, unicode.M)
	set(tail, unicode.Ll, unicode.Lm, unicode.Lo, unicode.M)
	set(mark|wordy, unicode.M)
	set(number, unicode.N)
	set(digit|wordy, unicode.Nd)
	set(space, unicode.White_Space)
	set(punct, unicode.P)
	set(symb, unicode.S)
	set(han, unicode.Han)
	set(wordy, unicode.Pc, unicode.Nl, unicode.Other_Alphabetic)
	all['\r'] |= newline
	all['\n'] |= newline

	t := &classTable{}
	seen := map[[256]class]uint16{}
	for b := range t.block {
		block := [256]class(all[b<<8:])
		i, ok := seen[block]
		if !ok {
			i = uint16(len(t.class))
			seen[block] = i
			t.class = append(t.class, block)
		}
		t.block[b] = i
	}
	return t
}

// classAt returns the class of the character at s[i:] and its length; 0, 0 at the end.
func classAt(s string, i int) (class, int) {
	if i >= len(s) {
		return 0, 0
	}
	t := classes()
	if s[i] < utf8.RuneSelf {
		return t.class[t.block[0]][s[i]], 1
	}
	r, n := utf8.DecodeRuneInString(s[i:])
	return t.class[t.block[r>>8]][r&0xFF], n
}

// runOf returns the end of the run at s[i:] of characters in any of the classes.
func runOf(s string, i int, in class) int {
	for {
		c, n := classAt(s, i)
		if c&in == 0 {
			return i
		}
		i += n
	}
}
