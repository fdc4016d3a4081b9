package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// attend512Kernels are attention and conversions with registers of sixteen floats: the 32 partial sums are two of them.
func attend512Kernels() {
	load512("F16", 32, func(m Mem, v VecVirtual) { VCVTPH2PS(m, v) })
	load512Q8()
	dots512("F32", 64, func(m Mem, v VecVirtual) { VMOVUPS(m, v) })
	dots512("F16", 32, func(m Mem, v VecVirtual) { VCVTPH2PS(m, v) })
	dots512("BF16", 32, func(m Mem, v VecVirtual) { VPMOVZXWD(m, v); VPSLLD(Imm(16), v, v) })
	gemmFloat("AVX512", func() VecVirtual { return ZMM() }, 1, 16)
	gemmHalf("AVX512", func() VecVirtual { return ZMM() }, 1, 16)
	loadQ8Keys("AVX512", func() VecVirtual { return ZMM() }, 1)
	softmaxRows512()
}

func load512(name string, size int, load func(Mem, VecVirtual)) {
	TEXT("load"+name+"AVX512", 4, "func(out []float32, row *byte)")
	Doc("load" + name + "AVX512 converts len(out) elements of row, a multiple of 16.")
	Pragma("noescape")
	out := Load(Param("out").Base(), GP64())
	n := Load(Param("out").Len(), GP64())
	row := Load(Param("row"), GP64())
	Label("loop")
	SUBQ(Imm(16), n)
	JLT(LabelRef("done"))
	v := ZMM()
	load(Mem{Base: row}, v)
	VMOVUPS(v, Mem{Base: out})
	ADDQ(Imm(64), out)
	ADDQ(Imm(uint64(size)), row)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

func load512Q8() {
	TEXT("loadQ8AVX512", 4, "func(out []float32, row *byte)")
	Doc("loadQ8AVX512 converts len(out) elements of blocks of Q8_0, a multiple of 32.")
	Pragma("noescape")
	out := Load(Param("out").Base(), GP64())
	n := Load(Param("out").Len(), GP64())
	row := Load(Param("row"), GP64())
	Label("loop")
	SUBQ(Imm(32), n)
	JLT(LabelRef("done"))
	h, d := GP32(), ZMM()
	MOVWLZX(Mem{Base: row}, h)
	VMOVD(h, d.AsX())
	VCVTPH2PS(d.AsX(), d.AsX())
	VBROADCASTSS(d.AsX(), d)
	for j := range 2 {
		v := ZMM()
		VPMOVSXBD(Mem{Base: row, Disp: 2 + 16*j}, v)
		VCVTDQ2PS(v, v)
		VMULPS(d, v, v)
		VMOVUPS(v, Mem{Base: out, Disp: 64 * j})
	}
	ADDQ(U32(128), out)
	ADDQ(Imm(34), row)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

// dots512 multiplies one vector with many rows, four at a time.
func dots512(name string, size int, load func(Mem, VecVirtual)) {
	TEXT("dots"+name+"AVX512", 4, "func(out, x []float32, rows *byte, stride int)")
	Doc("dots"+name+"AVX512 sets out[p] = x · row p, p < len(out), row p at rows + p·stride bytes.", "len(x) is a positive multiple of 32.")
	Pragma("noescape")
	out := Load(Param("out").Base(), GP64())
	n := Load(Param("out").Len(), GP64())
	x := Load(Param("x").Base(), GP64())
	d := Load(Param("x").Len(), GP64())
	rows := Load(Param("rows"), GP64())
	stride := Load(Param("stride"), GP64())
	at, p, stride3 := GP64(), GP64(), GP64()
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, stride3)
	for _, count := range []int{4, 1} {
		label := map[int]string{4: "four", 1: "one"}[count]
		Label(label)
		CMPQ(n, Imm(uint64(count)))
		JLT(LabelRef(label + "_done"))
		acc := zmms(2 * count)
		for _, a := range acc {
			clearZMM(a)
		}
		XORQ(at, at)
		MOVQ(rows, p)
		Label(label + "_loop")
		for half := range 2 {
			w := ZMM()
			VMOVUPS(Mem{Base: x, Index: at, Scale: 4, Disp: 64 * half}, w)
			for r := range count {
				m := []Mem{{Base: p}, {Base: p, Index: stride, Scale: 1}, {Base: p, Index: stride, Scale: 2}, {Base: p, Index: stride3, Scale: 1}}[r]
				v := ZMM()
				load(m.Offset(size*half), v)
				VFMADD231PS(w, v, acc[2*r+half])
			}
		}
		ADDQ(Imm(uint64(2*size)), p)
		ADDQ(Imm(32), at)
		CMPQ(at, d)
		JLT(LabelRef(label + "_loop"))
		var t []VecVirtual
		for r := range count {
			VADDPS(acc[2*r+1], acc[2*r], acc[2*r])
			low, high := YMM(), YMM()
			VEXTRACTF64X4(Imm(1), acc[2*r], high)
			VADDPS(high, acc[2*r].AsY(), low)
			t = append(t, low)
		}
		if count == 1 {
			VMOVSS(reduce8(t[0]), Mem{Base: out})
		} else {
			// reduce8 for four rows
			VHADDPS(t[1], t[0], t[0])
			VHADDPS(t[3], t[2], t[2])
			VHADDPS(t[2], t[0], t[0])
			h := XMM()
			VEXTRACTF128(Imm(1), t[0], h)
			VADDPS(h, t[0].AsX(), h)
			VMOVUPS(h, Mem{Base: out})
		}
		ADDQ(Imm(uint64(4*count)), out)
		if count == 4 {
			LEAQ(Mem{Base: rows, Index: stride, Scale: 4}, rows)
		} else {
			ADDQ(stride, rows)
		}
		SUBQ(Imm(uint64(count)), n)
		JMP(LabelRef(label))
		Label(label + "_done")
	}
	VZEROUPPER()
	RET()
}

// softmaxRows512 is softmaxRowsGeneric.
func softmaxRows512() {
	TEXT("softmaxRowsAVX512", 4, "func(p *float32, rows int, seen uint64, scale float32, m, fade, sums *float32)")
	Doc("softmaxRowsAVX512 turns rows of 64 products into e^(scale·p-m), zero where seen has no bit, with m updated first.",
		"fade is the difference of the old m and the new, sums what the weights come to.",
		"rows is positive.")
	Pragma("noescape")
	p := Load(Param("p"), GP64())
	rows := Load(Param("rows"), GP64())
	m := Load(Param("m"), GP64())
	fade := Load(Param("fade"), GP64())
	sums := Load(Param("sums"), GP64())
	seen := []Register{K(), K(), K(), K()}
	KMOVQ(param("seen"), seen[0])
	for i := range 3 {
		KSHIFTRQ(Imm(16), seen[i], seen[i+1])
	}
	scale, infinity := ZMM(), ZMM()
	VBROADCASTSS(param("scale"), scale)
	VBROADCASTSS(word(0xff800000), infinity)
	c := exp512Constants()
	Label("row")
	x, most := zmms(4), ZMM()
	VMOVAPS(infinity, most)
	for i, v := range x {
		VMULPS_Z(Mem{Base: p, Disp: 64 * i}, scale, seen[i], v)
		VMAXPS(most, v, seen[i], most) // the first source is chosen only if it is greater
	}
	old, top, zero := XMM(), XMM(), XMM()
	VMOVSS(Mem{Base: m}, old)
	maxLanes(most, top)
	VXORPS(zero, zero, zero)
	VADDSS(zero, top, top) // never -0
	VMAXSS(old, top, top)
	VMOVSS(top, Mem{Base: m})
	base, some := ZMM(), K()
	VBROADCASTSS(top, base)
	VCMPPS(Imm(4), infinity, base, some)
	VMOVAPS_Z(base, some, base) // -Inf - -Inf would be NaN
	VSUBSS(base.AsX(), old, old)
	VMOVSS(old, Mem{Base: fade})
	for i, v := range x {
		VSUBPS(base, v, v)
		e := c.exp(v)
		VMOVAPS_Z(e, seen[i], e)
		VMOVUPS(e, Mem{Base: p, Disp: 64 * i})
		x[i] = e
	}
	VADDPS(x[2], x[0], x[0])
	VADDPS(x[3], x[1], x[1])
	VADDPS(x[1], x[0], x[0])
	high := YMM()
	VEXTRACTF64X4(Imm(1), x[0], high)
	VADDPS(high, x[0].AsY(), high)
	VMOVSS(reduce8(high), Mem{Base: sums})
	ADDQ(U32(256), p)
	for _, r := range []Register{m, fade, sums} {
		ADDQ(Imm(4), r)
	}
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// maxLanes sets top to the largest of sixteen numbers.
func maxLanes(v, top VecVirtual) {
	t := YMM()
	VEXTRACTF64X4(Imm(1), v, t)
	VMAXPS(t, v.AsY(), t)
	VEXTRACTF128(Imm(1), t, top)
	VMAXPS(top, t.AsX(), top)
	for _, order := range []uint64{0x4e, 0xb1} {
		h := XMM()
		VPSHUFD(Imm(order), top, h)
		VMAXPS(h, top, top)
	}
}

// exp512 holds the constants of exp, each in one of the upper registers: sums of neighbours need lower ones.
type exp512 struct {
	most, least, log2E, roundOff, ln2High, ln2Low Op
	roundBits, bias                               Op
	polynomial                                    []Op
}

func exp512Constants() exp512 {
	upper := []Op{Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31}
	load := func(m Mem) Op {
		v := upper[0]
		upper = upper[1:]
		VBROADCASTSS(m, v)
		return v
	}
	c := exp512{most: load(float(89)), least: load(float(-104)), log2E: load(float(1.44269504088896341)), roundOff: load(float(0x1.8p23)),
		ln2High: load(float(0.693359375)), ln2Low: load(float(-2.12194440e-4)),
		roundBits: load(word(0x4b400000)), bias: load(word(127))}
	for _, p := range []float64{1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1} {
		c.polynomial = append(c.polynomial, load(float(p)))
	}
	c.polynomial = append(c.polynomial, c.polynomial[len(c.polynomial)-1]) // 1, as the one before
	return c
}

// exp computes exp32, as exp does with eight lanes.
func (c *exp512) exp(x VecVirtual) VecVirtual {
	v, t, n, f, p := ZMM(), ZMM(), ZMM(), ZMM(), ZMM()
	VMINPS(x, c.most, v) // a NaN is the second source and stays
	VMAXPS(v, c.least, v)
	VMOVAPS(c.roundOff, t)
	VFMADD231PS(c.log2E, v, t)
	VPSUBD(c.roundBits, t, n)
	VSUBPS(c.roundOff, t, f)
	VFNMADD231PS(c.ln2High, f, v)
	VFNMADD231PS(c.ln2Low, f, v)
	VMOVAPS(c.polynomial[0], p)
	for _, a := range c.polynomial[1:] {
		VFMADD213PS(a, v, p)
	}
	VPSRAD(Imm(1), n, t)
	VPSUBD(t, n, n)
	for _, e := range []VecVirtual{t, n} {
		VPADDD(c.bias, e, e)
		VPSLLD(Imm(23), e, e)
		VMULPS(e, p, p)
	}
	return p
}
