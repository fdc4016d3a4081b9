package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// wideDot is the product of rows in blocks of 256 with one token, in registers of 32 bytes.
type wideDot struct {
	wideType
	vnni  bool
	at    place
	words Mem // on the stack, where scales are of 32: each as two equal int16
	d, m  Mem // on the stack, where there are six bits: d, and dmin times the sum of mins, of eight rows
}

// dotWide writes the product for t.
func dotWide(t wideType, set string) {
	w := wideDot{wideType: t, vnni: set == "AVXVNNI"}
	registers := map[Mem]Op{}
	w.at = func(constant Mem) Op {
		if r, ok := registers[constant]; ok {
			return r
		}
		return constant
	}
	setup := func() {
		for _, m := range t.constants() {
			v := YMM()
			VMOVDQU(m, v)
			registers[m] = v
		}
		local := AllocLocal(10 * 32)
		w.words, w.d, w.m = local, local.Offset(8*32), local.Offset(9*32)
	}
	dotEight(t.name, set, setup, func(f *eightRows, blocks Register) {
		Label("block")
		w.block(f)
		f.next(t.size, 256, 36)
		DECQ(blocks)
		JNZ(LabelRef("block"))
	})
}

func (w *wideDot) block(f *eightRows) {
	var n, m rowSums
	var sums VecVirtual // of sixteen activations, times what is subtracted from each weight
	switch {
	case w.sub == 32 && w.mins:
		w.sixBits(f)
	case w.sub == 16:
		sums = w.sums(f)
	}
	for r := range 8 {
		s := YMM()
		var scale func(i int) VecVirtual
		if w.sub == 32 {
			if !w.mins {
				w.storeWords(f.row(r, 0), r)
			}
			VPXOR(s, s, s)
			scale = func(i int) VecVirtual { return w.word(r, i) }
		} else {
			var min VecVirtual
			if scale, min = w.sixteenths(f.row(r, 0), sums, s); min != nil {
				m.add(min)
			}
		}
		w.chunks(f.row(r, 0), w.at, func(i int, q VecVirtual) {
			p := products(q, w.signed, Mem{Base: f.y, Disp: 32 * i})
			if w.vnni {
				VPDPWSSD_VEX(scale(i), p, s)
			} else {
				VPMADDWD(scale(i), p, p)
				VPADDD(p, s, s)
			}
		})
		n.add(s)
		f.ask((r + 1) * w.size)
	}
	v := n.result256()
	VCVTDQ2PS(v, v)
	if w.sub == 32 && w.mins {
		VMULPS(w.d, v, v)
		VSUBPS(w.m, v, v)
	} else {
		VMULPS(f.halves(w.wideType.d), v, v)
		if w.mins {
			min := m.result256()
			VCVTDQ2PS(min, min)
			VMULPS(f.halves(w.wideType.d+2), min, min)
			VSUBPS(min, v, v)
		}
	}
	dy := YMM()
	VBROADCASTSS(Mem{Base: f.scales, Disp: 32}, dy)
	VMULPS(dy, v, v)
	VADDPS(v, f.acc, f.acc)
}

// word broadcasts scale i of row r from the stack: rows r and r+4 alternate there, four scales each.
func (w *wideDot) word(r, i int) VecVirtual {
	v := YMM()
	VPBROADCASTD(w.words.Offset(64*(r%4)+16*(r/4)+32*(i/4)+4*(i%4)), v)
	return v
}

// storeWords puts the scales of a row on the stack.
func (w *wideDot) storeWords(block Mem, r int) {
	scale, _ := w.wideType.scales(block)
	v, high := YMM(), YMM()
	VPMOVZXWD(scale.AsX(), v)
	VPSLLD(Imm(16), v, high)
	VPOR(high, v, v)
	VMOVDQU(v.AsX(), w.words.Offset(64*(r%4)+16*(r/4)))
	VEXTRACTI128(Imm(1), v, w.words.Offset(64*(r%4)+16*(r/4)+32))
}

// sixBits puts what precedes the weights of Q4_K and Q5_K on the stack, unpacking two rows at a time.
func (w *wideDot) sixBits(f *eightRows) {
	sums := YMM() // of 32 activations, in both halves
	VBROADCASTI128(Mem{Base: f.scales}, sums)
	VPHADDW(Mem{Base: f.scales, Disp: 16}, sums.AsX(), sums.AsX())
	VINSERTI128(Imm(1), sums.AsX(), sums, sums)
	var d [4]VecVirtual
	var m rowSums
	for r := range d {
		d[r] = f.both(r, 0)
		six := sixBytes(d[r])
		for i, order := range []string{"six_first", "six_last"} {
			v := YMM()
			VPSHUFB(twice(order, 4*i), six, v)
			VMOVDQU(v, w.words.Offset(64*r+32*i))
		}
		min := YMM()
		VPSHUFB(bytes32("six_mins", []byte{8, 0x80, 9, 0x80, 10, 0x80, 11, 0x80, 12, 0x80, 13, 0x80, 14, 0x80, 15, 0x80}), six, min)
		VPMADDWD(sums, min, min)
		m.add(min)
	}
	VPUNPCKLDQ(d[1], d[0], d[0])
	VPUNPCKLDQ(d[3], d[2], d[2])
	VPUNPCKLQDQ(d[2], d[0], d[0])
	VPSHUFB(bytes32("deinterleave", []byte{0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15}), d[0], d[0])
	VPERMQ(Imm(0b11_01_10_00), d[0], d[0]) // d of eight rows, then dmin
	v, min := YMM(), m.fours[0]
	VCVTPH2PS(d[0].AsX(), v)
	VMOVUPS(v, w.d)
	VEXTRACTI128(Imm(1), d[0], d[0].AsX())
	VCVTPH2PS(d[0].AsX(), v)
	VCVTDQ2PS(min, min)
	VMULPS(v, min, min)
	VMOVUPS(min, w.m)
}

// twice returns indices that make two equal int16 of each of four bytes.
func twice(name string, first int) Mem {
	b := make([]byte, 16)
	for i := range b {
		b[i] = 0x80
		if i%2 == 0 {
			b[i] = byte(first + i/4)
		}
	}
	return bytes32(name, b)
}

// sums returns the sums of sixteen activations: negative and times what is subtracted from weights, or its half.
func (w *wideDot) sums(f *eightRows) VecVirtual {
	v := YMM()
	VMOVDQU(Mem{Base: f.scales}, v)
	if w.bias != 0 { // at most 2^11·2^4
		zero := YMM()
		VPXOR(zero, zero, zero)
		VPSUBW(v, zero, v)
		VPSLLW(Imm(uint64(min(w.bias, 4))), v, v)
	}
	return v
}

// sixteenths unpacks the scales of sixteen weights each of a row. s begins with what is subtracted; otherwise min is the products
// of mins and sums.
func (w *wideDot) sixteenths(block Mem, sums, s VecVirtual) (scale func(i int) VecVirtual, min VecVirtual) {
	v, min := w.wideType.scales(block)
	if min != nil {
		VPXOR(s, s, s)
		VPMADDWD(sums, min, min)
	} else {
		VPMADDWD(sums, v, s)
		if w.bias == 5 {
			VPADDD(s, s, s)
		}
	}
	halves := [2]VecVirtual{YMM(), YMM()} // a half of the scales in both halves of a register
	VPERMQ(Imm(0x44), v, halves[0])
	VPERMQ(Imm(0xee), v, halves[1])
	return func(i int) VecVirtual {
		b := make([]byte, 32)
		for j := range b {
			b[j] = byte(2*(2*(i%4)+j/16) + j%2)
		}
		dup := YMM()
		VPSHUFB(bytes32("dup16_"+string(rune('0'+i%4)), b), halves[i/4], dup)
		return dup
	}, min
}
