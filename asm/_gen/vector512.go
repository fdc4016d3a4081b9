package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// vector512Kernels are the gated units of experts with registers of sixteen floats.
func vector512Kernels() {
	gated512("siluMul", "silu(g)·u", func(g *gate512, x, y VecVirtual) { VMULPS(y, g.of(x, x), y) })
	gated512("geluMul", "gelu(g)·u", func(g *gate512, x, y VecVirtual) {
		z, p := ZMM(), ZMM()
		VMULPS(x, x, z)
		VBROADCASTSS(float(0.07135481627159965), p)
		VFMADD213PS_BCST(float(1.5957691216057308), z, p)
		VMULPS(x, p, p)
		VMULPS(y, g.of(x, p), y)
	})
	gated512("swigluOAI", "g·σ(1.702g)·(u+1) with g at most 7 and u within ±7", func(g *gate512, x, y VecVirtual) {
		z := ZMM()
		VMINPS(x, g.seven, x)
		VMINPS(y, g.seven, y)
		VMAXPS(y, g.minusSeven, y)
		VMULPS_BCST(float(1.702), x, z)
		VADDPS(g.exp.one(), y, y)
		VMULPS(y, g.of(x, z), y)
	})
}

// gate512 computes gates.
type gate512 struct {
	exp                     exp512
	most, seven, minusSeven Op
}

// of returns x·σ(z).
func (g *gate512) of(x, z VecVirtual) VecVirtual {
	m := ZMM()
	VPXORD_BCST(word(1<<31), z, m)
	VMINPS(m, g.most, m) // a NaN is the second source and stays
	e := g.exp.upTo89(m)
	VADDPS(g.exp.one(), e, e)
	VDIVPS(e, x, e)
	return e
}

// gated512 writes a kernel of len(out) elements, sixteen at a time and the rest under a mask; unit replaces y by the result.
func gated512(name, value string, unit func(g *gate512, x, y VecVirtual)) {
	TEXT(name+"AVX512", 4, "func(out, g, u []float32)")
	Doc(name+"AVX512 sets out = "+value+".", "Inputs are as long as out, which may be the same memory as an input but not overlap it otherwise.")
	Pragma("noescape")
	out, n := Load(Param("out").Base(), GP64()), Load(Param("out").Len(), GP64())
	p, q, at := Load(Param("g").Base(), GP64()), Load(Param("u").Base(), GP64()), GP64()
	g := &gate512{exp: exp512Constants()}
	g.most, g.seven, g.minusSeven = g.exp.load(float(89)), g.exp.load(float(7)), g.exp.load(float(-7))
	XORQ(at, at)
	lanes := func(p Register) Mem { return Mem{Base: p, Index: at, Scale: 4} }
	Label("loop")
	SUBQ(Imm(16), n)
	JLT(LabelRef("tail"))
	x, y := ZMM(), ZMM()
	VMOVUPS(lanes(p), x)
	VMOVUPS(lanes(q), y)
	unit(g, x, y)
	VMOVUPS(y, lanes(out))
	ADDQ(Imm(16), at)
	JMP(LabelRef("loop"))
	Label("tail")
	ADDQ(Imm(16), n)
	JZ(LabelRef("done"))
	ones, mask := GP32(), K()
	MOVL(U32(0xffff), ones)
	BZHIL(n.(GPVirtual).As32(), ones, ones)
	KMOVW(ones, mask)
	x, y = ZMM(), ZMM()
	VMOVUPS_Z(lanes(p), mask, x)
	VMOVUPS_Z(lanes(q), mask, y)
	unit(g, x, y)
	VMOVUPS(y, mask, lanes(out))
	Label("done")
	VZEROUPPER()
	RET()
}
