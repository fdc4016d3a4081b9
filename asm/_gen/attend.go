package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// scores writes the products of one query with the keys of a page.
func scores(t rowType) {
	scoresKernel(t.name, func(q, k Register, at GPVirtual, acc []VecVirtual) {
		for j, a := range acc {
			v := YMM()
			t.load(Mem{Base: k, Disp: t.size * j}, v)
			mulAdd(Mem{Base: q, Index: at, Scale: 4, Disp: 32 * j}, v, a)
		}
		ADDQ(U32(uint32(4*t.size)), k)
	})
}

func scoresQ8() {
	scoresKernel("Q8", func(q, k Register, at GPVirtual, acc []VecVirtual) {
		d := halfScale(Mem{Base: k})
		for j, a := range acc {
			mulAdd(Mem{Base: q, Index: at, Scale: 4, Disp: 32 * j}, q8(Mem{Base: k}, j, d), a)
		}
		ADDQ(Imm(34), k)
	})
}

func scoresKernel(name string, body func(q, k Register, at GPVirtual, acc []VecVirtual)) {
	TEXT("scores"+name+"AVX2", 4, "func(out, q []float32, k *byte, stride int)")
	Doc("scores"+name+"AVX2 sets out[p] = q · row p, p < len(out), row p at k + p·stride bytes.", "len(q) is a positive multiple of 32.")
	Pragma("noescape")
	out := Load(Param("out").Base(), GP64())
	n := Load(Param("out").Len(), GP64())
	q := Load(Param("q").Base(), GP64())
	d := Load(Param("q").Len(), GP64())
	k := Load(Param("k"), GP64())
	stride := Load(Param("stride"), GP64())
	Label("row")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	acc := zeros(4)
	at, p := GP64(), GP64()
	XORQ(at, at)
	MOVQ(k, p)
	Label("loop")
	body(q, p, at, acc)
	ADDQ(Imm(32), at)
	CMPQ(at, d)
	JLT(LabelRef("loop"))
	VMOVSS(reduce32(acc), Mem{Base: out})
	ADDQ(Imm(4), out)
	ADDQ(stride, k)
	DECQ(n)
	JMP(LabelRef("row"))
	Label("done")
	VZEROUPPER()
	RET()
}

// values writes the weighted sum of the values of a page: 64 columns at a time, then 8.
func values(t rowType) {
	TEXT("values"+t.name+"AVX2", 4, "func(o, p []float32, v *byte, stride int)")
	Doc("values"+t.name+"AVX2 adds Σ p[i]·row i to o in order, row i at v + i·stride bytes.", "len(o) is a multiple of 8, len(p) is positive.")
	Pragma("noescape")
	o := Load(Param("o").Base(), GP64())
	n := Load(Param("o").Len(), GP64())
	p := Load(Param("p").Base(), GP64())
	rows := Load(Param("p").Len(), GP64())
	v := Load(Param("v"), GP64())
	stride := Load(Param("stride"), GP64())
	for _, columns := range []int{8, 1} {
		label := map[int]string{8: "wide", 1: "narrow"}[columns]
		Label(label)
		CMPQ(n, U32(uint32(8*columns)))
		JLT(LabelRef(label + "_done"))
		acc := loadColumns(o, columns)
		i, row := GP64(), GP64()
		XORQ(i, i)
		MOVQ(v, row)
		Label(label + "_row")
		w := YMM()
		VBROADCASTSS(Mem{Base: p, Index: i, Scale: 4}, w)
		for j, a := range acc {
			x := YMM()
			t.load(Mem{Base: row, Disp: t.size * j}, x)
			mulAdd(w, x, a)
		}
		ADDQ(stride, row)
		INCQ(i)
		CMPQ(i, rows)
		JLT(LabelRef(label + "_row"))
		storeColumns(o, acc)
		ADDQ(U32(uint32(t.size*columns)), v)
		SUBQ(U32(uint32(8*columns)), n)
		JMP(LabelRef(label))
		Label(label + "_done")
	}
	VZEROUPPER()
	RET()
}

func valuesQ8() {
	TEXT("valuesQ8AVX2", 4, "func(o, p []float32, v *byte, stride int)")
	Doc("valuesQ8AVX2 adds Σ p[i]·row i to o in order, row i, blocks of Q8_0, at v + i·stride bytes.",
		"len(o) is a multiple of 32, len(p) is positive.")
	Pragma("noescape")
	o := Load(Param("o").Base(), GP64())
	n := Load(Param("o").Len(), GP64())
	p := Load(Param("p").Base(), GP64())
	rows := Load(Param("p").Len(), GP64())
	v := Load(Param("v"), GP64())
	stride := Load(Param("stride"), GP64())
	Label("block")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	acc := loadColumns(o, 4)
	i, row := GP64(), GP64()
	XORQ(i, i)
	MOVQ(v, row)
	Label("row")
	w, d := YMM(), halfScale(Mem{Base: row})
	VBROADCASTSS(Mem{Base: p, Index: i, Scale: 4}, w)
	for j, a := range acc {
		mulAdd(w, q8(Mem{Base: row}, j, d), a)
	}
	ADDQ(stride, row)
	INCQ(i)
	CMPQ(i, rows)
	JLT(LabelRef("row"))
	storeColumns(o, acc)
	ADDQ(Imm(34), v)
	SUBQ(Imm(32), n)
	JMP(LabelRef("block"))
	Label("done")
	VZEROUPPER()
	RET()
}

func loadColumns(o Register, n int) []VecVirtual {
	var acc []VecVirtual
	for j := range n {
		a := YMM()
		VMOVUPS(Mem{Base: o, Disp: 32 * j}, a)
		acc = append(acc, a)
	}
	return acc
}

// storeColumns stores the sums and moves on.
func storeColumns(o Register, acc []VecVirtual) {
	for j, a := range acc {
		VMOVUPS(a, Mem{Base: o, Disp: 32 * j})
	}
	ADDQ(U32(uint32(32*len(acc))), o)
}
