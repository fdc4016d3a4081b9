package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// unpackKernels unpack a row as the Go functions of the same names do, and interleave unpacked rows.
func unpackKernels() {
	for _, t := range narrowTypes {
		unpackNarrow(t, "AVX2")
	}
	for _, t := range wideTypes {
		unpackWide(t, "AVX2")
	}
	interleave8()
}

type unpackFrame struct{ q, scales, dm, row, blocks, ahead Register }

func unpackHead(name, set string) unpackFrame {
	TEXT("unpack"+name+set, 4, "func(q *byte, scales *uint32, dm *float32, row *byte, blocks, ahead int)")
	Doc("unpack" + name + set + " unpacks blocks > 0 blocks of " + name + " into the parts of an unpacked row.")
	Pragma("noescape")
	f := unpackFrame{q: Load(Param("q"), GP64())}
	f.scales = Load(Param("scales"), GP64())
	f.dm = Load(Param("dm"), GP64())
	f.row = Load(Param("row"), GP64())
	f.blocks = Load(Param("blocks"), GP64())
	f.ahead = Load(Param("ahead"), GP64())
	return f
}

// next steps to the next block of n bytes and asks for the one that lies ahead.
func (f *unpackFrame) next(n int) {
	for line := 0; line < n; line += 64 {
		PREFETCHT0(Mem{Base: f.row, Index: f.ahead, Scale: 1, Disp: line})
	}
	ADDQ(U32(uint32(n)), f.row)
	DECQ(f.blocks)
	JNZ(LabelRef("block"))
}

func unpackNarrow(t narrowType, set string) {
	f := unpackHead(t.name, set)
	Label("block")
	b := Mem{Base: f.row}
	VMOVDQU(t.load(b), Mem{Base: f.q})
	h, d := GP32(), YMM()
	switch {
	case t.e8m0:
		MOVBLZX(b, h)
		VMOVD(h, d.AsX())
		e8m0(d)
		VMOVSS(d.AsX(), Mem{Base: f.dm})
		MOVL(U32(0), Mem{Base: f.dm, Disp: 4})
	case t.mins:
		MOVL(b, h)
		VMOVD(h, d.AsX())
		VCVTPH2PS(d.AsX(), d.AsX())
		VXORPS(table("negate_second", []uint32{0, 1 << 31, 0, 0}), d.AsX(), d.AsX())
		VMOVQ(d.AsX(), Mem{Base: f.dm})
	default:
		MOVWLZX(b, h) // the second half is zero, and so is m
		VMOVD(h, d.AsX())
		VCVTPH2PS(d.AsX(), d.AsX())
		VMOVQ(d.AsX(), Mem{Base: f.dm})
	}
	ADDQ(Imm(32), f.q)
	ADDQ(Imm(8), f.dm)
	f.next(t.size)
	VZEROUPPER()
	RET()
}

func unpackWide(t wideType, set string) {
	f := unpackHead(t.name, set)
	Label("block")
	b := Mem{Base: f.row}
	scale, min := t.scales(b)
	words := 0
	store := func(v VecVirtual) {
		VMOVDQU(v, Mem{Base: f.scales, Disp: 4 * words})
		words += 8
	}
	twice := func(x Register) VecVirtual { // eight int16, each twice
		v, h := YMM(), YMM()
		VPMOVZXWD(x, v)
		VPSLLD(Imm(16), v, h)
		VPOR(h, v, v)
		return v
	}
	store(twice(scale.AsX()))
	if t.sub == 16 {
		h := XMM()
		VEXTRACTI128(Imm(1), scale, h)
		store(twice(h))
	}
	switch {
	case t.mins && t.sub == 32:
		store(twice(min.AsX()))
	case t.mins:
		store(min)
	case t.bias != 0:
		VPSLLW(Imm(uint64(t.bias)), scale, scale)
		if t.sub == 32 {
			scale = twice(scale.AsX())
		}
		store(scale)
	default:
		zero := YMM()
		VPXOR(zero, zero, zero)
		store(zero)
	}
	t.chunks(b, inMemory, func(i int, q VecVirtual) { VMOVDQU(q, Mem{Base: f.q, Disp: 32 * i}) })
	h, d := GP32(), XMM()
	if t.mins {
		MOVL(b.Offset(t.d), h)
	} else {
		MOVWLZX(b.Offset(t.d), h)
	}
	VMOVD(h, d)
	VCVTPH2PS(d, d)
	VMOVQ(d, Mem{Base: f.dm})
	ADDQ(U32(256), f.q)
	ADDQ(U32(uint32(4*words)), f.scales)
	ADDQ(Imm(8), f.dm)
	f.next(t.size)
	VZEROUPPER()
	RET()
}

// interleave8 transposes 8 by 8 words at a time.
func interleave8() {
	TEXT("interleave8AVX2", 4, "func(tile, rows *uint32, stride, words int)")
	Doc("interleave8AVX2 writes word i of row r, at rows + r·stride bytes, to tile[8·i + r], r < 8.", "words is a positive multiple of 8.")
	Pragma("noescape")
	tile := Load(Param("tile"), GP64())
	p := Load(Param("rows"), GP64())
	stride := Load(Param("stride"), GP64())
	n := Load(Param("words"), GP64())
	p3, p4, p7 := GP64(), GP64(), GP64()
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, p3)
	ADDQ(p, p3)
	LEAQ(Mem{Base: p, Index: stride, Scale: 4}, p4)
	LEAQ(Mem{Base: p3, Index: stride, Scale: 4}, p7)
	row := func(r int) Mem {
		return []Mem{{Base: p}, {Base: p, Index: stride, Scale: 1}, {Base: p, Index: stride, Scale: 2}, {Base: p3},
			{Base: p4}, {Base: p4, Index: stride, Scale: 1}, {Base: p4, Index: stride, Scale: 2}, {Base: p7}}[r]
	}
	Label("loop")
	for half := range 2 {
		var v, t, o [4]VecVirtual
		for i := range v {
			v[i] = YMM()
			VMOVUPS(row(i).Offset(16*half), v[i].AsX())
			VINSERTF128(Imm(1), row(i+4).Offset(16*half), v[i], v[i])
			t[i], o[i] = YMM(), YMM()
		}
		VUNPCKLPS(v[1], v[0], t[0])
		VUNPCKHPS(v[1], v[0], t[1])
		VUNPCKLPS(v[3], v[2], t[2])
		VUNPCKHPS(v[3], v[2], t[3])
		VUNPCKLPD(t[2], t[0], o[0])
		VUNPCKHPD(t[2], t[0], o[1])
		VUNPCKLPD(t[3], t[1], o[2])
		VUNPCKHPD(t[3], t[1], o[3])
		for i, x := range o {
			VMOVUPS(x, Mem{Base: tile, Disp: 128*half + 32*i})
		}
	}
	for _, x := range []Register{p, p3, p4, p7} {
		ADDQ(Imm(32), x)
	}
	ADDQ(U32(256), tile)
	SUBQ(Imm(8), n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
