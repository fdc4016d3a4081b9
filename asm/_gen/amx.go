package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// amxKernels multiply a tile of sixteen rows with tokens, sixteen at a time, by the matrix unit of AMX. Activations are the first
// operand of a product; a tile, which has four weights of each row beside each other, is the second as it is.
func amxKernels() {
	amxPlanes(32)
	amxPlanes(16)
	amxWide("Mins", true)
	amxWide("Signed", false)
	amxNarrow("Bias", false)
	amxNarrow("Mins", true)
}

// amxPlanes multiplies weights by the integer scale of their sub-block, which is an int8. The products are int16: scale·q is at most
// 128·63 or, for IQ4_XS, 32·255, and |scale·(q−bias)| at most 63·31 for Q4_K and Q5_K, 128·32 for Q6_K, 32·127 for IQ4_XS. Their low
// bytes, unsigned, and high bytes, signed, are planes: Σ product·y = Σ low·y + 256·Σ high·y. Over 256 activations of at most 127 the
// sums stay below 256·255·127 < 2^23 and 256·16·127 < 2^20, and what they make together below 256·4096·127 < 2^27: nothing overflows
// an int32.
func amxPlanes(sub int) {
	name := map[int]string{32: "planes32AMX", 16: "planes16AMX"}[sub]
	TEXT(name, 4, "func(low, high, scales *uint32, blocks, bias int)")
	Doc(name+" replaces the weights q at low by the low bytes of scale·(q−bias) and writes the high bytes to high, for sixteen",
		"interleaved rows of blocks > 0 blocks. Weights are unsigned.")
	Pragma("noescape")
	low := Load(Param("low"), GP64())
	high := Load(Param("high"), GP64())
	scales := Load(Param("scales"), GP64())
	blocks := Load(Param("blocks"), GP64())
	b := Load(Param("bias"), GP64())
	bias, swap, bytes := ZMM(), ZMM(), ZMM()
	VPBROADCASTW(b.(GPVirtual).As32(), bias)
	VBROADCASTI32X4(bytes32("swap_bytes", []byte{1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14}), swap)
	VPBROADCASTD(word(0x00ff00ff), bytes)
	odd, even, mask := K(), K(), GP64()
	MOVQ(U64(0xaaaaaaaaaaaaaaaa), mask)
	KMOVQ(mask, odd)
	KNOTQ(odd, even)
	parts := GP64()
	Label("block")
	MOVQ(U32(uint32(256/sub)), parts)
	Label("part")
	// A scale is two equal int16 whose low byte is all of it: in each word one of two weights meets it, the other a zero.
	scaleEven, scaleOdd, shift := ZMM(), ZMM(), ZMM()
	VMOVDQU32(Mem{Base: scales}, scaleEven)
	VPMULLW(bias, scaleEven, shift)
	VPSLLW(Imm(8), scaleEven, scaleOdd)
	VPANDD(bytes, scaleEven, scaleEven)
	for i := range sub / 4 {
		q, e, o, h := ZMM(), ZMM(), ZMM(), ZMM()
		VMOVDQU32(Mem{Base: low, Disp: 64 * i}, q)
		VPMADDUBSW(scaleEven, q, e)
		VPMADDUBSW(scaleOdd, q, o)
		VPSUBW(shift, e, e)
		VPSUBW(shift, o, o)
		VMOVDQA64(o, h)
		VPSHUFB(swap, e, even, h)
		VPSHUFB(swap, o, odd, e)
		VMOVDQU32(e, Mem{Base: low, Disp: 64 * i})
		VMOVDQU32(h, Mem{Base: high, Disp: 64 * i})
	}
	ADDQ(U32(uint32(16*sub)), low)
	ADDQ(U32(uint32(16*sub)), high)
	ADDQ(Imm(64), scales)
	DECQ(parts)
	JNZ(LabelRef("part"))
	ADDQ(U32(512), scales) // mins
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// amxConfig returns shapes of tiles: palette 1; the tile 1 is activations of k bytes a row, the tile 2 weights, k/4 rows of them; all
// others are sixteen rows of 64 bytes.
func amxConfig(name string, k int) Mem {
	var c [64]byte
	c[0] = 1
	for t := range 8 {
		c[16+2*t], c[48+t] = 64, 16
	}
	c[16+2*1], c[48+2] = byte(k), byte(k/4)
	words := make([]uint32, 16)
	for i, v := range c {
		words[i/4] |= uint32(v) << (8 * (i % 4))
	}
	return table(name, words)
}

// Offsets in amxArgs of the Go package.
const (
	amxLow, amxHigh, amxMins, amxDM        = 0, 8, 16, 24
	amxMinStep, amxBlocks, amxN, amxDirect = 32, 40, 48, 56
	amxOut, amxOutStep, amxLeft, amxEnd    = 64, 72, 80, 88
	amxA, amxC, amxTokens                  = 128, 128 + 4096, 128 + 4096 + 2048
)

// amxFrame is the state of a kernel that goes through groups of sixteen tokens and for each through all blocks.
type amxFrame struct {
	block                            int // weights of a block
	args, first, low, high, mins, dm Register
	yAt, sAt                         Register // offsets of the block in activations and scales
	a, aStep, c, row                 Register
	outAt                            Register // offset of the group in out
}

func (f *amxFrame) arg(offset int) Mem { return Mem{Base: f.args, Disp: offset} }

func amxHead(name string, block int, config, doc string) *amxFrame {
	TEXT("gemm"+name+"AMX", 4, "func(args *byte)")
	Doc("gemm" + name + "AMX multiplies a tile of sixteen rows with up to 64 tokens: " + doc)
	Pragma("noescape")
	f := &amxFrame{block: block, args: Load(Param("args"), GP64())}
	p := GP64()
	LEAQ(amxConfig(config, min(block, 64)), p)
	LDTILECFG(Mem{Base: p})
	f.first, f.outAt, f.row = GP64(), GP64(), GP64()
	LEAQ(f.arg(amxTokens), f.first)
	XORQ(f.outAt, f.outAt)
	MOVQ(U32(64), f.row)
	Label("group")
	// end is behind the last token of the group.
	end, all, n := GP64(), f.behind(), GP64()
	LEAQ(Mem{Base: f.first, Disp: 256}, end)
	CMPQ(end, all)
	CMOVQHI(all, end)
	MOVQ(end, f.arg(amxEnd))
	zero := ZMM()
	clearZMM(zero)
	f.tokens("clear", func(t, out Register) { VMOVUPS(zero, Mem{Base: out}) })
	f.low, f.high, f.mins, f.dm = GP64(), GP64(), GP64(), GP64()
	MOVQ(f.arg(amxLow), f.low)
	MOVQ(f.arg(amxDM), f.dm)
	MOVQ(f.arg(amxBlocks), n)
	MOVQ(n, f.arg(amxLeft))
	f.yAt, f.sAt = GP64(), GP64()
	XORQ(f.yAt, f.yAt)
	XORQ(f.sAt, f.sAt)
	f.c = GP64()
	return f
}

// behind returns the address behind the last token.
func (f *amxFrame) behind() Register {
	all := GP64()
	MOVQ(f.arg(amxN), all)
	SHLQ(Imm(4), all)
	LEAQ(Mem{Base: f.args, Index: all, Scale: 1, Disp: amxTokens}, all)
	return all
}

// tokens calls use for every token of the group, with the address of its pair of pointers and of its sixteen results.
func (f *amxFrame) tokens(label string, use func(t, out Register)) {
	t, out := GP64(), GP64()
	MOVQ(f.first, t)
	MOVQ(f.arg(amxOut), out)
	ADDQ(f.outAt, out)
	Label(label)
	use(t, out)
	ADDQ(f.arg(amxOutStep), out)
	ADDQ(Imm(16), t)
	CMPQ(t, f.arg(amxEnd))
	JB(LabelRef(label))
}

// activations sets a and aStep to the activations of the block: where the tokens of a full group lie at equal distances the very
// ones, otherwise a copy. Behind the last token the copy holds what it held; nobody reads the sums.
func (f *amxFrame) activations() {
	f.a, f.aStep = GP64(), GP64()
	n, y := GP64(), GP64()
	MOVQ(f.arg(amxDirect), f.aStep)
	TESTQ(f.aStep, f.aStep)
	JZ(LabelRef("gather"))
	LEAQ(Mem{Base: f.first, Disp: 256}, n)
	CMPQ(n, f.arg(amxEnd))
	JNE(LabelRef("gather"))
	MOVQ(Mem{Base: f.first}, f.a)
	ADDQ(f.yAt, f.a)
	JMP(LabelRef("multiply"))
	Label("gather")
	LEAQ(f.arg(amxA), f.a)
	MOVQ(f.first, n)
	Label("copy")
	MOVQ(Mem{Base: n}, y)
	ADDQ(f.yAt, y)
	for i := range f.block / 64 {
		v := ZMM()
		VMOVDQU32(Mem{Base: y, Disp: 64 * i}, v)
		VMOVDQU32(v, Mem{Base: f.a, Disp: 64 * i})
	}
	if f.block == 32 {
		v := YMM()
		VMOVDQU(Mem{Base: y}, v)
		VMOVDQU(v, Mem{Base: f.a})
	}
	ADDQ(U32(uint32(f.block)), f.a)
	ADDQ(Imm(16), n)
	CMPQ(n, f.arg(amxEnd))
	JB(LabelRef("copy"))
	LEAQ(f.arg(amxA), f.a)
	MOVQ(U32(uint32(f.block)), f.aStep)
	Label("multiply")
}

// end steps to the next block, the next group, and returns.
func (f *amxFrame) end(scales int, more func()) {
	ADDQ(U32(uint32(f.block)), f.yAt)
	ADDQ(U32(uint32(scales)), f.sAt)
	ADDQ(U32(uint32(16*f.block)), f.low)
	ADDQ(U32(128), f.dm)
	more()
	DECQ(f.arg(amxLeft))
	JNZ(LabelRef("block"))
	step := GP64()
	MOVQ(f.arg(amxOutStep), step)
	SHLQ(Imm(4), step)
	ADDQ(step, f.outAt)
	ADDQ(U32(256), f.first)
	CMPQ(f.first, f.behind())
	JB(LabelRef("group"))
	TILERELEASE()
	VZEROUPPER()
	RET()
}

func amxWide(name string, mins bool) {
	f := amxHead("Wide"+name, 256, "amx_wide", "blocks of 256.")
	MOVQ(f.arg(amxHigh), f.high)
	if mins {
		MOVQ(f.arg(amxMins), f.mins)
	}
	Label("block")
	f.activations()
	TILEZERO(0)
	TILEZERO(3)
	for i := range 4 {
		w := 4 + 2*(i%2)
		TILELOADD(Mem{Base: f.a, Index: f.aStep, Scale: 1, Disp: 64 * i}, 1)
		TILELOADD(Mem{Base: f.low, Index: f.row, Scale: 1, Disp: 1024 * i}, w)
		TDPBSUD(w, 1, 0)
		TILELOADD(Mem{Base: f.high, Index: f.row, Scale: 1, Disp: 1024 * i}, w+1)
		TDPBSSD(w+1, 1, 3)
	}
	LEAQ(f.arg(amxC), f.c)
	TILESTORED(0, Mem{Base: f.c, Index: f.row, Scale: 1})
	TILESTORED(3, Mem{Base: f.c, Index: f.row, Scale: 1, Disp: 1024})
	d, dmin := ZMM(), ZMM()
	VMOVUPS(Mem{Base: f.dm}, d)
	var min []VecVirtual
	if mins {
		VMOVUPS(Mem{Base: f.dm, Disp: 64}, dmin)
		min = zmms(8)
		for j, v := range min {
			VMOVDQU32(Mem{Base: f.mins, Disp: 64 * j}, v)
		}
	}
	f.tokens("token", func(t, out Register) {
		s, n := GP64(), ZMM()
		MOVQ(Mem{Base: t, Disp: 8}, s)
		ADDQ(f.sAt, s)
		at := func(disp int) Mem { return Mem{Base: s, Disp: disp} }
		VMOVDQU32(Mem{Base: f.c, Disp: 1024}, n)
		VPSLLD(Imm(8), n, n)
		VPADDD(Mem{Base: f.c}, n, n)
		VCVTDQ2PS(n, n)
		VMULPS(d, n, n)
		if mins {
			m := ZMM()
			clearZMM(m)
			for j, v := range min {
				vnni("VPDPWSSD", at(4*j), v, m, "BCST")
			}
			VCVTDQ2PS(m, m)
			VMULPS(dmin, m, m)
			VSUBPS(m, n, n)
		}
		VMULPS_BCST(at(32), n, n)
		VADDPS(Mem{Base: out}, n, n)
		VMOVUPS(n, Mem{Base: out})
		ADDQ(f.row, f.c)
	})
	f.end(36, func() {
		ADDQ(U32(4096), f.high)
		if mins {
			ADDQ(f.arg(amxMinStep), f.mins)
		}
	})
}

func amxNarrow(name string, mins bool) {
	f := amxHead("Narrow"+name, 32, "amx_narrow", "blocks of 32.")
	Label("block")
	f.activations()
	TILEZERO(0)
	TILELOADD(Mem{Base: f.a, Index: f.aStep, Scale: 1}, 1)
	TILELOADD(Mem{Base: f.low, Index: f.row, Scale: 1}, 2)
	TDPBSUD(2, 1, 0)
	LEAQ(f.arg(amxC), f.c)
	TILESTORED(0, Mem{Base: f.c, Index: f.row, Scale: 1})
	d, min := ZMM(), ZMM()
	VMOVUPS(Mem{Base: f.dm}, d)
	if mins {
		VMOVUPS(Mem{Base: f.dm, Disp: 64}, min)
	}
	f.tokens("token", func(t, out Register) {
		s, n := GP64(), ZMM()
		MOVQ(Mem{Base: t, Disp: 8}, s)
		ADDQ(f.sAt, s)
		at := func(disp int) Mem { return Mem{Base: s, Disp: disp} }
		if mins {
			VCVTDQ2PS(Mem{Base: f.c}, n)
		} else {
			VPBROADCASTD(at(8), n)
			VPADDD(Mem{Base: f.c}, n, n)
			VCVTDQ2PS(n, n)
		}
		VMULPS(d, n, n)
		if mins {
			v := ZMM()
			VMULPS_BCST(at(4), min, v)
			VSUBPS(v, n, n)
		}
		VMULPS_BCST(at(0), n, n)
		VADDPS(Mem{Base: out}, n, n)
		VMOVUPS(n, Mem{Base: out})
		ADDQ(f.row, f.c)
	})
	f.end(16, func() {})
}
