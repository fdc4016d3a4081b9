package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// narrowType is a type with blocks of 32 weights.
type narrowType struct {
	name   string
	size   int  // bytes of a block
	signed bool // weights are int8, otherwise at most 31
	bias   int
	mins   bool // the block has d and m, otherwise d alone
	e8m0   bool // d is a power of two in a byte
	load   func(block Mem) VecVirtual
}

var narrowTypes = []narrowType{
	{name: "Q4_0", size: 18, bias: 8, load: func(b Mem) VecVirtual { return nibbles16(b.Offset(2)) }},
	{name: "Q4_1", size: 20, mins: true, load: func(b Mem) VecVirtual { return nibbles16(b.Offset(4)) }},
	{name: "Q5_0", size: 22, bias: 16, load: func(b Mem) VecVirtual { return fifthBits(nibbles16(b.Offset(6)), b.Offset(2)) }},
	{name: "Q5_1", size: 24, mins: true, load: func(b Mem) VecVirtual { return fifthBits(nibbles16(b.Offset(8)), b.Offset(4)) }},
	{name: "Q8_0", size: 34, signed: true, load: func(b Mem) VecVirtual {
		v := YMM()
		VMOVDQU(b.Offset(2), v)
		return v
	}},
	{name: "IQ4_NL", size: 18, signed: true, load: func(b Mem) VecVirtual { return lookup(iq4Table(), nibbles16(b.Offset(2))) }},
	{name: "MXFP4", size: 17, bias: 12, e8m0: true, load: func(b Mem) VecVirtual { return lookup(fp4Table(), nibbles16(b.Offset(1))) }},
}

// unsigned returns the type with weights that are 128 too large instead of signed ones.
func (t narrowType) unsigned() narrowType {
	load := t.load
	add := byte(128 - t.bias)
	t.signed, t.bias = false, 128
	t.load = func(b Mem) VecVirtual {
		q := load(b)
		VPADDB(each32(add), q, q)
		return q
	}
	return t
}

func iq4Table() Mem {
	return bytes32("iq4", []byte{129, 152, 173, 191, 207, 221, 234, 246, 1, 13, 25, 38, 53, 69, 89, 113})
}

func fp4Table() Mem {
	return bytes32("fp4", []byte{12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0})
}

// nibbles16 returns the low nibbles of 16 bytes, then the high ones.
func nibbles16(m Mem) VecVirtual {
	v := YMM()
	VBROADCASTI128(m, v)
	VPSRLVD(nibbleShift(), v, v)
	VPAND(each32(15), v, v)
	return v
}

// fifthBits adds 16 to the bytes whose bit in the 32 at m is set.
func fifthBits(q VecVirtual, m Mem) VecVirtual {
	h := YMM()
	VPBROADCASTD(m, h)
	spread, bit := make([]byte, 32), make([]byte, 32)
	for j := range spread {
		spread[j], bit[j] = byte(j/8), 1<<(j%8)
	}
	bits := YMM()
	VMOVDQU(bytes32("bit_mask", bit), bits)
	VPSHUFB(bytes32("bit_spread", spread), h, h)
	VPAND(bits, h, h)
	VPCMPEQB(bits, h, h)
	VPAND(each32(16), h, h)
	VPOR(h, q, q)
	return q
}

func nibbleShift() Mem { return table("nibble_shift", []uint32{0, 0, 0, 0, 4, 4, 4, 4}) }

func lookup(table Mem, index VecVirtual) VecVirtual {
	t := YMM()
	VMOVDQU(table, t)
	VPSHUFB(index, t, t)
	return t
}

// wideType is a type with blocks of 256 weights.
type wideType struct {
	name   string
	size   int
	sub    int // weights that share a scale, 16 or 32
	signed bool
	bias   int // 2^bias is subtracted from each weight, 0: nothing is
	mins   bool
	d      int // offset of d, and of dmin after it

	// scales returns the integer scales as int16, eight in both lanes or sixteen, and as many mins or nil.
	scales func(block Mem) (scale, min VecVirtual)
	// chunks calls use with the weights 32i.. for every i from 0 to 7.
	chunks func(block Mem, at place, use func(i int, q VecVirtual))
	// constants are what chunks loads most.
	constants func() []Mem
}

// place says where a constant is to be had: in memory, or in a register that was loaded before.
type place func(constant Mem) Op

func inMemory(constant Mem) Op { return constant }

var wideTypes = []wideType{
	{name: "Q2_K", size: 84, sub: 16, mins: true, d: 80, scales: scalesQ2K,
		chunks:    func(b Mem, at place, use func(int, VecVirtual)) { bitPairs(b.Offset(16), nil, at, use) },
		constants: func() []Mem { return []Mem{each32(3)} }},
	{name: "Q3_K", size: 110, sub: 16, bias: 2, d: 108, scales: scalesQ3K,
		chunks:    func(b Mem, at place, use func(int, VecVirtual)) { bitPairs(b.Offset(32), &b, at, use) },
		constants: func() []Mem { return []Mem{each32(3), each32(4)} }},
	{name: "Q4_K", size: 144, sub: 32, mins: true, scales: sixBits,
		chunks:    func(b Mem, at place, use func(int, VecVirtual)) { nibbles(b.Offset(16), nil, at, use) },
		constants: func() []Mem { return []Mem{each32(15)} }},
	{name: "Q5_K", size: 176, sub: 32, mins: true, scales: sixBits,
		chunks: func(b Mem, at place, use func(int, VecVirtual)) {
			h := b.Offset(16)
			nibbles(b.Offset(48), &h, at, use)
		},
		constants: func() []Mem { return []Mem{each32(15), each32(16)} }},
	{name: "Q6_K", size: 210, sub: 16, bias: 5, d: 208, scales: scalesQ6K, chunks: chunksQ6K,
		constants: func() []Mem { return []Mem{each32(15), each32(0x30)} }},
	{name: "IQ4_XS", size: 136, sub: 32, signed: true, scales: scalesIQ4XS, chunks: chunksIQ4XS,
		constants: func() []Mem { return []Mem{each32(15), nibbleShift(), iq4Table()} }},
}

// sixBits unpacks the 8 scales and 8 mins of Q4_K and Q5_K; the block starts with d, dmin and then their 12 bytes.
func sixBits(b Mem) (scale, min VecVirtual) {
	v, w, s, m := XMM(), YMM(), YMM(), YMM()
	VMOVDQU(b, v)
	VPMOVZXBW(sixBytes(v), w)
	VPERMQ(Imm(0x44), w, s)
	VPERMQ(Imm(0xee), w, m)
	return s, m
}

// sixBytes returns the 8 scales and 8 mins in the place of the head of a block, or of two.
func sixBytes(head VecVirtual) VecVirtual {
	low, high := sameSize(head), sameSize(head)
	VPSHUFD(Imm(0b11_10_11_01), head, low) // s[0:4] s[8:12] s[4:8] s[8:12]
	VPSRLVD(table("six_shift", []uint32{0, 0, 0, 4, 0, 0, 0, 4}), low, low)
	VPAND(table("six_low", []uint32{0x3f3f3f3f, 0x0f0f0f0f, 0x3f3f3f3f, 0x0f0f0f0f, 0x3f3f3f3f, 0x0f0f0f0f, 0x3f3f3f3f, 0x0f0f0f0f}), low, low)
	VPSHUFD(Imm(0b10_00_01_00), head, high) // - s[0:4] - s[4:8]
	VPSRLD(Imm(2), high, high)
	VPAND(table("six_high", []uint32{0, 0x30303030, 0, 0x30303030, 0, 0x30303030, 0, 0x30303030}), high, high)
	VPOR(high, low, low)
	return low
}

func scalesQ2K(b Mem) (scale, min VecVirtual) {
	w, m := YMM(), YMM()
	VPMOVZXBW(b, w)
	VPSRLW(Imm(4), w, m)
	VPAND(word(0x000f000f), w, w)
	return w, m
}

func scalesQ3K(b Mem) (scale, min VecVirtual) {
	low, t, high := XMM(), XMM(), XMM()
	VMOVQ(b.Offset(96), low)
	VPSRLW(Imm(4), low, t)
	VPUNPCKLQDQ(t, low, low)
	VPAND(each32(15), low, low)
	VPBROADCASTD(b.Offset(104), high)
	VPSRLVD(table("pair_shift", []uint32{0, 2, 4, 6, 0, 0, 0, 0}), high, high)
	VPAND(each32(3), high, high)
	VPSLLD(Imm(4), high, high)
	VPOR(high, low, low)
	VPSUBB(each32(32), low, low)
	w := YMM()
	VPMOVSXBW(low, w)
	return w, nil
}

func scalesQ6K(b Mem) (scale, min VecVirtual) {
	w := YMM()
	VPMOVSXBW(b.Offset(192), w)
	return w, nil
}

func scalesIQ4XS(b Mem) (scale, min VecVirtual) {
	low, t, high := XMM(), XMM(), XMM()
	VMOVD(b.Offset(4), low)
	VPSRLW(Imm(4), low, t)
	VPUNPCKLBW(t, low, low)
	VPAND(each32(15), low, low)
	VPMOVZXBW(low, low)
	VPBROADCASTW(b.Offset(2), high)
	VPMULLW(table("high_pairs", []uint32{1<<14 | 1<<12<<16, 1<<10 | 1<<8<<16, 1<<6 | 1<<4<<16, 1<<2 | 1<<16, 0, 0, 0, 0}), high, high)
	VPSRLW(Imm(14), high, high)
	VPSLLW(Imm(4), high, high)
	VPOR(high, low, low)
	VPSUBW(word(0x00200020), low, low)
	w := YMM()
	VPERMQ(Imm(0x44), low.AsY(), w)
	return w, nil
}

// shiftBit moves the bit from of each byte of h to the bit to, clearing the others.
func shiftBit(h VecVirtual, from, to int, at place) VecVirtual {
	t := YMM()
	switch {
	case from < to:
		VPSLLW(Imm(uint64(to-from)), h, t)
		h = t
	case from > to:
		VPSRLW(Imm(uint64(from-to)), h, t)
		h = t
	}
	VPAND(at(each32(1<<to)), h, t)
	return t
}

// nibbles unpacks 128 bytes: of each 32 the low nibbles, then the high ones; with fifth bits at high if there are any.
func nibbles(q Mem, high *Mem, at place, use func(i int, q VecVirtual)) {
	var h VecVirtual
	if high != nil {
		h = YMM()
		VMOVDQU(*high, h)
	}
	for c := range 4 {
		v, w := YMM(), YMM()
		VMOVDQU(q.Offset(32*c), v)
		VPSRLW(Imm(4), v, w)
		for i, x := range []VecVirtual{v, w} {
			VPAND(at(each32(15)), x, x)
			if high != nil {
				VPOR(shiftBit(h, 2*c+i, 4, at), x, x)
			}
			use(2*c+i, x)
		}
	}
}

// bitPairs unpacks 64 bytes of pairs, with third bits in the 32 bytes at high if there are any.
func bitPairs(q Mem, high *Mem, at place, use func(i int, q VecVirtual)) {
	var h VecVirtual
	if high != nil {
		h = YMM()
		VMOVDQU(*high, h)
	}
	for half := range 2 {
		v := YMM()
		VMOVDQU(q.Offset(32*half), v)
		for s := range 4 {
			x := YMM()
			if s == 0 {
				VPAND(at(each32(3)), v, x)
			} else {
				VPSRLW(Imm(uint64(2*s)), v, x)
				VPAND(at(each32(3)), x, x)
			}
			if high != nil {
				VPOR(shiftBit(h, 4*half+s, 2, at), x, x)
			}
			use(4*half+s, x)
		}
	}
}

func chunksQ6K(b Mem, at place, use func(i int, q VecVirtual)) {
	for half := range 2 {
		h := YMM()
		VMOVDQU(b.Offset(128+32*half), h)
		for i := range 4 {
			x, t := YMM(), YMM()
			VMOVDQU(b.Offset(64*half+32*(i%2)), x)
			if i >= 2 {
				VPSRLW(Imm(4), x, x)
			}
			VPAND(at(each32(15)), x, x)
			switch i {
			case 0:
				VPSLLW(Imm(4), h, t)
			case 1:
				VPSLLW(Imm(2), h, t)
			case 2:
				VMOVDQA(h, t)
			case 3:
				VPSRLW(Imm(2), h, t)
			}
			VPAND(at(each32(0x30)), t, t)
			VPOR(t, x, x)
			use(4*half+i, x)
		}
	}
}

func chunksIQ4XS(b Mem, at place, use func(i int, q VecVirtual)) {
	for i := range 8 {
		v, q := YMM(), YMM()
		VBROADCASTI128(b.Offset(8+16*i), v)
		VPSRLVD(at(nibbleShift()), v, v)
		VPAND(at(each32(15)), v, v)
		t, ok := at(iq4Table()).(VecVirtual)
		if !ok {
			t = YMM()
			VMOVDQU(iq4Table(), t)
		}
		VPSHUFB(v, t, q)
		use(i, q)
	}
}
