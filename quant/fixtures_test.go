package quant

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
)

// array is a part of quants.bin.gz.
type array struct {
	Offset int   `json:"offset"`
	Shape  []int `json:"shape"`
}

// sample is a set of rows in one type with the values ggml gives them.
type sample struct {
	Data   array `json:"data"`
	Values array `json:"values"`
}

// fixtures are what ggml made of some rows: shared/fixtures/quants describes them.
type fixtures struct {
	Rows    []string `json:"rows"`
	N       int      `json:"n"`
	Weights array    `json:"weights"`
	Imatrix array    `json:"imatrix"`
	Types   map[string]struct {
		ID       Type    `json:"id"`
		Block    int     `json:"block"`
		Bytes    int     `json:"bytes"`
		Plain    *sample `json:"plain"`
		Weighted *sample `json:"weighted"`
		Random   *sample `json:"random"`
	} `json:"types"`
	blob []byte
}

func loadFixtures(t *testing.T) *fixtures {
	root := os.Getenv("LLM_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	dir := filepath.Join(root, "fixtures", "quants")
	index, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if os.IsNotExist(err) {
		t.Skip("shared/fixtures/quants is not here")
	}
	require.NoError(t, err)
	var f fixtures
	require.NoError(t, json.Unmarshal(index, &f))
	packed, err := os.ReadFile(filepath.Join(dir, "quants.bin.gz"))
	require.NoError(t, err)
	z, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	f.blob, err = io.ReadAll(z)
	require.NoError(t, err)
	return &f
}

// bytes returns row i of an array of bytes.
func (f *fixtures) bytes(a array, i int) []byte {
	n := a.Shape[1]
	return f.blob[a.Offset+i*n:][:n]
}

// floats returns row i of an array of float32.
func (f *fixtures) floats(a array, i int) []float32 {
	n := a.Shape[len(a.Shape)-1]
	row := make([]float32, n)
	for j := range row {
		row[j] = math.Float32frombits(binary.LittleEndian.Uint32(f.blob[a.Offset+4*(i*n+j):]))
	}
	return row
}

func requireSame(t *testing.T, want, got []float32) {
	t.Helper()
	require.Len(t, got, len(want))
	for i, w := range want {
		if w != got[i] && !(w != w && got[i] != got[i]) {
			t.Fatalf("weight %d is %v, ggml has %v", i, got[i], w)
		}
	}
}

func TestFixtureTypesHaveGGMLsLayout(t *testing.T) {
	for name, e := range loadFixtures(t).Types {
		typ, ok := Parse(name)
		require.True(t, ok, name)
		require.Equal(t, e.ID, typ, name)
		require.Equal(t, e.Block, typ.Block(), name)
		require.Equal(t, e.Bytes, typ.BlockBytes(), name)
	}
}

func TestDequantizeIsGGMLs(t *testing.T) {
	f := loadFixtures(t)
	for name, e := range f.Types {
		if !Supported(e.ID) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			for _, s := range []*sample{e.Plain, e.Weighted, e.Random} {
				if s == nil {
					continue
				}
				for i := range s.Data.Shape[0] {
					got := make([]float32, f.N)
					require.NoError(t, Dequantize(e.ID, got, f.bytes(s.Data, i)))
					requireSame(t, f.floats(s.Values, i), got)
				}
			}
		})
	}
}

func TestQuantizeIsGGMLs(t *testing.T) {
	f := loadFixtures(t)
	importance := f.floats(f.Imatrix, 0)
	for name, e := range f.Types {
		if !Supported(e.ID) {
			continue
		}
		check := func(t *testing.T, s *sample, importance []float32) {
			if s == nil {
				return
			}
			for i, row := range f.Rows {
				got := make([]byte, e.ID.RowBytes(f.N))
				require.NoError(t, Quantize(e.ID, got, f.floats(f.Weights, i), importance))
				require.Equal(t, f.bytes(s.Data, i), got, row)
			}
		}
		t.Run(name, func(t *testing.T) { check(t, e.Plain, nil) })
		t.Run(name+"/importance", func(t *testing.T) { check(t, e.Weighted, importance) })
	}
}
