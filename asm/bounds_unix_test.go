//go:build unix

package asm

import (
	"os"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// fenced returns n values right before memory that cannot be read.
func fenced[T any](t *testing.T, n int) []T {
	bytes, page := n*int(unsafe.Sizeof(*new(T))), os.Getpagesize()
	size := (bytes + page - 1) / page * page
	m, err := unix.Mmap(-1, 0, size+page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, unix.Munmap(m)) })
	require.NoError(t, unix.Mprotect(m[size:], unix.PROT_NONE))
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(m[size-bytes:]))), n)
}

func fencedCopy[T any](t *testing.T, x []T) []T {
	y := fenced[T](t, len(x))
	copy(y, x)
	return y
}

// TestMatMulFenced multiplies weights and activations that end where memory does, as those of a file that fills its last page. A kernel
// that reads on ends the process, even if it uses nothing of that. It may prefetch.
func TestMatMulFenced(t *testing.T) {
	ref := genericSet()
	everySet(t, func(t *testing.T, s *Set, g *gen) {
		for _, typ := range productTypes() {
			t.Run(typ.String(), func(t *testing.T) {
				for _, rows := range []int{1, 7, 8, 9, 16, 17, 31, 32, 33, 48, 65} {
					blocks := 1 + g.IntN(4)
					k, gap := blocks*typ.Block(), g.IntN(3)*typ.BlockBytes()
					stride := typ.RowBytes(k) + gap
					data := fencedCopy(t, g.bytes(rows*stride-gap))
					w := Matrix{Type: typ, Rows: rows, K: k, Stride: stride, Data: data}
					tameScales(g, &w)
					format, _ := FormatOf(typ)
					for _, tokens := range []int{1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 16, 20} {
						in := NewInput(tokens, k)
						in.Reset(tokens, k, fencedCopy(t, g.fill(tokens*k)))
						ref.Quantize(in, format, 0, tokens)
						in.wideQ, in.wide = fencedCopy(t, in.wideQ), fencedCopy(t, in.wide)
						in.narrowQ, in.narrow = fencedCopy(t, in.narrowQ), fencedCopy(t, in.narrow)
						r0 := g.IntN(rows)
						for _, list := range [][]int32{nil, {int32(tokens - 1)}, {0, int32(tokens - 1), 0, 0, int32(tokens - 1), 0, int32(tokens / 2)}} {
							n := in.count(list)
							want, got := make([]float32, n*rows), fenced[float32](t, n*rows)
							ref.MatMul(want, rows, &w, r0, rows, in, list, NewScratch(k))
							s.MatMul(got, rows, &w, r0, rows, in, list, NewScratch(k))
							equal(t, want, got, "rows %d to %d, stride %d, k %d, %d tokens", r0, rows, stride, k, n)
						}
					}
				}
			})
		}
	})
}
