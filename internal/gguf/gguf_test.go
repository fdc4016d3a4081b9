package gguf

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"llm/internal/errs"
	"llm/internal/source"
	"llm/quant"
)

func openBytes(t testing.TB, b []byte) *File {
	f, err := Open(context.Background(), source.Bytes(b), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

// one is a file with one key, "k".
func one(t testing.TB, v Value) *File {
	var w Writer
	w.Set("k", v)
	return openBytes(t, written(t, &w))
}

func written(t testing.TB, w *Writer) []byte {
	var b bytes.Buffer
	n, err := w.WriteTo(&b)
	require.NoError(t, err)
	require.Equal(t, int64(b.Len()), n)
	return b.Bytes()
}

func TestScalars(t *testing.T) {
	f := openBytes(t, valid(t))
	for key, want := range map[string]int64{"u8": 200, "i8": -3, "u16": 60000, "i16": -300, "u32": 4e9, "i32": -70000, "i64": math.MinInt64} {
		n, err := f.Int(key, 0)
		require.NoError(t, err)
		require.Equal(t, want, n, key)
		u, err := f.Uint(key, 0)
		if want < 0 {
			require.ErrorContains(t, err, fmt.Sprintf("%q", key))
			require.ErrorIs(t, err, errs.ErrCorrupt)
		} else {
			require.NoError(t, err)
			require.Equal(t, uint64(want), u)
		}
	}
	u, err := f.Uint("u64", 0)
	require.NoError(t, err)
	require.Equal(t, uint64(math.MaxUint64), u)
	_, err = f.Int("u64", 0)
	require.ErrorIs(t, err, errs.ErrCorrupt)
	for key, want := range map[string]float64{"f32": float64(float32(0.1)), "f64": 1e300, "u8": 200, "u64": math.MaxUint64} {
		x, err := f.Float(key, 0)
		require.NoError(t, err)
		require.Equal(t, want, x)
	}
	b, err := f.Bool("bool", false)
	require.NoError(t, err)
	require.True(t, b)
	s, err := f.Str("string", "")
	require.NoError(t, err)
	require.Equal(t, "žluťoučký kůň", s)
}

func TestMissingKeysGiveDefaultsAndListsErrors(t *testing.T) {
	f := openBytes(t, valid(t))
	n, err := f.Int("none of it", -5)
	require.NoError(t, err)
	require.Equal(t, int64(-5), n)
	s, err := f.Str("none of it", "default")
	require.NoError(t, err)
	require.Equal(t, "default", s)
	ints, err := f.Ints("none of it", 2, 7)
	require.NoError(t, err)
	require.Equal(t, []int64{7, 7}, ints)
	for _, err := range []error{
		errorOf(f.Strings("none of it")), errorOf(f.Floats("none of it")), errorOf(f.Int32s("none of it")), f.Require("u8", "none of it"),
	} {
		require.ErrorIs(t, err, errs.ErrCorrupt)
		require.ErrorContains(t, err, `"none of it"`)
	}
	require.NoError(t, f.Require("u8", "none"))
	_, ok := f.Value("none of it")
	require.False(t, ok)
	require.False(t, f.Has("none of it"))
	require.True(t, f.Has("none"))
}

func errorOf[T any](_ T, err error) error { return err }

func TestWrongKindsNameTheKey(t *testing.T) {
	f := openBytes(t, valid(t))
	for _, err := range []error{
		errorOf(f.Str("u8", "")), errorOf(f.Int("f32", 0)), errorOf(f.Int("bool", 0)), errorOf(f.Bool("u8", false)),
		errorOf(f.Float("string", 0)), errorOf(f.Strings("ints")), errorOf(f.Floats("strings")), errorOf(f.Int32s("floats")),
		errorOf(f.Strings("string")), errorOf(f.Ints("ints", 4, 0)), errorOf(f.Ints("strings", 3, 0)), errorOf(f.Ints("f32", 3, 0)),
		errorOf(f.Ints("u8", -1, 0)), errorOf(f.Ints("u8", math.MaxInt, 0)), errorOf(f.Int("ints", 0)), errorOf(f.Str("strings", "")),
	} {
		require.ErrorIs(t, err, errs.ErrCorrupt)
		require.Regexp(t, `^checkpoint: "\w+"`, err.Error())
	}
}

func TestLists(t *testing.T) {
	f := openBytes(t, valid(t))
	list, err := f.Strings("strings")
	require.NoError(t, err)
	require.Equal(t, []string{"a", "", "ccc"}, list)
	floats, err := f.Floats("floats")
	require.NoError(t, err)
	require.Equal(t, []float32{1.5, float32(math.Inf(1))}, floats)
	ints, err := f.Int32s("ints")
	require.NoError(t, err)
	require.Equal(t, []int32{1, 2, -3}, ints)
	for _, read := range []func(string) error{
		func(k string) error { return errorOf(f.Strings(k)) },
		func(k string) error { return errorOf(f.Floats(k)) },
		func(k string) error { return errorOf(f.Int32s(k)) },
	} {
		require.NoError(t, read("none"), "an empty list has the elements of any kind")
	}
	_, err = one(t, ListOf[int64](1, 1<<31)).Int32s("k")
	require.ErrorContains(t, err, "element 1")
}

func TestLayers(t *testing.T) {
	f := openBytes(t, valid(t))
	for key, want := range map[string][]int64{"ints": {1, 2, -3}, "u8": {200, 200, 200}, "bools": {1, 0, 1}, "bool": {1, 1, 1}} {
		got, err := f.Ints(key, 3, 0)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	reals, err := f.Reals("floats", 2, 0)
	require.NoError(t, err)
	require.Equal(t, []float64{1.5, math.Inf(1)}, reals)
}

func TestValuesForPeople(t *testing.T) {
	f := openBytes(t, valid(t))
	for key, want := range map[string]string{
		"u8": "200", "i64": "-9223372036854775808", "u64": "18446744073709551615", "f32": "0.1", "f64": "1e+300", "bool": "true",
		"string": "žluťoučký kůň", "strings": `3 string ["a" "" "ccc"]`, "bools": "3 bool [true false true]", "none": "0 u32 []",
	} {
		v, ok := f.Value(key)
		require.True(t, ok)
		require.Equal(t, want, v.String())
	}
	require.Equal(t, "9 i32 [1 2 3 4 5 6 …]", ListOf[int32](1, 2, 3, 4, 5, 6, 7, 8, 9).String())
	require.Equal(t, "invalid", Value{}.String())
}

func TestWithoutTensors(t *testing.T) {
	f := openBytes(t, head(0, 0))
	require.Empty(t, f.Tensors())
	require.Empty(t, f.Keys())
	require.Equal(t, uint32(3), f.Version())
	require.Equal(t, uint32(2), openBytes(t, raw(gguf, uint32(2), uint64(0), uint64(0))).Version())
}

func TestTensorsInAnyOrder(t *testing.T) {
	b := withData(64, info("second", i8, 32, 3), info("first", i8, 0, 32))
	copy(b[len(b)-64:], bytes.Repeat([]byte{1}, 32))
	copy(b[len(b)-32:], "abc")
	f := openBytes(t, b)
	second, ok := f.Tensor("second")
	require.True(t, ok)
	require.Equal(t, "second", f.Tensors()[0].Name)
	data, err := f.Data(second)
	require.NoError(t, err)
	require.Equal(t, "abc", string(data))
	_, ok = f.Tensor("third")
	require.False(t, ok)
}

func TestAfterClose(t *testing.T) {
	f := openBytes(t, valid(t))
	require.NoError(t, f.Close())
	require.NoError(t, f.Close())
	_, err := f.Str("string", "")
	require.ErrorIs(t, err, fs.ErrClosed)
	_, err = f.Strings("strings")
	require.ErrorIs(t, err, fs.ErrClosed)
	_, err = f.Data(&f.Tensors()[0])
	require.ErrorIs(t, err, fs.ErrClosed)
	_, ok := f.Value("u8")
	require.False(t, ok)
	require.ErrorIs(t, new(Writer).CopyMetadata(f), fs.ErrClosed)
	f.Advise(&f.Tensors()[0], source.WillNeed)
	require.NoError(t, f.Changed())
}

func TestProgressAndCancellation(t *testing.T) {
	var w Writer
	w.Add("t", quant.I8, []int64{20 << 20}, zeros(20<<20))
	b := written(t, &w)
	src := source.ReaderAt(bytes.NewReader(b), int64(len(b)))
	var last, calls int64
	f, err := Open(t.Context(), src, func(done, total int64) {
		require.Equal(t, int64(len(b)), total)
		require.GreaterOrEqual(t, done, last)
		last = done
		calls++
	})
	require.NoError(t, err)
	require.Equal(t, int64(len(b)), last)
	require.Greater(t, calls, int64(3))
	require.GreaterOrEqual(t, f.Copied(), int64(20<<20))
	require.NoError(t, f.Close())

	ctx, cancel := context.WithCancel(t.Context())
	_, err = Open(ctx, src, func(int64, int64) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
	_, err = Open(ctx, source.Bytes(b), nil)
	require.ErrorIs(t, err, context.Canceled)
}

func zeros(n int) func(io.Writer) error {
	return func(out io.Writer) error { _, err := out.Write(make([]byte, n)); return err }
}

func TestRewritten(t *testing.T) {
	f := openBytes(t, valid(t))
	requireRewritten(t, f)
	var w Writer
	require.NoError(t, w.CopyMetadata(f))
	w.Set("u8", Of("now text"))
	w.Set("new", Of(int8(1)))
	w.Delete("i8")
	changed := openBytes(t, written(t, &w))
	want := append([]string{f.Keys()[0], "u8"}, f.Keys()[3:]...)
	require.Equal(t, append(want, "new"), changed.Keys())
	s, err := changed.Str("u8", "")
	require.NoError(t, err)
	require.Equal(t, "now text", s)
}

func TestWriterRefuses(t *testing.T) {
	for name, prepare := range map[string]func(w *Writer){
		"empty key":  func(w *Writer) { w.Set("", Of(true)) },
		"long key":   func(w *Writer) { w.Set(strings.Repeat("k", 1<<16), Of(true)) },
		"no value":   func(w *Writer) { w.Set("k", Value{}) },
		"alignment":  func(w *Writer) { w.Set(alignmentKey, Of(uint32(24))) },
		"align kind": func(w *Writer) { w.Set(alignmentKey, Of(int64(32))) },
		"long name":  func(w *Writer) { w.Add(strings.Repeat("n", 64), quant.I8, []int64{1}, zeros(1)) },
		"same name": func(w *Writer) {
			w.Add("n", quant.I8, []int64{1}, zeros(1))
			w.Add("n", quant.I8, []int64{1}, zeros(1))
		},
		"no shape":     func(w *Writer) { w.Add("n", quant.I8, nil, zeros(1)) },
		"five":         func(w *Writer) { w.Add("n", quant.I8, []int64{1, 1, 1, 1, 1}, zeros(1)) },
		"half a block": func(w *Writer) { w.Add("n", quant.Q8_0, []int64{16}, zeros(17)) },
		"type":         func(w *Writer) { w.Add("n", 99, []int64{1}, zeros(1)) },
		"too large": func(w *Writer) {
			w.Add("n", quant.I8, []int64{1 << 62}, zeros(1))
			w.Add("m", quant.I8, []int64{1 << 62}, zeros(1))
		},
	} {
		var w Writer
		prepare(&w)
		n, err := w.WriteTo(&bytes.Buffer{})
		require.Error(t, err, name)
		require.Zero(t, n, name)
	}
	for _, n := range []int{0, 3, 5} {
		var w Writer
		w.Add("n", quant.I8, []int64{4}, zeros(n))
		_, err := w.WriteTo(&bytes.Buffer{})
		require.ErrorContains(t, err, `"n"`)
	}
}

// set writes a split set of four tensors, two to a file, and lets change alter each file before it is kept.
func set(t *testing.T, change func(no int, w *Writer)) fstest.MapFS {
	files := fstest.MapFS{}
	for no := range 2 {
		var w Writer
		if no == 0 {
			w.Set("general.architecture", Of("test"))
		}
		w.Set(splitNo, Of(uint16(no)))
		w.Set(splitCount, Of(uint16(2)))
		w.Set(splitTensors, Of(int32(4)))
		for i := range 2 {
			w.Add(fmt.Sprintf("t%d", 2*no+i), quant.I8, []int64{40}, zeros(40))
		}
		change(no, &w)
		files["d/"+shardName("m", int64(no), 2)] = &fstest.MapFile{Data: written(t, &w)}
	}
	return files
}

func TestFaultySets(t *testing.T) {
	for name, c := range map[string]struct {
		change func(no int, w *Writer)
		want   string
	}{
		"good":                 {func(int, *Writer) {}, ""},
		"tensor twice":         {func(no int, w *Writer) { w.tensors[1].name = "same" }, "duplicate tensor"},
		"total":                {func(no int, w *Writer) { w.Set(splitTensors, Of(int32(5))) }, "declares 5 tensors and has 4"},
		"total negative":       {func(no int, w *Writer) { w.Set(splitTensors, Of(int32(-1))) }, "negative"},
		"same number":          {func(no int, w *Writer) { w.Set(splitNo, Of(uint16(0))) }, "part"},
		"another count":        {func(no int, w *Writer) { w.Set(splitCount, Of(uint16(2+no))) }, "part"},
		"another model":        {func(no int, w *Writer) { w.Set("general.architecture", Of(fmt.Sprint(no))) }, `"1" here and "0" in the first part`},
		"second is no part":    {func(no int, w *Writer) { w.pairs = w.pairs[:len(w.pairs)*(1-no)] }, "part"},
		"architecture no text": {func(no int, w *Writer) { w.Set("general.architecture", Of(uint16(no))) }, `in the first part`},
	} {
		files := set(t, c.change)
		for no := range int64(2) {
			f, err := Open(t.Context(), source.FS(files, "d/"+shardName("m", no, 2)), nil)
			if c.want == "" {
				require.NoError(t, err)
				require.Len(t, f.Tensors(), 4)
				require.NoError(t, f.Close())
				continue
			}
			if err == nil && name == "second is no part" && no == 1 {
				require.Len(t, f.Tensors(), 2, "it does not know that it is a part")
				continue
			}
			require.ErrorIs(t, err, errs.ErrCorrupt, name)
			require.ErrorContains(t, err, c.want, name)
		}
	}
	files := set(t, func(int, *Writer) {})
	first, second := "d/"+shardName("m", 0, 2), "d/"+shardName("m", 1, 2)
	files["d/other.gguf"] = files[first]
	_, err := Open(t.Context(), source.FS(files, "d/other.gguf"), nil)
	require.ErrorContains(t, err, `must have a name that ends in "-00001-of-00002.gguf"`)
	_, err = Open(t.Context(), source.Bytes(files[first].Data), nil)
	require.ErrorIs(t, err, errs.ErrUnsupported)
	require.ErrorContains(t, err, "File or FS")
	delete(files, second)
	_, err = Open(t.Context(), source.FS(files, first), nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "part 2 of 2")
}

func TestSetOfAnyPart(t *testing.T) {
	whole := openBytes(t, valid(t))
	var w Writer
	require.NoError(t, w.CopyMetadata(whole))
	for i := range whole.Tensors() {
		w.CopyTensor(whole, &whole.Tensors()[i])
	}
	dir := t.TempDir()
	create := func(name string) (io.WriteCloser, error) { return os.Create(filepath.Join(dir, name)) }
	require.NoError(t, w.WriteSet("model", 1, create))
	for no := range int64(3) {
		f, err := Open(t.Context(), source.File(filepath.Join(dir, shardName("model", no, 3))), nil)
		require.NoError(t, err)
		require.Equal(t, append(whole.Keys(), splitNo, splitCount, splitTensors), f.Keys())
		require.Zero(t, f.Copied())
		for i := range whole.Tensors() {
			want, err := whole.Data(&whole.Tensors()[i])
			require.NoError(t, err)
			got, err := f.Data(&f.Tensors()[i])
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		requireRewritten(t, f)
		require.NoError(t, f.Close())
	}
	require.Error(t, w.WriteSet("model", 0, create))
	require.NoError(t, new(Writer).WriteSet("empty", 1, create), "a set of one file")
	f, err := Open(t.Context(), source.File(filepath.Join(dir, shardName("empty", 0, 1))), nil)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

func TestConcurrentOpenOfABadFile(t *testing.T) {
	b := withData(32, info("t", i8, 0, 33))
	done := make(chan error)
	for range 8 {
		go func() {
			_, err := Open(context.Background(), source.Bytes(b), nil)
			done <- err
		}()
	}
	for range 8 {
		require.ErrorIs(t, <-done, errs.ErrCorrupt)
	}
}

// BenchmarkOpen opens a mapped file with a vocabulary of a million tokens.
func BenchmarkOpen(b *testing.B) {
	tokens := make([]string, 1_000_000)
	for i := range tokens {
		tokens[i] = fmt.Sprint(i)
	}
	var w Writer
	w.Set("tokenizer.ggml.tokens", ListOf(tokens...))
	path := filepath.Join(b.TempDir(), "f.gguf")
	require.NoError(b, os.WriteFile(path, written(b, &w), 0o600))
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			f, err := Open(context.Background(), source.File(path), nil)
			require.NoError(b, err)
			require.NoError(b, f.Close())
		}
	})
	b.Run("strings", func(b *testing.B) {
		f, err := Open(context.Background(), source.File(path), nil)
		require.NoError(b, err)
		defer f.Close()
		for b.Loop() {
			_, err := f.Strings("tokenizer.ggml.tokens")
			require.NoError(b, err)
		}
	})
}
