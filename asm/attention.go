package asm

import "math"

// Attention is the running softmax of N query rows that read the same key/value head: the heads of a group, of one
// token or of several. Pages are added in order by [Set.Attend]:
//
//	s = Scale·q·k, with a Softcap c > 0 then c·tanh(s/c);  O, L = Σ e^(s-M)·v, Σ e^(s-M)
//
// The result of a row depends on what it sees, on where pages begin and, when parts are computed apart and merged, on
// where the parts begin; a caller that wants equal bits keeps both at fixed positions. Not safe for concurrent use.
type Attention struct {
	Sums
	D              int
	Scale, Softcap float32
	Q              []float32 // [N][D], borrowed
	From, To       []int32   // [N]: the positions From ≤ p < To of the next page that a row sees, set by the caller

	p    []float32 // [N][PageSize]: scores, then weights
	fade []float32 // [N]: what O and L are multiplied with when M grows
	sums []float32 // [N]: of the weights of a page
	page []float32 // the keys of a page, then its values
}

// Sums is what N rows have seen so far: a part of a context, which [Set.Merge] joins with the next.
type Sums struct {
	N, DV int
	M, L  []float32 // [N]: the largest score so far, the sum
	O     []float32 // [N][DV]
}

// NewSums makes room for the given number of rows and their width.
func NewSums(maxN, maxDV int) Sums {
	return Sums{M: make([]float32, maxN), L: make([]float32, maxN), O: make([]float32, maxN*maxDV)}
}

// Set makes a equal to b.
func (a *Sums) Set(b *Sums) {
	a.N, a.DV = b.N, b.DV
	a.M, a.L, a.O = append(a.M[:0], b.M...), append(a.L[:0], b.L...), append(a.O[:0], b.O...)
}

// NewAttention makes room for the given number of rows and their widths.
func NewAttention(maxN, maxD, maxDV int) *Attention {
	return &Attention{
		Sums: NewSums(maxN, maxDV), From: make([]int32, maxN), To: make([]int32, maxN),
		p: make([]float32, maxN*PageSize), fade: make([]float32, maxN), sums: make([]float32, maxN),
		page: make([]float32, PageSize*max(maxD, maxDV)),
	}
}

// Reset begins n rows of queries q, which are borrowed: [n][d]. They see nothing yet.
func (a *Attention) Reset(n, d, dv int, scale, softcap float32, q []float32) {
	a.N, a.D, a.DV, a.Scale, a.Softcap, a.Q = n, d, dv, scale, softcap, q[:n*d]
	a.From, a.To, a.M, a.L, a.O = a.From[:n], a.To[:n], a.M[:n], a.L[:n], a.O[:n*dv]
	for i := range a.M {
		a.M[i] = float32(math.Inf(-1))
	}
	clear(a.From)
	clear(a.To)
	clear(a.L)
	clear(a.O)
}

// span is neighbouring rows r0 ≤ r < r1 and positions from ≤ p < to of a page.
type span struct{ r0, r1, from, to int }

// seen returns the rows that see something of the page, and everything that any of them sees.
func (a *Attention) seen() span {
	s := span{r0: a.N, from: PageSize}
	for r := range a.From {
		if from, to := int(a.From[r]), int(a.To[r]); from < to {
			s = span{min(s.r0, r), r + 1, min(s.from, from), max(s.to, to)}
		}
	}
	return s
}

// alike returns the rows from r on, before end, that see the same.
func (a *Attention) alike(r, end int) span {
	s := span{r, r + 1, int(a.From[r]), int(a.To[r])}
	for s.r1 < end && a.From[s.r1] == a.From[r] && a.To[s.r1] == a.To[r] {
		s.r1++
	}
	return s
}

// Attend adds a page to all rows. next is the page that comes after it, or the same: its memory is asked for on the way.
func (s *Set) Attend(a *Attention, page, next *Page) {
	all := a.seen()
	if all.r0 >= all.r1 {
		return
	}
	first := all.from / keyGroup
	n := all.r1 - all.r0
	keys := s.keys(a.page, page, a.D, first, (all.to+keyGroup-1)/keyGroup, n)
	p := a.p[all.r0*PageSize : all.r1*PageSize]
	clear(p)
	s.gemm(p[first*keyGroup:], PageSize, a.Q[all.r0*a.D:], a.D, n, a.D, keys, next.K)

	values := s.values(a.page, page, a.DV, all.from, all.to, n)
	for r := all.r0; r < all.r1; {
		like := a.alike(r, all.r1)
		if r = like.r1; like.from >= like.to {
			continue
		}
		s.weigh(a, like)
		s.addValues(a, like, values.from(like.from-all.from), next.V)
	}
}

// weigh turns the products in the rows of p into weights of values, zero where nothing is seen, and brings M, L and O up to date.
func (s *Set) weigh(a *Attention, rows span) {
	scale := a.Scale
	if a.Softcap > 0 {
		for r := rows.r0; r < rows.r1; r++ {
			x := a.p[r*PageSize:][rows.from:rows.to]
			s.scale(x, x, scale)
			s.softcap(x, a.Softcap)
		}
		scale = 1
	}
	n := rows.r1 - rows.r0
	fade, sums := a.fade[rows.r0:rows.r1], a.sums[:n]
	s.softmaxRows(s, a, rows, scale)
	s.exp(fade, fade)
	for i, c := range fade {
		r := rows.r0 + i
		a.L[r] = float32(a.L[r]*c) + sums[i]
		if c != 1 {
			o := a.O[r*a.DV : (r+1)*a.DV]
			s.scale(o, o, c)
		}
	}
}

// softmaxRowsGeneric turns products into scale·p and these into e^(p-M), with M updated first. sums is what they come
// to, fade the difference of the old M and the new.
func softmaxRowsGeneric(s *Set, a *Attention, rows span, scale float32) {
	for r := rows.r0; r < rows.r1; r++ {
		p := a.p[r*PageSize:][:PageSize]
		x := p[rows.from:rows.to]
		s.scale(x, x, scale)
		m := max(a.M[r], s.Max(x))
		base := m
		if math.IsInf(float64(m), -1) {
			base = 0 // -Inf - -Inf would be NaN
		}
		a.fade[r], a.M[r] = a.M[r]-base, m
		s.expShift(x, x, base)
		clear(p[:rows.from])
		clear(p[rows.to:])
		a.sums[r-rows.r0] = s.sum(p)
	}
}

// addValues adds the weighted values from position rows.from on to O, in the order of positions.
func (s *Set) addValues(a *Attention, rows span, values panels, next []byte) {
	n, count := rows.r1-rows.r0, rows.to-rows.from
	p, o := a.p[rows.r0*PageSize+rows.from:], a.O[rows.r0*a.DV:]
	s.gemm(o, a.DV, p, PageSize, n, count, values, next)
	wide := values.count * panelWidth
	if wide == a.DV {
		return
	}
	for r := range n {
		for i, w := range p[r*PageSize:][:count] {
			s.axpyF32(o[r*a.DV+wide:(r+1)*a.DV], w, bytesOf(values.data[i*a.DV+wide:(i+1)*a.DV]))
		}
	}
}

// gemm adds a·b to c, with b of either type.
func (s *Set) gemm(c []float32, cStride int, a []float32, aStride, rows, k int, b panels, next []byte) {
	if b.half != nil {
		s.gemmHalf(c, cStride, a, aStride, rows, k, b, next)
	} else {
		s.gemmFloat(c, cStride, a, aStride, rows, k, b, next)
	}
}

// softcap sets x = c·tanh(x/c).
func (s *Set) softcap(x []float32, c float32) {
	for i, v := range x {
		x[i] = v / c
	}
	s.tanh(x, x)
	s.scale(x, x, c)
}

// Merge adds to the rows r0 ≤ r < r1 of a what b has seen: positions after those of a. A row of which either has seen nothing
// keeps the bits of the other.
func (s *Set) Merge(a, b *Sums, r0, r1 int) {
	for r := r0; r < r1; r++ {
		o, p := a.O[r*a.DV:(r+1)*a.DV], b.O[r*a.DV:(r+1)*a.DV]
		switch {
		case b.L[r] == 0:
			continue
		case a.L[r] == 0:
			a.M[r], a.L[r] = b.M[r], b.L[r]
			copy(o, p)
			continue
		}
		m := max(a.M[r], b.M[r])
		ca, cb := exp32(a.M[r]-m), exp32(b.M[r]-m)
		s.scale(o, o, ca)
		s.Axpy(o, cb, p)
		a.L[r] = float32(a.L[r]*ca) + float32(b.L[r]*cb)
		a.M[r] = m
	}
}

// Finish writes the rows r0 ≤ r < r1 to out[(r-r0)·stride:]. sinks[r-r0] is a score without a value that enters the
// sum; nil means there are none. A row that saw nothing is zero.
func (s *Set) Finish(out []float32, stride int, a *Sums, r0, r1 int, sinks []float32) {
	for r := r0; r < r1; r++ {
		sum, c := a.L[r], float32(1)
		if sinks != nil {
			sink := sinks[r-r0]
			m := max(a.M[r], sink)
			c = exp32(a.M[r] - m)
			sum = float32(sum*c) + exp32(sink-m)
		}
		if sum != 0 {
			c /= sum
		}
		s.scale(out[(r-r0)*stride:][:a.DV], a.O[r*a.DV:(r+1)*a.DV], c)
	}
}
