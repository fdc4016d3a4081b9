package asm

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"llm/quant"
)

// BenchmarkMatMul reports the bytes of weights read, and with many tokens the multiply-adds as Gop/s.
func BenchmarkMatMul(b *testing.B) {
	const k, rows = 2048, 512
	for _, s := range Sets() {
		for _, typ := range productTypes() {
			for _, tokens := range []int{1, 4, 64} {
				b.Run(fmt.Sprintf("%s/%v/tokens=%d", s.Name(), typ, tokens), func(b *testing.B) {
					g := &gen{Rand: rand.New(rand.NewPCG(1, 2))}
					data := make([]byte, rows*typ.RowBytes(k))
					for i := range data {
						data[i] = byte(g.Uint32())
					}
					w, err := NewMatrix(typ, rows, k, data)
					if err != nil {
						b.Fatal(err)
					}
					tameScales(g, &w)
					in, x := NewInput(tokens, k), make([]float32, tokens*k)
					for i := range x {
						x[i] = float32(g.NormFloat64())
					}
					in.Reset(tokens, k, x)
					format, _ := FormatOf(typ)
					s.Quantize(in, format, 0, tokens)
					out, sc := make([]float32, tokens*rows), NewScratch(k)
					b.SetBytes(int64(len(data)))
					for b.Loop() {
						s.MatMul(out, rows, &w, 0, rows, in, nil, sc)
					}
					b.ReportMetric(float64(b.N)*2*k*rows*float64(tokens)/b.Elapsed().Seconds()/1e9, "Gop/s")
				})
			}
		}
	}
}

func BenchmarkVector(b *testing.B) {
	const n = 2048
	x, y, z := make([]float32, n), make([]float32, n), make([]float32, n)
	for i := range x {
		x[i], y[i] = float32(i%17)-8, float32(i%13)
	}
	in := NewInput(1, n)
	in.Reset(1, n, x)
	row := make([]byte, quant.Q8_0.RowBytes(n))
	for _, s := range Sets() {
		for _, c := range []struct {
			name string
			f    func()
		}{
			{"exp", func() { s.Exp(z, x) }},
			{"silumul", func() { s.SiluMul(z, x, y) }},
			{"gelumul", func() { s.GeluMul(z, x, y) }},
			{"rmsnorm", func() { s.RMSNorm(z, x, y, 1e-6) }},
			{"softmax", func() { copy(z, x); s.Softmax(z) }},
			{"dot", func() { s.Dot(x, y) }},
			{"max", func() { s.Max(x) }},
			{"rope", func() { s.RopeNeox(z, x[:n/2], y[:n/2]) }},
			{"ropenorm", func() { s.RopeNorm(z, x[:n/2], y[:n/2]) }},
			{"quantizewide", func() { s.Quantize(in, Wide, 0, 1) }},
			{"quantizenarrow", func() { s.Quantize(in, Narrow, 0, 1) }},
			{"storeq8", func() { s.StoreRow(quant.Q8_0, row, x) }},
		} {
			b.Run(s.Name()+"/"+c.name, func(b *testing.B) {
				b.SetBytes(4 * n)
				for b.Loop() {
					c.f()
				}
			})
		}
	}
}

// BenchmarkAttend reports the bytes of keys and values that a page of one or more query rows reads.
func BenchmarkAttend(b *testing.B) {
	const d = 128
	for _, s := range Sets() {
		for _, typ := range pageTypes {
			for _, n := range []int{1, 8, 64} {
				b.Run(fmt.Sprintf("%s/%v/heads=%d", s.Name(), typ, n), func(b *testing.B) {
					size := typ.RowBytes(d)
					x := make([]float32, max(n, PageSize)*d)
					g := rand.New(rand.NewPCG(1, 2))
					for i := range x {
						x[i] = float32(g.NormFloat64())
					}
					p := pageOf(s, typ, PageSize, x, x, d, d)
					a := NewAttention(n, d, d)
					a.Reset(n, d, d, 0.1, 0, x)
					see(a, 0, PageSize)
					b.SetBytes(int64(2 * PageSize * size))
					for b.Loop() {
						s.Attend(a, p, p)
					}
					b.ReportMetric(float64(b.N)*4*d*PageSize*float64(n)/b.Elapsed().Seconds()/1e9, "Gop/s")
				})
			}
		}
	}
}
