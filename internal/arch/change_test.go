package arch

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/internal/gguf"
	"llm/internal/source"
	"llm/quant"
)

// change is what a file has other than a fixture.
type change struct {
	set    map[string]gguf.Value // keys without the prefix of the architecture, unless they begin with "general."
	drop   []string              // keys and tensors
	retype map[string]quant.Type // tensors, filled with zeros
	shape  map[string][]int64    // tensors, new ones too, filled with zeros
}

type keys = map[string]gguf.Value

func fullKey(arch, key string) string {
	if strings.HasPrefix(key, "general.") || strings.HasPrefix(key, "tokenizer.") || strings.HasPrefix(key, arch+".") {
		return key
	}
	return arch + "." + key
}

// changed returns a fixture after a change.
func changed(t testing.TB, f *gguf.File, c change) *gguf.File {
	arch, err := f.Str("general.architecture", "")
	require.NoError(t, err)
	var w gguf.Writer
	require.NoError(t, w.CopyMetadata(f))
	for _, key := range c.drop {
		w.Delete(fullKey(arch, key))
	}
	for _, key := range slices.Sorted(maps.Keys(c.set)) {
		w.Set(fullKey(arch, key), c.set[key])
	}
	zeros := func(name string, typ quant.Type, shape []int64) {
		n := shape[0]
		for _, d := range shape[1:] {
			n *= d
		}
		w.Add(name, typ, shape, func(out io.Writer) error {
			_, err := out.Write(make([]byte, typ.RowBytes(int(n))))
			return err
		})
	}
	shapes := maps.Clone(c.shape)
	for i := range f.Tensors() {
		old := &f.Tensors()[i]
		typ, retyped := c.retype[old.Name]
		shape, reshaped := shapes[old.Name]
		switch {
		case slices.Contains(c.drop, old.Name):
		case retyped:
			zeros(old.Name, typ, old.Shape)
		case reshaped:
			zeros(old.Name, old.Type, shape)
			delete(shapes, old.Name)
		default:
			w.CopyTensor(f, old)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		zeros(name, quant.F32, shapes[name])
	}
	var b bytes.Buffer
	_, err = w.WriteTo(&b)
	require.NoError(t, err)
	return open(t, source.Bytes(b.Bytes()))
}

func num(n uint64) gguf.Value { return gguf.Of(n) }
