//go:build unix

package source

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapFile maps n > 0 bytes of f from off on, read-only.
func mapFile(f *os.File, off int64, n int) ([]byte, error) {
	return unix.Mmap(int(f.Fd()), off, n, unix.PROT_READ, unix.MAP_SHARED)
}

func unmap(b []byte) error { return unix.Munmap(b) }

// advise tells the kernel how the bytes of a mapping will be used.
func advise(b []byte, a Advice) {
	skew := int(uintptr(unsafe.Pointer(unsafe.SliceData(b))) % uintptr(os.Getpagesize()))
	pages := unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), -skew)), len(b)+skew)
	_ = unix.Madvise(pages, map[Advice]int{Normal: unix.MADV_NORMAL, WillNeed: unix.MADV_WILLNEED, Random: unix.MADV_RANDOM}[a])
}
