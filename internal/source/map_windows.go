package source

import (
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// mapFile maps n > 0 bytes of f from off on, read-only. off must be a multiple of 64 KiB.
func mapFile(f *os.File, off int64, n int) ([]byte, error) {
	m, err := windows.CreateFileMapping(windows.Handle(f.Fd()), nil, windows.PAGE_READONLY, 0, 0, nil)
	if err != nil {
		return nil, err
	}
	defer windows.CloseHandle(m) // the view keeps the mapping alive
	addr, err := windows.MapViewOfFile(m, windows.FILE_MAP_READ, uint32(off>>32), uint32(off), uintptr(n))
	if err != nil {
		return nil, err
	}
	// The memory is not Go's, so the address may be read as a pointer; a direct conversion would alarm vet.
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&addr)), n), nil
}

func unmap(b []byte) error {
	return windows.UnmapViewOfFile(uintptr(unsafe.Pointer(unsafe.SliceData(b))))
}

// advise does nothing: Windows reads ahead by itself and has no word for random access to a view.
func advise([]byte, Advice) {}
