package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// vnniKernels multiply packed rows with one token, and two tiles of sixteen rows with six or three tokens, by VPDPBUSD, which
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
			t.chunks = func(b Mem, at place, use func(i int, q VecVirtual)) {
				chunks(b, at, func(i int, q VecVirtual) {
					VPADDB(each32(128), q, q)
					use(i, q)
				})
			}
			t.bias = 7
			unpackWide(t, "VNNI")
		}
	}
	interleave16()
	for _, tokens := range []int{6, 3} {
		vnniNarrow("Bias", tokens, false)
		vnniNarrow("Mins", tokens, true)
		vnniWide("Mins32", tokens, 32, true)
		vnniWide("Mins16", tokens, 16, true)
		vnniWide("Bias32", tokens, 32, false)
		vnniWide("Bias16", tokens, 16, false)
	}
}

func zmms(n int) []VecVirtual {
	r := make([]VecVirtual, n)
	for i := range r {
		r[i] = ZMM()
	}
	return r
}

// biasSums returns sums that begin with what a bias of 128 makes them too large by.
func (f *tileFrame) biasSums() (c [2][]VecVirtual) {
	for t := range f.y {
		c[0], c[1] = append(c[0], f.vector()), append(c[1], f.vector())
		VPBROADCASTD(f.scale(t).Offset(8), c[0][t])
		VMOVAPS(c[0][t], c[1][t])
	}
	return c
}

func vnniNarrow(name string, tokens int, mins bool) {
	f := tileHead(fmt.Sprintf("Narrow%sVNNI%d", name, tokens), 64, tokens, "blocks of 32.")
	acc := f.sums()
	Label("block")
	var c [2][]VecVirtual
	if mins {
		c = f.sums()
	} else {
		c = f.biasSums()
	}
	f.dot(c, 8, VPDPBUSD)
	dm := f.word(2)
	for i, c := range c {
		d, m := ZMM(), ZMM()
		VMOVUPS(f.tile(dm, i, 0), d)
		if mins {
			VMOVUPS(f.tile(dm, i, 64), m)
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
			VADDPS(n, acc[i][t], acc[i][t])
		}
	}
	f.next(16)
	f.eachResult(func(t int, _ Mem, out [2]Mem) {
		for i, m := range out {
			VMOVUPS(acc[i][t], m)
		}
	})
	VZEROUPPER()
	RET()
}

func vnniWide(name string, tokens, sub int, mins bool) {
	f := tileHead(fmt.Sprintf("Wide%sVNNI%d", name, tokens), 64, tokens, "blocks of 256.")
	f.clearResults()
	Label("block")
	s := f.sums()
	Label("part")
	c := f.sums()
	f.dot(c, sub/4, VPDPBUSD)
	for i, c := range c {
		scale := ZMM()
		VMOVDQU32(f.tile(f.scales, i, 0), scale)
		VPSRAD(Imm(16), scale, scale)
		for t, c := range c {
			VPMULLD(scale, c, c)
			VPADDD(c, s[i][t], s[i][t])
		}
	}
	f.partOfBlock()

	m := f.sums()
	for t := range f.y {
		sums := f.scale(t)
		for j := range 8 {
			v := ZMM()
			VPBROADCASTD(sums.Offset(4*j), v)
			for i := range m {
				VPDPWSSD(f.tile(f.scales, i, 64*j), v, m[i][t])
			}
		}
	}
	ADDQ(U32(512), f.scales)
	dm := f.word(2)
	f.eachResult(func(t int, scale Mem, out [2]Mem) {
		for i, out := range out {
			n, m := s[i][t], m[i][t]
			if !mins {
				VPSUBD(m, n, n)
			}
			VCVTDQ2PS(n, n)
			VMULPS(f.tile(dm, i, 0), n, n)
			if mins {
				VCVTDQ2PS(m, m)
				VMULPS(f.tile(dm, i, 64), m, m)
				VSUBPS(m, n, n)
			}
			VMULPS_BCST(scale.Offset(32), n, n)
			VADDPS(out, n, n)
			VMOVUPS(n, out)
		}
	})
	f.end(36)
}

// interleave16 transposes 16 rows by 4 words at a time.
func interleave16() {
	TEXT("interleave16AVX512", 4, "func(tile, rows *uint32, stride, words int)")
	Doc("interleave16AVX512 writes word i of row r, at rows + r·stride bytes, to tile[16·i + r], r < 16.", "words is a positive multiple of 4.")
	Pragma("noescape")
	tile := Load(Param("tile"), GP64())
	f := rowsFrom(Load(Param("rows"), GP64()), Load(Param("stride"), GP64()))
	n := Load(Param("words"), GP64())
	Label("loop")
	for i, w := range f.words(0) {
		VMOVUPS(w, Mem{Base: tile, Disp: 64 * i})
	}
	for _, q := range f.quarter {
		ADDQ(Imm(16), q)
	}
	ADDQ(U32(256), tile)
	SUBQ(Imm(4), n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
