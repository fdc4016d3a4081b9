//go:build unix

package mem

import "golang.org/x/sys/unix"

func alloc(n int) ([]byte, error) {
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err == nil {
		preferHugePages(b)
	}
	return b, err
}

func free(b []byte) error { return unix.Munmap(b) }
