package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// narrowDot is the product of rows in blocks of 32 with one token, in registers of 32 bytes: the low half of each is of one of the
// rows 0 to 3, the high half of the row four further.
type narrowDot struct {
	narrowType
	vnni          bool
	nibble, table Op // constants; nil where they are not needed
}

// dotNarrow writes the product for t. Without VNNI, weights are at most 31 or signed; with it, all are unsigned.
//
// The integer sum is too large by the bias times the sum of the activations, which is a part of narrowScale.start.
func dotNarrow(t narrowType, set string) {
	n := narrowDot{narrowType: t, vnni: set == "AVXVNNI"}
	dotEight(t.name, set, n.constants, func(f *eightRows, blocks Register) {
		Label("two")
		SUBQ(Imm(2), blocks)
		JLT(LabelRef("one"))
		n.block(f, 0)
		n.block(f, 1)
		f.next(2*t.size, 64, 32)
		JMP(LabelRef("two"))
		Label("one")
		ADDQ(Imm(2), blocks)
		JZ(LabelRef("done"))
		n.block(f, 0)
		f.next(t.size, 32, 16)
		Label("done")
	})
}

// constants loads what stays the same for a whole call.
func (n *narrowDot) constants() {
	load := func(m Mem) Op {
		v := YMM()
		VMOVDQU(m, v)
		return v
	}
	if n.name != "Q8_0" {
		n.nibble = load(each32(15))
	}
	switch n.name {
	case "IQ4_NL":
		n.table = load(iq4Table())
		if n.vnni {
			t := YMM()
			VPXOR(each32(128), n.table, t)
			n.table = t
		}
	case "MXFP4": // with a bias that divides 128
		t := YMM()
		VPADDB(each32(4), load(fp4Table()), t)
		n.table, n.bias = t, 16
	}
	if n.vnni && n.signed {
		n.bias = 128
	}
}

// weights returns weights 0..15 of block b of the rows r and r+4, and 16..31.
func (n *narrowDot) weights(f *eightRows, b, r int) (low, high VecVirtual) {
	at := b * n.size
	if n.name == "Q8_0" {
		low, high = f.both(r, at+2), f.both(r, at+18)
		if n.vnni {
			VPXOR(each32(128), low, low)
			VPXOR(each32(128), high, high)
		}
		return low, high
	}
	low, high = f.both(r, at+n.size-16), YMM()
	VPSRLW(Imm(4), low, high)
	VPAND(n.nibble, low, low)
	VPAND(n.nibble, high, high)
	if n.table != nil {
		for _, q := range []VecVirtual{low, high} {
			VPSHUFB(q, n.table, q)
		}
	}
	if n.name == "Q5_0" || n.name == "Q5_1" {
		n.addFifth(f, b, r, low, high)
	}
	return low, high
}

// addFifth adds to nibbles the bits that are stored apart.
func (n *narrowDot) addFifth(f *eightRows, b, r int, low, high VecVirtual) {
	at := b*n.size + n.size - 20
	h, t := YMM(), XMM()
	VPBROADCASTD(f.row(r, at), h)
	VPBROADCASTD(f.row(r+4, at), t)
	VINSERTI128(Imm(1), t, h, h)
	bit := make([]byte, 32)
	for j := range bit {
		bit[j] = 1 << (j % 8)
	}
	for i, q := range []VecVirtual{low, high} {
		spread := make([]byte, 16)
		for j := range spread {
			spread[j] = byte(2*i + j/8)
		}
		v, mask := YMM(), YMM()
		VMOVDQU(bytes32("bit_mask", bit), mask)
		VPSHUFB(bytes32([]string{"spread_low", "spread_high"}[i], spread), h, v)
		VPAND(mask, v, v)
		VPCMPEQB(mask, v, v)
		VPAND(each32(16), v, v)
		VPOR(v, q, q)
	}
}

// block adds the terms of block b.
func (n *narrowDot) block(f *eightRows, b int) {
	y := [2]VecVirtual{YMM(), YMM()}
	for i := range y {
		VBROADCASTI128(Mem{Base: f.y, Disp: 32*b + 16*i}, y[i])
	}
	var s rowSums
	for r := range 4 {
		low, high := n.weights(f, b, r)
		s.add(n.products(low, high, y))
		f.ask((4*b + r + 1) * 2 * n.size)
	}
	v := s.fours[0]
	scale := Mem{Base: f.scales, Disp: 16 * b}
	if n.bias != 0 {
		start := YMM()
		VPBROADCASTD(scale.Offset(8), start)
		if n.bias < 128 {
			VPSRAD(Imm(uint64(map[int]int{16: 3, 8: 4}[n.bias])), start, start)
		}
		VPADDD(start, v, v)
	}
	VCVTDQ2PS(v, v)
	d, m := n.scales(f, b)
	VMULPS(d, v, v)
	if n.mins {
		sum := YMM()
		VBROADCASTSS(scale.Offset(4), sum)
		VMULPS(sum, m, m)
		VADDPS(m, v, v)
	}
	dy := YMM()
	VBROADCASTSS(scale, dy)
	VMULPS(dy, v, v)
	VADDPS(v, f.acc, f.acc)
}

// products returns sums of eight products each.
func (n *narrowDot) products(low, high VecVirtual, y [2]VecVirtual) VecVirtual {
	s := YMM()
	switch {
	case n.vnni:
		VPXOR(s, s, s)
		VPDPBUSD_VEX(y[0], low, s)
		VPDPBUSD_VEX(y[1], high, s)
	case n.signed: // two products fit an int16, four do not
		for i, w := range []VecVirtual{low, high} {
			a, p := YMM(), YMM()
			VPABSB(w, a) // 128 of -128, as unsigned
			VPSIGNB(w, y[i], p)
			VPMADDUBSW(p, a, p)
			VPMADDWD(word(0x00010001), p, p)
			if i == 0 {
				s = p
			} else {
				VPADDD(p, s, s)
			}
		}
	default: // four products are at most 4·31·127
		VPMADDUBSW(y[0], low, low)
		VPMADDUBSW(y[1], high, high)
		VPADDW(high, low, s)
		VPMADDWD(word(0x00010001), s, s)
	}
	return s
}

// scales returns d of block b of the eight rows, and m where there are mins.
func (n *narrowDot) scales(f *eightRows, b int) (d, m VecVirtual) {
	at := b * n.size
	if n.e8m0 {
		d = YMM()
		VPMOVZXBD(f.gather(at, 1), d)
		e8m0(d)
		return d, nil
	}
	if n.mins {
		m = f.halves(at + 2)
	}
	return f.halves(at), m
}

// e8m0 turns exponents, as int32, into floats of half their power: 0 and 1 are subnormal.
func e8m0(e VecVirtual) {
	small := YMM()
	VMOVDQU(word(0x00200000), small)
	VPSLLVD(e, small, small)
	VPAND(word(0x00600000), small, small) // of larger exponents nothing is left
	VPSLLD(Imm(23), e, e)
	VPSUBD(word(0x00800000), e, e) // negative for 0, 0 for 1
	VPMAXSD(small, e, e)
}
