package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// wide512 is a type with blocks of 256 weights as registers of 64 bytes read it: four vectors of two chunks of 32.
type wide512 struct {
	wideType
	order [4][2]int // the chunks of each vector
	// head is where the sixteen bytes lie that hold d, at the byte dAt of them, and perhaps the scales.
	head, dAt int
	constants func(c *constants512)
	// weights calls use with each vector of the block of row r.
	weights func(f *eightRows, c *constants512, r int, use func(i int, q VecVirtual))
	// scales returns a function that gives row r's sixteen scales as int16, and as many mins or nil.
	scales func(f *eightRows, head [2]VecVirtual) func(r int) (scale, min VecVirtual)
}

// constants512 are registers that stay the same for a whole call on blocks of 256.
type constants512 struct {
	low    VecVirtual    // the bits of the stored quants
	high   VecVirtual    // the place in every byte of bits that are stored apart
	shifts [4]VecVirtual // how far each vector is rotated to bring them there
	spread [4]VecVirtual // puts scales where the products of each vector are
}

var (
	natural     = [4][2]int{{0, 1}, {2, 3}, {4, 5}, {6, 7}}
	nextButOne  = [4][2]int{{0, 2}, {1, 3}, {4, 6}, {5, 7}}
	otherHalves = [4][2]int{{0, 4}, {1, 5}, {2, 6}, {3, 7}}
)

// dotWide512 writes the product for t. VPMADDUBSW cannot saturate: two products are at most 2·63·127 = 16,002. Sums of a block
// fit an int32 with its scales: see dotWide of the Go package.
func dotWide512(t wideType) {
	switch t.name {
	case "Q2_K":
		dotSixteenths512(wide512{wideType: t, order: otherHalves, head: 68, dAt: 12, weights: bitPairs512(16, false), scales: scales512Q2K,
			constants: func(c *constants512) { c.low = all512(0x03030303) }})
	case "Q3_K":
		dotSixteenths512(wide512{wideType: t, order: otherHalves, head: 94, dAt: 14, weights: bitPairs512(32, true), scales: scales512Q3K,
			constants: func(c *constants512) {
				c.low = all512(0x03030303)
				c.highBits(0x04040404, [4][2]int{{2, -2}, {1, -3}, {0, -4}, {-1, -5}})
			}})
	case "Q4_K":
		dotEighths512(wide512{wideType: t, order: nextButOne, weights: nibbles512(16, false),
			constants: func(c *constants512) { c.low = all512(0x0f0f0f0f) }})
	case "Q5_K":
		dotEighths512(wide512{wideType: t, order: nextButOne, weights: nibbles512(48, true),
			constants: func(c *constants512) {
				c.low = all512(0x0f0f0f0f)
				c.highBits(0x10101010, [4][2]int{{4, 2}, {3, 1}, {0, -2}, {-1, -3}})
			}})
	case "Q6_K":
		dotSixteenths512(wide512{wideType: t, order: natural, head: 194, dAt: 14, weights: weights512Q6K, scales: scales512Q6K,
			constants: func(c *constants512) {
				c.low = all512(0x0f0f0f0f)
				c.highBits(0x30303030, [4][2]int{{4, 2}, {0, -2}, {4, 2}, {0, -2}})
			}})
	case "IQ4_XS":
		dotIQ4XS512(wide512{wideType: t})
	}
}

// highBits sets what brings bits to their place; each half of a vector is shifted left by its own number.
func (c *constants512) highBits(place uint32, left [4][2]int) {
	c.high = all512(place)
	for i, by := range left {
		c.shifts[i] = load64(words64(fmt.Sprintf("rotate_%d_%d", by[0]&31, by[1]&31), func(j int) uint32 { return uint32(by[j/8] & 31) }))
	}
}

// addHigh adds the bits that are stored apart to the weights x of vector i.
func (c *constants512) addHigh(i int, bits, x VecVirtual) {
	h := ZMM()
	VPROLVD(c.shifts[i], bits, h) // what comes from other bytes is masked
	orMasked(c.high, h, x)
}

// arrange returns the 256 activations in that order.
func (f *eightRows) arrange(order [4][2]int) [4]VecVirtual {
	var r [4]VecVirtual
	for i, c := range order {
		r[i] = load64(Mem{Base: f.y, Disp: 64 * (c[0] / 2)})
		if order == natural {
			continue
		}
		quarters := func(c int) int { return 2*(c%2) | (2*(c%2)+1)<<2 }
		VSHUFI64X2(Imm(uint64(quarters(c[0])|quarters(c[1])<<4)), Mem{Base: f.y, Disp: 64 * (c[1] / 2)}, r[i], r[i])
	}
	return r
}

// heads returns sixteen bytes of the blocks of four rows and four rows.
func (f *eightRows) heads(disp int) [2]VecVirtual {
	return [2]VecVirtual{f.four(0, disp), f.four(1, disp)}
}

// finish adds the term of a block. n has integer sums in the lower half, and those of mins in the upper one if there are any.
func (f *eightRows) finish(t wide512, head [2]VecVirtual, n VecVirtual) {
	d := load64(words64(fmt.Sprint("rows_d", t.dAt/4), func(i int) uint32 { return uint32(4*(i%8) + t.dAt/4) }))
	VPERMI2D(head[1], head[0], d)
	order := []byte{0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15}
	if t.dAt%4 == 2 {
		order = append(order[8:], order[:8]...)
	}
	VPSHUFB(bytes32(fmt.Sprint("halves", t.dAt%4), order), d.AsY(), d.AsY())
	VPERMQ(Imm(0b11_01_10_00), d.AsY(), d.AsY())
	VCVTPH2PS(d.AsY(), d)
	VCVTDQ2PS(n, n)
	VMULPS(d, n, n)
	if t.mins {
		m := YMM()
		VEXTRACTF64X4(Imm(1), n, m)
		VSUBPS(m, n.AsY(), n.AsY())
	}
	dy := YMM()
	VBROADCASTSS(Mem{Base: f.scales, Disp: 32}, dy)
	VMULPS(dy, n.AsY(), n.AsY())
	VADDPS(n.AsY(), f.acc, f.acc)
}

// sums32 returns the sums of 32 activations, in every quarter.
func (f *eightRows) sums32() VecVirtual {
	var s [2]VecVirtual
	for i := range s {
		s[i] = ZMM()
		VBROADCASTI32X4(Mem{Base: f.scales, Disp: 16 * i}, s[i])
		VPMADDWD(word512(0x00010001), s[i], s[i])
	}
	VPACKSSDW(s[1], s[0], s[0])
	return s[0]
}

// dotEighths512 is for blocks of eight scales and mins of six bits.
func dotEighths512(t wide512) {
	c := &constants512{}
	dotWideBlocks(t.wideType, func() {
		for i, chunks := range t.order {
			c.spread[i] = load64(words64(fmt.Sprint("spread32_", i), func(j int) uint32 { return 0x80008000 | 0x10001*uint32(chunks[j/8]) }))
		}
		t.constants(c)
	}, func(f *eightRows) {
		y, head := f.arrange(t.order), f.heads(t.head)
		scales := [2]VecVirtual{sixBits512(head[0]), sixBits512(head[1])}
		var sums rowSums
		for r := range 8 {
			scale, s := ZMM(), ZMM()
			VSHUFI32X4(Imm(uint64(r%4*0b01010101)), scales[r/4], scales[r/4], scale)
			clearZMM(s)
			t.weights(f, c, r, func(i int, q VecVirtual) {
				b := ZMM()
				VPMADDUBSW(y[i], q, q)
				VPSHUFB(c.spread[i], scale, b)
				VPDPWSSD(b, q, s)
			})
			f.ask(t.size * (r + 1))
			sums.add(s)
		}
		sum := f.sums32()
		for _, s := range scales {
			VPSHUFB(words64("mins512", func(i int) uint32 { return 0x80008000 | uint32(8+2*(i%4)) | uint32(9+2*(i%4))<<16 }), s, s)
			VPMADDWD(sum, s, s)
		}
		m := quarterSums(scales)
		n := load64(words64("rows_n_m", func(i int) uint32 { return []uint32{0, 1, 2, 3, 4, 5, 6, 7, 16, 20, 24, 28, 17, 21, 25, 29}[i] }))
		VPERMI2D(m, sums.result(), n)
		f.finish(t, head, n)
	})
}

// quarterSums adds the lanes of each quarter: in quarter r of the result the rows r and r+4 alternate.
func quarterSums(rows [2]VecVirtual) VecVirtual {
	m, other := addPairs(rows[0], rows[1]), ZMM()
	VPSHUFD(Imm(0b01_00_11_10), m, other)
	VPADDD(other, m, m)
	return m
}

// sixBits512 unpacks the scales and mins, a byte each, of four rows whose first sixteen bytes are the quarters of v.
func sixBits512(v VecVirtual) VecVirtual {
	low, high := ZMM(), ZMM()
	VPSHUFD(Imm(0b11_10_11_01), v, low) // s[0:4] s[8:12] s[4:8] s[8:12]
	VPSRLVD(words64("six_shift512", func(i int) uint32 { return []uint32{0, 0, 0, 4}[i%4] }), low, low)
	VPANDD(words64("six_low512", func(i int) uint32 { return []uint32{0x3f3f3f3f, 0x0f0f0f0f}[i%2] }), low, low)
	VPSHUFD(Imm(0b10_00_01_00), v, high) // - s[0:4] - s[4:8]
	VPSRLD(Imm(2), high, high)
	orMasked(words64("six_high512", func(i int) uint32 { return []uint32{0, 0x30303030}[i%2] }), high, low)
	return low
}

// orMasked sets dst to dst | v & mask.
func orMasked(mask, v, dst Op) { VPTERNLOGD(Imm(0xf8), mask, v, dst) }

// nibbles512 is the weights of Q4_K, and of Q5_K with its fifth bits.
func nibbles512(quants int, fifth bool) func(f *eightRows, c *constants512, r int, use func(i int, q VecVirtual)) {
	return func(f *eightRows, c *constants512, r int, use func(i int, q VecVirtual)) {
		var bits VecVirtual
		if fifth {
			bits = ZMM()
			VBROADCASTI64X4(f.row(r, 16), bits)
		}
		for half := range 2 {
			v, w := load64(f.row(r, quants+64*half)), ZMM()
			VPSRLW(Imm(4), v, w)
			for i, x := range []VecVirtual{v, w} {
				VPANDD(c.low, x, x)
				if fifth {
					c.addHigh(2*half+i, bits, x)
				}
				use(2*half+i, x)
			}
		}
	}
}

// dotSixteenths512 is for blocks of sixteen scales.
func dotSixteenths512(t wide512) {
	c := &constants512{}
	dotWideBlocks(t.wideType, func() {
		for i, chunks := range t.order {
			c.spread[i] = load64(words64(fmt.Sprintf("spread16_%d_%d", chunks[0], chunks[1]), func(j int) uint32 {
				return 0x10001 * uint32(2*chunks[j/8]+j/4%2)
			}))
		}
		t.constants(c)
	}, func(f *eightRows) {
		y, head := f.arrange(t.order), f.heads(t.head)
		sum := YMM() // of sixteen activations; times what is too much in the weights, or a half of it
		VMOVDQU32(Mem{Base: f.scales}, sum)
		times := 1
		if t.bias != 0 {
			by := 1 << t.bias
			for by > 16 { // -16·16·127 is the most that fits an int16
				by, times = by/2, 2*times
			}
			VPMULLW(word(0x10001*uint32(uint16(-by))), sum, sum)
		}
		scales := t.scales(f, head)
		var sums, mins rowSums
		for r := range 8 {
			s := ZMM()
			clearZMM(s)
			scale, min := scales(r)
			if t.bias != 0 {
				for range times {
					VPDPWSSD(scale, sum, s.AsY())
				}
			}
			if t.mins {
				VPMADDWD(sum, min, min)
				mins.add(min)
			}
			t.weights(f, c, r, func(i int, q VecVirtual) {
				b := ZMM()
				VPMADDUBSW(y[i], q, q)
				permuteWords(scale, c.spread[i], b)
				VPDPWSSD(b, q, s)
			})
			f.ask(t.size * (r + 1))
			sums.add(s)
		}
		n := sums.result()
		if t.mins {
			VINSERTI64X4(Imm(1), mins.result(), n, n)
		}
		f.finish(t, head, n)
	})
}

// permuteWords sets dst to the words of the lower half of v that index names. (Of VPERMW avo would think that it reads all of v.)
func permuteWords(v, index, dst VecVirtual) {
	Instruction(&ir.Instruction{Opcode: "VPERMW", Operands: []Op{v.AsZ(), index, dst}, Inputs: []Op{v, index}, Outputs: []Op{dst}, ISA: []string{"AVX512BW"}})
}

func weights512Q6K(f *eightRows, c *constants512, r int, use func(i int, q VecVirtual)) {
	for half := range 2 {
		v, w, bits := load64(f.row(r, 64*half)), ZMM(), ZMM()
		VBROADCASTI64X4(f.row(r, 128+32*half), bits)
		VPSRLW(Imm(4), v, w)
		for i, x := range []VecVirtual{v, w} {
			VPANDD(c.low, x, x)
			c.addHigh(2*half+i, bits, x)
			use(2*half+i, x)
		}
	}
}

func scales512Q6K(f *eightRows, _ [2]VecVirtual) func(r int) (scale, min VecVirtual) {
	return func(r int) (scale, min VecVirtual) { return scalesQ6K(f.row(r, 0)) }
}

func scales512Q2K(f *eightRows, _ [2]VecVirtual) func(r int) (scale, min VecVirtual) {
	return func(r int) (scale, min VecVirtual) {
		w, m := YMM(), YMM()
		VPMOVZXBW(f.row(r, 0), w)
		VPSRLW(Imm(4), w, m)
		VPANDD(word512(0x000f000f), w, w)
		return w, m
	}
}

// scales512Q3K unpacks the scales of four rows at once into memory: the twelve bytes of each lie in a quarter of head, from its byte 2.
func scales512Q3K(f *eightRows, head [2]VecVirtual) func(r int) (scale, min VecVirtual) {
	local := AllocLocal(128)
	for h, v := range head {
		low, high := ZMM(), ZMM()
		VPSHUFB(bytes64("q3_low", 0, func(i int) byte { return byte(2 + i%8) }), v, low)
		VPSRLVQ(words64("q3_low_shift", func(i int) uint32 { return []uint32{0, 0, 4, 0}[i%4] }), low, low)
		VPANDD(word512(0x0f0f0f0f), low, low)
		VPSHUFB(bytes64("q3_high", 0, func(i int) byte { return byte(10 + i%4) }), v, high)
		VPSRLVD(words64("q3_high_shift", func(i int) uint32 { return []uint32{0, 2, 4, 6}[i%4] }), high, high)
		VPSLLW(Imm(4), high, high)
		orMasked(word512(0x30303030), high, low)
		VPSUBB(word512(0x20202020), low, low)
		VMOVDQU32(low, local.Offset(64*h))
	}
	return func(r int) (scale, min VecVirtual) {
		w := YMM()
		VPMOVSXBW(local.Offset(16*r), w)
		return w, nil
	}
}

// bitPairs512 is the weights of Q2_K, and of Q3_K with its third bits.
func bitPairs512(quants int, third bool) func(f *eightRows, c *constants512, r int, use func(i int, q VecVirtual)) {
	return func(f *eightRows, c *constants512, r int, use func(i int, q VecVirtual)) {
		v, bits := load64(f.row(r, quants)), ZMM()
		if third {
			VBROADCASTI64X4(f.row(r, 0), bits)
		}
		for i := range 4 {
			x := ZMM()
			if i == 0 {
				VPANDD(c.low, v, x)
			} else {
				VPSRLW(Imm(uint64(2*i)), v, x)
				VPANDD(c.low, x, x)
			}
			if third {
				c.addHigh(i, bits, x)
			}
			use(i, x)
		}
	}
}

// dotIQ4XS512 is for weights from a table, 128 too large: their products with a byte do not fit an int16, so that scales are
// multiplied with sums of eight.
func dotIQ4XS512(t wide512) {
	var low, values VecVirtual
	var spread [2]VecVirtual
	dotWideBlocks(t.wideType, func() {
		low = all512(0x0f0f0f0f)
		values = table512(iq4Table())
		VPXORD(word512(0x80808080), values, values)
		for i := range spread { // the scale of quarter j into the upper half of its words
			spread[i] = load64(words64(fmt.Sprint("iq4_spread", i), func(j int) uint32 { return 0x8080 | uint32(2*(4*i+j/4))<<16 | uint32(2*(4*i+j/4)+1)<<24 }))
		}
	}, func(f *eightRows) {
		// The first halves of four chunks, then the second ones.
		var y [4]VecVirtual
		for i := range y {
			y[i] = load64(words64(fmt.Sprint("iq4_order", i%2), func(j int) uint32 { return uint32(8*(j/4) + 4*(i%2) + j%4) }))
			VPERMI2D(Mem{Base: f.y, Disp: 128*(i/2) + 64}, load64(Mem{Base: f.y, Disp: 128 * (i / 2)}), y[i])
		}
		head := f.heads(0)
		var scales [2]VecVirtual
		for h, v := range head {
			scales[h] = scales512IQ4XS(v)
		}
		var sums rowSums
		for r := range 8 {
			scale := ZMM()
			VSHUFI32X4(Imm(uint64(r%4*0b01010101)), scales[r/4], scales[r/4], scale)
			var s VecVirtual
			for half := range 2 {
				v, w := load64(f.row(r, 8+64*half)), ZMM()
				VPSRLW(Imm(4), v, w)
				p, b := ZMM(), ZMM()
				clearZMM(p)
				for i, x := range []VecVirtual{v, w} {
					VPANDD(low, x, x)
					VPSHUFB(x, values, x)
					VPDPBUSD(y[2*half+i], x, p)
				}
				VPSHUFB(spread[half], scale, b)
				VPSRAD(Imm(16), b, b)
				VPMULLD(b, p, p)
				if half == 0 {
					s = p
				} else {
					VPADDD(p, s, s)
				}
			}
			f.ask(t.size * (r + 1))
			sums.add(s)
		}
		// 128 times the scales and sums of 32 activations.
		sum := f.sums32()
		for _, s := range scales {
			VPMADDWD(sum, s, s)
		}
		m, n := quarterSums(scales), sums.result()
		order := load64(words64("rows_m", func(i int) uint32 { return uint32(4*(i%4) + i/4%2) }))
		VPERMD(m, order, m)
		VPSLLD(Imm(7), m, m)
		VPSUBD(m, n, n)
		f.finish(t, head, n)
	})
}

// scales512IQ4XS unpacks the scales of four rows to int16: two bits each of the word behind d, four of the bytes after it.
func scales512IQ4XS(head VecVirtual) VecVirtual {
	low, high := ZMM(), ZMM()
	VPSHUFB(words64("iq4_low", func(i int) uint32 { return 0x80008000 | 0x10001*uint32(4+i%4) }), head, low)
	VPSRLVW(words64("iq4_low_shift", func(int) uint32 { return 4 << 16 }), low, low)
	VPANDD(word512(0x000f000f), low, low)
	VPSHUFB(words64("iq4_high", func(int) uint32 { return 0x03020302 }), head, high)
	VPSRLVW(words64("iq4_high_shift", func(i int) uint32 { return uint32(4*(i%4)) | uint32(4*(i%4)+2)<<16 }), high, high)
	VPSLLW(Imm(4), high, high)
	orMasked(word512(0x00300030), high, low)
	VPSUBW(word512(0x00200020), low, low)
	return low
}
