package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func quantizeKernels() {
	quantizeNarrow()
	quantizeWide()
	storeQ8()
}

// blockMax returns the largest |x| of n·8 floats as integer bits, in all lanes.
func blockMax(x Register, n int) VecVirtual {
	acc := zeros(4)
	abs := YMM()
	VMOVUPS(word(1<<31-1), abs)
	for i := range n {
		v := YMM()
		VPAND(Mem{Base: x, Disp: 32 * i}, abs, v)
		VPMAXSD(v, acc[i%4], acc[i%4])
	}
	VPMAXSD(acc[1], acc[0], acc[0])
	VPMAXSD(acc[3], acc[2], acc[2])
	VPMAXSD(acc[2], acc[0], acc[0])
	h := YMM()
	VPERM2I128(Imm(1), acc[0], acc[0], h)
	VPMAXSD(h, acc[0], acc[0])
	VPSHUFD(Imm(0x4e), acc[0], h)
	VPMAXSD(h, acc[0], acc[0])
	VPSHUFD(Imm(0xb1), acc[0], h)
	VPMAXSD(h, acc[0], acc[0])
	return acc[0]
}

// blockScale returns what blockScale of the Go package does, and a mask of blocks that are not stored as zeros.
func blockScale(m VecVirtual) (d, inverse, ok VecVirtual) {
	d, inverse, ok = YMM(), YMM(), YMM()
	t := YMM()
	VPCMPGTD(word((127-110)<<23-1), m, ok) // m >= tiny
	VMOVUPS(word(0x7f800000), t)
	VPCMPGTD(m, t, t) // m < Inf
	VPAND(t, ok, ok)
	VDIVPS(float(127), m, d)
	VPAND(ok, d, d)
	VPANDN(word(0x7fc00000), t, t) // a NaN where m is not finite
	VPOR(t, d, d)
	VMOVUPS(float(127), inverse)
	VDIVPS(m, inverse, inverse)
	VPAND(ok, inverse, inverse)
	return d, inverse, ok
}

// quantize32 returns 32 floats as bytes.
func quantize32(x Mem, inverse, ok VecVirtual) VecVirtual {
	var v [4]VecVirtual
	for j := range v {
		v[j] = YMM()
		VPAND(x.Offset(32*j), ok, v[j])
		VMULPS(inverse, v[j], v[j])
		VCVTPS2DQ(v[j], v[j])
	}
	VPACKSSDW(v[1], v[0], v[0])
	VPACKSSDW(v[3], v[2], v[2])
	VPACKSSWB(v[2], v[0], v[0])
	order := YMM()
	VMOVUPS(table("pack_order", []uint32{0, 4, 1, 5, 2, 6, 3, 7}), order)
	VPERMD(v[0], order, v[0])
	return v[0]
}

// sums returns the sums of 8 bytes each, plus 1024, as 64-bit numbers.
func sums(q VecVirtual) VecVirtual {
	s, zero := YMM(), YMM()
	VPXOR(each32(0x80), q, s)
	VPXOR(zero, zero, zero)
	VPSADBW(zero, s, s)
	return s
}

func quantizeNarrow() {
	TEXT("quantizeNarrowAVX2", 4, "func(q *int8, scales *float32, x *float32, blocks int)")
	Doc("quantizeNarrowAVX2 fills 32·blocks bytes and blocks narrowScales from as many floats.")
	Pragma("noescape")
	q := Load(Param("q"), GP64())
	scales := Load(Param("scales"), GP64())
	x := Load(Param("x"), GP64())
	n := Load(Param("blocks"), GP64())
	Label("loop")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	d, inverse, ok := blockScale(blockMax(x, 4))
	VMOVSS(d.AsX(), Mem{Base: scales})
	b := quantize32(Mem{Base: x}, inverse, ok)
	VMOVDQU(b, Mem{Base: q})
	s, h := sums(b), XMM()
	VEXTRACTI128(Imm(1), s, h)
	VPADDD(h, s.AsX(), s.AsX())
	VPSHUFD(Imm(0x4e), s.AsX(), h)
	VPADDD(h, s.AsX(), s.AsX())
	VPSUBD(word(4096), s, s)
	VPXOR(h, h, h)
	VPSUBD(s.AsX(), h, h)
	VPSLLD(Imm(7), h, h)
	VMOVD(h, Mem{Base: scales, Disp: 8})
	VCVTDQ2PS(s.AsX(), s.AsX())
	VMOVSS(s.AsX(), Mem{Base: scales, Disp: 4})
	ADDQ(Imm(128), x)
	ADDQ(Imm(32), q)
	ADDQ(Imm(16), scales)
	DECQ(n)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

func quantizeWide() {
	TEXT("quantizeWideAVX2", 4, "func(q *int8, scales *int16, x *float32, blocks int)")
	Doc("quantizeWideAVX2 fills 256·blocks bytes and blocks wideScales from as many floats.")
	Pragma("noescape")
	q := Load(Param("q"), GP64())
	scales := Load(Param("scales"), GP64())
	x := Load(Param("x"), GP64())
	n := Load(Param("blocks"), GP64())
	Label("loop")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	d, inverse, ok := blockScale(blockMax(x, 32))
	VMOVSS(d.AsX(), Mem{Base: scales, Disp: 32})
	for i := range 8 {
		b := quantize32(Mem{Base: x, Disp: 128 * i}, inverse, ok)
		VMOVDQU(b, Mem{Base: q, Disp: 32 * i})
		s, h := sums(b), YMM()
		VPSHUFD(Imm(0x4e), s, h)
		VPADDD(h, s, s)
		VPSUBD(word(2048), s, s)
		VPEXTRW(Imm(0), s.AsX(), Mem{Base: scales, Disp: 4 * i})
		VEXTRACTI128(Imm(1), s, h.AsX())
		VPEXTRW(Imm(0), h.AsX(), Mem{Base: scales, Disp: 4*i + 2})
	}
	ADDQ(U32(1024), x)
	ADDQ(U32(256), q)
	ADDQ(Imm(36), scales)
	DECQ(n)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

func storeQ8() {
	TEXT("storeQ8AVX2", 4, "func(row []byte, x []float32)")
	Doc("storeQ8AVX2 writes x as blocks of Q8_0. len(x) is a multiple of 32.")
	Pragma("noescape")
	row := Load(Param("row").Base(), GP64())
	x := Load(Param("x").Base(), GP64())
	n := Load(Param("x").Len(), GP64())
	Label("loop")
	SUBQ(Imm(32), n)
	JLT(LabelRef("done"))
	d, inverse, ok := blockScale(blockMax(x, 4))
	h := XMM()
	VCVTPS2PH(Imm(0), d.AsX(), h)
	VPEXTRW(Imm(0), h, Mem{Base: row})
	VMOVDQU(quantize32(Mem{Base: x}, inverse, ok), Mem{Base: row, Disp: 2})
	ADDQ(Imm(128), x)
	ADDQ(Imm(34), row)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}
