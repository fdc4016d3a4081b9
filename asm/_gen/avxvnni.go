package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// avxVNNIKernels are for processors that have VPDPBUSD but not AVX-512: tiles of eight rows and four tokens, weights as
// in vnniKernels. Two sums a token hide the latency.
func avxVNNIKernels() {
	for _, t := range narrowTypes {
		if t.signed {
			t = t.unsigned()
		}
		dotNarrow(t, "AVXVNNI")
	}
	avxVNNINarrow("Bias", false)
	avxVNNINarrow("Mins", true)
	for _, sub := range []int{16, 32} {
		avxVNNIWide("Bias", sub, false)
		avxVNNIWide("Mins", sub, true)
	}
}

// vnniProducts adds n vectors of weights, alternately to the first and the second four of c.
func (f *gemmFrame) vnniProducts(c []VecVirtual, disp, at, n int) {
	for v := range n {
		w := YMM()
		VMOVDQU(Mem{Base: f.q, Disp: disp + 32*v}, w)
		for t := range 4 {
			y := YMM()
			VPBROADCASTD(Mem{Base: f.y[t], Disp: at + 4*v}, y)
			VPDPBUSD_VEX(y, w, c[4*(v%2)+t])
		}
	}
}

func avxVNNINarrow(name string, mins bool) {
	f := gemmHead("Narrow"+name, "AVXVNNI", "blocks of 32.", false, false)
	acc := zeros(4)
	Label("block")
	c := ymms(8)
	for t := range 8 {
		if t < 4 && !mins {
			VPBROADCASTD(Mem{Base: f.s[t], Disp: 8}, c[t])
		} else {
			VPXOR(c[t], c[t], c[t])
		}
	}
	f.vnniProducts(c, 0, 0, 8)
	for t := range 4 {
		n := c[t]
		VPADDD(c[4+t], n, n)
		VCVTDQ2PS(n, n)
		VMULPS(Mem{Base: f.dm}, n, n)
		v := YMM()
		if mins {
			VBROADCASTSS(Mem{Base: f.s[t], Disp: 4}, v)
			VMULPS(Mem{Base: f.dm, Disp: 32}, v, v)
			VSUBPS(v, n, n)
		}
		dy := YMM()
		VBROADCASTSS(Mem{Base: f.s[t]}, dy)
		VMULPS(dy, n, n)
		VADDPS(n, acc[t], acc[t])
	}
	f.next(32, 16, 256)
	DECQ(f.blocks)
	JNZ(LabelRef("block"))
	for t, a := range acc {
		VMOVUPS(a, Mem{Base: f.out, Disp: 32 * t})
	}
	VZEROUPPER()
	RET()
}

func ymms(n int) []VecVirtual {
	r := make([]VecVirtual, n)
	for i := range r {
		r[i] = YMM()
	}
	return r
}

func avxVNNIWide(kind string, sub int, mins bool) {
	name := map[int]string{16: "16", 32: "32"}[sub]
	f := gemmHead("Wide"+kind+name, "AVXVNNI", "blocks of 256.", true, false)
	for t, z := range zeros(4) {
		VMOVUPS(z, Mem{Base: f.out, Disp: 32 * t})
	}
	Label("block")
	s := zeros(4)
	loop := GP64()
	MOVQ(U32(uint32(256/sub)), loop)
	Label("part")
	c := zeros(8)
	f.vnniProducts(c, 0, 0, sub/4)
	scale := YMM()
	VPSRAD(Imm(16), Mem{Base: f.scales}, scale)
	for t := range 4 {
		VPADDD(c[4+t], c[t], c[t])
		VPMULLD(scale, c[t], c[t])
		VPADDD(c[t], s[t], s[t])
	}
	ADDQ(Imm(32), f.scales)
	ADDQ(U32(uint32(8*sub)), f.q)
	for _, y := range f.y {
		ADDQ(Imm(uint64(sub)), y)
	}
	DECQ(loop)
	JNZ(LabelRef("part"))
	f.finishWide(s, f.sumMins(f.scales, 0), mins)
	ADDQ(U32(256), f.scales)
	f.next(0, 36, 0)
	DECQ(f.blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}
