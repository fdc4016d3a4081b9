package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func vectorKernels() {
	unary("exp", exp)
	unary("sigmoid", func(x VecVirtual) VecVirtual {
		one := YMM()
		VMOVUPS(float(1), one)
		return gate(one, x)
	})
	unary("silu", func(x VecVirtual) VecVirtual { return gate(x, x) })
	unary("gelu", gelu)
	unary("tanh", tanh)
	unary("relu", relu)
	gated("silu", func(x VecVirtual) VecVirtual { return gate(x, x) })
	gated("gelu", gelu)
	gated("relu", relu)

	elementwise("swigluOAIAVX2", "func(out, g, u []float32)", "swigluOAIAVX2 sets out = g·σ(1.702g)·(u+1) with g at most 7 and u within ±7.",
		[]string{"g", "u"}, "", func(in []VecVirtual, _ VecVirtual) VecVirtual {
			limit := YMM()
			VMOVUPS(float(7), limit)
			g := YMM()
			VMINPS(in[0], limit, g)
			u := YMM()
			VMINPS(in[1], limit, u)
			VMOVUPS(float(-7), limit)
			VMAXPS(u, limit, u)
			z := YMM()
			VMULPS(float(1.702), g, z)
			r := gate(g, z)
			VADDPS(float(1), u, u)
			VMULPS(u, r, r)
			return r
		})
	elementwise("addAVX2", "func(out, x, y []float32)", "addAVX2 sets out = x + y.", []string{"x", "y"}, "",
		func(in []VecVirtual, _ VecVirtual) VecVirtual { VADDPS(in[1], in[0], in[0]); return in[0] })
	elementwise("mulAVX2", "func(out, x, y []float32)", "mulAVX2 sets out = x·y.", []string{"x", "y"}, "",
		func(in []VecVirtual, _ VecVirtual) VecVirtual { VMULPS(in[1], in[0], in[0]); return in[0] })
	elementwise("scaleAVX2", "func(out, x []float32, a float32)", "scaleAVX2 sets out = a·x.", []string{"x"}, "a",
		func(in []VecVirtual, a VecVirtual) VecVirtual { VMULPS(a, in[0], in[0]); return in[0] })
	elementwise("scaleMulAVX2", "func(out, x, w []float32, a float32)", "scaleMulAVX2 sets out = (a·x)·w.", []string{"x", "w"}, "a",
		func(in []VecVirtual, a VecVirtual) VecVirtual {
			VMULPS(a, in[0], in[0])
			VMULPS(in[1], in[0], in[0])
			return in[0]
		})
	elementwise("expShiftAVX2", "func(out, x []float32, m float32)", "expShiftAVX2 sets out = e^(x-m).", []string{"x"}, "m",
		func(in []VecVirtual, m VecVirtual) VecVirtual { VSUBPS(m, in[0], in[0]); return exp(in[0]) })

	elementwise("scaleIntegersAVX2", "func(out []float32, x []int32, w []float32, a float32)", "scaleIntegersAVX2 sets out = a·(w·x).",
		[]string{"x", "w"}, "a", func(in []VecVirtual, a VecVirtual) VecVirtual {
			VCVTDQ2PS(in[0], in[0])
			VMULPS(in[1], in[0], in[0])
			VMULPS(a, in[0], in[0])
			return in[0]
		})

	reductionKernels()
	roundInt16()
	ropeKernels()
	quantizeKernels()
}

func unary(name string, f func(VecVirtual) VecVirtual) {
	elementwise(name+"AVX2", "func(out, x []float32)", name+"AVX2 sets out = "+name+"(x).", []string{"x"}, "",
		func(in []VecVirtual, _ VecVirtual) VecVirtual { return f(in[0]) })
}

func gated(name string, f func(VecVirtual) VecVirtual) {
	elementwise(name+"MulAVX2", "func(out, g, u []float32)", name+"MulAVX2 sets out = "+name+"(g)·u.", []string{"g", "u"}, "",
		func(in []VecVirtual, _ VecVirtual) VecVirtual {
			r := f(in[0])
			VMULPS(in[1], r, r)
			return r
		})
}

// elementwise writes a kernel that computes len(out) elements, eight at a time and the rest under a mask. The inputs are
// slices of at least that length; out may be one of them.
func elementwise(name, signature, doc string, inputs []string, scalar string, f func(in []VecVirtual, scalar VecVirtual) VecVirtual) {
	TEXT(name, 4, signature) // NOSPLIT
	Doc(doc, "Inputs are as long as out, which may be the same memory as an input but not overlap it otherwise.")
	Pragma("noescape")
	out := Load(Param("out").Base(), GP64())
	n := Load(Param("out").Len(), GP64())
	var ptr []Register
	for _, in := range inputs {
		ptr = append(ptr, Load(Param(in).Base(), GP64()))
	}
	s := YMM()
	if scalar != "" {
		a, err := Param(scalar).Resolve()
		if err != nil {
			panic(err)
		}
		VBROADCASTSS(a.Addr, s)
	}
	at := GP64()
	XORQ(at, at)

	Label("loop")
	SUBQ(Imm(8), n)
	JLT(LabelRef("tail"))
	var x []VecVirtual
	for _, p := range ptr {
		v := YMM()
		VMOVUPS(Mem{Base: p, Index: at, Scale: 4}, v)
		x = append(x, v)
	}
	VMOVUPS(f(x, s), Mem{Base: out, Index: at, Scale: 4})
	ADDQ(Imm(8), at)
	JMP(LabelRef("loop"))

	Label("tail")
	ADDQ(Imm(8), n)
	JZ(LabelRef("done"))
	mask := tailMask(n.(GPVirtual))
	x = x[:0]
	for _, p := range ptr {
		v := YMM()
		VMASKMOVPS(Mem{Base: p, Index: at, Scale: 4}, mask, v)
		x = append(x, v)
	}
	VMASKMOVPS(f(x, s), mask, Mem{Base: out, Index: at, Scale: 4})
	Label("done")
	VZEROUPPER()
	RET()
}

// roundInt16 writes the kernel that rounds to integers.
func roundInt16() {
	TEXT("roundInt16AVX2", 4, "func(out *int16, x *float32, n int, a float32)")
	Doc("roundInt16AVX2 sets out = a·x, n elements rounded to the nearest even.", "n is a positive multiple of 16.")
	Pragma("noescape")
	out, x, n := Load(Param("out"), GP64()), Load(Param("x"), GP64()), Load(Param("n"), GP64())
	a, v, w := YMM(), YMM(), YMM()
	VBROADCASTSS(param("a"), a)
	Label("loop")
	VMULPS(Mem{Base: x}, a, v)
	VMULPS(Mem{Base: x, Disp: 32}, a, w)
	VCVTPS2DQ(v, v)
	VCVTPS2DQ(w, w)
	packInt16(v, w)
	VMOVDQU(v, Mem{Base: out})
	ADDQ(Imm(64), x)
	ADDQ(Imm(32), out)
	SUBQ(Imm(16), n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// tailMask returns the mask of the first n of 8 lanes and changes n.
func tailMask(n GPVirtual) VecVirtual {
	mask, t := YMM(), GP64()
	LEAQ(tailMasks(), t)
	NEGQ(n)
	VMOVUPS(Mem{Base: t, Index: n, Scale: 4, Disp: 32}, mask)
	return mask
}

// exp computes exp32.
func exp(x VecVirtual) VecVirtual {
	b := YMM()
	v := YMM()
	VMOVUPS(float(89), b)
	VMINPS(x, b, v) // a NaN is the second source and stays
	VMOVUPS(float(-104), b)
	VMAXPS(v, b, v)
	t, n, f := YMM(), YMM(), YMM()
	VMOVUPS(float(0x1.8p23), t)
	VFMADD231PS(float(1.44269504088896341), v, t)
	VPSUBD(word(0x4b400000), t, n)
	VSUBPS(float(0x1.8p23), t, f)
	VFNMADD231PS(float(0.693359375), f, v)
	VFNMADD231PS(float(-2.12194440e-4), f, v)
	p := polynomial(v, 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1, 1)
	VPSRAD(Imm(1), n, t)
	VPSUBD(t, n, n)
	for _, e := range []VecVirtual{t, n} {
		VPADDD(word(127), e, e)
		VPSLLD(Imm(23), e, e)
		VMULPS(e, p, p)
	}
	return p
}

// polynomial returns c0·xⁿ + … + cn, each step fused.
func polynomial(x VecVirtual, c ...float64) VecVirtual {
	p := YMM()
	VMOVUPS(float(c[0]), p)
	for _, a := range c[1:] {
		VFMADD213PS(float(a), x, p)
	}
	return p
}

// gate returns x·σ(z).
func gate(x, z VecVirtual) VecVirtual {
	m := YMM()
	VXORPS(word(1<<31), z, m)
	e := exp(m)
	VADDPS(float(1), e, e)
	VDIVPS(e, x, e)
	return e
}

func gelu(x VecVirtual) VecVirtual {
	z := YMM()
	VMULPS(x, x, z)
	z = polynomial(z, 0.07135481627159965, 1.5957691216057308)
	VMULPS(z, x, z)
	return gate(x, z)
}

func relu(x VecVirtual) VecVirtual {
	zero, r := YMM(), YMM()
	VXORPS(zero, zero, zero)
	VMAXPS(x, zero, r) // a NaN, and -0, stay
	VMULPS(r, r, r)
	return r
}

func tanh(x VecVirtual) VecVirtual {
	a, z, small := YMM(), YMM(), YMM()
	VANDPS(word(1<<31-1), x, a)
	VMULPS(x, x, z)
	p := polynomial(z, -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1)
	VMULPS(z, p, p)
	VFMADD213PS(x, x, p)
	VCMPPS(Imm(17), float(0.625), a, small) // a < 0.625
	VADDPS(a, a, a)
	e := exp(a)
	VADDPS(float(1), e, e)
	r := YMM()
	VMOVUPS(float(2), r)
	VDIVPS(e, r, r)
	VMOVUPS(float(1), e)
	VSUBPS(r, e, r)
	sign := YMM()
	VANDPS(word(1<<31), x, sign)
	VORPS(sign, r, r)
	VBLENDVPS(small, p, r, r)
	return r
}
