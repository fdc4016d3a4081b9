package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// rowType is a type of which eight elements lie side by side in size bytes.
type rowType struct {
	name string
	size int
	load func(m Mem, v VecVirtual) // eight elements as floats
}

var (
	rowF32  = rowType{"F32", 32, func(m Mem, v VecVirtual) { VMOVUPS(m, v) }}
	rowF16  = rowType{"F16", 16, func(m Mem, v VecVirtual) { VCVTPH2PS(m, v) }}
	rowBF16 = rowType{"BF16", 16, func(m Mem, v VecVirtual) { VPMOVZXWD(m, v); VPSLLD(Imm(16), v, v) }}
)

func rowKernels() {
	elementwise("axpyF32AVX2", "func(out []float32, p float32, row []byte)", "axpyF32AVX2 adds p·row to out.", []string{"out", "row"}, "p",
		func(in []VecVirtual, p VecVirtual) VecVirtual {
			VFMADD231PS(in[1], p, in[0])
			return in[0]
		})
	dotF32()
	dotHalf(rowF16)
	dotHalf(rowBF16)
	loadHalf(rowF16)
	loadHalf(rowBF16)
	loadQ8()
	dots(rowF32)
	dots(rowF16)
	dots(rowBF16)
}

func dotF32() {
	TEXT("dotF32AVX2", 4, "func(x []float32, row []byte) float32")
	Doc("dotF32AVX2 returns Σ x·row over the length of x.")
	Pragma("noescape")
	x := Load(Param("x").Base(), GP64())
	row := Load(Param("row").Base(), GP64())
	n := Load(Param("x").Len(), GP64())
	acc := zeros(4)
	Label("loop")
	SUBQ(Imm(32), n)
	JLT(LabelRef("tail"))
	for j, a := range acc {
		v := YMM()
		VMOVUPS(Mem{Base: row, Disp: 32 * j}, v)
		VFMADD231PS(Mem{Base: x, Disp: 32 * j}, v, a)
	}
	ADDQ(U32(128), x)
	ADDQ(U32(128), row)
	JMP(LabelRef("loop"))
	Label("tail")
	ADDQ(Imm(32), n)
	JZ(LabelRef("done"))
	for j, mask := range laneMasks(n) {
		v, w := YMM(), YMM()
		VMASKMOVPS(Mem{Base: row, Disp: 32 * j}, mask, v)
		VMASKMOVPS(Mem{Base: x, Disp: 32 * j}, mask, w)
		VFMADD231PS(w, v, acc[j])
	}
	Label("done")
	Store(reduce32(acc), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// dotHalf copies what is left of a row into cleared memory, so that nothing is read past its end.
func dotHalf(t rowType) {
	TEXT("dot"+t.name+"AVX2", 4, "func(x []float32, row []byte) float32")
	Doc("dot" + t.name + "AVX2 returns Σ x·row over the length of x.")
	Pragma("noescape")
	rest := AllocLocal(64)
	x := Load(Param("x").Base(), GP64())
	row := Load(Param("row").Base(), GP64())
	n := Load(Param("x").Len(), GP64())
	acc := zeros(4)
	Label("loop")
	SUBQ(Imm(32), n)
	JLT(LabelRef("tail"))
	for j, a := range acc {
		v := YMM()
		t.load(Mem{Base: row, Disp: 16 * j}, v)
		VFMADD231PS(Mem{Base: x, Disp: 32 * j}, v, a)
	}
	ADDQ(U32(128), x)
	ADDQ(Imm(64), row)
	JMP(LabelRef("loop"))
	Label("tail")
	ADDQ(Imm(32), n)
	JZ(LabelRef("done"))
	masks := laneMasks(n)
	zero := YMM()
	VPXOR(zero, zero, zero)
	VMOVDQU(zero, rest)
	VMOVDQU(zero, rest.Offset(32))
	half := GP64()
	base := GP64()
	LEAQ(rest, base)
	Label("copy")
	MOVWLZX(Mem{Base: row, Index: n, Scale: 2, Disp: -2}, half.As32())
	MOVW(half.As16(), Mem{Base: base, Index: n, Scale: 2, Disp: -2})
	DECQ(n)
	JNZ(LabelRef("copy"))
	for j, mask := range masks {
		v, w := YMM(), YMM()
		t.load(rest.Offset(16*j), v)
		VMASKMOVPS(Mem{Base: x, Disp: 32 * j}, mask, w)
		VFMADD231PS(w, v, acc[j])
	}
	Label("done")
	Store(reduce32(acc), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// halfScale broadcasts the binary16 at m as a float.
func halfScale(m Mem) VecVirtual {
	h, v := GP32(), YMM()
	MOVWLZX(m, h)
	VMOVD(h, v.AsX())
	VCVTPH2PS(v.AsX(), v.AsX())
	VBROADCASTSS(v.AsX(), v)
	return v
}

// q8 returns eight elements of a block of Q8_0 with scale d.
func q8(block Mem, j int, d VecVirtual) VecVirtual {
	v := YMM()
	VPMOVSXBD(block.Offset(2+8*j), v)
	VCVTDQ2PS(v, v)
	VMULPS(d, v, v)
	return v
}

func loadHalf(t rowType) {
	TEXT("load"+t.name+"AVX2", 4, "func(out []float32, row []byte)")
	Doc("load" + t.name + "AVX2 converts len(out) elements of row.")
	Pragma("noescape")
	out := Load(Param("out").Base(), GP64())
	row := Load(Param("row").Base(), GP64())
	n := Load(Param("out").Len(), GP64())
	Label("loop")
	SUBQ(Imm(8), n)
	JLT(LabelRef("tail"))
	v := YMM()
	t.load(Mem{Base: row}, v)
	VMOVUPS(v, Mem{Base: out})
	ADDQ(Imm(32), out)
	ADDQ(Imm(16), row)
	JMP(LabelRef("loop"))
	Label("tail")
	ADDQ(Imm(8), n)
	Label("one")
	JZ(LabelRef("done"))
	h, s := GP32(), XMM()
	MOVWLZX(Mem{Base: row}, h)
	if t.name == rowBF16.name {
		SHLL(Imm(16), h)
		VMOVD(h, s)
	} else {
		VMOVD(h, s)
		VCVTPH2PS(s, s)
	}
	VMOVSS(s, Mem{Base: out})
	ADDQ(Imm(4), out)
	ADDQ(Imm(2), row)
	DECQ(n)
	JMP(LabelRef("one"))
	Label("done")
	VZEROUPPER()
	RET()
}

func loadQ8() {
	TEXT("loadQ8AVX2", 4, "func(out []float32, row []byte)")
	Doc("loadQ8AVX2 converts len(out) elements of blocks of Q8_0, a multiple of 32.")
	Pragma("noescape")
	out := Load(Param("out").Base(), GP64())
	row := Load(Param("row").Base(), GP64())
	n := Load(Param("out").Len(), GP64())
	Label("loop")
	SUBQ(Imm(32), n)
	JLT(LabelRef("done"))
	d := halfScale(Mem{Base: row})
	for j := range 4 {
		VMOVUPS(q8(Mem{Base: row}, j, d), Mem{Base: out, Disp: 32 * j})
	}
	ADDQ(U32(128), out)
	ADDQ(Imm(34), row)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

// dots multiplies one vector with many rows.
func dots(t rowType) {
	TEXT("dots"+t.name+"AVX2", 4, "func(out, x []float32, rows *byte, stride int)")
	Doc("dots"+t.name+"AVX2 sets out[p] = x · row p, p < len(out), row p at rows + p·stride bytes.", "len(x) is a positive multiple of 32.")
	Pragma("noescape")
	out := Load(Param("out").Base(), GP64())
	n := Load(Param("out").Len(), GP64())
	x := Load(Param("x").Base(), GP64())
	d := Load(Param("x").Len(), GP64())
	rows := Load(Param("rows"), GP64())
	stride := Load(Param("stride"), GP64())
	Label("row")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	acc := zeros(4)
	at, p := GP64(), GP64()
	XORQ(at, at)
	MOVQ(rows, p)
	Label("loop")
	for j, a := range acc {
		v := YMM()
		t.load(Mem{Base: p, Disp: t.size * j}, v)
		VFMADD231PS(Mem{Base: x, Index: at, Scale: 4, Disp: 32 * j}, v, a)
	}
	ADDQ(U32(uint32(4*t.size)), p)
	ADDQ(Imm(32), at)
	CMPQ(at, d)
	JLT(LabelRef("loop"))
	VMOVSS(reduce32(acc), Mem{Base: out})
	ADDQ(Imm(4), out)
	ADDQ(stride, rows)
	DECQ(n)
	JMP(LabelRef("row"))
	Label("done")
	VZEROUPPER()
	RET()
}
