package source

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"unsafe"

	"github.com/stretchr/testify/require"

	"llm/internal/errs"
)

// sample is longer than a chunk and no multiple of anything.
func sample() []byte {
	data := make([]byte, 2*chunk+12345)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
	return data
}

// sources are all the ways to reach the same bytes.
func sources(t *testing.T, data []byte) map[string]Source {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.bin")
	require.NoError(t, os.WriteFile(path, data, 0o600))

	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	w, err := z.Create("in/a.bin")
	require.NoError(t, err)
	_, err = w.Write(data)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	r, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	require.NoError(t, err)

	a, b := len(data)/3, len(data)/2
	return map[string]Source{
		"file":     File(path),
		"os.DirFS": FS(os.DirFS(dir), "a.bin"),
		"zip":      FS(r, "in/a.bin"),
		"MapFS":    FS(fstest.MapFS{"x/a.bin": {Data: data}}, "x/a.bin"),
		"ReaderAt": ReaderAt(bytes.NewReader(data), int64(len(data))),
		"bytes":    Bytes(data),
		"string":   Bytes(string(data)),
		"parts":    Bytes(data[:a], nil, data[a:b], data[b:]),
	}
}

func TestEverySourceGivesTheSameBytes(t *testing.T) {
	data := sample()
	for name, src := range sources(t, data) {
		t.Run(name, func(t *testing.T) {
			b, err := src.Open()
			require.NoError(t, err)
			require.Equal(t, int64(len(data)), b.Size())
			third := int64(len(data)) / 3
			for _, r := range [][2]int64{{third - 5, 10}, {0, 1}, {b.Size() - 1, 1}, {7, chunk + 3}, {b.Size(), 0}, {0, b.Size()}} {
				got, err := b.Slice(r[0], r[1])
				require.NoError(t, err)
				require.True(t, bytes.Equal(data[r[0]:r[0]+r[1]], got))
			}
			for _, n := range []int64{0, 1, 65 << 10, third + 1, b.Size()} {
				head, err := b.Head(n)
				require.NoError(t, err)
				require.GreaterOrEqual(t, int64(len(head)), n)
				require.True(t, bytes.Equal(data[:len(head)], head))
			}
			for _, r := range [][2]int64{{-1, 1}, {0, -1}, {0, b.Size() + 1}, {b.Size() + 1, 0}, {1 << 62, 1 << 62}, {1, 1<<63 - 1}} {
				_, err := b.Slice(r[0], r[1])
				require.ErrorIs(t, err, errs.ErrCorrupt)
			}
			_, err = b.Head(b.Size() + 1)
			require.ErrorIs(t, err, errs.ErrCorrupt)
			require.NoError(t, b.Changed())
			for _, a := range []Advice{Normal, WillNeed, Random} {
				b.Advise(third, 100, a)
				b.Advise(-1, 100, a)
				b.Advise(third, 1<<62, a)
			}
			require.NoError(t, b.Close())
			require.NoError(t, b.Close())
		})
	}
}

func TestWhatIsCopied(t *testing.T) {
	data := sample()
	copied := map[string]int64{"file": 0, "os.DirFS": 0, "bytes": 0, "string": 0, "parts": 10,
		"zip": int64(len(data)) - 100, "MapFS": int64(len(data)) - 100, "ReaderAt": int64(len(data)) - 100}
	for name, src := range sources(t, data) {
		b, err := src.Open()
		require.NoError(t, err)
		var last int64
		require.NoError(t, b.Load(t.Context(), 100, func(done int64) {
			require.Greater(t, done, last)
			last = done
		}))
		require.NoError(t, b.Load(t.Context(), 100, nil))
		_, err = b.Slice(int64(len(data))/3-5, 10)
		require.NoError(t, err)
		require.Equal(t, copied[name], b.Copied(), name)
		require.Equal(t, name == "file" || name == "os.DirFS", b.Mapped(), name)
		require.NoError(t, b.Close())
	}
}

func TestStringsAreBorrowed(t *testing.T) {
	s := "read-only"
	b, err := Bytes(s).Open()
	require.NoError(t, err)
	got, err := b.Slice(2, 3)
	require.NoError(t, err)
	require.Equal(t, uintptr(unsafe.Pointer(unsafe.StringData(s)))+2, uintptr(unsafe.Pointer(&got[0])))
	require.Equal(t, 3, cap(got))
}

func TestLoadStopsWhenCancelled(t *testing.T) {
	data := sample()
	b, err := ReaderAt(bytes.NewReader(data), int64(len(data))).Open()
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	require.ErrorIs(t, b.Load(ctx, 0, func(int64) { cancel() }), context.Canceled)
	require.Zero(t, b.Copied())
	require.NoError(t, b.Load(t.Context(), 0, nil), "a later call starts again")
	require.NoError(t, b.Close())
}

func TestEmptyAndMissing(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for _, src := range []Source{File(empty), FS(os.DirFS(dir), "empty"), Bytes[string](), Bytes("", ""), ReaderAt(bytes.NewReader(nil), 0)} {
		b, err := src.Open()
		require.NoError(t, err)
		require.Zero(t, b.Size())
		_, err = b.Head(1)
		require.ErrorIs(t, err, errs.ErrCorrupt)
		require.NoError(t, b.Load(t.Context(), 0, nil))
		require.NoError(t, b.Close())
	}
	for _, src := range []Source{File(filepath.Join(dir, "none")), FS(os.DirFS(dir), "none"), FS(os.DirFS(dir), "../up")} {
		_, err := src.Open()
		require.True(t, errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid), "%v", err)
	}
	for _, src := range []Source{{}, File(dir), FS(os.DirFS(dir), "."), FS(nil, "x"), ReaderAt(nil, 1), ReaderAt(bytes.NewReader(nil), -1)} {
		_, err := src.Open()
		require.Error(t, err)
	}
}

func TestSibling(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600))
	}
	for _, src := range []Source{File(filepath.Join(dir, "a")), FS(os.DirFS(dir), "a"), FS(os.DirFS(filepath.Dir(dir)), filepath.Base(dir)+"/a")} {
		require.Equal(t, "a", src.Base())
		other, err := src.Sibling("b")
		require.NoError(t, err)
		b, err := other.Open()
		require.NoError(t, err)
		got, err := b.Slice(0, 1)
		require.NoError(t, err)
		require.Equal(t, "b", string(got))
		require.NoError(t, b.Close())
		for _, bad := range []string{"", ".", "..", "../a", `..\a`, "/etc/passwd", "x/../a"} {
			_, err := src.Sibling(bad)
			require.Error(t, err, bad)
		}
	}
	for _, src := range []Source{Bytes("x"), ReaderAt(bytes.NewReader(nil), 0), Executable(), {}} {
		_, err := src.Sibling("b")
		require.ErrorContains(t, err, "file names")
	}
}

func TestReaderThatEndsEarlyOrFails(t *testing.T) {
	b, err := ReaderAt(bytes.NewReader(make([]byte, 100<<10)), 1<<50).Open()
	require.NoError(t, err)
	_, err = b.Head(1 << 49) // the claim is met by the end of the input before much is allocated
	require.ErrorIs(t, err, errs.ErrTruncated)
	require.NoError(t, b.Close())

	failing := struct{ io.ReaderAt }{readerAt(func(p []byte, off int64) (int, error) { return iotest.ErrReader(iotest.ErrTimeout).Read(p) })}
	b, err = ReaderAt(failing, 1000).Open()
	require.NoError(t, err)
	_, err = b.Head(10)
	require.ErrorIs(t, err, iotest.ErrTimeout)
	_, err = b.Slice(10, 20)
	require.ErrorIs(t, err, iotest.ErrTimeout)
	require.ErrorIs(t, b.Load(t.Context(), 10, nil), iotest.ErrTimeout)
	require.NoError(t, b.Close())
}

type readerAt func(p []byte, off int64) (int, error)

func (f readerAt) ReadAt(p []byte, off int64) (int, error) { return f(p, off) }
