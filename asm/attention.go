package asm

import (
	"math"

	"llm/quant"
)

// PageSize is the number of positions of a page of the key/value cache.
const PageSize = 64

// Page is up to PageSize positions of one key/value head. Keys and values are rows of F32, F16 or Q8_0.
type Page struct {
	KType, VType     quant.Type
	K, V             []byte // the rows of position p start at K[p*KStride] and V[p*VStride]
	KStride, VStride int
	From, To         int // the visible positions From ≤ p < To of the page
}

// Attention is the running softmax of N query rows that read the same key/value head: the heads of a group, of one
// token or of several that see the same positions. Pages are added in order by [Set.Attend]:
//
//	s = Scale·q·k, with a Softcap c > 0 then c·tanh(s/c);  O, L = Σ e^(s-M)·v, Σ e^(s-M)
//
// The result depends on where pages begin and, when parts are computed apart and merged, on where the parts begin;
// a caller that wants equal bits keeps both at fixed positions. Not safe for concurrent use.
type Attention struct {
	N, D, DV       int
	Scale, Softcap float32
	Q              []float32 // [N][D], borrowed
	M, L           []float32 // [N]: the largest score so far, the sum
	O              []float32 // [N][DV]

	p    []float32 // [groupRows][PageSize]
	k, v []float32 // a page of keys and one of values, converted once for many rows
}

// NewAttention makes room for the given number of rows and their widths.
func NewAttention(maxN, maxD, maxDV int) *Attention {
	return &Attention{
		M: make([]float32, maxN), L: make([]float32, maxN), O: make([]float32, maxN*maxDV),
		p: make([]float32, groupRows*PageSize), k: make([]float32, PageSize*maxD), v: make([]float32, PageSize*maxDV),
	}
}

// Reset begins n rows of queries q, which are borrowed: [n][d].
func (a *Attention) Reset(n, d, dv int, scale, softcap float32, q []float32) {
	a.N, a.D, a.DV, a.Scale, a.Softcap, a.Q = n, d, dv, scale, softcap, q[:n*d]
	a.M, a.L, a.O = a.M[:n], a.L[:n], a.O[:n*dv]
	for i := range a.M {
		a.M[i] = float32(math.Inf(-1))
	}
	clear(a.L)
	clear(a.O)
}

const (
	convertRows = 3  // query rows from which a page is converted to float32 first
	groupRows   = 16 // query rows that meet the keys of a page before any meets its values
)

// Attend adds the visible positions of a page to the rows r0 ≤ r < r1.
func (s *Set) Attend(a *Attention, r0, r1 int, page *Page) {
	n := page.To - page.From
	if n <= 0 || r0 >= r1 {
		return
	}
	k := pageRows{page.K[page.From*page.KStride:], page.KStride, page.KType}
	v := pageRows{page.V[page.From*page.VStride:], page.VStride, page.VType}
	if s.converts(r1-r0, k.t) {
		k = s.floatRows(a.k, a.D, n, k)
	}
	for g := r0; g < r1; g += groupRows {
		end := min(g+groupRows, r1)
		for r := g; r < end; r++ {
			p := a.p[(r-g)*PageSize:][:n]
			s.scores(p, a.Q[r*a.D:(r+1)*a.D], k.data, k.stride, k.t)
			s.weigh(a, r, p)
		}
		if g == r0 && s.converts(r1-r0, v.t) {
			v = s.floatRows(a.v, a.DV, n, v)
		}
		for r := g; r < end; r++ {
			s.values(a.O[r*a.DV:(r+1)*a.DV], a.p[(r-g)*PageSize:][:n], v.data, v.stride, v.t)
		}
	}
}

// converts reports whether a page of type t is converted for n query rows.
func (s *Set) converts(n int, t quant.Type) bool {
	return n >= convertRows || t == quant.Q8_0 && s.convertQ8
}

// weigh turns the products p of row r into weights of values and brings what the row has seen to their scale.
func (s *Set) weigh(a *Attention, r int, p []float32) {
	s.scale(p, p, a.Scale)
	if a.Softcap > 0 {
		s.softcap(p, a.Softcap)
	}
	m := max(a.M[r], s.Max(p))
	base := m
	if math.IsInf(float64(m), -1) {
		base = 0 // -Inf - -Inf would be NaN
	}
	if c := exp32(a.M[r] - base); c != 1 {
		a.L[r] *= c
		o := a.O[r*a.DV : (r+1)*a.DV]
		s.scale(o, o, c)
	}
	a.L[r] += s.ExpSum(p, base)
	a.M[r] = m
}

// pageRows is rows of keys or values.
type pageRows struct {
	data   []byte
	stride int
	t      quant.Type
}

// floatRows converts count rows of n values, unless they are float32 already.
func (s *Set) floatRows(dst []float32, n, count int, rows pageRows) pageRows {
	if rows.t == quant.F32 {
		return rows
	}
	if rows.stride == rows.t.RowBytes(n) {
		s.LoadRow(rows.t, dst[:count*n], rows.data)
	} else {
		for p := range count {
			s.LoadRow(rows.t, dst[p*n:(p+1)*n], rows.data[p*rows.stride:])
		}
	}
	return pageRows{bytesOf(dst), 4 * n, quant.F32}
}

// softcap sets x = c·tanh(x/c).
func (s *Set) softcap(x []float32, c float32) {
	for i, v := range x {
		x[i] = v / c
	}
	s.tanh(x, x)
	s.scale(x, x, c)
}

// Merge adds to the rows r0 ≤ r < r1 of a what b has seen: positions after those of a.
func (s *Set) Merge(a, b *Attention, r0, r1 int) {
	for r := r0; r < r1; r++ {
		m := max(a.M[r], b.M[r])
		if math.IsInf(float64(m), -1) {
			m = 0
		}
		ca, cb := exp32(a.M[r]-m), exp32(b.M[r]-m)
		o := a.O[r*a.DV : (r+1)*a.DV]
		s.scale(o, o, ca)
		s.Axpy(o, cb, b.O[r*a.DV:(r+1)*a.DV])
		a.L[r] = float32(a.L[r]*ca) + float32(b.L[r]*cb)
		a.M[r] = max(a.M[r], b.M[r])
	}
}

// Finish writes the rows r0 ≤ r < r1 to out[(r-r0)·stride:]. sinks[r-r0] is a score without a value that enters the
// sum; nil means there are none. A row that saw nothing is zero.
func (s *Set) Finish(out []float32, stride int, a *Attention, r0, r1 int, sinks []float32) {
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

// scoresGeneric sets out[p] = q · row p.
func (s *Set) scoresGeneric(out, q []float32, k []byte, stride int, t quant.Type) {
	for p := range out {
		out[p] = s.DotRow(t, q, k[p*stride:])
	}
}

// valuesGeneric adds Σ p[i]·row i to o, in order.
func (s *Set) valuesGeneric(o, p []float32, v []byte, stride int, t quant.Type) {
	for i, w := range p {
		s.AxpyRow(t, o, w, v[i*stride:])
	}
}
