package asm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/quant"
)

// TestFunctionAccuracy compares the functions with their float64 definitions over their whole range.
func TestFunctionAccuracy(t *testing.T) {
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	for _, c := range []struct {
		name      string
		f         func(*Set, []float32, []float32)
		want      func(float64) float64
		low, high float64
		tolerance float64 // relative
	}{
		{"exp", (*Set).Exp, math.Exp, -87, 88.7, 0x1p-23},
		{"sigmoid", (*Set).Sigmoid, sigmoid, -80, 80, 1e-6},
		{"silu", (*Set).Silu, func(x float64) float64 { return x * sigmoid(x) }, -80, 80, 1e-6},
		{"tanh", (*Set).Tanh, math.Tanh, -20, 20, 1e-6},
		// The argument of tanh is rounded: near -5 the result is a difference that magnifies it.
		{"gelu", (*Set).Gelu, func(x float64) float64 {
			return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
		}, -3, 20, 1e-6},
	} {
		n := 1 << 14
		x, out := make([]float32, n), make([]float32, n)
		for i := range x {
			x[i] = float32(c.low + (c.high-c.low)*float64(i)/float64(n-1))
		}
		c.f(Best(), out, x)
		worst := 0.0
		for i, v := range out {
			want := c.want(float64(x[i]))
			if want != 0 {
				worst = max(worst, math.Abs(float64(v)-want)/math.Abs(want))
			}
		}
		require.LessOrEqual(t, worst, c.tolerance, c.name)
	}
	edges := []float32{float32(math.Inf(-1)), -200, -104, 89, float32(math.Inf(1)), float32(math.NaN())}
	out := make([]float32, len(edges))
	Best().Exp(out, edges)
	inf := float32(math.Inf(1))
	require.Equal(t, []float32{0, 0, 0, inf, inf}, out[:5])
	require.True(t, out[5] != out[5])
}

// TestAttentionAccuracy compares paged attention, merged from two parts and with sinks, with its definition. Integers round each
// element with a deviation of 7e-5 of its row's root mean square, 64 wide, which gives scores one of 1e-4 and results, of dozens
// of positions, one of 3e-5: the budget is six of them.
func TestAttentionAccuracy(t *testing.T) {
	for typ, budget := range map[PageType]float64{F32Page: 2e-6, Int16Page: 2e-4} {
		for _, softcap := range []float32{0, 20} {
			t.Run(fmt.Sprintf("%v/%v", typ, softcap), func(t *testing.T) { attentionAccuracy(t, typ, softcap, budget) })
		}
	}
}

func attentionAccuracy(t *testing.T, typ PageType, softcap float32, budget float64) {
	const heads, d, dv, positions = 6, 64, 96, 200
	g := rand.New(rand.NewPCG(5, 6))
	normal := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(g.NormFloat64())
		}
		return x
	}
	q, k, v, sinks := normal(heads*d), normal(positions*d), normal(positions*dv), normal(heads)
	s := Best()
	parts := []*Attention{NewAttention(heads, d, dv), NewAttention(heads, d, dv)}
	for i, a := range parts {
		a.Reset(heads, d, dv, 0.125, softcap, q)
		for from := i * 128; from < min(positions, i*128+128); from += PageSize {
			n := min(PageSize, positions-from)
			see(a, 0, n)
			p := pageOf(s, typ, n, k[from*d:], v[from*dv:], d, dv)
			s.Attend(a, p, p)
		}
	}
	s.Merge(&parts[0].Sums, &parts[1].Sums, 0, heads)
	out := make([]float32, heads*dv)
	s.Finish(out, dv, &parts[0].Sums, 0, heads, sinks)

	for h := range heads {
		sum, want := math.Exp(float64(sinks[h])), make([]float64, dv)
		for p := range positions {
			score := 0.0
			for i := range d {
				score += 0.125 * float64(q[h*d+i]) * float64(k[p*d+i])
			}
			if c := float64(softcap); c > 0 {
				score = c * math.Tanh(score/c)
			}
			w := math.Exp(score)
			sum += w
			for i := range want {
				want[i] += w * float64(v[p*dv+i])
			}
		}
		for i, x := range want {
			require.InDelta(t, x/sum, out[h*dv+i], budget)
		}
	}
}

// pageOf returns a page of n keys and values.
func pageOf(s *Set, t PageType, n int, k, v []float32, d, dv int) *Page {
	p := &Page{Type: t, K: make([]byte, PageSize*t.RowBytes(d)), V: make([]byte, PageSize*t.RowBytes(dv))}
	row := make([]byte, t.RowBytes(max(d, dv)))
	for i := range n {
		s.StoreKey(t, p.K, i, k[i*d:(i+1)*d], row)
		s.StoreValue(t, p.V, i, v[i*dv:(i+1)*dv], row)
	}
	return p
}

// see lets all rows see the same part of the next page.
func see(a *Attention, from, to int) {
	for r := range a.From {
		a.From[r], a.To[r] = int32(from), int32(to)
	}
}

// TestAttendNothing: rows without positions are zero, and stay neutral in a merge.
func TestAttendNothing(t *testing.T) {
	s := Best()
	a, b := NewAttention(1, 32, 32), NewAttention(1, 32, 32)
	q := make([]float32, 32)
	a.Reset(1, 32, 32, 1, 0, q)
	b.Reset(1, 32, 32, 1, 0, q)
	s.Merge(&a.Sums, &b.Sums, 0, 1)
	out := make([]float32, 32)
	out[3] = 1
	s.Finish(out, 32, &a.Sums, 0, 1, nil)
	require.Equal(t, make([]float32, 32), out)

	k := make([]float32, 32)
	k[0] = 1
	see(b, 0, 1)
	p := pageOf(s, F32Page, 1, k, k, 32, 32)
	s.Attend(b, p, p)
	s.Merge(&a.Sums, &b.Sums, 0, 1)
	s.Finish(out, 32, &a.Sums, 0, 1, nil)
	require.Equal(t, k, out)
}

// TestNoAllocation: nothing is allocated once buffers exist.
func TestNoAllocation(t *testing.T) {
	const k, rows, tokens = 512, 20, 9
	for _, s := range Sets() {
		in, sc := NewInput(tokens, k), NewScratch(k)
		x, out := make([]float32, tokens*k), make([]float32, tokens*rows)
		a := NewAttention(4, 64, 64)
		row, one := make([]byte, PageSize*Int16Page.RowBytes(64)), []int32{4}
		page := &Page{K: row, V: row}
		for _, typ := range productTypes() {
			w, err := NewMatrix(typ, rows, k, make([]byte, rows*typ.RowBytes(k)))
			require.NoError(t, err)
			f, _ := FormatOf(typ)
			n := testing.AllocsPerRun(3, func() {
				in.Reset(tokens, k, x)
				s.Quantize(in, f, 0, tokens)
				s.MatMul(out, rows, &w, 0, rows, in, nil, sc)
				s.MatMul(out, rows, &w, 0, rows, in, one, sc)
				a.Reset(4, 64, 64, 1, 1, x)
				see(a, 0, 9)
				s.Attend(a, page, page)
				s.Softmax(x)
			})
			require.Zero(t, n, "%s %v", s.Name(), typ)
		}
	}
}

func TestNewMatrixRefuses(t *testing.T) {
	for _, c := range []struct {
		t       quant.Type
		rows, k int
		bytes   int
	}{
		{quant.Q4_K, 1, 255, 1 << 20}, {quant.Q4_K, 1, 0, 1 << 20}, {quant.Q4_K, 1, -256, 1 << 20}, {quant.Q4_K, 3, 256, 3*144 - 1},
		{quant.Q4_K, -1, 256, 144}, {quant.Q4_K, math.MaxInt, 256, 144}, {quant.F32, 1, 2 * MaxK, 1 << 30}, {quant.I32, 1, 4, 16}, {99, 1, 1, 1},
	} {
		_, err := NewMatrix(c.t, c.rows, c.k, make([]byte, min(c.bytes, 1<<12)))
		require.Error(t, err)
	}
	w, err := NewMatrix(quant.Q4_K, 6, 256, make([]byte, 6*144))
	require.NoError(t, err)
	m := w.Slice(2, 5)
	require.Equal(t, 3, m.Rows)
	require.Len(t, m.Data, 3*144)
}
