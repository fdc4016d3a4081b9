package cpu

import (
	"llm/asm"
	"llm/internal/device"
)

// tile is a run of neighbouring tokens of one sequence whose attention is computed together.
type tile struct{ from, to int32 }

const (
	// tileTokens bounds a tile: enough to read a page of keys once for many tokens, few enough to share out.
	tileTokens = 32
	// partPages is the pages of a context that are summed up together; parts are merged in order. Where they begin is the same
	// for every token and batch, so that it does not matter whether one worker computes them all.
	partPages = 8
	// maxParts bounds the parts of one head that are kept at a time.
	maxParts = 8
)

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
	r     *runner
	op    *device.Attend
	group int // query heads that share a key/value head
	layer pageLayer
	*attentionState
	rows                       [][]byte // one a worker: a key or a value on its way into the cache
	first, each                int      // the parts that are computed at a time: each of every head, from first on
	store, whole, split, merge func(worker, item int)
}

// attentionState is working memory for attention of a shape.
type attentionState struct {
	sums, part []*asm.Attention // one a worker: what a tile has seen, and a part of it
	queries    [][]float32      // one a worker: the query rows of a tile
	parts      []asm.Sums       // [heads][each], where workers share the heads of single tokens
	total      []asm.Sums       // [heads]: the parts so far
}

func (b *builder) attend(op *device.Attend) step {
	s := &attendStep{r: b.runner, op: op, group: op.Heads / op.KVHeads}
	s.layer = b.pages.groups[op.Group].layers[op.Layer]
	s.attentionState = b.attention(s.group, op.KDim, op.VDim)
	for range b.pool.threads() {
		s.rows = append(s.rows, make([]byte, max(s.layer.kRow, s.layer.vRow)))
	}
	s.store, s.whole, s.split, s.merge = s.storeItem, s.wholeItem, s.partItem, s.mergeItem
	return s
}

// attention returns the state for attention of a shape; steps of equal shape share it.
func (b *builder) attention(group, k, v int) *attentionState {
	key := [3]int{group, k, v}
	if a := b.attentions[key]; a != nil {
		return a
	}
	if b.attentions == nil {
		b.attentions = map[[3]int]*attentionState{}
	}
	a, rows := &attentionState{}, tileTokens*group
	for range b.pool.threads() {
		a.sums, a.part = append(a.sums, asm.NewAttention(rows, k, v)), append(a.part, asm.NewAttention(rows, k, v))
		a.queries = append(a.queries, make([]float32, rows*k))
		b.bytes += a.sums[0].Bytes() + a.part[0].Bytes() + int64(4*rows*k)
	}
	if b.pool.threads() > 1 {
		for range b.sharedHeads() {
			a.total = append(a.total, asm.NewSums(group, v))
			for range maxParts {
				a.parts = append(a.parts, asm.NewSums(group, v))
			}
		}
		b.bytes += int64(len(a.total)+len(a.parts)) * a.total[0].Bytes()
	}
	b.attentions[key] = a
	return a
}

// sharedHeads is the number of heads below which workers share one: more can be dealt out evenly enough.
func (r *runner) sharedHeads() int { return 4 * r.pool.threads() }

func (s *attendStep) run() {
	r := s.r
	r.eachToken(s.store)
	heads := len(r.tiles) * s.op.KVHeads
	if n := s.mostParts(); n > 1 && heads < r.sharedHeads() && len(r.tiles) == r.n && r.pool.threads() > 1 {
		s.shareHeads(heads, n)
	} else {
		r.pool.run(heads, s.whole)
	}
	r.wrote(s.op.Q)
	r.wrote(s.op.K)
	r.wrote(s.op.Dst)
}

// shareHeads computes n parts of each head, some at a time, and merges them.
func (s *attendStep) shareHeads(heads, n int) {
	s.each = min(n, maxParts)
	for s.first = 0; s.first < n; s.first += s.each {
		s.r.pool.run(heads*s.each, s.split)
		s.r.pool.run(heads, s.merge)
	}
}

// partsOf returns the first part that a tile sees and the one behind the last.
func (s *attendStep) partsOf(t tile) (from, to int) {
	const positions = partPages * device.PageTokens
	lo, _ := s.visible(int(s.r.batch.Pos[t.from]))
	return lo / positions, int(s.r.batch.Pos[t.to-1])/positions + 1
}

func (s *attendStep) mostParts() int {
	most := 0
	for _, t := range s.r.tiles {
		from, to := s.partsOf(t)
		most = max(most, to-from)
	}
	return most
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
			r.set.StoreValue(r.pages.typ, values, slot, v[h*op.VDim:(h+1)*op.VDim], s.rows[worker])
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

// wholeItem computes one tile's attention with one key/value head. All tiles of a head come one after the other, so that its pages
// stay in the cache.
func (s *attendStep) wholeItem(worker, item int) {
	t, head := s.r.tiles[item%len(s.r.tiles)], item/len(s.r.tiles)
	sums, part, q := s.sums[worker], s.part[worker], s.gather(worker, t, head)
	from, to := s.partsOf(t)
	s.attendPart(sums, q, t, head, from)
	for p := from + 1; p < to; p++ {
		s.attendPart(part, q, t, head, p)
		s.r.set.Merge(&sums.Sums, &part.Sums, 0, sums.N)
	}
	s.result(&sums.Sums, t, head)
}

// partItem computes one part of a head.
func (s *attendStep) partItem(worker, item int) {
	t, head := s.r.tiles[item/s.each/s.op.KVHeads], item/s.each%s.op.KVHeads
	from, to := s.partsOf(t)
	if p := from + s.first + item%s.each; p < to {
		a := s.part[worker]
		s.attendPart(a, s.gather(worker, t, head), t, head, p)
		s.parts[item].Set(&a.Sums)
	}
}

// mergeItem adds the parts of a head to its total.
func (s *attendStep) mergeItem(_, item int) {
	t, total := s.r.tiles[item/s.op.KVHeads], &s.total[item]
	from, to := s.partsOf(t)
	n := min(to-from-s.first, s.each)
	for k := range n { // none if n is negative: they were merged before
		if part := &s.parts[item*s.each+k]; s.first+k == 0 {
			total.Set(part)
		} else {
			s.r.set.Merge(total, part, 0, total.N)
		}
	}
	if n > 0 && from+s.first+n == to {
		s.result(total, t, item%s.op.KVHeads)
	}
}

// attendPart computes one part of a tile's attention with one key/value head. Each token sees its pages one after the other, in
// the order of positions, whatever else is in the tile.
func (s *attendStep) attendPart(a *asm.Attention, q []float32, t tile, head, part int) {
	r, op := s.r, s.op
	from, n := int(t.from), int(t.to-t.from)
	a.Reset(n*s.group, op.KDim, op.VDim, op.Scale, 0, q)
	first, last := int(r.batch.Pos[from]), int(r.batch.Pos[from+n-1])
	lo, _ := s.visible(first)
	for p := max(lo/device.PageTokens, part*partPages); p <= min(last/device.PageTokens, (part+1)*partPages-1); p++ {
		if r.stop.Load() {
			return
		}
		s.attendPage(a, int(r.batch.Seq[from]), head, p, first, n)
	}
}

// result writes what a head of a tile has seen.
func (s *attendStep) result(sums *asm.Sums, t tile, head int) {
	op, g := s.op, s.group
	var sinks []float32
	if op.Sinks != nil {
		sinks = op.Sinks[head*g : (head+1)*g]
	}
	for i := range int(t.to - t.from) {
		out := s.r.row(op.Dst, int(t.from)+i)[head*g*op.VDim:]
		s.r.set.Finish(out, op.VDim, sums, i*g, (i+1)*g, sinks)
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

// gather returns the query rows [tokens·group, KDim] of a tile for one key/value head.
func (s *attendStep) gather(worker int, t tile, head int) []float32 {
	from, n, w := int(t.from), int(t.to-t.from), s.group*s.op.KDim
	if n == 1 {
		return s.r.row(s.op.Q, from)[head*w : (head+1)*w]
	}
	q := s.queries[worker][:n*w]
	for i := range n {
		copy(q[i*w:(i+1)*w], s.r.row(s.op.Q, from+i)[head*w:])
	}
	return q
}
