package asm

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/quant"
)

// TestRequiredKernels fails where LLM_REQUIRE_KERNELS names sets, separated by commas, that this machine does not offer
// or, for the first name, does not prefer.
func TestRequiredKernels(t *testing.T) {
	names := os.Getenv("LLM_REQUIRE_KERNELS")
	if names == "" {
		t.Skip("LLM_REQUIRE_KERNELS is not set")
	}
	for i, name := range strings.Split(names, ",") {
		_, ok := ByName(name)
		require.True(t, ok, "%s is not available", name)
		if i == 0 {
			require.Equal(t, name, Best().Name())
		}
	}
}

// emulatedSets are tested beside those of this machine.
var emulatedSets []*Set

// everySet runs a test for each assembly set, with reproducible random numbers.
func everySet(t *testing.T, test func(t *testing.T, s *Set, g *gen)) {
	for _, s := range append(Sets(), emulatedSets...) {
		if s.Name() == genericName {
			continue
		}
		t.Run(s.Name(), func(t *testing.T) { test(t, s, &gen{Rand: rand.New(rand.NewPCG(1, 2)), t: t}) })
	}
}

// gen makes test data: buffers at odd addresses between guard words.
type gen struct {
	*rand.Rand
	t      *testing.T
	guards []func()
}

const guard = 0x7fc0beef // a NaN

// floats returns n guarded floats whose address is a multiple of 4 only.
func (g *gen) floats(n int) []float32 {
	a := 16 + g.IntN(8)
	buf := make([]float32, a+n+24)
	for i := range buf {
		buf[i] = math.Float32frombits(guard)
	}
	g.guards = append(g.guards, func() {
		for i, v := range buf {
			if (i < a || i >= a+n) && math.Float32bits(v) != guard {
				g.t.Fatalf("wrote at %d of %d floats", i-a, n)
			}
		}
	})
	return buf[a : a+n : a+n]
}

// bytes returns n guarded random bytes at any address.
func (g *gen) bytes(n int) []byte {
	a := 32 + g.IntN(32)
	buf := make([]byte, a+n+64)
	for i := range buf {
		buf[i] = 0xa5
	}
	b := buf[a : a+n : a+n]
	for i := range b {
		b[i] = byte(g.Uint32())
	}
	g.guards = append(g.guards, func() {
		for i, v := range buf {
			if (i < a || i >= a+n) && v != 0xa5 {
				g.t.Fatalf("wrote at %d of %d bytes", i-a, n)
			}
		}
	})
	return b
}

// page returns n guarded random bytes at a multiple of four.
func (g *gen) page(n int) []byte {
	b := bytesOf(g.floats((n + 3) / 4))[:n]
	for i := range b {
		b[i] = byte(g.Uint32())
	}
	return b
}

// pageTypes are the types of pages.
var pageTypes = []PageType{Int16Page, F32Page, Q8Page}

// check looks at the guards of all buffers made since the last call.
func (g *gen) check() {
	for _, f := range g.guards {
		f()
	}
	g.guards = g.guards[:0]
}

// fill returns n guarded floats: mostly ordinary ones, or in one case of four with odd ones among them.
func (g *gen) fill(n int) []float32 {
	x := g.floats(n)
	odd := g.IntN(4) == 0
	scale := math.Pow(10, float64(g.IntN(5)-2))
	for i := range x {
		x[i] = float32(g.NormFloat64() * scale)
		if odd && g.IntN(8) == 0 {
			x[i] = g.odd()
		}
	}
	return x
}

func (g *gen) odd() float32 {
	odd := []float32{0, float32(math.Copysign(0, -1)), 1, -1, 0x1p-149, -0x1p-130, 0x1p-126, 65504, 65520, 65519, -65536, 0x1p-24,
		0x1p-25, 0x1.8p-25, 0x1p-14, 0x1.ffcp-15, 1e30, -1e38, math.MaxFloat32, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()),
		88.7, 88.8, -87.4, -103.9, -104, 0.625, -0.625, 7, -7}
	if g.IntN(3) == 0 {
		return math.Float32frombits(g.Uint32())
	}
	return odd[g.IntN(len(odd))]
}

func clone(g *gen, x []float32) []float32 {
	y := g.floats(len(x))
	copy(y, x)
	return y
}

// equal demands the same bits, NaN being equal to NaN.
func equal(t *testing.T, want, got []float32, format string, args ...any) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		if math.Float32bits(want[i]) != math.Float32bits(got[i]) && (want[i] == want[i] || got[i] == got[i]) {
			t.Fatalf("%s: element %d of %d: want %v (%#08x), got %v (%#08x)", fmt.Sprintf(format, args...), i, len(want),
				want[i], math.Float32bits(want[i]), got[i], math.Float32bits(got[i]))
		}
	}
}

// lengths are all small ones and some larger.
func lengths(g *gen) []int {
	var n []int
	for i := range 100 {
		n = append(n, i)
	}
	for range 20 {
		n = append(n, g.IntN(3000))
	}
	return append(n, step, step+1, 2*step+17)
}

func TestElementwise(t *testing.T) {
	ref := genericSet()
	unary := map[string]func(s *Set, out, x []float32){
		"exp": (*Set).Exp, "sigmoid": (*Set).Sigmoid, "silu": (*Set).Silu, "gelu": (*Set).Gelu, "tanh": (*Set).Tanh, "relu2": (*Set).Relu2,
		"scale": func(s *Set, out, x []float32) { s.Scale(out, x, 1.7) },
		"expsum": func(s *Set, out, x []float32) {
			copy(out, x)
			if sum := s.ExpSum(out, 1.5); len(out) > 0 {
				out[0] = sum
			}
		},
		"softmax": func(s *Set, out, x []float32) { copy(out, x); s.Softmax(out) },
		"rms":     func(s *Set, out, x []float32) { s.RMSNorm(out, x, nil, 1e-5) },
		"layer":   func(s *Set, out, x []float32) { s.LayerNorm(out, x, nil, nil, 1e-5) },
	}
	binary := map[string]func(s *Set, out, x, y []float32){
		"silumul": (*Set).SiluMul, "gelumul": (*Set).GeluMul, "relu2mul": (*Set).Relu2Mul, "swigluoai": (*Set).SwigluOAI,
		"add": (*Set).Add, "mul": (*Set).Mul,
		"axpy":   func(s *Set, out, x, y []float32) { copy(out, x); s.Axpy(out, -0.3, y) },
		"rmsw":   func(s *Set, out, x, y []float32) { s.RMSNorm(out, x, y, 1e-5) },
		"layerw": func(s *Set, out, x, y []float32) { s.LayerNorm(out, x, y, x, 1e-5) },
	}
	everySet(t, func(t *testing.T, s *Set, g *gen) {
		for _, n := range lengths(g) {
			x, y := g.fill(n), g.fill(n)
			want, got := g.floats(n), g.floats(n)
			for name, f := range unary {
				f(ref, want, x)
				f(s, got, x)
				equal(t, want, got, "%s", name)
				same := clone(g, x)
				f(s, same, same)
				equal(t, want, same, "%s in place", name)
			}
			for name, f := range binary {
				f(ref, want, x, y)
				f(s, got, x, y)
				equal(t, want, got, "%s", name)
			}
			g.check()
		}
	})
}

func TestReductions(t *testing.T) {
	ref := genericSet()
	everySet(t, func(t *testing.T, s *Set, g *gen) {
		for _, n := range lengths(g) {
			x, y := g.fill(n), g.fill(n)
			equal(t, []float32{ref.Sum(x), ref.Max(x), ref.Dot(x, y), ref.SumSquares(x)},
				[]float32{s.Sum(x), s.Max(x), s.Dot(x, y), s.SumSquares(x)}, "n %d", n)
			g.check()
		}
	})
}

func TestRope(t *testing.T) {
	ref := genericSet()
	everySet(t, func(t *testing.T, s *Set, g *gen) {
		for n := range 80 {
			for _, rope := range []func(*Set, []float32, []float32, []float32){(*Set).RopeNorm, (*Set).RopeNeox} {
				want, cos, sin := g.fill(2*n), g.fill(n), g.fill(n)
				got := clone(g, want)
				rope(ref, want, cos, sin)
				rope(s, got, cos, sin)
				equal(t, want, got, "n %d", n)
				g.check()
			}
		}
	})
}

func TestRows(t *testing.T) {
	ref := genericSet()
	everySet(t, func(t *testing.T, s *Set, g *gen) {
		for _, typ := range []quant.Type{quant.F32, quant.F16, quant.BF16, quant.Q8_0} {
			for _, n := range lengths(g) {
				if n%typ.Block() != 0 {
					continue
				}
				x := g.fill(n)
				row := g.bytes(typ.RowBytes(n))
				if typ != quant.Q8_0 {
					equal(t, []float32{ref.DotRow(typ, x, row)}, []float32{s.DotRow(typ, x, row)}, "dot %v %d", typ, n)
				}

				want, got := g.floats(n), g.floats(n)
				ref.LoadRow(typ, want, row)
				s.LoadRow(typ, got, row)
				equal(t, want, got, "load %v", typ)
				if typ == quant.BF16 || typ == quant.F16 {
					g.check()
					continue
				}
				other := g.bytes(len(row))
				ref.StoreRow(typ, row, x)
				s.StoreRow(typ, other, x)
				ref.LoadRow(typ, want, row)
				ref.LoadRow(typ, got, other)
				equal(t, want, got, "store %v", typ)
				g.check()
			}
		}
	})
}

// TestHalf loads every binary16.
func TestHalf(t *testing.T) {
	row, want := make([]byte, 2<<16), make([]float32, 1<<16)
	for h := range want {
		binary.LittleEndian.PutUint16(row[2*h:], uint16(h))
		want[h] = quant.F16ToF32(uint16(h))
	}
	for _, s := range Sets() {
		got := make([]float32, len(want))
		s.LoadRow(quant.F16, got, row)
		equal(t, want, got, "%s", s.Name())
	}
}

func TestQuantize(t *testing.T) {
	ref := genericSet()
	everySet(t, func(t *testing.T, s *Set, g *gen) {
		for range 200 {
			tokens, k := 1+g.IntN(5), 256*(1+g.IntN(4))
			x := g.fill(tokens * k)
			want, got := NewInput(tokens, k), NewInput(tokens, k)
			want.Reset(tokens, k, x)
			got.Reset(tokens, k, x)
			ref.Quantize(want, Wide|Narrow, 0, tokens)
			s.Quantize(got, Wide|Narrow, 0, tokens)
			require.Equal(t, want.wideQ, got.wideQ)
			require.Equal(t, want.narrowQ, got.narrowQ)
			for i := range want.wide {
				require.Equal(t, want.wide[i].sum, got.wide[i].sum)
				equal(t, []float32{want.wide[i].d}, []float32{got.wide[i].d}, "wide")
			}
			for i := range want.narrow {
				require.Equal(t, want.narrow[i].start, got.narrow[i].start)
				equal(t, []float32{want.narrow[i].d, want.narrow[i].sum}, []float32{got.narrow[i].d, got.narrow[i].sum}, "narrow")
			}
		}
	})
}

// TestMatMul compares products of random bytes, whose scales are often huge or no numbers, and of tamer ones.
func TestMatMul(t *testing.T) {
	ref := genericSet()
	everySet(t, func(t *testing.T, s *Set, g *gen) {
		for _, typ := range productTypes() {
			t.Run(typ.String(), func(t *testing.T) {
				g.t = t
				for i := range 120 {
					k := typ.Block() * (1 + g.IntN(12*256/max(typ.Block(), 64)))
					rows, tokens := 1+g.IntN(40), 1+g.IntN(1+40/(1+i%4))
					w, err := NewMatrix(typ, rows, k, g.bytes(rows*typ.RowBytes(k)))
					require.NoError(t, err)
					if i%3 > 0 {
						tameScales(g, &w)
					}
					format, _ := FormatOf(typ)
					in := NewInput(tokens, k)
					in.Reset(tokens, k, g.fill(tokens*k))
					ref.Quantize(in, format, 0, tokens)
					var list []int32
					n := tokens
					if g.IntN(2) == 0 {
						n = 1 + g.IntN(tokens+3)
						for range n {
							list = append(list, int32(g.IntN(tokens)))
						}
					}
					r0 := g.IntN(rows)
					r1 := r0 + 1 + g.IntN(rows-r0)
					want, got := g.floats(n*rows), g.floats(n*rows)
					ref.MatMul(want, rows, &w, r0, r1, in, list, NewScratch(k))
					s.MatMul(got, rows, &w, r0, r1, in, list, NewScratch(k))
					equal(t, want, got, "%d rows, k %d, %d tokens", r1-r0, k, n)
					g.check()
				}
			})
		}
	})
}

// TestMatMulTogether multiplies many tokens in several goroutines while the garbage collector stops and starts them.
func TestMatMulTogether(t *testing.T) {
	ref := genericSet()
	everySet(t, func(t *testing.T, s *Set, g *gen) {
		for _, typ := range []quant.Type{quant.Q4_K, quant.Q6_K, quant.Q8_0, quant.Q5_1} {
			const rows, k, tokens = 37, 512, 150
			w, err := NewMatrix(typ, rows, k, g.bytes(rows*typ.RowBytes(k)))
			require.NoError(t, err)
			tameScales(g, &w)
			format, _ := FormatOf(typ)
			in := NewInput(tokens, k)
			in.Reset(tokens, k, g.fill(tokens*k))
			ref.Quantize(in, format, 0, tokens)
			list := make([]int32, 100)
			for i := range list {
				list[i] = int32(g.IntN(tokens))
			}
			lists := [][]int32{nil, list, nil, list[:65]}
			want, got := make([][]float32, len(lists)), make([][]float32, len(lists))
			var wg sync.WaitGroup
			for i, list := range lists {
				want[i], got[i] = make([]float32, tokens*rows), make([]float32, tokens*rows)
				ref.MatMul(want[i], rows, &w, 0, rows, in, list, NewScratch(k))
				wg.Go(func() { s.MatMul(got[i], rows, &w, 0, rows, in, list, NewScratch(k)) })
			}
			for range 10 {
				runtime.GC()
			}
			wg.Wait()
			for i := range lists {
				equal(t, want[i], got[i], "%v, list %d", typ, i)
			}
			g.check()
		}
	})
}

// TestMatMulExtremes fills whole rows with one byte and activations with the greatest value of either sign: sums of products
// reach their limits, which random bytes never come near.
func TestMatMulExtremes(t *testing.T) {
	ref := genericSet()
	everySet(t, func(t *testing.T, s *Set, g *gen) {
		for _, typ := range productTypes() {
			t.Run(typ.String(), func(t *testing.T) {
				g.t = t
				for fill := range 256 {
					k, rows := typ.Block()*max(3, 96/typ.Block()), 9
					data := make([]byte, rows*typ.RowBytes(k))
					for i := range data {
						data[i] = byte(fill)
					}
					w, err := NewMatrix(typ, rows, k, data)
					require.NoError(t, err)
					tameScales(g, &w)
					for _, tokens := range []int{1, 2, 24} {
						x := make([]float32, tokens*k)
						for i := range x {
							x[i] = 1 - 2*float32(fill%2)
						}
						format, _ := FormatOf(typ)
						in := NewInput(tokens, k)
						in.Reset(tokens, k, x)
						ref.Quantize(in, format, 0, tokens)
						want, got := make([]float32, tokens*rows), make([]float32, tokens*rows)
						ref.MatMul(want, rows, &w, 0, rows, in, nil, NewScratch(k))
						s.MatMul(got, rows, &w, 0, rows, in, nil, NewScratch(k))
						equal(t, want, got, "bytes %#x, %d tokens", fill, tokens)
					}
				}
			})
		}
	})
}

// tameScales gives blocks scales near 2^-7, so that their sums are numbers.
func tameScales(g *gen, w *Matrix) {
	at := map[quant.Type][]int{quant.Q2_K: {80, 82}, quant.Q3_K: {108}, quant.Q6_K: {208}, quant.Q4_K: {0, 2}, quant.Q5_K: {0, 2},
		quant.Q4_1: {0, 2}, quant.Q5_1: {0, 2}, quant.F16: {0}, quant.MXFP4: {}}
	offsets, ok := at[w.Type]
	if !ok && w.Type.Block() > 1 {
		offsets = []int{0}
	}
	for b := 0; b < len(w.Data); b += w.Type.BlockBytes() {
		for _, o := range offsets {
			w.Data[b+o+1] = 0x20 + byte(g.Uint32())&0x87
		}
		switch w.Type {
		case quant.MXFP4:
			w.Data[b] = 120 + byte(g.IntN(8))
		case quant.BF16:
			w.Data[b+1] = 0x3c + byte(g.Uint32())&0x83
		case quant.F32:
			w.Data[b+3] = 0x3c + byte(g.Uint32())&0x83
		}
	}
}

func TestAttend(t *testing.T) {
	ref := genericSet()
	everySet(t, func(t *testing.T, s *Set, g *gen) {
		for i := range 150 {
			n, d, dv := 1+g.IntN(9), 32*(1+g.IntN(6)), 32*(1+g.IntN(6))
			if i%3 == 0 {
				d, dv = 1+g.IntN(100), 1+g.IntN(100)
			}
			q := g.fill(n * d)
			a, b := NewAttention(n, d, dv), NewAttention(n, d, dv)
			cap := float32(g.IntN(2) * 30)
			a.Reset(n, d, dv, 0.1, cap, q)
			b.Reset(n, d, dv, 0.1, cap, q)
			for range 3 {
				typ := pageTypes[g.IntN(3)]
				if i%3 == 0 {
					typ = pageTypes[g.IntN(2)]
				}
				p := Page{Type: typ, K: g.page(PageSize * typ.RowBytes(d)), V: g.page(PageSize * typ.RowBytes(dv))}
				row := make([]byte, typ.RowBytes(max(d, dv)))
				for j := range PageSize {
					ref.StoreKey(typ, p.K, j, g.fill(d), row)
					ref.StoreValue(typ, p.V, j, g.fill(dv), row)
				}
				for r := range n {
					if r == 0 || g.IntN(2) == 0 {
						a.From[r] = int32(g.IntN(PageSize))
						a.To[r] = a.From[r] + int32(g.IntN(PageSize-int(a.From[r])+1))
					} else {
						a.From[r], a.To[r] = a.From[r-1], a.To[r-1]
					}
				}
				copy(b.From, a.From)
				copy(b.To, a.To)
				ref.Attend(a, &p, &p)
				s.Attend(b, &p, &p)
				equal(t, a.M, b.M, "M")
				equal(t, a.L, b.L, "L")
				equal(t, a.O, b.O, "O")
			}
			want, got := g.floats(n*dv), g.floats(n*dv)
			sinks := g.fill(n)
			ref.Finish(want, dv, &a.Sums, 0, n, sinks)
			s.Finish(got, dv, &b.Sums, 0, n, sinks)
			equal(t, want, got, "out")
			g.check()
		}
	})
}

// TestAttendAlone: a row's result does not depend on the rows beside it, nor on what a page holds where it sees nothing.
func TestAttendAlone(t *testing.T) {
	everySet(t, func(t *testing.T, s *Set, g *gen) {
		for i := range 60 {
			typ := pageTypes[i%3]
			n, d, dv := 2+g.IntN(40), 32*(1+g.IntN(4)), 32*(1+g.IntN(4))
			q, k, v := g.fill(n*d), g.fill(PageSize*d), g.fill(PageSize*dv)
			together, alone := NewAttention(n, d, dv), NewAttention(1, d, dv)
			together.Reset(n, d, dv, 0.1, 0, q)
			for r := range n {
				together.From[r] = int32(g.IntN(3))
				together.To[r] = int32(min(PageSize, 1+g.IntN(20)+r))
			}
			all := pageOf(s, typ, PageSize, k, v, d, dv)
			s.Attend(together, all, all)
			for r := range n {
				alone.Reset(1, d, dv, 0.1, 0, q[r*d:(r+1)*d])
				alone.From[0], alone.To[0] = together.From[r], together.To[r]
				from, to := int(alone.From[0]), int(alone.To[0])
				p := pageOf(s, typ, PageSize, k, v, d, dv)
				row := make([]byte, typ.RowBytes(max(d, dv)))
				for j := range PageSize {
					if j < from || j >= to {
						s.StoreKey(typ, p.K, j, g.fill(d), row)
						s.StoreValue(typ, p.V, j, g.fill(dv), row)
					}
				}
				s.Attend(alone, p, p)
				equal(t, together.L[r:r+1], alone.L, "L")
				equal(t, together.O[r*dv:(r+1)*dv], alone.O, "O")
			}
			g.check()
		}
	})
}

// TestStore: a page gives back every key and value, as its type rounds it, whatever the order of storing.
func TestStore(t *testing.T) {
	everySet(t, func(t *testing.T, s *Set, g *gen) {
		for _, typ := range pageTypes {
			for range 5 {
				d := 32 * (1 + g.IntN(5))
				if typ == Int16Page {
					d -= g.IntN(32)
				}
				page := &Page{Type: typ, K: g.page(PageSize * typ.RowBytes(d)), V: g.page(PageSize * typ.RowBytes(d))}
				row := g.page(typ.RowBytes(d))
				want := make([][]float32, PageSize)
				for _, pos := range g.Perm(PageSize) {
					x := g.fill(d)
					s.StoreKey(typ, page.K, pos, x, row)
					s.StoreValue(typ, page.V, pos, x, row)
					want[pos] = roundedTo(typ, x)
				}
				for pos := range PageSize {
					equal(t, want[pos], keyAt(s, page, d, pos), "%v key %d", typ, pos)
					equal(t, want[pos], valueAt(s, page, d, pos), "%v value %d", typ, pos)
				}
				g.check()
			}
		}
	})
}

// roundedTo returns what is left of a row in a page.
func roundedTo(typ PageType, x []float32) []float32 {
	y := make([]float32, len(x))
	if typ != Int16Page {
		row := make([]byte, typ.RowBytes(len(x)))
		genericSet().StoreRow(typ.stored(), row, x)
		genericSet().LoadRow(typ.stored(), y, row)
		return y
	}
	q := make([]int16, len(x))
	scale := genericSet().roundVector(q, x)
	for i := range y {
		y[i] = scale * float32(q[i])
	}
	return y
}

// keyAt reads the key of a position as the layout is described.
func keyAt(s *Set, page *Page, d, pos int) []float32 {
	x, group, slot := make([]float32, d), pos/keyGroup, pos%keyGroup
	if page.Type == Int16Page {
		scales, ints := integers(page.K)
		for i := range x {
			x[i] = scales[pos] * float32(ints[group*keyGroup*even(d)+i/2*2*keyGroup+2*slot+i%2])
		}
		return x
	}
	b := s.keys(make([]float32, keyGroup*d), page, d, group, group+1)
	for i := range x {
		x[i] = b.data[i*b.row+slot]
	}
	return x
}

func valueAt(s *Set, page *Page, dv, pos int) []float32 {
	x := make([]float32, dv)
	if page.Type == Int16Page {
		scales, ints := integers(page.V)
		for i := range x {
			x[i] = scales[pos] * float32(ints[pos/2*2*dv+2*i+pos%2])
		}
		return x
	}
	copy(x, s.values(make([]float32, dv), page, dv, pos, pos+1).data)
	return x
}

// TestRoundVector: integers are the nearest of their scale and their norm leaves room for sums of products.
func TestRoundVector(t *testing.T) {
	for _, s := range append(Sets(), emulatedSets...) {
		t.Run(s.Name(), func(t *testing.T) {
			g := &gen{Rand: rand.New(rand.NewPCG(7, 8)), t: t}
			for i := range 300 {
				n := 1 + g.IntN(600)
				x, q, norm := g.floats(n), make([]int16, n), 0.0
				for j := range x {
					x[j] = float32(g.NormFloat64() * math.Pow(10, float64(i%25-10)))
					if i%3 == 0 && g.IntN(50) > 0 {
						x[j] *= 1e-5
					}
				}
				scale := float64(s.roundVector(q, x))
				for j, v := range q {
					require.InDelta(t, float64(x[j])/scale, float64(v), 0.51, "element %d of %d", j, n)
					norm += float64(v) * float64(v)
				}
				require.Less(t, math.Sqrt(norm), 32768.0)
			}
			for _, odd := range []float32{float32(math.NaN()), float32(math.Inf(1)), 1e30} {
				q := []int16{1, 2}
				scale := s.roundVector(q, []float32{1, odd})
				require.Equal(t, []int16{0, 0}, q)
				require.True(t, 0*scale != 0*scale, "%v", odd)
			}
			q := []int16{1, 2}
			require.Zero(t, s.roundVector(q, []float32{0, 0}))
			require.Equal(t, []int16{0, 0}, q)
		})
	}
}
