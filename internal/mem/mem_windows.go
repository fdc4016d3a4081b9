package mem

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

func alloc(n int) ([]byte, error) {
	addr, err := windows.VirtualAlloc(0, uintptr(n), windows.MEM_RESERVE|windows.MEM_COMMIT, windows.PAGE_READWRITE)
	if err != nil {
		return nil, err
	}
	// The memory is not Go's, so the address may be read as a pointer; a direct conversion would alarm vet.
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&addr)), n), nil
}

func free(b []byte) error {
	return windows.VirtualFree(uintptr(unsafe.Pointer(unsafe.SliceData(b))), 0, windows.MEM_RELEASE)
}
