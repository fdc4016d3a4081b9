package tokenizer

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/internal/errs"
	"llm/internal/gguf"
	"llm/internal/source"
)

// meta is metadata in a map.
type meta map[string]any

func (m meta) Has(key string) bool { _, ok := m[key]; return ok }

func get[T any](m meta, key string, def *T) (T, error) {
	x, ok := m[key]
	if !ok && def != nil {
		return *def, nil
	}
	if v, ok := x.(T); ok {
		return v, nil
	}
	var none T
	return none, &errs.FormatError{Tensor: key, Offset: -1, Err: fmt.Errorf("%T is no %T: %w", x, none, errs.ErrCorrupt)}
}

func (m meta) Str(key, def string) (string, error)         { return get(m, key, &def) }
func (m meta) Bool(key string, def bool) (bool, error)     { return get(m, key, &def) }
func (m meta) Uint(key string, def uint64) (uint64, error) { return get(m, key, &def) }
func (m meta) Strings(key string) ([]string, error)        { return get[[]string](m, key, nil) }
func (m meta) Floats(key string) ([]float32, error)        { return get[[]float32](m, key, nil) }
func (m meta) Int32s(key string) ([]int32, error)          { return get[[]int32](m, key, nil) }

// changed is metadata with some strings and bools set anew.
type changed struct {
	Meta
	set map[string]any
}

func (c changed) Has(key string) bool { _, ok := c.set[key]; return ok || c.Meta.Has(key) }

func (c changed) Str(key, def string) (string, error) {
	if s, ok := c.set[key].(string); ok {
		return s, nil
	}
	return c.Meta.Str(key, def)
}

func (c changed) Bool(key string, def bool) (bool, error) {
	if b, ok := c.set[key].(bool); ok {
		return b, nil
	}
	return c.Meta.Bool(key, def)
}

// fixtures returns the folder of the tokenizer fixtures, which are not part of the repository.
func fixtures(t testing.TB) string {
	shared := os.Getenv("LLM_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	dir := filepath.Join(shared, "fixtures", "tokenizers")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no tokenizer fixtures: %v", err)
	}
	return dir
}

func gunzip(t testing.TB, path string) []byte {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	b, err := io.ReadAll(z)
	require.NoError(t, err)
	return b
}

// fixtureMeta opens a vocabulary of the fixtures.
func fixtureMeta(t testing.TB, name string) Meta {
	f, err := gguf.Open(context.Background(), source.Bytes(gunzip(t, filepath.Join(fixtures(t), name))), nil)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func fixtureTokenizer(t testing.TB, name string) *Tokenizer {
	tok, err := New(fixtureMeta(t, name+".gguf.gz"))
	require.NoError(t, err)
	return tok
}

// caseFile is NAME.json.gz of the fixtures.
type caseFile struct {
	Vocab string
	Set   map[string]any
	Facts struct {
		Model     string
		NVocab    int `json:"n_vocab"`
		BOS, EOS  int32
		AddBOS    bool `json:"add_bos"`
		AddEOS    bool `json:"add_eos"`
		EOG       []int32
		Protected []int32
	}
	Aliases []string
	Cases   []encodeCase
	Detok   []decodeCase
}

type encodeCase struct {
	Name         string
	Text         string
	Base64       []byte
	Special, BOS bool
	IDs, Plain   []int32
}

func (c *encodeCase) text() string {
	if c.Base64 != nil {
		return string(c.Base64)
	}
	return c.Text
}

type decodeCase struct {
	Name    string
	IDs     []int32
	Special bool
	Base64  []byte
	Pieces  []string
}

func readCases(t testing.TB, path string) *caseFile {
	c := new(caseFile)
	require.NoError(t, json.Unmarshal(gunzip(t, path), c))
	return c
}
