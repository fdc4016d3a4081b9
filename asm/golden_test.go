package asm

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSameEverywhere holds the bits of every operation to one value on all platforms and sets: a compiler that fuses a
// multiplication and an addition, or a library whose function differs, shows here.
func TestSameEverywhere(t *testing.T) {
	for _, s := range append(Sets(), emulatedSets...) {
		t.Run(s.Name(), func(t *testing.T) {
			require.Equal(t, uint64(0x6c75eaea649945b3), fingerprint(t, s))
		})
	}
}

// fingerprint hashes the results of all operations on fixed inputs.
func fingerprint(t *testing.T, s *Set) uint64 {
	g := &gen{Rand: rand.New(rand.NewPCG(3, 4)), t: t}
	hash := fnv.New64a()
	note := func(x ...float32) {
		for _, v := range x {
			b := math.Float32bits(v)
			if v != v {
				b = 0x7fc00000
			}
			hash.Write([]byte{byte(b), byte(b >> 8), byte(b >> 16), byte(b >> 24)})
		}
	}
	// Only exact operations on integers make the inputs, so that they are the same everywhere.
	numbers := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(g.IntN(1<<20)-1<<19) / (1 << 16)
		}
		return x
	}
	const n = 333
	out, x, y := make([]float32, n), numbers(n), numbers(n)
	for _, f := range []func(*Set, []float32, []float32){(*Set).Exp, (*Set).Sigmoid, (*Set).Silu, (*Set).Gelu, (*Set).Tanh, (*Set).Relu2} {
		f(s, out, x)
		note(out...)
	}
	for _, f := range []func(*Set, []float32, []float32, []float32){(*Set).SiluMul, (*Set).GeluMul, (*Set).Relu2Mul, (*Set).SwigluOAI, (*Set).Add, (*Set).Mul} {
		f(s, out, x, y)
		note(out...)
	}
	s.RMSNorm(out, x, y, 1e-6)
	note(out...)
	s.LayerNorm(out, x, y, x, 1e-6)
	note(out...)
	s.Softmax(out)
	note(out...)
	s.RopeNeox(out[:64], x[:32], y[:32])
	s.RopeNorm(out[64:128], x[:32], y[:32])
	note(out...)
	note(s.Dot(x, y), s.Sum(x), s.Max(x), s.SumSquares(x))

	for _, typ := range productTypes() {
		const k, rows, tokens = 768, 11, 7
		data := make([]byte, rows*typ.RowBytes(k))
		for i := range data {
			data[i] = byte(g.Uint32())
		}
		w, err := NewMatrix(typ, rows, k, data)
		require.NoError(t, err)
		tameScales(g, &w)
		in := NewInput(tokens, k)
		in.Reset(tokens, k, numbers(tokens*k))
		f, _ := FormatOf(typ)
		s.Quantize(in, f, 0, tokens)
		product := make([]float32, rows*tokens)
		s.MatMul(product, rows, &w, 0, rows, in, nil, NewScratch(k))
		note(product...)
	}

	for _, typ := range pageTypes {
		const heads, d = 5, 96
		p := pageOf(s, typ, PageSize, numbers(PageSize*d), numbers(PageSize*d), d, d)
		a, b := NewAttention(heads, d, d), NewAttention(heads, d, d)
		a.Reset(heads, d, d, 0.02, 30, numbers(heads*d))
		b.Reset(heads, d, d, 0.02, 30, a.Q)
		for _, state := range []*Attention{a, b} {
			see(state, 3, 61)
			s.Attend(state, p, p)
		}
		s.Merge(&a.Sums, &b.Sums, 0, heads)
		result := make([]float32, heads*d)
		s.Finish(result, d, &a.Sums, 0, heads, numbers(heads))
		note(result...)
	}
	return hash.Sum64()
}
