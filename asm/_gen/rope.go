package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func ropeKernels() {
	ropeNeox()
	ropeNorm()
}

// ropeNeox rotates eight pairs at a time, the rest under a mask.
func ropeNeox() {
	TEXT("ropeNeoxAVX2", 4, "func(x, cos, sin []float32)")
	Doc("ropeNeoxAVX2 rotates the pairs (i, i+len(cos)) of x, 2·len(cos) long. sin is as long as cos.")
	Pragma("noescape")
	x := Load(Param("x").Base(), GP64())
	cos := Load(Param("cos").Base(), GP64())
	sin := Load(Param("sin").Base(), GP64())
	n := Load(Param("cos").Len(), GP64())
	y, at := GP64(), GP64()
	LEAQ(Mem{Base: x, Index: n, Scale: 4}, y)
	XORQ(at, at)
	rotate := func(load func(p Register) VecVirtual, store func(v VecVirtual, p Register)) {
		a, b, c, s := load(x), load(y), load(cos), load(sin)
		t, u := YMM(), YMM()
		VMULPS(c, a, t)
		VMULPS(s, b, u)
		VSUBPS(u, t, t)
		store(t, x)
		VMULPS(s, a, t)
		VMULPS(c, b, u)
		VADDPS(u, t, t)
		store(t, y)
	}
	Label("loop")
	SUBQ(Imm(8), n)
	JLT(LabelRef("tail"))
	rotate(func(p Register) VecVirtual {
		v := YMM()
		VMOVUPS(Mem{Base: p, Index: at, Scale: 4}, v)
		return v
	}, func(v VecVirtual, p Register) { VMOVUPS(v, Mem{Base: p, Index: at, Scale: 4}) })
	ADDQ(Imm(8), at)
	JMP(LabelRef("loop"))
	Label("tail")
	ADDQ(Imm(8), n)
	JZ(LabelRef("done"))
	mask := tailMask(n.(GPVirtual))
	rotate(func(p Register) VecVirtual {
		v := YMM()
		VMASKMOVPS(Mem{Base: p, Index: at, Scale: 4}, mask, v)
		return v
	}, func(v VecVirtual, p Register) { VMASKMOVPS(v, mask, Mem{Base: p, Index: at, Scale: 4}) })
	Label("done")
	VZEROUPPER()
	RET()
}

// ropeNorm rotates four pairs at a time, then one. A swap of neighbours and VADDSUBPS do both halves of a pair.
func ropeNorm() {
	TEXT("ropeNormAVX2", 4, "func(x, cos, sin []float32)")
	Doc("ropeNormAVX2 rotates the pairs (2i, 2i+1) of x, 2·len(cos) long. sin is as long as cos.")
	Pragma("noescape")
	x := Load(Param("x").Base(), GP64())
	cos := Load(Param("cos").Base(), GP64())
	sin := Load(Param("sin").Base(), GP64())
	n := Load(Param("cos").Len(), GP64())
	Label("loop")
	SUBQ(Imm(4), n)
	JLT(LabelRef("tail"))
	v, w, c, s := YMM(), YMM(), YMM(), YMM()
	VMOVUPS(Mem{Base: x}, v)
	VPERMILPS(Imm(0xb1), v, w)
	for _, p := range []struct {
		from Register
		to   VecVirtual
	}{{cos, c}, {sin, s}} {
		VMOVUPS(Mem{Base: p.from}, p.to.AsX())
		VPERMQ(Imm(0x50), p.to, p.to)
		VPERMILPS(Imm(0x50), p.to, p.to)
	}
	VMULPS(c, v, v)
	VMULPS(s, w, w)
	VADDSUBPS(w, v, v)
	VMOVUPS(v, Mem{Base: x})
	ADDQ(Imm(32), x)
	ADDQ(Imm(16), cos)
	ADDQ(Imm(16), sin)
	JMP(LabelRef("loop"))
	Label("tail")
	ADDQ(Imm(4), n)
	Label("one")
	JZ(LabelRef("done"))
	a, b, cs, sn, t, u := XMM(), XMM(), XMM(), XMM(), XMM(), XMM()
	VMOVSS(Mem{Base: x}, a)
	VMOVSS(Mem{Base: x, Disp: 4}, b)
	VMOVSS(Mem{Base: cos}, cs)
	VMOVSS(Mem{Base: sin}, sn)
	VMULSS(cs, a, t)
	VMULSS(sn, b, u)
	VSUBSS(u, t, t)
	VMOVSS(t, Mem{Base: x})
	VMULSS(cs, b, t)
	VMULSS(sn, a, u)
	VADDSS(u, t, t)
	VMOVSS(t, Mem{Base: x, Disp: 4})
	ADDQ(Imm(8), x)
	ADDQ(Imm(4), cos)
	ADDQ(Imm(4), sin)
	DECQ(n)
	JMP(LabelRef("one"))
	Label("done")
	VZEROUPPER()
	RET()
}
