package asm

import (
	"unsafe"

	"llm/quant"
)

// PageSize is the number of positions of a page of the key/value cache.
const PageSize = 64

// keyGroup is the positions whose keys lie interleaved, one value of each and then the next: a register of scores.
const keyGroup = panelWidth

// PageType is how a page holds its keys and values.
type PageType uint8

const (
	// Int16Page holds integers that share a scale for every position, rounded by [Set.roundVector]. Its scales, float32 of all positions,
	// lie before the integers: keys by groups of 16 positions, pairs (2i, 2i+1) of the values of each and then the next; values
	// by pairs of positions (2p, 2p+1), the pairs of each column and then the next.
	Int16Page PageType = iota
	// F32Page holds float32: keys by groups of 16 positions, the values x[i] of all before those of x[i+1]; values row after row.
	F32Page
	// Q8Page holds blocks of Q8_0: keys by groups of 16 positions and blocks of 32 values, first the scales of all and then their
	// bytes as in an F32Page; values row after row.
	Q8Page
)

// pageScales is the bytes of the scales of an Int16Page.
const pageScales = 4 * PageSize

// String returns "int16" and so on.
func (t PageType) String() string { return [...]string{"int16", "f32", "q8_0"}[t] }

// Block returns the number that the width of a row is a multiple of.
func (t PageType) Block() int {
	if t == Q8Page {
		return narrowBlock
	}
	return 1
}

// RowBytes returns the bytes of a page for every position of so many values.
func (t PageType) RowBytes(d int) int {
	if t == Int16Page {
		return 4 + 2*even(d)
	}
	return t.stored().RowBytes(d)
}

// stored is the type of the rows of pages that are not of integers.
func (t PageType) stored() quant.Type {
	if t == Q8Page {
		return quant.Q8_0
	}
	return quant.F32
}

// even returns the even number that is not less than n: integers lie in pairs.
func even(n int) int { return n + n&1 }

// Page is PageSize positions of one key/value head: as many bytes as that many rows of its type.
type Page struct {
	Type PageType
	K, V []byte // aligned to multiples of four bytes
}

// StoreKey puts a key at a position of a page's keys k. row is memory for RowBytes(len(x)) bytes, aligned as k is: to multiples of
// four.
func (s *Set) StoreKey(t PageType, k []byte, pos int, x []float32, row []byte) {
	n, slot := t.RowBytes(len(x)), pos%keyGroup
	switch t {
	case Int16Page:
		key := s.roundRow(k, pos, x, row)
		_, ints := integers(k)
		group := ints[pos/keyGroup*keyGroup*len(key):][:keyGroup*len(key)]
		for i := 0; i < len(key); i += 2 {
			pair := (*[2]int16)(group[keyGroup*i+2*slot:])
			pair[0], pair[1] = key[i], key[i+1]
		}
	case Q8Page:
		s.StoreRow(t.stored(), row, x)
		k, row = k[pos/keyGroup*keyGroup*n:][:keyGroup*n], row[:n]
		for ; len(row) > 0; k, row = k[keyGroup*q8Bytes:], row[q8Bytes:] {
			copy(k[2*slot:], row[:2])
			for i, q := range row[2:q8Bytes] {
				k[keyGroup*(2+i)+slot] = q
			}
		}
	default:
		s.StoreRow(t.stored(), row, x)
		k = k[pos/keyGroup*keyGroup*n:][:keyGroup*n]
		for i := range x {
			copy(k[4*(keyGroup*i+slot):], row[4*i:4*i+4])
		}
	}
}

// StoreValue puts a value at a position of a page's values v. row is as for [Set.StoreKey].
func (s *Set) StoreValue(t PageType, v []byte, pos int, x []float32, row []byte) {
	if t != Int16Page {
		s.StoreRow(t.stored(), v[pos*t.RowBytes(len(x)):], x)
		return
	}
	value := s.roundRow(v, pos, x, row)[:len(x)]
	_, ints := integers(v)
	pairs := ints[pos/2*2*len(value):][:2*len(value)]
	for i, x := range value {
		pairs[2*i+pos%2] = x
	}
}

// roundRow writes the scale of a position and returns the integers in row, an even number of them.
func (s *Set) roundRow(page []byte, pos int, x []float32, row []byte) []int16 {
	ints := unsafe.Slice((*int16)(unsafe.Pointer(unsafe.SliceData(row))), len(row)/2)[:even(len(x))]
	clear(ints[len(x):])
	scales, _ := integers(page)
	scales[pos] = s.roundVector(ints[:len(x)], x)
	return ints
}

// integers returns the parts of the keys or of the values of an Int16Page.
func integers(page []byte) (scales []float32, ints []int16) {
	ints = unsafe.Slice((*int16)(unsafe.Pointer(&page[pageScales])), (len(page)-pageScales)/2)
	return unsafe.Slice((*float32)(unsafe.Pointer(&page[0])), PageSize), ints
}

// keys returns the keys of width d of the groups g0 ≤ g < g1 of a page of other than integers, a panel each, converted in buf.
func (s *Set) keys(buf []float32, page *Page, d, g0, g1 int) panels[float32] {
	size := keyGroup * page.Type.RowBytes(d)
	k, n := page.K[g0*size:g1*size], (g1-g0)*keyGroup*d
	if page.Type == Q8Page {
		s.loadQ8Keys(buf[:n], k)
	} else {
		copy(bytesOf(buf[:n]), k)
	}
	return panels[float32]{data: buf[:n], row: panelWidth, panel: keyGroup * d, count: g1 - g0}
}

// loadQ8KeysGeneric converts interleaved blocks.
func loadQ8KeysGeneric(out []float32, k []byte) {
	for i := range out {
		b := k[i/(keyGroup*narrowBlock)*keyGroup*q8Bytes:]
		j := i % (keyGroup * narrowBlock)
		out[i] = halfAt(b, 2*(j%keyGroup)) * float32(int8(b[2*keyGroup+j]))
	}
}

// values returns the rows of dv values of the positions from ≤ p < to, converted in buf. Behind the panels there may be columns
// left.
func (s *Set) values(buf []float32, page *Page, dv, from, to int) panels[float32] {
	n := page.Type.RowBytes(dv)
	b := panels[float32]{data: buf[:(to-from)*dv], row: dv, panel: panelWidth, count: dv / panelWidth}
	s.LoadRow(page.Type.stored(), b.data, page.V[from*n:to*n])
	return b
}
