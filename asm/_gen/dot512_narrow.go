package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// narrow512 is a type with blocks of 32 weights as registers of 64 bytes read it: sixteen weights of four rows.
type narrow512 struct {
	narrowType
	bias   int // what its weights, as bytes without sign, are too large by
	quants int // offset of the quants
	// weights returns weights 0..15 of four rows, and 16..31. raw is the bytes of four rows at an offset, head those at 0.
	weights func(c *narrowConstants, raw func(disp int) VecVirtual, head VecVirtual) (low, high VecVirtual)
	setup   func(c *narrowConstants)
}

// narrowConstants are registers that stay the same for a whole call on blocks of 32.
type narrowConstants struct {
	low, high   VecVirtual    // of each byte: the bits of a nibble, those that are added
	table       VecVirtual    // the weights that nibbles mean
	spread      [2]VecVirtual // brings the byte that has a weight's fifth bit to its place
	bit         VecVirtual    // that bit
	rows, first VecVirtual    // indices: the rows in order, their first words
	dy, sum     VecVirtual    // indices: d and sum of the activations of each row
	bias        VecVirtual    // as floats
	byte, half  VecVirtual    // 255 and 128 as words, for exponents
}

// dotNarrow512 writes the product for t. VPDPBUSD does not saturate; sums of a block are at most 32·255·127 < 2^24, so that
// floats are exact until they are scaled.
func dotNarrow512(t narrowType) {
	n := narrow512{narrowType: t, bias: t.bias, quants: t.size - 16}
	n.setup = func(c *narrowConstants) { c.low = all512(0x0f0f0f0f) }
	n.weights = n.nibbles
	switch t.name {
	case "Q5_0", "Q5_1":
		n.setup = func(c *narrowConstants) {
			c.low, c.high = all512(0x0f0f0f0f), all512(0x10101010)
			bits := n.quants - 4
			for i := range 2 {
				c.spread[i] = load64(bytes64("fifth_spread", bits+2*i, func(j int) byte { return byte(bits + 2*i + j%16/8) }))
			}
			c.bit = load64(bytes64("fifth_bit", 0, func(j int) byte { return 1 << (j % 8) }))
		}
		n.weights = n.fifths
	case "Q8_0":
		n.bias = 128
		n.setup = func(c *narrowConstants) { c.high = all512(0x80808080) }
		n.weights = n.bytes
	case "IQ4_NL":
		n.bias = 128
		n.setup = func(c *narrowConstants) {
			c.low = all512(0x0f0f0f0f)
			c.table = table512(iq4Table())
			VPXORD(word512(0x80808080), c.table, c.table)
		}
		n.weights = n.values
	case "MXFP4":
		n.setup = func(c *narrowConstants) { c.low, c.table = all512(0x0f0f0f0f), table512(fp4Table()) }
		n.weights = n.values
	}
	n.dot()
}

func (t *narrow512) nibbles(c *narrowConstants, raw func(int) VecVirtual, _ VecVirtual) (low, high VecVirtual) {
	low, high = raw(t.quants), ZMM()
	VPSRLW(Imm(4), low, high)
	VPANDD(c.low, low, low)
	VPANDD(c.low, high, high)
	return low, high
}

func (t *narrow512) fifths(c *narrowConstants, raw func(int) VecVirtual, head VecVirtual) (low, high VecVirtual) {
	low, high = t.nibbles(c, raw, head)
	for i, x := range []VecVirtual{low, high} {
		v, set := ZMM(), K()
		VPSHUFB(c.spread[i], head, v)
		VPTESTMB(c.bit, v, set)
		VPADDB(c.high, x, set, x)
	}
	return low, high
}

func (t *narrow512) bytes(c *narrowConstants, raw func(int) VecVirtual, _ VecVirtual) (low, high VecVirtual) {
	low, high = raw(2), raw(18)
	VPXORD(c.high, low, low)
	VPXORD(c.high, high, high)
	return low, high
}

func (t *narrow512) values(c *narrowConstants, raw func(int) VecVirtual, head VecVirtual) (low, high VecVirtual) {
	low, high = t.nibbles(c, raw, head)
	VPSHUFB(low, c.table, low)
	VPSHUFB(high, c.table, high)
	return low, high
}

// table512 returns a table of sixteen bytes in every quarter.
func table512(table Mem) VecVirtual {
	v := ZMM()
	VBROADCASTI32X4(table, v)
	return v
}

func (t *narrow512) dot() {
	c := &narrowConstants{}
	dotEight(t.name, "VNNI", func() {
		t.setup(c)
		c.rows = load64(words64("narrow_rows", func(i int) uint32 { return uint32(4*(i%4) + i/4) }))
		c.first = load64(words64("rows_d0", func(i int) uint32 { return uint32(4 * (i % 8)) }))
		c.dy = load64(words64("narrow_d", func(i int) uint32 { return uint32(i / 8 * 4) }))
		if t.bias != 0 || t.mins {
			c.sum = load64(words64("narrow_sum", func(i int) uint32 { return uint32(i/8*4 + 1) }))
		}
		if t.bias != 0 {
			c.bias = all512(math.Float32bits(float32(t.bias)))
		}
		if t.e8m0 {
			c.byte, c.half = all512(0xff), all512(128)
		}
	}, func(f *eightRows, blocks Register) {
		last := pending512{ZMM(), ZMM(), ZMM()}
		for _, v := range []VecVirtual{last.n, last.first, last.scales} {
			clearZMM(v) // a term of zero
		}
		Label("two")
		SUBQ(Imm(2), blocks)
		JLT(LabelRef("one"))
		p := t.sums(f, c, 2)
		t.addTerms(f, c, last, 2)
		VMOVDQA32(p.n, last.n)
		VMOVDQA32(p.first, last.first)
		VMOVDQA32(p.scales, last.scales)
		f.next(2*t.size, 64, 32)
		JMP(LabelRef("two"))
		Label("one")
		t.addTerms(f, c, last, 2)
		ADDQ(Imm(2), blocks)
		JZ(LabelRef("done"))
		t.addTerms(f, c, t.sums(f, c, 1), 1)
		f.next(t.size, 32, 16)
		Label("done")
	})
}

// pending512 is what terms of one block or two are made of. It waits while the sums of the next blocks begin: the processor does
// not look far enough ahead to hide how long a term takes.
type pending512 struct {
	n      VecVirtual // integer sums: in quarter r the rows r and r+4 of the first block, then of the second or again
	first  VecVirtual // the first four bytes of each row of the first block, then of the second or again
	scales VecVirtual // d and sum of the activations of both blocks
}

// sums reads one block or two.
func (t *narrow512) sums(f *eightRows, c *narrowConstants, blocks int) pending512 {
	var heads [2][2]VecVirtual // [block][rows 0 to 3, rows 4 to 7]
	var sums [2]VecVirtual
	for b := range blocks {
		var y, s [2]VecVirtual
		for i := range y {
			y[i] = ZMM()
			VBROADCASTI32X4(Mem{Base: f.y, Disp: 32*b + 16*i}, y[i])
		}
		for h := range s {
			heads[b][h] = f.four(h, b*t.size)
			low, high := t.weights(c, func(disp int) VecVirtual { return f.four(h, b*t.size+disp) }, heads[b][h])
			s[h] = ZMM()
			clearZMM(s[h])
			VPDPBUSD(y[0], low, s[h])
			VPDPBUSD(y[1], high, s[h])
			f.ask((2*b + h + 1) * 4 * t.size)
		}
		sums[b] = addPairs(s[0], s[1])
	}
	scales := ZMM()
	if blocks == 1 {
		heads[1], sums[1] = heads[0], sums[0]
		VBROADCASTI32X4(Mem{Base: f.scales}, scales)
	} else {
		VBROADCASTI64X4(Mem{Base: f.scales}, scales)
	}
	return pending512{addQuads(sums[0], sums[1]), t.firstWords(c, heads), scales}
}

// addTerms adds those of one block or two, in order.
func (t *narrow512) addTerms(f *eightRows, c *narrowConstants, p pending512, blocks int) {
	n, d, m, dy, sum := ZMM(), ZMM(), ZMM(), ZMM(), ZMM()
	VPERMD(p.n, c.rows, n)
	VCVTDQ2PS(n, n)
	VPERMPS(p.scales, c.dy, dy)
	if t.bias != 0 || t.mins {
		VPERMPS(p.scales, c.sum, sum)
	}
	if t.bias != 0 {
		b := ZMM()
		VMULPS(c.bias, sum, b)
		VSUBPS(b, n, n)
	}
	switch {
	case t.e8m0: // times 2^(e-128), as exact as a product with it
		VPANDD(c.byte, p.first, d)
		VPSUBD(c.half, d, d)
		VCVTDQ2PS(d, d)
		VSCALEFPS(d, n, n)
	case t.mins:
		VPSRLD(Imm(16), p.first, m)
		halves512(m, m)
		halves512(p.first, d)
		VMULPS(d, n, n)
		VMULPS(sum, m, m)
		VADDPS(m, n, n)
	default:
		halves512(p.first, d)
		VMULPS(d, n, n)
	}
	VMULPS(dy, n, n)
	VADDPS(n.AsY(), f.acc, f.acc)
	if blocks == 2 {
		second := YMM()
		VEXTRACTF64X4(Imm(1), n, second)
		VADDPS(second, f.acc, f.acc)
	}
}

// firstWords returns the first four bytes of the rows of both blocks.
func (t *narrow512) firstWords(c *narrowConstants, heads [2][2]VecVirtual) VecVirtual {
	d := heads[0][0]
	VPERMT2D(heads[0][1], c.first, d)
	if heads[1] == heads[0] {
		return d
	}
	VPERMT2D(heads[1][1], c.first, heads[1][0])
	VSHUFI64X2(Imm(0b11_10_01_00), heads[1][0], d, d)
	return d
}

// halves512 turns the low halves of words from binary16 to floats.
func halves512(words, floats VecVirtual) {
	h := YMM()
	VPMOVDW(words, h)
	VCVTPH2PS(h, floats)
}
