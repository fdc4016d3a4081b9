package constrain

import (
	"cmp"
	"slices"
	"unicode/utf8"
)

// bySize are the tokens that a string may always hold, by the number of their characters.
type bySize struct {
	upTo    [][]uint64 // [n]: those of at most n characters
	long    []sized    // longer ones
	longest []sized    // all, the longest first
	all     []uint64
	have    []sized // while being built
}

// sized is a token with a number of characters.
type sized struct {
	id    int32
	chars uint32
}

const shortChars = 32

// add takes a token if it consists of ordinary characters.
func (s *bySize) add(t *Trie, id int32) bool {
	b := t.bytesOf(id)
	if !utf8.Valid(b) {
		return false
	}
	for _, c := range string(b) {
		if c < utf8.RuneSelf && !plain(byte(c)) || c == 0x2028 || c == 0x2029 {
			return false
		}
	}
	s.have = append(s.have, sized{id, uint32(utf8.RuneCount(b))})
	return true
}

func (s *bySize) finish(t *Trie) {
	s.upTo = make([][]uint64, shortChars+1)
	for n := range s.upTo {
		s.upTo[n] = make([]uint64, t.words)
	}
	s.all = make([]uint64, t.words)
	for _, h := range s.have {
		if h.chars > shortChars {
			s.long = append(s.long, h)
		}
		for n := h.chars; n <= shortChars; n++ {
			t.set(s.upTo[n], h.id)
		}
		t.set(s.all, h.id)
	}
	s.longest, s.have = s.have, nil
	slices.SortStableFunc(s.longest, func(a, b sized) int { return cmp.Compare(b.chars, a.chars) })
}

// or adds the tokens of at most room characters to a mask.
func (s *bySize) or(t *Trie, mask []uint64, room uint32) {
	if room == unbounded {
		or(mask, s.all)
		return
	}
	or(mask, s.upTo[min(room, shortChars)])
	for _, h := range s.long {
		if h.chars <= room {
			t.set(mask, h.id)
		}
	}
}

// longOnes returns those of the given tokens that have more than longRun characters.
func (s *bySize) longOnes(ids []int32) []int32 {
	var out []int32
	for _, id := range ids {
		if s.has(id, s.all) && !s.has(id, s.upTo[longRun]) {
			out = append(out, id)
		}
	}
	return out
}

func (s *bySize) has(id int32, mask []uint64) bool { return mask[id>>6]>>(id&63)&1 != 0 }

func or(dst, src []uint64) {
	for i, w := range src[:len(dst)] {
		dst[i] |= w
	}
}

// set sets the bits of a token and of those with the same bytes.
func (t *Trie) set(mask []uint64, id int32) {
	for ; id >= 0; id = t.dups[id] {
		mask[id>>6] |= 1 << (id & 63)
	}
}

func (t *Trie) unset(mask []uint64, id int32) {
	for ; id >= 0; id = t.dups[id] {
		mask[id>>6] &^= 1 << (id & 63)
	}
}
