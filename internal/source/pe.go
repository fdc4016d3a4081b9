package source

import (
	"encoding/binary"
	"io"
)

// securityEntry returns where a PE file keeps offset and size of its certificate table, each a u32, and the offset of the
// table; both are 0 in other files and the second in files that are not signed.
func securityEntry(r io.ReaderAt, size int64) (entry, table int64) {
	le := binary.LittleEndian
	head := make([]byte, min(size, 64))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF || len(head) < 64 || string(head[:2]) != "MZ" {
		return 0, 0
	}
	start := int64(le.Uint32(head[0x3c:]))
	const sizes = 4 + 20 + 112 + 5*8 // signature, file header, optional header up to the entry
	pe := make([]byte, sizes)
	if _, err := r.ReadAt(pe, start); err != nil && err != io.EOF || string(pe[:4]) != "PE\x00\x00" {
		return 0, 0
	}
	directories := int64(24) // from the start of the optional header
	switch le.Uint16(pe[24:]) {
	case 0x10b: // PE32
		directories += 96
	case 0x20b: // PE32+
		directories += 112
	default:
		return 0, 0
	}
	if le.Uint32(pe[directories-4:]) < 5 {
		return 0, 0
	}
	at := directories + 4*8
	table, n := int64(le.Uint32(pe[at:])), int64(le.Uint32(pe[at+4:]))
	if table <= 0 || n <= 0 || table > size-n {
		table = 0
	}
	return start + at, table
}
