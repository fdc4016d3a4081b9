package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The products of packed rows with one token in registers of 64 bytes: eight rows at a time, so that activations are loaded,
// sums reduced and floats computed once for all of them.

type dot512Frame struct {
	w          [2]Register // the block in use of row 0 and of row 4
	stride, s3 Register    // from a row to the next, and three times that
	y, scales  Register
	fetch      Register // what is asked for next
	acc        VecVirtual
	fetched    int // bytes asked for since the last step
}

// dot512 writes the loop over eight rows at a time; setup loads what all of them share, loop runs over their blocks.
func dot512(name string, setup func(), loop func(f *dot512Frame, blocks Register)) {
	dotHead(name, "VNNI")
	f := &dot512Frame{w: [2]Register{GP64(), GP64()}, s3: GP64(), y: GP64(), scales: GP64(), fetch: GP64()}
	out := Load(Param("out"), GP64())
	w := Load(Param("w"), GP64())
	f.stride = Load(Param("stride"), GP64())
	rows := Load(Param("rows"), GP64())
	LEAQ(Mem{Base: f.stride, Index: f.stride, Scale: 2}, f.s3)
	Load(Param("ahead"), f.fetch)
	ADDQ(w, f.fetch)
	setup()
	blocks := GP64()
	Label("rows")
	MOVQ(w, f.w[0])
	LEAQ(Mem{Base: w, Index: f.stride, Scale: 4}, f.w[1])
	Load(Param("y"), f.y)
	Load(Param("scales"), f.scales)
	Load(Param("blocks"), blocks)
	f.acc = YMM()
	VXORPS(f.acc, f.acc, f.acc)
	loop(f, blocks)
	VMOVUPS(f.acc, Mem{Base: out})
	ADDQ(Imm(32), out)
	LEAQ(Mem{Base: w, Index: f.stride, Scale: 8}, w)
	SUBQ(Imm(8), rows)
	JNZ(LabelRef("rows"))
	VZEROUPPER()
	RET()
}

// dotWideBlocks writes dot512 with a loop over blocks of 256.
func dotWideBlocks(t wideType, setup func(), block func(f *dot512Frame)) {
	dot512(t.name, setup, func(f *dot512Frame, blocks Register) {
		Label("block")
		block(f)
		f.next(t.size, 256, 36)
		DECQ(blocks)
		JNZ(LabelRef("block"))
	})
}

// next steps on by so many bytes of each row, of activations and of their scales.
func (f *dot512Frame) next(row, y, scales int) {
	f.ask(8 * row)
	f.fetched = 0
	ADDQ(U32(uint32(y)), f.y)
	ADDQ(Imm(uint64(scales)), f.scales)
	ADDQ(U32(uint32(row)), f.w[0])
	ADDQ(U32(uint32(row)), f.w[1])
	ADDQ(U32(uint32(8*row)), f.fetch)
}

// row returns the memory at disp in the block of row r.
func (f *dot512Frame) row(r, disp int) Mem { return rowOfFour(f.w[r/4], f.stride, f.s3, r%4, disp) }

// ask fetches lines until n bytes since the last step are under way.
func (f *dot512Frame) ask(n int) {
	for ; f.fetched < n; f.fetched += 64 {
		PREFETCHT0(Mem{Base: f.fetch, Disp: f.fetched})
	}
}

// load64 returns a register with what lies at m.
func load64(m Mem) VecVirtual {
	v := ZMM()
	VMOVDQU32(m, v)
	return v
}

// words64 returns a table of sixteen words.
func words64(name string, word func(i int) uint32) Mem {
	words := make([]uint32, 16)
	for i := range words {
		words[i] = word(i)
	}
	return table(name, words)
}

// word512 is sixteen copies of w.
func word512(w uint32) Mem {
	return words64(fmt.Sprintf("word512_%08x", w), func(int) uint32 { return w })
}

// all512 returns a register of sixteen copies of w.
func all512(w uint32) VecVirtual { return load64(word512(w)) }

// bytes64 returns a table of 64 bytes; a number tells those of one name apart.
func bytes64(name string, number int, at func(i int) byte) Mem {
	return words64(fmt.Sprintf("%s%d", name, number), func(i int) uint32 {
		return uint32(at(4*i)) | uint32(at(4*i+1))<<8 | uint32(at(4*i+2))<<16 | uint32(at(4*i+3))<<24
	})
}

// four returns sixteen bytes at disp of the rows 4h to 4h+3.
func (f *dot512Frame) four(h, disp int) VecVirtual {
	v := ZMM()
	VBROADCASTI32X4(f.row(4*h, disp), v) // as cheap as a load, and avo sees that all of it is written
	for r := 1; r < 4; r++ {
		VINSERTI32X4(Imm(uint64(r)), f.row(4*h+r, disp), v, v)
	}
	return v
}

// addPairs adds lanes of two registers: each quarter of the result has sums of a and b in turn, two of either.
func addPairs(a, b VecVirtual) VecVirtual {
	low, high := sameSize(a), sameSize(a)
	VPUNPCKLDQ(b, a, low)
	VPUNPCKHDQ(b, a, high)
	VPADDD(high, low, low)
	return low
}

// addQuads adds what addPairs left of rows a, b and c, d: each quarter of the result has the sums of a, b, c, d.
func addQuads(ab, cd VecVirtual) VecVirtual {
	low, high := sameSize(ab), sameSize(ab)
	VPUNPCKLQDQ(cd, ab, low)
	VPUNPCKHQDQ(cd, ab, high)
	VPADDD(high, low, low)
	return low
}

// sameSize returns a new register as large as v.
func sameSize(v VecVirtual) VecVirtual {
	if v.Size() == 32 {
		return YMM()
	}
	return ZMM()
}

// rowSums adds the lanes of each of eight registers, given one after the other.
type rowSums struct {
	n         int
	one, pair VecVirtual
	fours     []VecVirtual
}

func (s *rowSums) add(r VecVirtual) {
	switch s.n++; s.n % 4 {
	case 1, 3:
		s.one = r
	case 2:
		s.pair = addPairs(s.one, r)
	case 0:
		s.fours = append(s.fours, addQuads(s.pair, addPairs(s.one, r)))
	}
}

// result returns the eight sums in order, in the lower half.
func (s *rowSums) result() VecVirtual {
	a, b := s.fours[0], s.fours[1]
	if a.Size() == 32 {
		low, high := YMM(), YMM()
		VSHUFI32X4(Imm(0), b, a, low)
		VSHUFI32X4(Imm(3), b, a, high)
		VPADDD(high, low, low)
		return low
	}
	low, high := ZMM(), ZMM()
	VSHUFI32X4(Imm(0x44), b, a, low)  // a0 a1 b0 b1
	VSHUFI32X4(Imm(0xee), b, a, high) // a2 a3 b2 b3
	VPADDD(high, low, low)
	VSHUFI32X4(Imm(0b11_01_11_01), low, low, high)
	VSHUFI32X4(Imm(0b10_00_10_00), low, low, low)
	VPADDD(high, low, low)
	return low
}
