package constrain

import (
	"slices"
	"strings"
)

// stringTokens is how tokens read from inside a JSON string that is free: those that stay inside, by the characters that they
// begin, and those that close it.
type stringTokens struct {
	inside bySize
	exits  []exit     // sorted by what follows the quotation mark
	after  []trieNode // trie of what follows; tokens are indexes into groups
	groups []group
	bare   group              // exits that end with the quotation mark
	byText map[string][]int32 // exits by the characters before the quotation mark
}

// exit is a token that closes the string.
type exit struct {
	id    int32
	chars uint32 // before the quotation mark
	text  string // the same, decoded
	rest  string // after it
}

// group is a range of exits with equal rests.
type group struct{ lo, hi int }

func newStringTokens(t *Trie, ids []int32) stringTokens {
	var s stringTokens
	s.byText = map[string][]int32{}
	for _, id := range ids {
		s.add(id, t.bytesOf(id))
	}
	s.inside.finish(t)
	slices.SortStableFunc(s.exits, func(a, b exit) int { return strings.Compare(a.rest, b.rest) })
	var heads []int32
	for i := 0; i < len(s.exits); {
		j := i
		for j < len(s.exits) && s.exits[j].rest == s.exits[i].rest {
			j++
		}
		if s.exits[i].rest == "" {
			s.bare = group{i, j}
		} else {
			heads = append(heads, int32(len(s.groups)))
			s.groups = append(s.groups, group{i, j})
		}
		i = j
	}
	s.after = grow(heads, func(g int32) []byte { return []byte(s.exits[s.groups[g].lo].rest) })
	return s
}

// goOn returns those of the given tokens that close a string and go on after it.
func (s *stringTokens) goOn(ids []int32) []int32 {
	crossing := map[int32]bool{}
	for _, x := range s.exits {
		crossing[x.id] = x.rest != ""
	}
	var out []int32
	for _, id := range ids {
		if crossing[id] {
			out = append(out, id)
		}
	}
	return out
}

// add reads a token from inside a string.
func (s *stringTokens) add(id int32, b []byte) {
	var p partial
	var text []rune
	chars := uint32(0)
	for i, c := range b {
		if p == 0 && c != '"' {
			chars++
		}
		next, r, what := decode(p, c, jsonFree, anything(false))
		switch what {
		case dead:
			return
		case arrived:
			text = append(text, r)
		case quoted:
			e := exit{id, chars, string(text), string(b[i+1:])}
			s.exits = append(s.exits, e)
			s.byText[e.text] = append(s.byText[e.text], id)
			return
		}
		p = next
	}
	s.inside.have = append(s.inside.have, sized{id, chars})
}
