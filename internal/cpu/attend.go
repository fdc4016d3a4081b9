package cpu

import (
	"llm/asm"
	"llm/internal/device"
)

// tile is a run of neighbouring tokens of one sequence whose attention is computed together.
type tile struct{ from, to int32 }

// tileTokens bounds a tile: enough to read a page of keys once for many tokens, few enough to share out.
const tileTokens = 32

// layTiles cuts the batch into tiles.
func (r *runner) layTiles() {
	b := r.batch
	r.tiles = r.tiles[:0]
	for i := 0; i < len(b.Tokens); {
		j := i + 1
		for j < len(b.Tokens) && j-i < tileTokens && b.Seq[j] == b.Seq[i] {
			j++
		}
		r.tiles = append(r.tiles, tile{int32(i), int32(j)})
		i = j
	}
}

// attendStep is the attention of one layer: rotate and store, then attend.
type attendStep struct {
	r         *runner
	op        *device.Attend
	group     int // query heads that share a key/value head
	layer     pageLayer
	state     []*asm.Attention // one a worker
	queries   [][]float32      // one a worker: the query rows of a tile
	rows      [][]byte         // one a worker: a key on its way into the cache
	store, fn func(worker, item int)
}

func (b *builder) attend(op *device.Attend) step {
	s := &attendStep{r: b.runner, op: op, group: op.Heads / op.KVHeads}
	s.layer = b.pages.groups[op.Group].layers[op.Layer]
	rows := tileTokens * s.group
	s.state, s.queries = b.attention(rows, op.KDim, op.VDim)
	for range b.pool.threads() {
		s.rows = append(s.rows, make([]byte, s.layer.kRow))
	}
	s.store, s.fn = s.storeItem, s.attendItem
	return s
}

// attention returns per-worker state for attention of a shape; steps of equal shape share it.
func (b *builder) attention(rows, k, v int) ([]*asm.Attention, [][]float32) {
	key := [3]int{rows, k, v}
	if b.attentions == nil {
		b.attentions = map[[3]int]attentionState{}
	}
	a, ok := b.attentions[key]
	if !ok {
		for range b.pool.threads() {
			a.state = append(a.state, asm.NewAttention(rows, k, v))
			a.queries = append(a.queries, make([]float32, rows*k))
		}
		b.attentions[key] = a
	}
	return a.state, a.queries
}

type attentionState struct {
	state   []*asm.Attention
	queries [][]float32
}

func (s *attendStep) run() {
	s.r.eachToken(s.store)
	s.r.pool.run(len(s.r.tiles)*s.op.KVHeads, s.fn)
	s.r.wrote(s.op.Q)
	s.r.wrote(s.op.K)
	s.r.wrote(s.op.Dst)
}

// storeItem rotates queries and keys of a group of tokens and writes keys and values into the cache.
func (s *attendStep) storeItem(worker, i int) {
	r, op := s.r, s.op
	from, to := r.group(i)
	for t := from; t < to; t++ {
		k, v := r.row(op.K, t), r.row(op.V, t)
		if op.Rope >= 0 {
			r.ropes[op.Rope].rotate(r.row(op.Q, t), op.KDim, t)
			r.ropes[op.Rope].rotate(k, op.KDim, t)
		}
		pos := int(r.batch.Pos[t])
		page := s.page(int(r.batch.Seq[t]), pos/device.PageTokens)
		slot := pos % device.PageTokens
		for h := range op.KVHeads {
			keys, values := s.layer.head(page, h)
			r.set.StoreKey(r.pages.typ, keys, slot, k[h*op.KDim:(h+1)*op.KDim], s.rows[worker])
			r.set.StoreRow(r.pages.typ, values[slot*s.layer.vRow:], v[h*op.VDim:(h+1)*op.VDim])
		}
	}
}

// page returns the memory of a sequence's n-th page.
func (s *attendStep) page(seq, n int) []byte {
	t := &s.r.batch.Seqs[seq]
	id := t.Pages[s.op.Group][n-int(t.First[s.op.Group])]
	return s.r.pages.groups[s.op.Group].data[id]
}

// head returns a head's part of a sequence's n-th page.
func (s *attendStep) head(seq, n, head int) asm.Page {
	k, v := s.layer.head(s.page(seq, n), head)
	return asm.Page{Type: s.r.pages.typ, K: k, V: v}
}

// attendItem computes one tile's attention with one key/value head. Each token sees its pages one after the other, in
// the order of positions, whatever else is in the tile.
func (s *attendStep) attendItem(worker, item int) {
	r, op := s.r, s.op
	if r.stop.Load() {
		return
	}
	t := r.tiles[item/op.KVHeads]
	head := item % op.KVHeads
	from, n, g := int(t.from), int(t.to-t.from), s.group
	a := s.state[worker]
	a.Reset(n*g, op.KDim, op.VDim, op.Scale, 0, s.gather(worker, from, n, head))

	first, last := int(r.batch.Pos[from]), int(r.batch.Pos[from+n-1])
	lo, _ := s.visible(first)
	for p := lo / device.PageTokens; p <= last/device.PageTokens; p++ {
		s.attendPage(a, int(r.batch.Seq[from]), head, p, first, n)
	}
	var sinks []float32
	if op.Sinks != nil {
		sinks = op.Sinks[head*g : (head+1)*g]
	}
	for i := range n {
		out := r.row(op.Dst, from+i)[head*g*op.VDim:]
		r.set.Finish(out, op.VDim, a, i*g, (i+1)*g, sinks)
	}
}

// attendPage lets the n tokens from position first on see one page.
func (s *attendStep) attendPage(a *asm.Attention, seq, head, p, first, n int) {
	for i := range n {
		from, to := s.within(p, first+i)
		for r := i * s.group; r < (i+1)*s.group; r++ {
			a.From[r], a.To[r] = int32(from), int32(to)
		}
	}
	page, next := s.head(seq, p, head), s.head(seq, min(p+1, (first+n-1)/device.PageTokens), head)
	s.r.set.Attend(a, &page, &next)
}

// visible returns the positions that the token at pos sees.
func (s *attendStep) visible(pos int) (from, to int) {
	if w := s.op.Window; w > 0 {
		return max(0, pos-w+1), pos + 1
	}
	return 0, pos + 1
}

// within returns the part of page p that the token at pos sees.
func (s *attendStep) within(p, pos int) (from, to int) {
	from, to = s.visible(pos)
	from = max(from-p*device.PageTokens, 0)
	to = min(to-p*device.PageTokens, device.PageTokens)
	return from, to
}

// gather returns the query rows [n·group, KDim] of a tile for one key/value head.
func (s *attendStep) gather(worker, from, n, head int) []float32 {
	w := s.group * s.op.KDim
	if n == 1 {
		return s.r.row(s.op.Q, from)[head*w : (head+1)*w]
	}
	q := s.queries[worker][:n*w]
	for i := range n {
		copy(q[i*w:(i+1)*w], s.r.row(s.op.Q, from+i)[head*w:])
	}
	return q
}
