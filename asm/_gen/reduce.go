package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// reductionKernels are sum, max and the product of floats: 32 lanes, the rest under masks that read zeros.
func reductionKernels() {
	reduction("sumAVX2", "sumAVX2 returns Σ x.", func(x func(j int, v VecVirtual), acc []VecVirtual) {
		for j, a := range acc {
			v := YMM()
			x(j, v)
			VADDPS(v, a, a)
		}
	})
	maximum()
}

// zeros returns n cleared registers.
func zeros(n int) []VecVirtual {
	var r []VecVirtual
	for range n {
		v := YMM()
		VXORPS(v, v, v)
		r = append(r, v)
	}
	return r
}

// reduce32 adds four registers of partial sums as reduce32 of the Go package does; the result is in the low lane.
func reduce32(a []VecVirtual) VecVirtual {
	VADDPS(a[2], a[0], a[0])
	VADDPS(a[3], a[1], a[1])
	VADDPS(a[1], a[0], a[0])
	return reduce8(a[0])
}

// reduce8 adds eight lanes, neighbours first.
func reduce8(t VecVirtual) VecVirtual {
	VHADDPS(t, t, t)
	VHADDPS(t, t, t)
	h := XMM()
	VEXTRACTF128(Imm(1), t, h)
	VADDSS(h, t.AsX(), h)
	return h
}

// laneMasks returns the masks of the first n of 32 lanes.
func laneMasks(n Register) []VecVirtual {
	count, t := YMM(), GP64()
	LEAQ(iota32(), t)
	VMOVQ(n, count.AsX())
	VPBROADCASTD(count.AsX(), count)
	var masks []VecVirtual
	for j := range 4 {
		m := YMM()
		VPCMPGTD(Mem{Base: t, Disp: 32 * j}, count, m)
		masks = append(masks, m)
	}
	return masks
}

func reduction(name, doc string, body func(x func(j int, v VecVirtual), acc []VecVirtual)) {
	TEXT(name, 4, "func(x []float32) float32")
	Doc(doc)
	Pragma("noescape")
	x := Load(Param("x").Base(), GP64())
	n := Load(Param("x").Len(), GP64())
	acc := zeros(4)
	Label("loop")
	SUBQ(Imm(32), n)
	JLT(LabelRef("tail"))
	body(func(j int, v VecVirtual) { VMOVUPS(Mem{Base: x, Disp: 32 * j}, v) }, acc)
	ADDQ(Imm(128), x)
	JMP(LabelRef("loop"))
	Label("tail")
	ADDQ(Imm(32), n)
	JZ(LabelRef("done"))
	masks := laneMasks(n)
	body(func(j int, v VecVirtual) { VMASKMOVPS(Mem{Base: x, Disp: 32 * j}, masks[j], v) }, acc)
	Label("done")
	Store(reduce32(acc), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

func maximum() {
	TEXT("maxAVX2", 4, "func(x []float32) float32")
	Doc("maxAVX2 returns the largest number of x, passing over NaNs, or -Inf.")
	Pragma("noescape")
	x := Load(Param("x").Base(), GP64())
	n := Load(Param("x").Len(), GP64())
	acc := make([]VecVirtual, 4)
	for j := range acc {
		acc[j] = YMM()
		VMOVUPS(word(0xff800000), acc[j])
	}
	Label("loop")
	SUBQ(Imm(32), n)
	JLT(LabelRef("tail"))
	for j, a := range acc {
		v := YMM()
		VMOVUPS(Mem{Base: x, Disp: 32 * j}, v)
		VMAXPS(a, v, a) // the first source is chosen only if it is greater
	}
	ADDQ(Imm(128), x)
	JMP(LabelRef("loop"))
	Label("tail")
	ADDQ(Imm(32), n)
	JZ(LabelRef("done"))
	for j, mask := range laneMasks(n) {
		v := YMM()
		VMASKMOVPS(Mem{Base: x, Disp: 32 * j}, mask, v)
		VBLENDVPS(mask, v, acc[j], v)
		VMAXPS(acc[j], v, acc[j])
	}
	Label("done")
	VMAXPS(acc[1], acc[0], acc[0])
	VMAXPS(acc[3], acc[2], acc[2])
	VMAXPS(acc[2], acc[0], acc[0])
	m, h := acc[0].AsX(), XMM()
	VEXTRACTF128(Imm(1), acc[0], h)
	VMAXPS(h, m, m)
	VPSHUFD(Imm(0x4e), m, h)
	VMAXPS(h, m, m)
	VPSHUFD(Imm(0xb1), m, h)
	VMAXPS(h, m, m)
	Store(m, ReturnIndex(0))
	VZEROUPPER()
	RET()
}
