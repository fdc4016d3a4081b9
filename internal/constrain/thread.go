package constrain

import (
	"cmp"
	"slices"
)

// thread is one way to read a text so far: a node that reads next, what called it, and how far it is in its lexeme.
type thread struct {
	node, stack int32
	count       uint32
	word        uint32  // nodeName: where in the names; see nameAt
	part        partial // of an unfinished code point; nodeWords: index of the first word that fits << 32 | bytes read
}

func compareThreads(a, b thread) int {
	return cmp.Or(cmp.Compare(a.node, b.node), cmp.Compare(a.stack, b.stack), cmp.Compare(a.count, b.count),
		cmp.Compare(a.word, b.word), cmp.Compare(a.part, b.part))
}

// sortThreads gives a set of threads one order.
func sortThreads(t []thread) {
	if len(t) > 24 {
		slices.SortFunc(t, compareThreads)
		return
	}
	for i := 1; i < len(t); i++ {
		for j := i; j > 0 && compareThreads(t[j], t[j-1]) < 0; j-- {
			t[j], t[j-1] = t[j-1], t[j]
		}
	}
}

func mix(h, v uint64) uint64 {
	h = (h ^ v) * 0x9E3779B97F4A7C15
	return h ^ h>>29
}

func hashThreads(t []thread) uint64 {
	h := uint64(len(t))
	for i := range t {
		h = mix(h, uint64(uint32(t[i].node))<<32|uint64(uint32(t[i].stack)))
		h = mix(h, uint64(t[i].count)<<32|uint64(t[i].word))
		h = mix(h, uint64(t[i].part))
	}
	return h
}
