package tokenizer

import (
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSpecial bounds the text of a special token. The longest in use is below 100 bytes; a longer one is never parsed, or
// a file of long equal beginnings would make the search quadratic.
const maxSpecial = 1024

// specials finds special tokens in text: the leftmost, and of those the longest.
type specials struct {
	vocab *vocab
	ids   []int32    // sorted by text
	first [257]int32 // ids[first[b]:first[b+1]] begin with byte b
	user  []bool     // by place in ids: may stand in user text
}

// newSpecials collects the tokens that are parsed from text. guarded are ids that only trusted text may write, whatever
// their text is.
func newSpecials(v *vocab, guarded func(int32) bool) *specials {
	s := &specials{vocab: v}
	for id, k := range v.kinds {
		text := v.piece(int32(id))
		special := k == Control || k == Unknown || k == UserDefined
		// A text that is no UTF-8 cannot occur: broken bytes are replaced first.
		if special && text != "" && len(text) <= maxSpecial && utf8.ValidString(text) {
			s.ids = append(s.ids, int32(id))
		}
	}
	slices.SortFunc(s.ids, func(a, b int32) int { return strings.Compare(v.piece(a), v.piece(b)) })
	s.user = make([]bool, len(s.ids))
	for i, id := range s.ids {
		s.first[int(v.piece(id)[0])+1]++
		s.user[i] = v.kinds[id] == UserDefined && !guarded(id) && !markup(v.piece(id))
	}
	for b := range 256 {
		s.first[b+1] += s.first[b]
	}
	return s
}

// markup reports whether a user-defined token could frame something, so that user text must not write it. What is left:
// runs of white space (NeoX, Gemma, Phi), words, and single characters (digits, leftover bytes).
func markup(text string) bool {
	if utf8.RuneCountInString(text) == 1 {
		return false
	}
	for _, r := range text {
		if r != spaceMark && !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.White_Space) {
			return true
		}
	}
	return false
}

// match returns the longest special token at text[i:], -1 for none. Tokens that only trusted text may write must end at
// or before trusted.
func (s *specials) match(text string, i, trusted int) (id int32, n int) {
	id = -1
	lo, hi := int(s.first[text[i]]), int(s.first[int(text[i])+1])
	for depth := 1; lo < hi; depth++ {
		if piece := s.vocab.piece(s.ids[lo]); len(piece) == depth {
			if s.user[lo] || i+depth <= trusted {
				id, n = s.ids[lo], depth
			}
			lo++
		}
		if i+depth == len(text) {
			break
		}
		lo, hi = s.narrow(lo, hi, depth, text[i+depth])
	}
	return id, n
}

// narrow returns the part of ids[lo:hi], all longer than depth, with byte b at depth.
func (s *specials) narrow(lo, hi, depth int, b byte) (int, int) {
	if hi-lo == 1 { // the usual case
		if s.vocab.piece(s.ids[lo])[depth] != b {
			return lo, lo
		}
		return lo, hi
	}
	ids := s.ids[lo:hi]
	from := sort.Search(len(ids), func(k int) bool { return s.vocab.piece(ids[k])[depth] >= b })
	to := from + sort.Search(len(ids)-from, func(k int) bool { return s.vocab.piece(ids[from+k])[depth] > b })
	return lo + from, lo + to
}
