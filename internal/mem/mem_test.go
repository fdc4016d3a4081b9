package mem

import (
	"os"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestAllocIsZeroedAlignedAndWritable(t *testing.T) {
	for _, n := range []int{1, 4095, 4096, 1 << 20} {
		b, err := Alloc(n)
		require.NoError(t, err)
		require.Len(t, b, n)
		require.Zero(t, uintptr(unsafe.Pointer(&b[0]))%uintptr(os.Getpagesize()))
		for i := range b {
			require.Zero(t, b[i])
		}
		b[0], b[n-1] = 1, 2
		require.NoError(t, Free(b))
	}
}

func TestAllocEdges(t *testing.T) {
	b, err := Alloc(0)
	require.NoError(t, err)
	require.NotNil(t, b)
	require.NoError(t, Free(b))
	require.NoError(t, Free(nil))
	_, err = Alloc(-1)
	require.Error(t, err)
	_, err = Alloc(1 << 62)
	require.Error(t, err)
}
