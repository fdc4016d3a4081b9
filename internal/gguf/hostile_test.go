package gguf

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/internal/errs"
	"llm/internal/source"
)

// raw builds files that the Writer would refuse: it appends integers, strings with their length, and bytes as they are.
func raw(parts ...any) []byte {
	le, b := binary.LittleEndian, []byte{}
	for _, p := range parts {
		switch p := p.(type) {
		case uint8:
			b = append(b, p)
		case uint32:
			b = le.AppendUint32(b, p)
		case Kind:
			b = le.AppendUint32(b, uint32(p))
		case uint64:
			b = le.AppendUint64(b, p)
		case string:
			b = append(le.AppendUint64(b, uint64(len(p))), p...)
		case []byte:
			b = append(b, p...)
		default:
			panic(fmt.Sprintf("raw: %T", p))
		}
	}
	return b
}

var gguf = []byte("GGUF")

// head is a file with the given counts and what follows.
func head(tensors, keys uint64, parts ...any) []byte {
	return raw(append([]any{gguf, uint32(3), tensors, keys}, parts...)...)
}

// key is a file with one key, "k".
func key(parts ...any) []byte { return head(0, 1, append([]any{"k"}, parts...)...) }

// info is the description of a tensor; the dimensions come last.
func info(name string, typ uint32, off uint64, dims ...uint64) []byte {
	b := raw(name, uint32(len(dims)))
	for _, d := range dims {
		b = raw(b, d)
	}
	return raw(b, typ, off)
}

// withData is a file of these tensor infos with n bytes of data.
func withData(n int, infos ...[]byte) []byte {
	return data(head(uint64(len(infos)), 0, bytes.Join(infos, nil)), n)
}

// data pads a header to 32 bytes and adds n bytes.
func data(header []byte, n int) []byte {
	return append(header, make([]byte, (32-len(header)%32)%32+n)...)
}

const (
	f32  = 0
	q8_0 = 8
	q4_K = 12
	i8   = 24
)

// faulty are the files of ggml's test-gguf, by its names, and of published findings, by id (see each group).
func faulty() map[string][]byte {
	alignment := func(parts ...any) []byte { return head(0, 1, append([]any{"general.alignment"}, parts...)...) }
	m := map[string][]byte{
		"HEADER_EMPTY":                   {},
		"HEADER_BAD_MAGIC":               raw([]byte("GGML"), uint32(3), uint64(0), uint64(0)),
		"HEADER_BAD_VERSION_0":           raw(gguf, uint32(0), uint64(0), uint64(0)),
		"HEADER_BAD_VERSION_1":           raw(gguf, uint32(1), uint32(0), uint32(0)),
		"HEADER_FUTURE":                  raw(gguf, uint32(4), uint64(0), uint64(0)),
		"HEADER_BIG_ENDIAN":              raw(gguf, uint32(3<<24), uint64(0), uint64(0)),
		"HEADER_BAD_N_TENSORS":           head(1<<63, 0),
		"HEADER_BAD_N_KV":                head(0, 1<<63),
		"KV_BAD_KEY_SIZE":                head(0, 1, uint64(math.MaxUint64)),
		"KV_EMPTY_KEY":                   head(0, 1, "", Uint8, uint8(1)),
		"KV_BAD_TYPE":                    key(uint32(13), uint64(0)),
		"KV_DUPLICATE_KEY":               head(0, 2, "k", Uint8, uint8(1), "k", Uint8, uint8(1)),
		"KV_BAD_ALIGN":                   alignment(Uint32, uint32(0)),
		"KV_WRONG_TYPE_ALIGN":            alignment(Int32, uint32(32)),
		"TENSORS_BAD_NAME_SIZE":          withData(32, info(strings.Repeat("n", 64), f32, 0, 1)),
		"TENSORS_EMPTY_NAME":             withData(32, info("", f32, 0, 1)),
		"TENSORS_BAD_N_DIMS":             withData(32, info("t", f32, 0, 1, 1, 1, 1, 1)),
		"TENSORS_BAD_SHAPE":              withData(32, info("t", f32, 0, 1<<63)),
		"TENSORS_NE_TOO_BIG":             withData(32, info("t", i8, 0, 1<<62, 4)),
		"TENSORS_NBYTES_TOO_BIG":         withData(32, info("t", f32, 0, 1<<61)),
		"TENSORS_NBYTES_PAD_WRAP":        withData(32, info("t", i8, 0, math.MaxInt64)),
		"TENSORS_BAD_TYPE":               withData(32, info("t", 0xffffffff, 0, 1)),
		"TENSORS_BAD_OFFSET":             withData(64, info("t", f32, 1, 1)),
		"TENSORS_DUPLICATE_NAME":         withData(64, info("t", f32, 0, 1), info("t", f32, 32, 1)),
		"TENSORS_BAD_ALIGN":              data(head(1, 1, "general.alignment", Uint32, uint32(3), info("t", f32, 0, 1)), 32),
		"TENSORS_INCONSISTENT_ALIGN":     data(head(2, 1, "general.alignment", Uint32, uint32(64), info("t", f32, 0, 1), info("u", f32, 32, 1)), 96),
		"DATA_NOT_ENOUGH_DATA":           withData(31, info("t", f32, 0, 8)),
		"DATA_MEM_SIZE_OVERFLOW":         withData(32, info("t", i8, 0, 1<<62), info("u", i8, 1<<62, 1<<62)),
		"CVE-2024-39720 4":               gguf,
		"CVE-2024-39720 8":               raw(gguf, uint32(3)),
		"CVE-2024-39720 23":              head(0, 0)[:23],
		"CVE-2024-21836 2^60":            head(1<<60, 0),
		"CVE-2024-21836 10^9":            head(1e9, 0),
		"CVE-2024-23605 2^56":            head(0, 1<<56),
		"CVE-2024-23496 2^63":            head(0, 1, uint64(1<<63)),
		"CVE-2024-23496 2^63-1":          head(0, 1, uint64(1<<63-1)),
		"ol#17032 2^63":                  key(String, uint64(1<<63)),
		"ol#17032 2^40":                  key(String, uint64(1<<40)),
		"ol#17042 under the limit":       key(String, uint64(1<<29)),
		"ol#17042 array under the limit": key(Array, Float32, uint64(1<<29)),
		"imp#532 array of kind 13":       key(Array, uint32(13), uint64(1), uint64(0)),
		"imp#532 array of kind 255":      key(Array, uint32(255), uint64(1<<40)),
		"imp#532 nested array":           key(Array, Array, uint64(1), Uint8, uint64(1), uint8(0)),
		"imp#532 bool 2":                 key(Bool, uint8(2)),
		"imp#532 bool 2 in an array":     key(Array, Bool, uint64(3), []byte{0, 1, 2}),
		"imp#532 key is not UTF-8":       head(0, 1, "\xff\xfe", Uint8, uint8(1)),
		"imp#532 string of an array":     key(Array, String, uint64(2), "a", uint64(1<<62)),
		"lc#24263 key of 64 KiB":         head(0, 1, strings.Repeat("k", 1<<16), Uint8, uint8(1)),
		"CVE-2025-0317 3":                alignment(Uint32, uint32(3)),
		"CVE-2025-0317 2^31":             alignment(Uint32, uint32(1<<31)),
		"CVE-2025-0317 2^21":             alignment(Uint32, uint32(1<<21)),
		"CVE-2025-0317 u64":              alignment(Uint64, uint64(1<<63)),
		"CVE-2025-0317 string":           alignment(String, "32"),
		"CVE-2025-0317 array":            alignment(Array, Uint32, uint64(1), uint32(32)),
		"CVE-2024-21802 0":               withData(32, info("t", f32, 0)),
		"CVE-2024-21802 2^32-1":          data(head(1, 0, "t", uint32(math.MaxUint32), uint64(1), uint64(1), uint64(1)), 32),
		"lc#27203":                       withData(32, info("t", i8, 0, 1<<63-1, 2, 1, 1)),
		"lc#27203 negative":              withData(32, info("t", i8, 0, math.MaxUint64)),
		"CVE-2026-33298":                 withData(1<<12, info("t", f32, 0, 1024, 1<<52+1)),
		"CVE-2026-33298 2^42+1":          withData(1<<12, info("t", q4_K, 0, 256, 1<<42+1, 1<<22)),
		"CVE-2025-53630":                 withData(32, info("a", i8, 0, 1<<62), info("b", i8, 1<<62, 1<<62), info("c", i8, 1<<63, 1<<62), info("d", i8, 3<<62, 1<<62), info("e", i8, 0, 32)),
		"lc#19856 2^31":                  withData(32, info("t", 1<<31, 0, 32)),
		"lc#19856 97":                    withData(32, info("t", 97, 0, 32)),
		"row of half a block":            withData(32, info("t", q8_0, 0, 16, 2)),
		"row of 255":                     withData(256, info("t", q4_K, 0, 255)),
		"CVE-2026-7482 one byte more":    withData(32, info("t", i8, 0, 33)),
		"CVE-2026-7482 offset 2^63":      withData(32, info("t", i8, 1<<63, 32)),
		"CVE-2026-7482 offset wraps":     withData(32, info("t", i8, math.MaxUint64-31, 64)),
		"CVE-2026-7482 largest offset":   withData(32, info("t", i8, 1<<63-32, 32)),
		"CVE-2026-7482 overlap":          withData(64, info("t", i8, 0, 33), info("u", i8, 32, 32)),
		"CVE-2026-7482 same place":       withData(64, info("t", i8, 32, 1), info("u", i8, 32, 1)),
		"tensors without infos":          data(head(1, 0), 0),
		"split without names":            head(0, 3, "split.no", Uint16, []byte{0, 0}, "split.count", Uint16, []byte{2, 0}, "split.tensors.count", Int32, uint32(0)),
		"split number out of range":      head(0, 2, "split.no", Uint16, []byte{2, 0}, "split.count", Uint16, []byte{2, 0}),
		"split count negative":           head(0, 1, "split.count", Int32, uint32(math.MaxUint32)),
		"split count is text":            head(0, 1, "split.count", String, "2"),
	}
	for i := range 4 {
		dims := []uint64{1, 1, 1, 1}
		dims[i] = 0
		m[fmt.Sprintf("TENSORS_ZERO_DIM %d", i)] = withData(32, info("t", f32, 0, dims...))
	}
	for _, id := range []uint32{4, 5, 31, 32, 33, 36, 37, 38} {
		m[fmt.Sprintf("removed type %d", id)] = withData(64, info("t", id, 0, 32))
	}
	for _, n := range []uint64{1 << 63, 1 << 61, 1 << 32, 1 << 31} {
		for _, k := range []Kind{Uint8, String, Bool, Uint64} {
			m[fmt.Sprintf("CVE-2024-21825 %d of %s", n, k)] = key(Array, k, n)
		}
	}
	return m
}

// outcome is what opening gives, apart from the name of the file.
func outcome(t *testing.T, src source.Source, openFile func(source.Source) (*File, error)) string {
	f, err := openFile(src)
	if err == nil {
		defer f.Close()
		return fmt.Sprintf("ok: %d keys, %d tensors", len(f.Keys()), len(f.Tensors()))
	}
	require.Nil(t, f)
	require.True(t, errors.Is(err, errs.ErrCorrupt) || errors.Is(err, errs.ErrUnsupported), "%v", err)
	where, ok := errors.AsType[*errs.FormatError](err)
	require.True(t, ok, "%v", err)
	nameless := *where
	nameless.File = ""
	return nameless.Error()
}

func whole(t *testing.T) func(source.Source) (*File, error) {
	return func(src source.Source) (*File, error) { return Open(t.Context(), src, nil) }
}

// requireSameEverywhere opens the bytes in every way, checks that all agree, and returns the outcome.
func requireSameEverywhere(t *testing.T, b []byte, path string) string {
	require.NoError(t, os.WriteFile(path, b, 0o600))
	half := len(b) / 2
	want := outcome(t, source.Bytes(b), whole(t))
	for name, src := range map[string]source.Source{
		"file":     source.File(path),
		"ReaderAt": source.ReaderAt(bytes.NewReader(b), int64(len(b))),
		"FS":       source.FS(os.DirFS(filepath.Dir(path)), filepath.Base(path)),
		"string":   source.Bytes(string(b)),
		"halves":   source.Bytes(b[:half], b[half:]),
	} {
		if strings.HasPrefix(want, "checkpoint: not supported: part 1 of 2") && (name == "file" || name == "FS") {
			continue // these have names, so that they fail for another reason
		}
		require.Equal(t, want, outcome(t, src, whole(t)), name)
		require.Equal(t, want, outcome(t, src, OpenHeader), name+", header only")
	}
	return want
}

func TestFaultyFilesAreTypedErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.gguf")
	for name, b := range faulty() {
		t.Run(name, func(t *testing.T) {
			before := allocated()
			got := requireSameEverywhere(t, b, path)
			require.Less(t, allocated()-before, uint64(8<<20), "memory for a file of %d bytes opened 11 times", len(b))
			require.NotContains(t, got, "ok: ")
			if testing.Verbose() {
				t.Log(got)
			}
		})
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	files := faulty()
	for name, want := range map[string]string{
		"HEADER_BAD_VERSION_1":   "version 1",
		"HEADER_BIG_ENDIAN":      "big-endian file (version 3)",
		"HEADER_BAD_MAGIC":       "not a GGUF file",
		"removed type 31":        `"t" (byte 45): not supported: tensor type 31 (Q4_0_4_4, removed from the format)`,
		"lc#19856 97":            "tensor type 97 is unknown",
		"TENSORS_DUPLICATE_NAME": `"t" (byte 57)`,
		"CVE-2026-7482 overlap":  `"u" (byte 57): checkpoint is corrupt: its data overlaps that of "t"`,
		"KV_WRONG_TYPE_ALIGN":    "it is a i32, not a u32",
	} {
		_, err := Open(t.Context(), source.Bytes(files[name]), nil)
		require.ErrorContains(t, err, want)
	}
}

// valid is a file with every kind of value and a few tensors.
func valid(t testing.TB) []byte {
	var w Writer
	w.Set("general.architecture", Of("test"))
	w.Set("u8", Of(uint8(200)))
	w.Set("i8", Of(int8(-3)))
	w.Set("u16", Of(uint16(60000)))
	w.Set("i16", Of(int16(-300)))
	w.Set("u32", Of(uint32(4e9)))
	w.Set("i32", Of(int32(-70000)))
	w.Set("f32", Of(float32(0.1)))
	w.Set("bool", Of(true))
	w.Set("string", Of("žluťoučký kůň"))
	w.Set("u64", Of(uint64(math.MaxUint64)))
	w.Set("i64", Of(int64(math.MinInt64)))
	w.Set("f64", Of(1e300))
	w.Set("empty", Of(""))
	w.Set("strings", ListOf("a", "", "ccc"))
	w.Set("ints", ListOf[int16](1, 2, -3))
	w.Set("floats", ListOf(1.5, math.Inf(1)))
	w.Set("bools", ListOf(true, false, true))
	w.Set("none", ListOf[uint32]())
	w.Set("general.alignment", Of(uint32(64)))
	fill := func(n int, b byte) func(io.Writer) error {
		return func(out io.Writer) error { _, err := out.Write(bytes.Repeat([]byte{b}, n)); return err }
	}
	w.Add("a.weight", f32, []int64{3, 2}, fill(24, 1))
	w.Add("b.weight", q8_0, []int64{64, 1, 2, 1}, fill(136, 2))
	w.Add("c.weight", i8, []int64{1}, fill(1, 3))
	var b bytes.Buffer
	n, err := w.WriteTo(&b)
	require.NoError(t, err)
	require.Equal(t, int64(b.Len()), n)
	return b.Bytes()
}

func TestEveryCutOfAHeaderIsAnError(t *testing.T) {
	b := valid(t)
	f, err := OpenHeader(source.Bytes(b))
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "f.gguf")
	for n := range f.shards[0].data {
		require.NotContains(t, requireSameEverywhere(t, b[:n], path), "ok: ", n)
	}
	last := f.Tensors()[2]
	require.NotContains(t, requireSameEverywhere(t, b[:last.Offset], path), "ok: ")
	require.Contains(t, requireSameEverywhere(t, b[:last.Offset+1], path), "3 tensors", "the last padding may be missing")
	require.Contains(t, requireSameEverywhere(t, append(bytes.Clone(b), 1, 2, 3), path), "3 tensors", "so may something follow")
}

// failAfter is a reader whose n-th read fails, and, if stays, every later one.
type failAfter struct {
	b     []byte
	n     int
	stays bool
	calls int
}

var errDisk = errors.New("disk on fire")

func (r *failAfter) ReadAt(p []byte, off int64) (int, error) {
	r.calls++
	if r.calls == r.n || r.stays && r.calls > r.n {
		return 0, errDisk
	}
	return bytes.NewReader(r.b).ReadAt(p, off)
}

func TestEveryReadMayFail(t *testing.T) {
	var w Writer
	w.Set("tokens", ListOf(make([]string, 60_000)...)) // a header of several reads
	w.Add("t", i8, []int64{9 << 20}, func(out io.Writer) error { _, err := out.Write(make([]byte, 9<<20)); return err })
	var b bytes.Buffer
	_, err := w.WriteTo(&b)
	require.NoError(t, err)
	for _, stays := range []bool{false, true} {
		for n := 1; ; n++ {
			r := &failAfter{b: b.Bytes(), n: n, stays: stays}
			f, err := Open(t.Context(), source.ReaderAt(r, int64(b.Len())), nil)
			if err == nil {
				require.NoError(t, f.Close())
				require.Greater(t, n, 6)
				require.Less(t, r.calls, n)
				break
			}
			require.Nil(t, f)
			require.ErrorIs(t, err, errDisk)
			_, ok := errors.AsType[*errs.FormatError](err)
			require.True(t, ok)
		}
	}
}

func TestInspectReadsOnlyTheHeader(t *testing.T) {
	var w Writer
	w.Add("t", i8, []int64{64 << 20}, func(out io.Writer) error { _, err := out.Write(make([]byte, 64<<20)); return err })
	var b bytes.Buffer
	_, err := w.WriteTo(&b)
	require.NoError(t, err)
	r := &counting{b: b.Bytes()}
	f, err := OpenHeader(source.ReaderAt(r, int64(b.Len())))
	require.NoError(t, err)
	require.LessOrEqual(t, r.n, int64(64<<10))
	require.Zero(t, f.Copied())
	tensor, ok := f.Tensor("t")
	require.True(t, ok)
	got, err := f.Data(tensor)
	require.NoError(t, err)
	require.Len(t, got, 64<<20)
	require.NoError(t, f.Close())
}

type counting struct {
	b []byte
	n int64
}

func (r *counting) ReadAt(p []byte, off int64) (int, error) {
	n, err := bytes.NewReader(r.b).ReadAt(p, off)
	r.n += int64(n)
	return n, err
}

func TestFileTruncatedWhileOpen(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not truncate a mapped file")
	}
	var w Writer
	w.Set("tokens", ListOf(strings.Split(strings.Repeat("token ", 10_000), " ")...))
	w.Add("early", i8, []int64{1 << 16}, func(out io.Writer) error { _, err := out.Write(make([]byte, 1<<16)); return err })
	w.Add("late", i8, []int64{1 << 20}, func(out io.Writer) error { _, err := out.Write(make([]byte, 1<<20)); return err })
	path := filepath.Join(t.TempDir(), "f.gguf")
	out, err := os.Create(path)
	require.NoError(t, err)
	_, err = w.WriteTo(out)
	require.NoError(t, err)
	require.NoError(t, out.Close())

	f, err := Open(t.Context(), source.File(path), nil)
	require.NoError(t, err)
	defer f.Close()
	late, _ := f.Tensor("late")
	data, err := f.Data(late)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, 50_000))

	sum := 0
	err = f.Locate(source.Guard(func() error {
		for _, b := range data {
			sum += int(b)
		}
		return nil
	}))
	requireTruncated(t, err, path, "late", late.Offset)
	_, err = f.Strings("tokens")
	requireTruncated(t, err, path, "", 0)
	var c Writer
	requireTruncated(t, c.CopyMetadata(f), path, "", 0)
	c.CopyTensor(f, late)
	_, err = c.WriteTo(toucher{})
	requireTruncated(t, err, path, "late", late.Offset)
}

// toucher is a writer that reads what it is given.
type toucher struct{}

func (toucher) Write(p []byte) (int, error) { return copy(make([]byte, len(p)), p), nil }

func requireTruncated(t *testing.T, err error, path, tensor string, from int64) {
	require.ErrorIs(t, err, errs.ErrTruncated)
	require.ErrorContains(t, err, "the file changed while it was open")
	where, ok := errors.AsType[*errs.FormatError](err)
	require.True(t, ok)
	require.Equal(t, path, where.File)
	require.Equal(t, tensor, where.Tensor)
	require.GreaterOrEqual(t, where.Offset, from)
}

func TestCostOfAFullHostileFile(t *testing.T) {
	pairs := make([]byte, 0, 16<<20)
	n := uint64(0)
	for ; n < maxKeys; n++ {
		pairs = append(pairs, raw(fmt.Sprintf("%05x", n), Uint8, uint8(1))...)
	}
	keys := head(0, n, pairs)
	var infos []byte
	for n = 0; n < maxTensors; n++ {
		infos = append(infos, info(fmt.Sprintf("%05x", n), i8, 32*n, 1)...)
	}
	tensors := data(head(n, 0, infos), int(32*n))
	for name, b := range map[string][]byte{
		"keys":    keys,
		"tensors": tensors,
		"strings": key(Array, String, uint64(1<<20), make([]byte, 8<<20)),
		// As int32 it costs 4·n; a little below 2·n = slack, because the runtime allocates some bytes beside.
		"bytes": key(Array, Uint8, uint64(32<<20-4<<10), make([]byte, 32<<20-4<<10)),
	} {
		for kind, src := range map[string]source.Source{"bytes": source.Bytes(b), "reader": source.ReaderAt(bytes.NewReader(b), int64(len(b)))} {
			before := allocated()
			f, err := OpenHeader(src)
			require.NoError(t, err, name)
			cost := allocated() - before
			require.Less(t, cost, uint64(2*len(b)+slack), "%s, %s: %d", name, kind, len(b))
			before = allocated()
			if name == "strings" {
				_, err = f.Strings("k")
				require.NoError(t, err)
			}
			if name == "bytes" {
				_, err = f.Int32s("k")
				_ = err // refused or not: what counts is the memory
			}
			require.Less(t, allocated()-before, uint64(2*len(b)+slack))
			t.Logf("%s, %s: %d bytes cost %d", name, kind, len(b), cost)
		}
	}
	_, err := OpenHeader(source.Bytes(head(0, maxKeys+1, pairs, "another", Uint8, uint8(1))))
	require.ErrorContains(t, err, "over the limit")
	_, err = OpenHeader(source.Bytes(head(maxTensors+1, 0, tensors)))
	require.ErrorContains(t, err, "over the limit")
}

func FuzzHeader(f *testing.F) {
	for _, b := range faulty() {
		f.Add(b)
	}
	f.Add(valid(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		want := outcome(t, source.Bytes(b), whole(t))
		require.Equal(t, want, outcome(t, source.ReaderAt(bytes.NewReader(b), int64(len(b))), whole(t)))
		file, err := Open(t.Context(), source.Bytes(b), nil)
		if err != nil {
			return
		}
		checkWhole(t, file, int64(len(b)))
		for _, key := range file.Keys() {
			readEverywhere(file, key)
		}
		requireRewritten(t, file)
		require.NoError(t, file.Close())
	})
}

// readEverywhere calls every getter; none may panic.
func readEverywhere(f *File, key string) {
	_, _ = f.Str(key, "")
	_, _ = f.Int(key, 0)
	_, _ = f.Uint(key, 0)
	_, _ = f.Float(key, 0)
	_, _ = f.Bool(key, false)
	_, _ = f.Strings(key)
	_, _ = f.Floats(key)
	_, _ = f.Int32s(key)
	_, _ = f.Ints(key, 3, 0)
	_, _ = f.Reals(key, 3, 0)
}

// requireRewritten checks that a file written from f is read back the same.
func requireRewritten(t testing.TB, f *File) {
	again, err := Open(context.Background(), source.Bytes(copied(t, f)), nil)
	require.NoError(t, err)
	for _, key := range again.Keys() {
		x, _ := f.Value(key)
		y, _ := again.Value(key)
		require.Equal(t, x, y)
	}
	require.Len(t, again.Tensors(), len(f.Tensors()))
	for i := range f.Tensors() {
		x, y := &f.Tensors()[i], &again.Tensors()[i]
		require.Equal(t, x.Name, y.Name)
		require.Equal(t, x.Type, y.Type)
		require.Equal(t, x.Shape, y.Shape)
		a, err := f.Data(x)
		require.NoError(t, err)
		b, err := again.Data(y)
		require.NoError(t, err)
		require.True(t, bytes.Equal(a, b))
	}
}
