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

	// For pages of integers: rounded queries [N][D], an even D, and weights [N][PageSize], and their scales.
	rounded          bool
	q, w             []int16
	qScales, wScales []float32
}

// Sums is what N rows have seen so far: a part of a context, which [Set.Merge] joins with the next.
type Sums struct {
	N, DV int
	M, L  []float32 // [N]: the largest score so far, the sum
	O     []float32 // [N][DV]

	factors []float32 // [2N], of Merge
}

// NewSums makes room for the given number of rows and their width.
func NewSums(maxN, maxDV int) Sums {
	return Sums{M: make([]float32, maxN), L: make([]float32, maxN), O: make([]float32, maxN*maxDV),
		factors: make([]float32, 2*maxN)}
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
		q:    make([]int16, maxN*even(maxD)), w: make([]int16, maxN*PageSize),
		qScales: make([]float32, maxN), wScales: make([]float32, maxN),
	}
}

// Bytes returns the memory of a.
func (a *Attention) Bytes() int64 {
	const perRow = 4 * 6 // From, To, fade, sums and the two scales
	return a.Sums.Bytes() + int64(perRow*cap(a.From)+4*(cap(a.p)+cap(a.page))+2*(cap(a.q)+cap(a.w)))
}

// Bytes returns the memory of a.
func (a *Sums) Bytes() int64 { return 4 * int64(cap(a.M)+cap(a.L)+cap(a.O)+cap(a.factors)) }

// Reset begins n rows of queries q, which are borrowed: [n][d]. They see nothing yet.
func (a *Attention) Reset(n, d, dv int, scale, softcap float32, q []float32) {
	a.N, a.D, a.DV, a.Scale, a.Softcap, a.Q = n, d, dv, scale, softcap, q[:n*d]
	a.rounded = false
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

// join returns both, of which the rows of s come first; a span that sees nothing changes nothing.
func (s span) join(t span) span {
	switch {
	case t.from >= t.to:
		return s
	case s.from >= s.to:
		return t
	}
	return span{s.r0, t.r1, min(s.from, t.from), max(s.to, t.to)}
}

// seen returns the rows that see something of the page, and everything that any of them sees.
func (a *Attention) seen() span {
	var s span
	for r := 0; r < a.N; {
		like := a.alike(r, a.N)
		s, r = s.join(like), like.r1
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
	if all.from >= all.to {
		return
	}
	if page.Type == Int16Page {
		s.attendIntegers(a, all, page, next)
		return
	}
	first := all.from / keyGroup
	n := all.r1 - all.r0
	keys := s.keys(a.page, page, a.D, first, (all.to+keyGroup-1)/keyGroup)
	p := a.p[all.r0*PageSize : all.r1*PageSize]
	clear(p)
	s.gemmFloat(p[first*keyGroup:], PageSize, a.Q[all.r0*a.D:], a.D, n, a.D, keys, next.K)

	values := s.values(a.page, page, a.DV, all.from, all.to)
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
	s.softmaxRows(s, a, rows, scale)
	s.addSums(a, rows)
	for r := rows.r0; r < rows.r1; r++ {
		if c := a.fade[r]; c != 1 {
			o := a.O[r*a.DV : (r+1)*a.DV]
			s.scale(o, o, c)
		}
	}
}

// addSums turns the differences in fade into factors and brings L up to date.
func (s *Set) addSums(a *Attention, rows span) {
	fade := a.fade[rows.r0:rows.r1]
	s.exp(fade, fade)
	for i, c := range fade {
		a.L[rows.r0+i] = float32(a.L[rows.r0+i]*c) + a.sums[i]
	}
}

// softmaxRowsGeneric turns products into scale·p and these into e^(p-M), with M updated first. sums is what they come
// to, fade the difference of the old M and the new.
func softmaxRowsGeneric(s *Set, a *Attention, rows span, scale float32) {
	for r := rows.r0; r < rows.r1; r++ {
		x := a.p[r*PageSize:][rows.from:rows.to]
		s.scale(x, x, scale)
		a.sums[r-rows.r0] = s.exponentials(a, r, rows)
	}
}

// exponentials turns the scores of a row into e^(p-M), with M updated first, and returns their sum.
func (s *Set) exponentials(a *Attention, r int, rows span) float32 {
	p := a.p[r*PageSize:][:PageSize]
	x := p[rows.from:rows.to]
	m := max(a.M[r], s.Max(x))
	base := m
	if math.IsInf(float64(m), -1) {
		base = 0 // -Inf - -Inf would be NaN
	}
	a.fade[r], a.M[r] = a.M[r]-base, m
	s.expShift(x, x, base)
	clear(p[:rows.from])
	clear(p[rows.to:])
	return s.sum(p)
}

// addValues adds the weighted values from position rows.from on to O, in the order of positions.
func (s *Set) addValues(a *Attention, rows span, values panels[float32], next []byte) {
	n, count := rows.r1-rows.r0, rows.to-rows.from
	p, o := a.p[rows.r0*PageSize+rows.from:], a.O[rows.r0*a.DV:]
	s.gemmFloat(o, a.DV, p, PageSize, n, count, values, next)
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
	n := r1 - r0
	ours, theirs := a.factors[:n], a.factors[n:2*n]
	for i := range n {
		m := max(a.M[r0+i], b.M[r0+i])
		ours[i], theirs[i] = a.M[r0+i]-m, b.M[r0+i]-m
	}
	s.exp(a.factors[:2*n], a.factors[:2*n])
	for i := range n {
		r := r0 + i
		o, p := a.O[r*a.DV:(r+1)*a.DV], b.O[r*a.DV:(r+1)*a.DV]
		switch {
		case b.L[r] == 0:
		case a.L[r] == 0:
			a.M[r], a.L[r] = b.M[r], b.L[r]
			copy(o, p)
		default:
			s.scale(o, o, ours[i])
			s.Axpy(o, theirs[i], p)
			a.L[r] = float32(a.L[r]*ours[i]) + float32(b.L[r]*theirs[i])
			a.M[r] = max(a.M[r], b.M[r])
		}
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
