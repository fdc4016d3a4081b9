package asm

import (
	"encoding/binary"

	"llm/quant"
)

// PageSize is the number of positions of a page of the key/value cache.
const PageSize = 64

// keyGroup is the positions whose keys lie interleaved, one value of each and then the next: a register of scores.
const keyGroup = panelWidth

// Page is PageSize positions of one key/value head, of Type F32, F16 or Q8_0: as many bytes as that many rows.
type Page struct {
	Type quant.Type
	K    []byte // by groups of 16 positions, what [Set.StoreKey] writes
	V    []byte // row after row
}

// StoreKey puts a key at a position of a page's keys k. row is memory for RowBytes(t, len(x)) bytes.
//
// The values x[i] of a group's 16 keys lie together, before those of x[i+1]. In Q8_0 the scales of the 16 blocks come
// first and then the bytes, for every 32 values.
func (s *Set) StoreKey(t quant.Type, k []byte, pos int, x []float32, row []byte) {
	n := t.RowBytes(len(x))
	s.StoreRow(t, row, x)
	k, row = k[pos/keyGroup*keyGroup*n:][:keyGroup*n], row[:n]
	slot := pos % keyGroup
	switch t {
	case quant.F16:
		for i := range x {
			binary.LittleEndian.PutUint16(k[2*(keyGroup*i+slot):], binary.LittleEndian.Uint16(row[2*i:]))
		}
	case quant.Q8_0:
		for ; len(row) > 0; k, row = k[keyGroup*q8Bytes:], row[q8Bytes:] {
			copy(k[2*slot:], row[:2])
			for i, q := range row[2:q8Bytes] {
				k[keyGroup*(2+i)+slot] = q
			}
		}
	default:
		for i := range x {
			copy(k[4*(keyGroup*i+slot):], row[4*i:4*i+4])
		}
	}
}

// halfRows is the rows up to which products read binary16 as it is: they convert it once for as many.
const halfRows = 4

// asHalf reports whether a product with so many rows reads a page as it is.
func (s *Set) asHalf(page *Page, rows int) bool {
	return page.Type == quant.F16 && rows <= halfRows && s.gemmHalf != nil
}

// keys returns the keys of width d of the groups g0 ≤ g < g1 for a product with so many rows, a panel each, converted in buf
// where they have to be.
func (s *Set) keys(buf []float32, page *Page, d, g0, g1, rows int) panels {
	size := keyGroup * page.Type.RowBytes(d)
	k, n := page.K[g0*size:g1*size], (g1-g0)*keyGroup*d
	b := panels{row: panelWidth, panel: keyGroup * d, count: g1 - g0}
	if s.asHalf(page, rows) {
		b.half = k
		return b
	}
	b.data = buf[:n]
	switch page.Type {
	case quant.F16:
		s.loadF16(buf[:n], k)
	case quant.Q8_0:
		s.loadQ8Keys(buf[:n], k)
	default:
		copy(bytesOf(buf[:n]), k)
	}
	return b
}

// loadQ8KeysGeneric converts interleaved blocks.
func loadQ8KeysGeneric(out []float32, k []byte) {
	for i := range out {
		b := k[i/(keyGroup*narrowBlock)*keyGroup*q8Bytes:]
		j := i % (keyGroup * narrowBlock)
		out[i] = halfAt(b, 2*(j%keyGroup)) * float32(int8(b[2*keyGroup+j]))
	}
}

// values returns the rows of dv values of the positions from ≤ p < to for a product with so many rows, converted in buf where
// they have to be. Behind the panels there may be columns left.
func (s *Set) values(buf []float32, page *Page, dv, from, to, rows int) panels {
	n := page.Type.RowBytes(dv)
	v := page.V[from*n : to*n]
	b := panels{row: dv, panel: panelWidth, count: dv / panelWidth}
	if dv%panelWidth == 0 && s.asHalf(page, rows) {
		b.half = v
		return b
	}
	b.data = buf[:(to-from)*dv]
	s.LoadRow(page.Type, b.data, v)
	return b
}
