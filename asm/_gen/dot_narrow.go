package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func dotNarrow(t narrowType, set string) {
	f := dotFour(t.name, set)
	Label("two")
	SUBQ(Imm(2), f.blocks)
	JLT(LabelRef("one"))
	narrowPair(&f, t)
	ADDQ(Imm(64), f.y)
	ADDQ(Imm(32), f.scales)
	f.next(2 * t.size)
	JMP(LabelRef("two"))
	Label("one")
	ADDQ(Imm(2), f.blocks)
	JZ(LabelRef("done"))
	narrowSingle(&f, t)
	Label("done")
	f.end()
}

// narrowSums returns the integer sums of block b of the four rows in either half.
func narrowSums(f *dotFrame, t narrowType, b int) VecVirtual {
	var s []VecVirtual
	ones := YMM()
	VMOVDQU(word(0x00010001), ones)
	for r := range 4 {
		q, y := t.load(f.row(r, b*t.size)), Mem{Base: f.y, Disp: 32 * b}
		p := YMM()
		if f.set == "AVXVNNI" {
			v := YMM()
			VMOVDQU(y, v)
			VPXOR(p, p, p)
			VPDPBUSD_VEX(v, q, p)
		} else {
			p = products(q, t.signed, y)
			VPMADDWD(ones, p, p)
		}
		s = append(s, p)
	}
	return hadd4(s)
}

// Weights of at most 31 have sums that fit an int16, 32·31·127 being too much only for a whole block: packing neighbours and
// multiplying by one adds them for less than a horizontal addition. Two rows share a register.

// fourSums returns the sums of block b of the four rows, as halves: rows 0 0 2 2 | 1 1 3 3.
func fourSums(f *dotFrame, t narrowType, b int) VecVirtual {
	var s [2]VecVirtual
	y := [2]VecVirtual{YMM(), YMM()}
	for i, v := range y {
		VBROADCASTI128(Mem{Base: f.y, Disp: 32*b + 16*i}, v)
	}
	for i := range s {
		low, high := t.pair(f.row(2*i, b*t.size), f.row(2*i+1, b*t.size))
		s[i] = YMM()
		if f.set == "AVXVNNI" {
			VPXOR(s[i], s[i], s[i])
			VPDPBUSD_VEX(y[0], low, s[i])
			VPDPBUSD_VEX(y[1], high, s[i])
		} else {
			VPMADDUBSW(y[0], low, s[i])
			VPMADDUBSW(y[1], high, high)
			VPADDW(high, s[i], s[i])
			VPMADDWD(word(0x00010001), s[i], s[i])
		}
	}
	return addNeighbours(s[0], s[1])
}

// addNeighbours adds neighbours of a and b, half by half; all fit an int16.
func addNeighbours(a, b VecVirtual) VecVirtual {
	VPACKSSDW(b, a, a)
	VPMADDWD(word(0x00010001), a, a)
	return a
}

// addHalves is addNeighbours for the sums that it gives: of sixteen products, which may not fit an int16.
func (t narrowType) addHalves(a, b VecVirtual) VecVirtual {
	if !t.large {
		return addNeighbours(a, b)
	}
	VPHADDD(b, a, a)
	return a
}

// inOrder puts rows 0 2 | 1 3 of two blocks in order.
func inOrder(v VecVirtual) {
	order := YMM()
	VMOVDQU(table("row_order", []uint32{0, 4, 1, 5, 2, 6, 3, 7}), order)
	VPERMD(v, order, v)
}

// e8m0 turns exponents, as int32, into floats of half their power.
func e8m0(e VecVirtual) {
	t, small := YMM(), YMM()
	VMOVDQU(word(0x00200000), t)
	VPSLLVD(e, t, t)
	VMOVDQU(word(2), small)
	VPCMPGTD(e, small, small)
	VPSUBD(word(1), e, e)
	VPSLLD(Imm(23), e, e)
	VBLENDVPS(small, t, e, e)
}

func narrowPair(f *dotFrame, t narrowType) {
	n := YMM()
	if t.pair != nil {
		n = t.addHalves(fourSums(f, t, 0), fourSums(f, t, 1))
		inOrder(n)
	} else {
		s0, s1, h := narrowSums(f, t, 0), narrowSums(f, t, 1), YMM()
		VINSERTI128(Imm(1), s1.AsX(), s0, n)
		VPERM2I128(Imm(0x31), s1, s0, h)
		VPADDD(h, n, n)
	}
	VCVTDQ2PS(n, n)

	y, dy, sum := YMM(), YMM(), YMM()
	VMOVUPS(Mem{Base: f.scales}, y)
	VMOVDQU(table("pair_d", []uint32{0, 0, 0, 0, 4, 4, 4, 4}), dy)
	VPERMPS(y, dy, dy)
	if t.bias != 0 || t.mins {
		VMOVDQU(table("pair_sum", []uint32{1, 1, 1, 1, 5, 5, 5, 5}), sum)
		VPERMPS(y, sum, sum)
	}
	if t.bias != 0 {
		b := YMM()
		VMULPS(float(float64(t.bias)), sum, b)
		VSUBPS(b, n, n)
	}
	d, m := YMM(), YMM()
	switch {
	case t.e8m0:
		e := XMM()
		VPXOR(e, e, e)
		for i := range 8 {
			VPINSRB(Imm(uint64(i)), f.row(i%4, i/4*t.size), e, e)
		}
		VPMOVZXBD(e, d)
		e8m0(d)
	case t.mins:
		a, b, c := gatherHalves(f, 0, true), gatherHalves(f, t.size, true), XMM()
		VPUNPCKHQDQ(b, a, c)
		VPUNPCKLQDQ(b, a, a)
		VCVTPH2PS(a, d)
		VCVTPH2PS(c, m)
	default:
		a := XMM()
		VPXOR(a, a, a)
		for i := range 8 {
			VPINSRW(Imm(uint64(i)), f.row(i%4, i/4*t.size), a, a)
		}
		VCVTPH2PS(a, d)
	}
	VMULPS(d, n, n)
	if t.mins {
		VMULPS(sum, m, m)
		VADDPS(m, n, n)
	}
	VMULPS(dy, n, n)
	VADDPS(n.AsX(), f.acc, f.acc)
	VEXTRACTF128(Imm(1), n, n.AsX())
	VADDPS(n.AsX(), f.acc, f.acc)
}

func narrowSingle(f *dotFrame, t narrowType) {
	n := XMM()
	if t.pair != nil {
		s := fourSums(f, t, 0)
		s = t.addHalves(s, s)
		inOrder(s)
		VCVTDQ2PS(s.AsX(), n)
	} else {
		s := narrowSums(f, t, 0)
		VEXTRACTI128(Imm(1), s, n)
		VPADDD(s.AsX(), n, n)
		VCVTDQ2PS(n, n)
	}
	sum, dy := XMM(), XMM()
	VBROADCASTSS(Mem{Base: f.scales}, dy)
	VBROADCASTSS(Mem{Base: f.scales, Disp: 4}, sum)
	if t.bias != 0 {
		b := XMM()
		VMULPS(float(float64(t.bias)), sum, b)
		VSUBPS(b, n, n)
	}
	d, m := YMM(), XMM()
	if t.e8m0 {
		e := XMM()
		VPXOR(e, e, e)
		for i := range 4 {
			VPINSRB(Imm(uint64(i)), f.row(i, 0), e, e)
		}
		VPMOVZXBD(e, d)
		e8m0(d)
	} else {
		VCVTPH2PS(gatherHalves(f, 0, t.mins), d)
	}
	VMULPS(d.AsX(), n, n)
	if t.mins {
		VEXTRACTF128(Imm(1), d, m)
		VMULPS(sum, m, m)
		VADDPS(m, n, n)
	}
	VMULPS(dy, n, n)
	VADDPS(n, f.acc, f.acc)
}
