package asm

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/quant"
)

// fixture is the arrays of ggml's tensor types; see the README beside them.
type fixture struct {
	Dot   int   `json:"n_dot"`
	DotY  array `json:"dot_y"`
	Types map[string]struct {
		Dot *struct{ X, Exact, Sigma array }
	}
	data []byte
}

type array struct {
	Offset int
	Shape  []int
	Dtype  string
}

func openFixture(t *testing.T) *fixture {
	root := os.Getenv("LLM_SHARED")
	if root == "" {
		root = "../../shared"
	}
	dir := filepath.Join(root, "fixtures", "quants")
	index, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Skip("no fixtures/quants:", err)
	}
	f := new(fixture)
	require.NoError(t, json.Unmarshal(index, f))
	packed, err := os.Open(filepath.Join(dir, "quants.bin.gz"))
	require.NoError(t, err)
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	require.NoError(t, err)
	f.data, err = io.ReadAll(z)
	require.NoError(t, err)
	return f
}

// read fills dst, a slice of numbers, from the array.
func (f *fixture) read(t *testing.T, a array, dst any) {
	require.NoError(t, binary.Read(bytes.NewReader(f.data[a.Offset:]), binary.LittleEndian, dst))
}

// TestDotFixtures compares products with the exact ones: 8-bit activations may cost 5 standard deviations of their
// rounding error, floats a few units in the last place of the sum of magnitudes.
func TestDotFixtures(t *testing.T) {
	f := openFixture(t)
	n := f.Dot
	y := make([]float32, 6*n)
	f.read(t, f.DotY, y)
	for _, s := range Sets() {
		for _, typ := range productTypes() {
			d := f.Types[typ.String()].Dot
			if d == nil {
				continue
			}
			t.Run(s.Name()+"/"+typ.String(), func(t *testing.T) {
				w, err := NewMatrix(typ, 6, n, f.data[d.X.Offset:])
				require.NoError(t, err)
				in := NewInput(6, n)
				in.Reset(6, n, y)
				format, _ := FormatOf(typ)
				s.Quantize(in, format, 0, 6)
				out := make([]float32, 36)
				s.MatMul(out, 6, &w, 0, 6, in, nil, NewScratch(n))

				exact, sigma := make([]float64, 36), make([]float64, 36)
				f.read(t, d.Exact, exact)
				if format != Float {
					f.read(t, d.Sigma, sigma)
				}
				worst := 0.0
				for x := range 6 {
					for y := range 6 {
						got, want, tol := float64(out[y*6+x]), exact[x*6+y], 5*sigma[x*6+y]
						if format == Float {
							tol = 1e-5*math.Abs(want) + 2e-4
						}
						require.InDelta(t, want, got, tol, "row %d, token %d", x, y)
						worst = max(worst, math.Abs(got-want)/(tol/5+1e-300))
					}
				}
				t.Logf("at most %.2f sigma", worst)
			})
		}
	}
}

// productTypes are all types that MatMul knows.
func productTypes() []quant.Type {
	var types []quant.Type
	for t := range quant.Type(64) {
		if _, ok := FormatOf(t); ok {
			types = append(types, t)
		}
	}
	return types
}
