package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

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
	switch v.Size() {
	case 16:
		return XMM()
	case 32:
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

// result256 is result without AVX-512.
func (s *rowSums) result256() VecVirtual {
	a, b := s.fours[0], s.fours[1]
	low, high := YMM(), YMM()
	VINSERTI128(Imm(1), b.AsX(), a, low)
	VPERM2I128(Imm(0x31), b, a, high)
	VPADDD(high, low, low)
	return low
}
