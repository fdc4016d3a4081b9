package gguf

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/internal/source"
)

// shared returns files of the test data that is kept beside the repository, or skips.
func shared(t testing.TB, pattern string) []string {
	root := os.Getenv("LLM_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	names, err := filepath.Glob(filepath.Join(root, "fixtures", pattern))
	require.NoError(t, err)
	if len(names) == 0 {
		t.Skipf("shared/fixtures/%s is not here", pattern)
	}
	return names
}

func TestFixturesOpen(t *testing.T) {
	for _, name := range append(shared(t, "arch/*.gguf"), shared(t, "tokenizers/*.gguf.gz")...) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			raw := read(t, name)
			f, err := Open(t.Context(), source.Bytes(raw), nil)
			require.NoError(t, err)
			defer f.Close()
			checkWhole(t, f, int64(len(raw)))
			if len(f.Tensors()) > 0 { // a file without tensors may or may not end in padding
				require.True(t, bytes.Equal(raw, copied(t, f)), "our writer and theirs differ")
			}
			if !strings.HasSuffix(name, ".gz") {
				mapped, err := Open(t.Context(), source.File(name), nil)
				require.NoError(t, err)
				defer mapped.Close()
				requireSame(t, f, mapped)
				require.Zero(t, mapped.Copied())
			}
		})
	}
}

// copied is f written anew.
func copied(t testing.TB, f *File) []byte {
	var w Writer
	require.NoError(t, w.CopyMetadata(f))
	for i := range f.Tensors() {
		w.CopyTensor(f, &f.Tensors()[i])
	}
	return written(t, &w)
}

// read returns a file, unzipped.
func read(t testing.TB, name string) []byte {
	file, err := os.Open(name)
	require.NoError(t, err)
	defer file.Close()
	if !strings.HasSuffix(name, ".gz") {
		raw, err := io.ReadAll(file)
		require.NoError(t, err)
		return raw
	}
	z, err := gzip.NewReader(file)
	require.NoError(t, err)
	raw, err := io.ReadAll(z)
	require.NoError(t, err)
	return raw
}

// checkWhole reads everything a file has.
func checkWhole(t testing.TB, f *File, size int64) {
	require.Equal(t, size, f.Size())
	for _, key := range f.Keys() {
		v, ok := f.Value(key)
		require.True(t, ok)
		require.NotEmpty(t, v.describe())
		_ = v.String()
		if v.Kind() == Array && v.Elem() == String {
			list, err := f.Strings(key)
			require.NoError(t, err)
			require.Len(t, list, v.Len())
		}
	}
	for i := range f.Tensors() {
		tensor := &f.Tensors()[i]
		data, err := f.Data(tensor)
		require.NoError(t, err)
		require.Len(t, data, int(tensor.Bytes))
		same, ok := f.Tensor(tensor.Name)
		require.True(t, ok)
		require.Same(t, tensor, same)
		require.Equal(t, tensor.Bytes, tensor.Elements()/int64(tensor.Type.Block())*int64(tensor.Type.BlockBytes()))
	}
}

// requireSame checks that two files hold the same keys, values and tensors.
func requireSame(t testing.TB, a, b *File) {
	require.Equal(t, a.Keys(), b.Keys())
	for _, key := range a.Keys() {
		x, _ := a.Value(key)
		y, _ := b.Value(key)
		require.Equal(t, x, y, key)
	}
	require.Equal(t, a.Tensors(), b.Tensors())
}
