// Package mem hands out anonymous page memory outside the Go heap: the garbage collector neither scans nor counts it, it
// is page-aligned and zeroed, and its pages cost nothing until they are touched. Nothing stored in it may hold Go pointers.
package mem

import "fmt"

// Alloc returns n zeroed, page-aligned bytes. Zero bytes is an empty slice that needs no Free. The error says that n is
// negative or that the system refused. Safe for concurrent use.
func Alloc(n int) ([]byte, error) {
	if n < 0 {
		return nil, fmt.Errorf("mem: cannot allocate %d bytes", n)
	}
	if n == 0 {
		return []byte{}, nil
	}
	b, err := alloc(n)
	if err != nil {
		return nil, fmt.Errorf("mem: allocate %d bytes: %w", n, err)
	}
	return b, nil
}

// Free returns b, which must be exactly what Alloc returned, to the system. Nothing may touch b afterwards.
func Free(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if err := free(b); err != nil {
		return fmt.Errorf("mem: free %d bytes: %w", len(b), err)
	}
	return nil
}
