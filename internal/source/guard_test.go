package source

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/internal/errs"
)

func TestTruncatedMappingIsAnError(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not truncate a mapped file")
	}
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, make([]byte, 1<<20), 0o600))
	b, err := File(path).Open()
	require.NoError(t, err)
	defer b.Close()
	data, err := b.Slice(0, b.Size())
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, 1<<16))

	sum := 0
	err = Guard(func() error {
		for i := 0; i < len(data); i += 512 {
			sum += int(data[i])
		}
		return nil
	})
	require.ErrorIs(t, err, errs.ErrTruncated)
	where, ok := errors.AsType[*errs.FormatError](err)
	require.True(t, ok)
	require.Equal(t, int64(-1), where.Offset)
	fault, ok := errors.AsType[*Fault](err)
	require.True(t, ok)
	off, ok := b.Locate(fault.Addr)
	require.True(t, ok)
	require.Equal(t, int64(1<<16), off)
	require.ErrorIs(t, b.Changed(), errs.ErrTruncated)
	require.ErrorContains(t, b.Changed(), "the file changed while it was open")

	require.ErrorIs(t, Guard(func() error { copy(make([]byte, len(data)), data); return nil }), errs.ErrTruncated)
}

func TestReplacedFileHasNotChanged(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not rename onto a mapped file")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	b, err := File(path).Open()
	require.NoError(t, err)
	defer b.Close()
	require.NoError(t, os.WriteFile(path+"2", []byte("new text"), 0o600))
	require.NoError(t, os.Rename(path+"2", path))
	require.NoError(t, b.Changed())
	got, err := b.Slice(0, 3)
	require.NoError(t, err)
	require.Equal(t, "old", string(got))
}

func TestGuardPassesOtherPanicsAndErrors(t *testing.T) {
	var nothing *int
	require.Panics(t, func() { _ = Guard(func() error { *nothing++; return nil }) })
	require.PanicsWithValue(t, "mine", func() { _ = Guard(func() error { panic("mine") }) })
	require.ErrorIs(t, Guard(func() error { return os.ErrClosed }), os.ErrClosed)
	require.NoError(t, Guard(func() error { return nil }))
	require.False(t, debug.SetPanicOnFault(false), "the setting was not restored")
}

func TestCatchDoesNotAllocate(t *testing.T) {
	data := []byte{1}
	work := func() (err error) {
		defer Catch(debug.SetPanicOnFault(true), &err)
		data[0]++
		return nil
	}
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = work() }))
}

func BenchmarkCatch(b *testing.B) {
	work := func() (err error) {
		defer Catch(debug.SetPanicOnFault(true), &err)
		return nil
	}
	for b.Loop() {
		_ = work()
	}
}
