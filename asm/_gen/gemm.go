package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// gemmKernels multiply a tile of eight unpacked and interleaved rows with four tokens. A register holds four weights of
// each row; four activations of a token are broadcast against it.
func gemmKernels() {
	gemmNarrow("Bias", false, true, false)
	gemmNarrow("Mins", false, false, true)
	gemmNarrow("Signed", true, false, false)
	gemmWide("Mins32", 32, 4, true)
	gemmWide("Mins16", 16, 4, true)
	gemmWide("Bias16x4", 16, 4, false)
	gemmWide("Bias16x2", 16, 2, false)
	gemmWide("Signed32", 32, 0, false)
}

type gemmFrame struct {
	q, scales, dm, blocks, out Register
	y, s                       [4]Register
	bias                       VecVirtual
}

// gemmHead loads the fields of gemmArgs in the Go package.
func gemmHead(name, set, doc string, scales, bias bool) gemmFrame {
	TEXT("gemm"+name+set, 4, "func(args *byte)")
	Doc("gemm" + name + set + " multiplies a tile of eight rows with four tokens: " + doc)
	Pragma("noescape")
	args := GP64()
	Load(Param("args"), args)
	word := func(i int) Register {
		r := GP64()
		MOVQ(Mem{Base: args, Disp: 8 * i}, r)
		return r
	}
	var f gemmFrame
	f.q = word(0)
	if scales {
		f.scales = word(1)
	}
	f.dm, f.blocks, f.out = word(2), word(3), word(4)
	for t := range f.y {
		f.y[t], f.s[t] = word(5+t), word(13+t)
	}
	if bias {
		f.bias = YMM()
		VBROADCASTSS(Mem{Base: args, Disp: 8 * 21}, f.bias)
	}
	return f
}

// chain adds up the int16 products of the weights n vectors from q+disp and the four tokens at y+at.
func (f *gemmFrame) chain(disp, at, n int) []VecVirtual {
	c := make([]VecVirtual, 4)
	for v := range n {
		w := YMM()
		VMOVDQU(Mem{Base: f.q, Disp: disp + 32*v}, w)
		for t := range c {
			y := YMM()
			VPBROADCASTD(Mem{Base: f.y[t], Disp: at + 4*v}, y)
			VPMADDUBSW(y, w, y)
			if v == 0 {
				c[t] = y
			} else {
				VPADDW(y, c[t], c[t])
			}
		}
	}
	return c
}

// signed returns the products of one vector of int8 weights.
func (f *gemmFrame) signed(disp, at int) []VecVirtual {
	c := make([]VecVirtual, 4)
	w, a := YMM(), YMM()
	VMOVDQU(Mem{Base: f.q, Disp: disp}, w)
	VPABSB(w, a)
	for t := range c {
		c[t] = YMM()
		VPBROADCASTD(Mem{Base: f.y[t], Disp: at}, c[t])
		VPSIGNB(w, c[t], c[t])
		VPMADDUBSW(c[t], a, c[t])
	}
	return c
}

// accumulate adds the pairs of c, times the int16 pairs of scale, to s; the first time it makes s.
func accumulate(s []VecVirtual, c []VecVirtual, scale Op) []VecVirtual {
	for t := range c {
		VPMADDWD(scale, c[t], c[t])
	}
	if s == nil {
		return c
	}
	for t := range c {
		VPADDD(c[t], s[t], s[t])
	}
	return s
}

func (f *gemmFrame) next(y, s, q int) {
	for t := range f.y {
		ADDQ(U32(uint32(y)), f.y[t])
		ADDQ(U32(uint32(s)), f.s[t])
	}
	ADDQ(U32(uint32(q)), f.q)
	ADDQ(U32(64), f.dm)
}

func gemmNarrow(name string, signed, bias, mins bool) {
	f := gemmHead("Narrow"+name, "AVX2", "blocks of 32.", false, bias)
	acc := zeros(4)
	Label("block")
	var s []VecVirtual
	if signed {
		for v := range 8 {
			s = accumulate(s, f.signed(32*v, 4*v), word(0x00010001))
		}
	} else {
		for h := range 2 {
			s = accumulate(s, f.chain(128*h, 16*h, 4), word(0x00010001))
		}
	}
	for t, n := range s {
		VCVTDQ2PS(n, n)
		sum := YMM()
		if bias || mins {
			VBROADCASTSS(Mem{Base: f.s[t], Disp: 4}, sum)
		}
		if bias {
			VMULPS(f.bias, sum, sum)
			VSUBPS(sum, n, n)
		}
		VMULPS(Mem{Base: f.dm}, n, n)
		if mins {
			VMULPS(Mem{Base: f.dm, Disp: 32}, sum, sum)
			VSUBPS(sum, n, n)
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

// gemmWide adds up to chain products as int16 before they are scaled; 0 is for signed weights, which allow one.
func gemmWide(name string, sub, chain int, mins bool) {
	f := gemmHead("Wide"+name, "AVX2", "blocks of 256.", true, false)
	for t, z := range zeros(4) {
		VMOVUPS(z, Mem{Base: f.out, Disp: 32 * t})
	}
	words := 256/sub + 8
	Label("block")
	var s []VecVirtual
	step := chain
	if chain == 0 {
		step = 1
	}
	for v := 0; v < 64; v += step {
		scale := Mem{Base: f.scales, Disp: 32 * (v / (sub / 4))}
		if chain == 0 {
			s = accumulate(s, f.signed(32*v, 4*v), scale)
		} else {
			s = accumulate(s, f.chain(32*v, 4*v, chain), scale)
		}
	}
	if chain == 0 {
		f.finishWide(s, nil, false)
	} else {
		f.finishWide(s, f.sumMins(f.scales, 32*256/sub), mins)
	}
	f.next(256, 36, 2048)
	ADDQ(U32(uint32(32*words)), f.scales)
	DECQ(f.blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// sumMins returns the sums of the mins, disp behind scales, times the sums of activations.
func (f *gemmFrame) sumMins(scales Register, disp int) []VecVirtual {
	var m []VecVirtual
	for j := range 8 {
		c := make([]VecVirtual, 4)
		for t := range c {
			c[t] = YMM()
			VPBROADCASTD(Mem{Base: f.s[t], Disp: 4 * j}, c[t])
		}
		m = accumulate(m, c, Mem{Base: scales, Disp: disp + 32*j})
	}
	return m
}

// finishWide adds the term of a block, from its sums s and those of the mins m, to the output.
func (f *gemmFrame) finishWide(s, m []VecVirtual, mins bool) {
	for t, n := range s {
		if m != nil && !mins {
			VPSUBD(m[t], n, n)
		}
		VCVTDQ2PS(n, n)
		VMULPS(Mem{Base: f.dm}, n, n)
		if mins {
			VCVTDQ2PS(m[t], m[t])
			VMULPS(Mem{Base: f.dm, Disp: 32}, m[t], m[t])
			VSUBPS(m[t], n, n)
		}
		dy := YMM()
		VBROADCASTSS(Mem{Base: f.s[t], Disp: 32}, dy)
		VMULPS(dy, n, n)
		VADDPS(Mem{Base: f.out, Disp: 32 * t}, n, n)
		VMOVUPS(n, Mem{Base: f.out, Disp: 32 * t})
	}
}
