package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// vnniKernels multiply packed rows with one token, and a tile of sixteen rows with eight or four tokens, by VPDPBUSD, which
// cannot saturate: weights are unsigned, those that are signed or have a bias being 128 too large.
func vnniKernels() {
	for _, t := range narrowTypes {
		if t.signed || t.bias != 0 {
			unpackNarrow(t.unsigned(), "VNNI")
		}
		dotNarrow512(t)
	}
	for _, t := range wideTypes {
		dotWide512(t)
		if t.signed {
			chunks := t.chunks
			t.chunks = func(b Mem, use func(i int, q VecVirtual)) {
				chunks(b, func(i int, q VecVirtual) {
					VPADDB(each32(128), q, q)
					use(i, q)
				})
			}
			t.bias = 7
			unpackWide(t, "VNNI")
		}
	}
	interleave16()
	for _, tokens := range []int{8, 4} {
		vnniNarrow("Bias", tokens, false)
		vnniNarrow("Mins", tokens, true)
		vnniWide("Mins32", tokens, 32, true)
		vnniWide("Mins16", tokens, 16, true)
		vnniWide("Bias32", tokens, 32, false)
		vnniWide("Bias16", tokens, 16, false)
	}
}

type vnniFrame struct {
	args, q, scales, dm, at Register
	y                       []Register
}

func vnniHead(name string, tokens int, scales bool, doc string) vnniFrame {
	TEXT(fmt.Sprintf("gemm%sVNNI%d", name, tokens), 4, "func(args *byte)")
	Doc(fmt.Sprintf("gemm%sVNNI%d multiplies a tile of sixteen rows with %d tokens: %s", name, tokens, tokens, doc))
	Pragma("noescape")
	f := vnniFrame{args: GP64()}
	Load(Param("args"), f.args)
	word := func(i int) Register {
		r := GP64()
		MOVQ(Mem{Base: f.args, Disp: 8 * i}, r)
		return r
	}
	f.q = word(0)
	if scales {
		f.scales = word(1)
	}
	f.dm = word(2)
	for t := range tokens {
		f.y = append(f.y, word(5+t))
	}
	f.at = GP64()
	XORQ(f.at, f.at)
	return f
}

// scale returns the memory of the scales of token t in this block.
func (f *vnniFrame) scale(t int) Mem {
	s := GP64()
	MOVQ(Mem{Base: f.args, Disp: 8 * (13 + t)}, s)
	return Mem{Base: s, Index: f.at, Scale: 1}
}

// products adds those of n vectors of weights from q+disp and the activations at y+at.
func (f *vnniFrame) products(c []VecVirtual, disp, at, n int) {
	for v := range n {
		w := ZMM()
		VMOVDQU32(Mem{Base: f.q, Disp: disp + 64*v}, w)
		for t, c := range c {
			VPDPBUSD_BCST(Mem{Base: f.y[t], Disp: at + 4*v}, w, c)
		}
	}
}

func (f *vnniFrame) next(y, s, q int) {
	for _, y0 := range f.y {
		ADDQ(U32(uint32(y)), y0)
	}
	ADDQ(U32(uint32(s)), f.at)
	ADDQ(U32(uint32(q)), f.q)
	ADDQ(U32(128), f.dm)
	DECQ(Mem{Base: f.args, Disp: 8 * 3}) // blocks
	JNZ(LabelRef("block"))
}

func zmms(n int) []VecVirtual {
	r := make([]VecVirtual, n)
	for i := range r {
		r[i] = ZMM()
	}
	return r
}

func clearAll(r []VecVirtual) {
	for _, v := range r {
		clearZMM(v)
	}
}

func vnniNarrow(name string, tokens int, mins bool) {
	f := vnniHead("Narrow"+name, tokens, false, "blocks of 32.")
	acc := zmms(tokens)
	clearAll(acc)
	Label("block")
	c := zmms(tokens)
	if mins {
		clearAll(c)
	} else {
		for t, c := range c {
			VPBROADCASTD(f.scale(t).Offset(8), c)
		}
	}
	f.products(c, 0, 0, 8)
	d, m := ZMM(), ZMM()
	VMOVUPS(Mem{Base: f.dm}, d)
	if mins {
		VMOVUPS(Mem{Base: f.dm, Disp: 64}, m)
	}
	for t, n := range c {
		s := f.scale(t)
		VCVTDQ2PS(n, n)
		VMULPS(d, n, n)
		if mins {
			v := ZMM()
			VMULPS_BCST(s.Offset(4), m, v)
			VSUBPS(v, n, n)
		}
		VMULPS_BCST(s, n, n)
		VADDPS(n, acc[t], acc[t])
	}
	f.next(32, 16, 512)
	f.end(acc)
}

// end stores sums of sixteen rows a token.
func (f *vnniFrame) end(acc []VecVirtual) {
	out, step := GP64(), GP64()
	MOVQ(Mem{Base: f.args, Disp: 32}, out)
	MOVQ(Mem{Base: f.args, Disp: 176}, step)
	for _, a := range acc {
		VMOVUPS(a, Mem{Base: out})
		ADDQ(step, out)
	}
	VZEROUPPER()
	RET()
}

func vnniWide(name string, tokens, sub int, mins bool) {
	f := vnniHead("Wide"+name, tokens, true, "blocks of 256.")
	acc := zmms(tokens)
	clearAll(acc)
	Label("block")
	s := zmms(tokens)
	clearAll(s)
	loop := GP64()
	MOVQ(U32(uint32(256/sub)), loop)
	Label("part")
	c := zmms(tokens)
	clearAll(c)
	f.products(c, 0, 0, sub/4)
	scale := ZMM()
	VMOVDQU32(Mem{Base: f.scales}, scale)
	VPSRAD(Imm(16), scale, scale)
	for t, c := range c {
		VPMULLD(scale, c, c)
		VPADDD(c, s[t], s[t])
	}
	ADDQ(Imm(64), f.scales)
	ADDQ(U32(uint32(16*sub)), f.q)
	for _, y := range f.y {
		ADDQ(Imm(uint64(sub)), y)
	}
	DECQ(loop)
	JNZ(LabelRef("part"))

	m := zmms(tokens)
	clearAll(m)
	for t, m := range m {
		sums := f.scale(t)
		for j := range 8 {
			v := ZMM()
			VPBROADCASTD(sums.Offset(4*j), v)
			VPDPWSSD(Mem{Base: f.scales, Disp: 64 * j}, v, m)
		}
	}
	d, dmin := ZMM(), ZMM()
	VMOVUPS(Mem{Base: f.dm}, d)
	if mins {
		VMOVUPS(Mem{Base: f.dm, Disp: 64}, dmin)
	}
	for t, n := range s {
		if !mins {
			VPSUBD(m[t], n, n)
		}
		VCVTDQ2PS(n, n)
		VMULPS(d, n, n)
		if mins {
			VCVTDQ2PS(m[t], m[t])
			VMULPS(dmin, m[t], m[t])
			VSUBPS(m[t], n, n)
		}
		VMULPS_BCST(f.scale(t).Offset(32), n, n)
		VADDPS(n, acc[t], acc[t])
	}
	ADDQ(U32(512), f.scales)
	f.next(0, 36, 0)
	f.end(acc)
}

// interleave16 transposes 16 rows by 4 words at a time.
func interleave16() {
	TEXT("interleave16AVX512", 4, "func(tile, rows *uint32, stride, words int)")
	Doc("interleave16AVX512 writes word i of row r, at rows + r·stride bytes, to tile[16·i + r], r < 16.", "words is a positive multiple of 4.")
	Pragma("noescape")
	tile := Load(Param("tile"), GP64())
	p := Load(Param("rows"), GP64())
	stride := Load(Param("stride"), GP64())
	n := Load(Param("words"), GP64())
	stride3 := GP64()
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, stride3)
	quarter := []Register{p, GP64(), GP64(), GP64()} // rows 0, 4, 8, 12
	for i := 1; i < 4; i++ {
		LEAQ(Mem{Base: quarter[i-1], Index: stride, Scale: 4}, quarter[i])
	}
	row := func(q Register, i int) Mem {
		return []Mem{{Base: q}, {Base: q, Index: stride, Scale: 1}, {Base: q, Index: stride, Scale: 2}, {Base: q, Index: stride3, Scale: 1}}[i]
	}
	Label("loop")
	v, t, o := zmms(4), zmms(4), zmms(4)
	for i, v := range v {
		VMOVUPS(row(quarter[0], i), v.AsX())
		for l := 1; l < 4; l++ {
			VINSERTF32X4(Imm(uint64(l)), row(quarter[l], i), v, v)
		}
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
		VMOVUPS(x, Mem{Base: tile, Disp: 64 * i})
	}
	for _, q := range quarter {
		ADDQ(Imm(16), q)
	}
	ADDQ(U32(256), tile)
	SUBQ(Imm(4), n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
