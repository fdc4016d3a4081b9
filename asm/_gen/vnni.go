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
	for _, tokens := range []int{6, 3} {
		vnniNarrow("Bias", tokens, false)
		vnniNarrow("Mins", tokens, true)
		vnniWide("Mins32", tokens, 32, true)
		vnniWide("Mins16", tokens, 16, true)
		vnniWide("Bias32", tokens, 32, false)
		vnniWide("Bias16", tokens, 16, false)
	}
}

// vnniFrame is two tiles of sixteen rows that are multiplied with some tokens: activations are loaded once for both.
type vnniFrame struct {
	args, q, scales Register
	second          Register // bytes from the first tile to the second
	y               []Register
	at, scaleAt     Register // bytes from the first block's activations, and their scales, to those in use
}

func vnniHead(name string, tokens int, doc string) vnniFrame {
	TEXT(fmt.Sprintf("gemm%sVNNI%d", name, tokens), 4, "func(args *byte)")
	Doc(fmt.Sprintf("gemm%sVNNI%d multiplies two tiles of sixteen rows with %d tokens: %s", name, tokens, doc))
	Pragma("noescape")
	f := vnniFrame{args: GP64()}
	Load(Param("args"), f.args)
	f.q, f.scales, f.second = f.word(0), f.word(1), f.word(23)
	for t := range tokens {
		f.y = append(f.y, f.word(5+t))
	}
	f.at, f.scaleAt = GP64(), GP64()
	XORQ(f.at, f.at)
	XORQ(f.scaleAt, f.scaleAt)
	return f
}

// arg is the memory of an argument.
func (f *vnniFrame) arg(i int) Mem { return Mem{Base: f.args, Disp: 8 * i} }

// word loads an argument.
func (f *vnniFrame) word(i int) Register {
	r := GP64()
	MOVQ(f.arg(i), r)
	return r
}

// both returns the memory at disp of the first tile or the second.
func (f *vnniFrame) both(base Register, tile, disp int) Mem {
	if tile == 0 {
		return Mem{Base: base, Disp: disp}
	}
	return Mem{Base: base, Index: f.second, Scale: 1, Disp: disp}
}

// scale returns the memory of the scales of token t in this block.
func (f *vnniFrame) scale(t int) Mem {
	return Mem{Base: f.word(13 + t), Index: f.scaleAt, Scale: 1}
}

// products adds those of n vectors of weights, from q on, and of the activations from there.
func (f *vnniFrame) products(c [2][]VecVirtual, n int) {
	for v := range n {
		w := [2]VecVirtual{ZMM(), ZMM()}
		for i, w := range w {
			VMOVDQU32(f.both(f.q, i, 64*v), w)
		}
		for t, y := range f.y {
			x := ZMM()
			VPBROADCASTD(Mem{Base: y, Index: f.at, Scale: 1, Disp: 4 * v}, x)
			for i, w := range w {
				VPDPBUSD(x, w, c[i][t])
			}
		}
	}
	ADDQ(U32(uint32(64*n)), f.q)
	ADDQ(Imm(uint64(4*n)), f.at)
}

func (f *vnniFrame) next(scale int) {
	ADDQ(Imm(uint64(scale)), f.scaleAt)
	ADDQ(U32(128), f.arg(2))
	DECQ(f.arg(3)) // blocks
	JNZ(LabelRef("block"))
}

// sums returns a register of sums for each row and token.
func (f *vnniFrame) sums() (s [2][]VecVirtual) {
	for i := range s {
		s[i] = zmms(len(f.y))
		clearAll(s[i])
	}
	return s
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
	f := vnniHead("Narrow"+name, tokens, "blocks of 32.")
	acc := f.sums()
	Label("block")
	var c [2][]VecVirtual
	if mins {
		c = f.sums()
	} else {
		for t := range tokens {
			c[0], c[1] = append(c[0], ZMM()), append(c[1], ZMM())
			VPBROADCASTD(f.scale(t).Offset(8), c[0][t])
			VMOVDQA32(c[0][t], c[1][t])
		}
	}
	f.products(c, 8)
	dm := f.word(2)
	for i, c := range c {
		d, m := ZMM(), ZMM()
		VMOVUPS(f.both(dm, i, 0), d)
		if mins {
			VMOVUPS(f.both(dm, i, 64), m)
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
	f.eachSum(func(i, t int, m Mem) { VMOVUPS(acc[i][t], m) })
	VZEROUPPER()
	RET()
}

// eachSum calls use with the memory of the results of each tile and token.
func (f *vnniFrame) eachSum(use func(tile, token int, m Mem)) {
	out := f.word(4)
	for t := range f.y {
		for i := range 2 {
			use(i, t, Mem{Base: out, Disp: 64 * i})
		}
		ADDQ(f.arg(22), out)
	}
}

func vnniWide(name string, tokens, sub int, mins bool) {
	f := vnniHead("Wide"+name, tokens, "blocks of 256.")
	zero := ZMM()
	clearZMM(zero)
	f.eachSum(func(_, _ int, m Mem) { VMOVUPS(zero, m) })
	Label("block")
	s := f.sums()
	Label("part")
	c := f.sums()
	f.products(c, sub/4)
	for i, c := range c {
		scale := ZMM()
		VMOVDQU32(f.both(f.scales, i, 0), scale)
		VPSRAD(Imm(16), scale, scale)
		for t, c := range c {
			VPMULLD(scale, c, c)
			VPADDD(c, s[i][t], s[i][t])
		}
	}
	ADDQ(Imm(64), f.scales)
	TESTB(Imm(255), f.at.(GPVirtual).As8())
	JNZ(LabelRef("part")) // of a block

	m := f.sums()
	for t := range tokens {
		sums := f.scale(t)
		for j := range 8 {
			v := ZMM()
			VPBROADCASTD(sums.Offset(4*j), v)
			for i := range m {
				VPDPWSSD(f.both(f.scales, i, 64*j), v, m[i][t])
			}
		}
	}
	dm := f.word(2)
	f.eachSum(func(i, t int, sum Mem) {
		n, m := s[i][t], m[i][t]
		if !mins {
			VPSUBD(m, n, n)
		}
		VCVTDQ2PS(n, n)
		VMULPS(f.both(dm, i, 0), n, n)
		if mins {
			VCVTDQ2PS(m, m)
			VMULPS(f.both(dm, i, 64), m, m)
			VSUBPS(m, n, n)
		}
		VMULPS_BCST(f.scale(t).Offset(32), n, n)
		VADDPS(sum, n, n)
		VMOVUPS(n, sum)
	})
	ADDQ(U32(512), f.scales)
	f.next(36)
	VZEROUPPER()
	RET()
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
