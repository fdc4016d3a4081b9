package tokenizer

// merger merges the symbols of one text of any length in O(n log n): symbols in a linked list, candidates in a heap.
type merger struct {
	syms []symbol
	heap rankHeap
}

type symbol struct {
	piece
	prev, next int32  // neighbours, -1 at the ends
	rank       uint32 // of merging with next; noRank if not, or if this symbol is gone
	merged     int32  // what that makes
}

func (m *merger) reset() { m.syms = m.syms[:0] }

// add appends a symbol to the text.
func (m *merger) add(p piece) {
	n := int32(len(m.syms))
	if n > 0 {
		m.syms[n-1].next = n
	}
	m.syms = append(m.syms, symbol{piece: p, prev: n - 1, next: -1, rank: noRank})
}

// run merges until no pair is left.
func (m *merger) run(p pairing) {
	m.heap = m.heap[:0]
	for i := range m.syms {
		if m.rate(int32(i), p) {
			m.heap = append(m.heap, candidate(m.syms[i].rank, int32(i)))
		}
	}
	m.heap.init()
	for len(m.heap) > 0 {
		rank, at := m.heap.pop()
		// A candidate whose pair has changed since is void. One that has changed to an equal rank stands for the new pair.
		if m.syms[at].rank == rank {
			m.join(at, p)
		}
	}
}

// join merges the symbol with its next one.
func (m *merger) join(at int32, p pairing) {
	s := &m.syms[at]
	gone := &m.syms[s.next]
	s.id, s.end, s.next = s.merged, gone.end, gone.next
	gone.rank = noRank
	if s.next >= 0 {
		m.syms[s.next].prev = at
	}
	m.offer(at, p)
	if s.prev >= 0 {
		m.offer(s.prev, p)
	}
}

// offer rates the pair that begins at a symbol anew and makes it a candidate.
func (m *merger) offer(at int32, p pairing) {
	if m.rate(at, p) {
		m.heap.push(candidate(m.syms[at].rank, at))
	}
}

// rate looks up the pair that begins at a symbol and reports whether it merges.
func (m *merger) rate(at int32, p pairing) bool {
	s := &m.syms[at]
	s.rank = noRank
	if s.next >= 0 {
		s.rank, s.merged = p.pair(s.piece, m.syms[s.next].piece)
	}
	return s.rank != noRank
}

// rankHeap is a heap of candidates: the lowest rank first, of equals the leftmost.
type rankHeap []uint64

func candidate(rank uint32, at int32) uint64 { return uint64(rank)<<32 | uint64(uint32(at)) }

func (h rankHeap) init() {
	for i := len(h)/2 - 1; i >= 0; i-- {
		h.down(i)
	}
}

func (h *rankHeap) push(c uint64) {
	*h = append(*h, c)
	a, i := *h, len(*h)-1
	for i > 0 {
		up := (i - 1) / 2
		if a[up] <= c {
			break
		}
		a[i], i = a[up], up
	}
	a[i] = c
}

func (h *rankHeap) pop() (rank uint32, at int32) {
	a := *h
	top, last := a[0], len(a)-1
	a[0] = a[last]
	*h = a[:last]
	h.down(0)
	return uint32(top >> 32), int32(uint32(top))
}

func (h rankHeap) down(i int) {
	if i >= len(h) {
		return
	}
	c := h[i]
	for {
		k := 2*i + 1
		if k >= len(h) {
			break
		}
		if k+1 < len(h) && h[k+1] < h[k] {
			k++
		}
		if h[k] >= c {
			break
		}
		h[i], i = h[k], k
	}
	h[i] = c
}
