package constrain

import (
	"bytes"
	"cmp"
	"slices"
	"sort"
)

// Trie is a vocabulary in the form in which masks are computed: its tokens by their bytes, depth first, and what is known about
// strings whatever the constraint. It is made once for a model, is immutable and safe for concurrent use. It takes about
// 70 bytes a token and 66 bit sets.
type Trie struct {
	size     int // of the vocabulary
	words    int // of a mask
	offsets  []uint32
	text     []byte // of all tokens, in the order of their ids
	usable   []uint64
	ends     []int32
	isEnd    []uint64
	nodes    []trieNode
	dups     []int32    // by id: another token with the same bytes, or -1
	rest     []trieNode // of tokens that are more than ordinary characters
	plain    bySize     // tokens of ordinary characters
	strings  stringTokens
	long     []trieNode   // of tokens of ordinary characters that are long
	crossing []trieNode   // of tokens that close a string and go on
	longest  uint32       // bytes of the longest token
	single   byteSet      // bytes that are tokens
	blanks   []blankToken // that begin with whitespace, the heaviest first
}

// blankToken is a token that begins with whitespace of some weight.
type blankToken struct {
	id     int32
	weight int
}

// trieNode is one byte of one or more tokens.
type trieNode struct {
	token int32  // that ends here, or -1
	skip  uint32 // nodes of the subtree, this one included
	depth uint16
	char  byte
}

const maxTokenBytes = 1 << 15

// NewTrie reads a vocabulary. Longer tokens than 32 KiB, and those with more whitespace in a row than may stand
// between JSON tokens, are never allowed.
func NewTrie(v Vocabulary) *Trie {
	n := max(v.Size(), 0)
	t := &Trie{size: n, words: (n + 63) / 64, offsets: make([]uint32, n+1), dups: make([]int32, n), ends: slices.Clone(v.EOG())}
	t.usable, t.isEnd = make([]uint64, t.words), make([]uint64, t.words)
	t.ends = slices.DeleteFunc(t.ends, func(id int32) bool { return id < 0 || int(id) >= n })
	for _, id := range t.ends {
		t.isEnd[id>>6] |= 1 << (id & 63)
	}
	order := make([]int32, 0, n)
	for id := range int32(n) {
		t.dups[id] = -1
		b := v.Bytes(id)
		t.offsets[id] = uint32(len(t.text))
		if len(b) == 0 || len(b) > maxTokenBytes || len(t.text) > 1<<31 || t.isEnd[id>>6]>>(id&63)&1 != 0 ||
			blankRun(b) > maxBlanks || !writes(v, id, b) {
			continue
		}
		t.text = append(t.text, b...)
		t.usable[id>>6] |= 1 << (id & 63)
		t.longest = max(t.longest, uint32(len(b)))
		order = append(order, id)
	}
	t.offsets[n] = uint32(len(t.text))
	t.build(order)
	return t
}

// bytesOf returns the bytes of a token, none if it may not be written.
func (t *Trie) bytesOf(id int32) []byte {
	if id < 0 || int(id) >= t.size || t.usable[id>>6]>>(id&63)&1 == 0 {
		return nil
	}
	return t.text[t.offsets[id]:t.offsets[id+1]]
}

// ending reports whether a token ends a generation.
func (t *Trie) ending(id int32) bool {
	return id >= 0 && int(id) < t.size && t.isEnd[id>>6]>>(id&63)&1 != 0
}

// tooBlank returns the tokens that begin with whitespace of more than some weight.
func (t *Trie) tooBlank(most int) []blankToken {
	return t.blanks[:sort.Search(len(t.blanks), func(i int) bool { return t.blanks[i].weight <= most })]
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

// blankRun returns the weight of the longest run of whitespace.
func blankRun(b []byte) int {
	longest, run := 0, 0
	for _, c := range b {
		if !isBlank(c) {
			run = 0
			continue
		}
		run += weight(c)
		longest = max(longest, run)
	}
	return longest
}

func (t *Trie) build(order []int32) {
	slices.SortFunc(order, func(a, b int32) int { return cmp.Or(bytes.Compare(t.bytesOf(a), t.bytesOf(b)), cmp.Compare(a, b)) })
	unique := order[:0:0]
	for i, id := range order {
		if i > 0 && bytes.Equal(t.bytesOf(id), t.bytesOf(order[i-1])) {
			t.dups[order[i-1]] = id
			continue
		}
		unique = append(unique, id)
	}
	for _, id := range unique {
		b := t.bytesOf(id)
		if len(b) == 1 {
			t.single.add(b[0], b[0])
		}
		if lead := blankRun(b[:len(b)-len(bytes.TrimLeft(b, " \t\r\n"))]); lead > 0 {
			t.blanks = append(t.blanks, blankToken{id, lead})
		}
	}
	slices.SortStableFunc(t.blanks, func(a, b blankToken) int { return b.weight - a.weight })
	t.nodes = grow(unique, t.bytesOf)
	var rest []int32
	for _, id := range unique {
		if !t.plain.add(t, id) {
			rest = append(rest, id)
		}
	}
	t.rest = grow(rest, t.bytesOf)
	t.plain.finish(t)
	t.long = grow(t.plain.longOnes(unique), t.bytesOf)
	t.strings = newStringTokens(t, unique)
	t.crossing = grow(t.strings.goOn(unique), t.bytesOf)
}

// grow returns the trie of sorted, distinct texts.
func grow(ids []int32, text func(int32) []byte) []trieNode {
	var nodes []trieNode
	var path []int // node at each depth
	close := func(depth int) {
		for len(path) > depth {
			at := path[len(path)-1]
			nodes[at].skip = uint32(len(nodes) - at)
			path = path[:len(path)-1]
		}
	}
	var last []byte
	for _, id := range ids {
		b := text(id)
		same := 0
		for same < len(last) && same < len(b) && last[same] == b[same] {
			same++
		}
		close(same)
		for d := same; d < len(b); d++ {
			path = append(path, len(nodes))
			nodes = append(nodes, trieNode{token: -1, depth: uint16(d), char: b[d]})
		}
		nodes[len(nodes)-1].token = id
		last = b
	}
	close(0)
	return nodes
}
