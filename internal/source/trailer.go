package source

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// A packed program is the program, padding up to a multiple of packAlign, the model and the trailer. After it there may be
// up to trailerPad bytes of padding and, in a signed PE file, the certificate table.
const (
	packAlign    = 64 << 10 // Windows maps at multiples of this, and no page is larger
	trailerSize  = 128
	trailerPad   = 16
	trailerMagic = "LLMPACK\x01"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// trailer is the last record of a packed program.
type trailer struct {
	modelOffset, modelSize, programSize int64
	digest                              [32]byte // SHA-256 of the model
	name                                string   // file name of the model, at most 40 bytes
}

// encode lays the trailer out, little-endian: magic, header length u32, flags u32, model offset u64, model length u64, program
// length u64, digest, name, CRC-32C of all before, reserved u32, magic.
func (t *trailer) encode() []byte {
	le := binary.LittleEndian
	b := le.AppendUint32([]byte(trailerMagic), trailerSize)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint64(b, uint64(t.modelOffset))
	b = le.AppendUint64(b, uint64(t.modelSize))
	b = le.AppendUint64(b, uint64(t.programSize))
	b = append(b, t.digest[:]...)
	b = append(append(b, t.name...), make([]byte, 40-len(t.name))...)
	b = le.AppendUint32(b, crc32.Checksum(b, castagnoli))
	b = le.AppendUint32(b, 0)
	return append(b, trailerMagic...)
}

var (
	errNoTrailer  = errors.New("this program carries no model; see llm pack (strip and objcopy remove it: pack last)")
	errBadTrailer = errors.New("the model this program carries is damaged (stripped or changed after packing?)")
)

// decodeTrailer reads b, which is as long as a trailer and was found at offset at of the file.
func decodeTrailer(b []byte, at int64) (trailer, error) {
	le := binary.LittleEndian
	if string(b[:8]) != trailerMagic || le.Uint32(b[8:]) != trailerSize || le.Uint32(b[112:]) != crc32.Checksum(b[:112], castagnoli) {
		return trailer{}, errBadTrailer
	}
	t := trailer{
		modelOffset: int64(le.Uint64(b[16:])),
		modelSize:   int64(le.Uint64(b[24:])),
		programSize: int64(le.Uint64(b[32:])),
		digest:      [32]byte(b[40:72]),
		name:        string(bytes.TrimRight(b[72:112], "\x00")),
	}
	if t.modelSize < 1 || t.modelOffset%packAlign != 0 || t.programSize < 0 || t.programSize > t.modelOffset ||
		t.modelOffset > at || t.modelSize != at-t.modelOffset {
		return trailer{}, errBadTrailer
	}
	return t, nil
}

// findTrailer finds the trailer of a program. end is the size of the program without a certificate table: signing a packed
// program puts the table behind the trailer.
func findTrailer(r io.ReaderAt, end int64) (trailer, error) {
	window := min(end, trailerSize+trailerPad)
	tail := make([]byte, window)
	if _, err := r.ReadAt(tail, end-window); err != nil && !errors.Is(err, io.EOF) {
		return trailer{}, err
	}
	for pad := int64(0); pad <= trailerPad && pad+trailerSize <= window; pad++ {
		last := tail[:window-pad]
		if string(last[len(last)-8:]) == trailerMagic {
			return decodeTrailer(last[len(last)-trailerSize:], end-pad-trailerSize)
		}
	}
	return trailer{}, errNoTrailer
}
