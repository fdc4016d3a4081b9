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
	values512("F32", 64, func(m Mem, v VecVirtual) { VMOVUPS(m, v) })
	values512("F16", 32, func(m Mem, v VecVirtual) { VCVTPH2PS(m, v) })
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
				VMULPS(w, v, v)
				VADDPS(v, acc[2*r+half], acc[2*r+half])
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

// values512 does what values does, 128 columns at a time, then 64, then 16.
func values512(name string, size int, load func(Mem, VecVirtual)) {
	TEXT("values"+name+"AVX512", 4, "func(o, p []float32, v *byte, stride int)")
	Doc("values"+name+"AVX512 adds Σ p[i]·row i to o in order, row i at v + i·stride bytes.", "len(o) is a multiple of 16, len(p) is positive.")
	Pragma("noescape")
	o := Load(Param("o").Base(), GP64())
	n := Load(Param("o").Len(), GP64())
	p := Load(Param("p").Base(), GP64())
	rows := Load(Param("p").Len(), GP64())
	v := Load(Param("v"), GP64())
	stride := Load(Param("stride"), GP64())
	i, row := GP64(), GP64()
	for _, columns := range []int{8, 4, 1} {
		label := map[int]string{8: "c128", 4: "c64", 1: "c16"}[columns]
		Label(label)
		CMPQ(n, U32(uint32(16*columns)))
		JLT(LabelRef(label + "_done"))
		acc := zmms(columns)
		for j, a := range acc {
			VMOVUPS(Mem{Base: o, Disp: 64 * j}, a)
		}
		XORQ(i, i)
		MOVQ(v, row)
		Label(label + "_row")
		w := ZMM()
		VBROADCASTSS(Mem{Base: p, Index: i, Scale: 4}, w)
		for j, a := range acc {
			x := ZMM()
			load(Mem{Base: row, Disp: size * j}, x)
			VMULPS(w, x, x)
			VADDPS(x, a, a)
		}
		ADDQ(stride, row)
		INCQ(i)
		CMPQ(i, rows)
		JLT(LabelRef(label + "_row"))
		for j, a := range acc {
			VMOVUPS(a, Mem{Base: o, Disp: 64 * j})
		}
		ADDQ(U32(uint32(64*columns)), o)
		ADDQ(U32(uint32(size*columns)), v)
		SUBQ(U32(uint32(16*columns)), n)
		JMP(LabelRef(label))
		Label(label + "_done")
	}
	VZEROUPPER()
	RET()
}
