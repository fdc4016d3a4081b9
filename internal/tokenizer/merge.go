package tokenizer

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"strings"
)

// noRank is worse than any rank: the pair does not merge.
const noRank = math.MaxUint32

// A pairing says what two neighbours merge to. Lower ranks merge first, the leftmost of equals.
type pairing interface {
	pair(left, right piece) (rank uint32, id int32)
}

// piece is a symbol of a text that is being merged. id is -1 for what is no token.
type piece struct {
	id         int32
	start, end int32
}

// mergeTable is the list of merges, keyed by the ids of the two parts: flat, open addressing.
type mergeTable struct {
	entries []mergeEntry
	mix     uint64 // odd and random, so that a file cannot be made of collisions
}

type mergeEntry struct {
	left, right int32 // left is -1 in a free entry
	rank        uint32
	id          int32
}

// newMergeTable builds the table from the entries of the file, "left right" by rank. An entry whose parts are no tokens or whose
// result is no NORMAL token can never apply; of equal ones the first counts.
func newMergeTable(v *vocab, merges []string) *mergeTable {
	t := &mergeTable{entries: make([]mergeEntry, len(merges)+len(merges)/4+1), mix: rand.Uint64() | 1}
	for i := range t.entries {
		t.entries[i].left = -1
	}
	var whole []byte
	for rank, m := range merges {
		left, right, ok := cutMerge(m)
		if !ok {
			continue
		}
		e := mergeEntry{left: v.find(left), right: v.find(right), rank: uint32(rank)}
		if e.left < 0 || e.right < 0 {
			continue
		}
		whole = append(append(whole[:0], left...), right...)
		if e.id = v.normal(view(whole)); e.id < 0 {
			continue
		}
		if old := t.slot(e.left, e.right); old.left < 0 {
			*old = e
		}
	}
	return t
}

// cutMerge splits an entry at its first space that is not its first byte.
func cutMerge(m string) (left, right string, ok bool) {
	if m == "" {
		return "", "", false
	}
	i := strings.IndexByte(m[1:], ' ')
	if i < 0 {
		return "", "", false
	}
	return m[:i+1], m[i+2:], true
}

// slot returns the entry of a pair, or the free one where it belongs. There is always a free one.
func (t *mergeTable) slot(left, right int32) *mergeEntry {
	key := uint64(uint32(left))<<32 | uint64(uint32(right))
	top, _ := bits.Mul64(key*t.mix, uint64(len(t.entries)))
	for i := int(top); ; {
		e := &t.entries[i]
		if e.left == left && e.right == right || e.left < 0 {
			return e
		}
		if i++; i == len(t.entries) {
			i = 0
		}
	}
}

func (t *mergeTable) pair(left, right piece) (uint32, int32) {
	return t.ids(left.id, right.id)
}

// ids is pair by id alone.
func (t *mergeTable) ids(left, right int32) (uint32, int32) {
	if left < 0 || right < 0 {
		return noRank, -1
	}
	if e := t.slot(left, right); e.left >= 0 {
		return e.rank, e.id
	}
	return noRank, -1
}
