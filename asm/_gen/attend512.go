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
	zmm := func() VecVirtual { return ZMM() }
	gemmFloat("AVX512", zmm, 1, 16)
	gemmPairs("AVX512", zmm, 1, 16, func(v VecVirtual) { clearZMM(v) }, func(x, y, sum VecVirtual) { VPDPWSSD(x, y, sum) })
	loadQ8Keys("AVX512", zmm, 1)
	softmaxRows512()
	softmaxIntegers512()
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
	s := newSoftmax512()
	scale := ZMM()
	VBROADCASTSS(param("scale"), scale)
	s.eachRow(func(p Register) {
		x := zmms(4)
		for i, v := range x {
			VMULPS_Z(Mem{Base: p, Disp: 64 * i}, scale, s.seen[i], v)
		}
		s.highest(x, p)
	})
	s.eachRow(func(p Register) {
		x := s.exponentials(p)
		for i, v := range x {
			VMOVUPS(v, Mem{Base: p, Disp: 64 * i})
		}
		VMOVSS(reduce8(eightSums(x)), s.at(s.sums))
	})
	VZEROUPPER()
	RET()
}

// softmaxIntegers512 is softmaxIntegersGeneric.
func softmaxIntegers512() {
	TEXT("softmaxIntegersAVX512", 4, "func(p *float32, w *int16, rows int, seen uint64, kScales, vScales, qScales, m, fade, sums, wScales *float32)")
	Doc("softmaxIntegersAVX512 turns rows of 64 products into weights of values, zero where seen has no bit, with m updated first:",
		"wScales·w are e^(qScales·kScales·p-m)·vScales, rounded. fade is the difference of the old m and the new,",
		"sums what the weights come to without vScales. rows is positive.")
	Pragma("noescape")
	s := newSoftmax512()
	qScales, kScales := Load(Param("qScales"), GP64()), Load(Param("kScales"), GP64())
	s.eachRow(func(p Register) {
		x, scale := zmms(4), ZMM()
		VBROADCASTSS(s.at(qScales), scale)
		for i, v := range x {
			VCVTDQ2PS(Mem{Base: p, Disp: 64 * i}, v)
			VMULPS_Z(Mem{Base: kScales, Disp: 64 * i}, v, s.seen[i], v)
			VMULPS(scale, v, v)
		}
		s.highest(x, p)
	})
	vScales, w := Load(Param("vScales"), GP64()), Load(Param("w"), GP64())
	s.eachRow(func(p Register) { // the sums of eight lanes each wait where the weights will be
		x := s.exponentials(p)
		VMOVUPS(eightSums(x), Mem{Base: w})
		for i, v := range x {
			VMULPS_Z(Mem{Base: vScales, Disp: 64 * i}, v, s.seen[i], v)
			VMOVUPS(v, Mem{Base: p, Disp: 64 * i})
		}
		VMOVUPS(eightSums(x), Mem{Base: w, Disp: 32})
		ADDQ(U32(128), w)
	})
	Load(Param("w"), w)
	wScales := Load(Param("wScales"), GP64())
	leastNorm, mostNorm := s.exp.load(float(leastNorm)), s.exp.load(word(maxFloat))
	s.eachRow(func(p Register) {
		sum, weighted := YMM(), YMM()
		VMOVUPS(Mem{Base: w}, sum)
		VMOVUPS(Mem{Base: w, Disp: 32}, weighted)
		VMOVSS(reduce8(sum), s.at(s.sums))
		total, factor, all, scale, finite := reduce8(weighted), XMM(), ZMM(), ZMM(), K()
		VBROADCASTSS(total, all)
		VMOVSS(float(roundNorm), factor)
		VDIVSS(total, factor, factor)
		VBROADCASTSS(factor, scale)
		VMULSS(float(1.0/roundNorm), total, total)
		VMOVSS(total, s.at(wScales))
		VCMPPS(Imm(13), leastNorm, all, finite) // all ≥ least
		VCMPPS(Imm(2), mostNorm, all, finite, finite)
		for i := range 4 {
			v, h := ZMM(), YMM()
			VMULPS(Mem{Base: p, Disp: 64 * i}, scale, v)
			VCVTPS2DQ_Z(v, finite, v)
			VPMOVDW(v, h)
			VMOVDQU(h, Mem{Base: w, Disp: 32 * i})
		}
		ADDQ(U32(128), w)
	})
	VZEROUPPER()
	RET()
}

// softmax512 is what both kernels have in common. Their steps are loops over the rows of their own, so that the long chains of
// dependent instructions of several rows overlap.
type softmax512 struct {
	rows, row     Register
	m, fade, sums Register
	seen          []Register // which of each sixteen positions
	infinity      VecVirtual
	exp           exp512
}

// newSoftmax512 loads the arguments of these names.
func newSoftmax512() *softmax512 {
	s := &softmax512{rows: Load(Param("rows"), GP64()), row: GP64(), m: Load(Param("m"), GP64()), fade: Load(Param("fade"), GP64()),
		sums: Load(Param("sums"), GP64()), seen: []Register{K(), K(), K(), K()}, infinity: ZMM(), exp: exp512Constants()}
	KMOVQ(param("seen"), s.seen[0])
	for i := range 3 {
		KSHIFTRQ(Imm(16), s.seen[i], s.seen[i+1])
	}
	VBROADCASTSS(word(0xff800000), s.infinity)
	return s
}

// at returns the memory of the row in an array.
func (s *softmax512) at(base Register) Mem { return Mem{Base: base, Index: s.row, Scale: 4} }

// eachRow writes a loop over the rows of p.
func (s *softmax512) eachRow(f func(p Register)) {
	p, next := Load(Param("p"), GP64()), unique("row")
	XORQ(s.row, s.row)
	Label(next)
	f(p)
	ADDQ(U32(256), p)
	INCQ(s.row)
	CMPQ(s.row, s.rows)
	JLT(LabelRef(next))
}

// highest stores the scores x of a row, zero where nothing is seen, and updates m and fade.
func (s *softmax512) highest(x []VecVirtual, p Register) {
	most := ZMM()
	VMOVAPS(s.infinity, most)
	for i, v := range x {
		VMOVUPS(v, Mem{Base: p, Disp: 64 * i})
		VMAXPS(most, v, s.seen[i], most) // the first source is chosen only if it is greater
	}
	old, top, zero := XMM(), XMM(), XMM()
	VMOVSS(s.at(s.m), old)
	maxLanes(most, top)
	VXORPS(zero, zero, zero)
	VADDSS(zero, top, top) // never -0
	VMAXSS(old, top, top)
	VMOVSS(top, s.at(s.m))
	VSUBSS(s.base().AsX(), old, old)
	VMOVSS(old, s.at(s.fade))
}

// base returns m, or zero for -Inf: -Inf - -Inf would be NaN.
func (s *softmax512) base() VecVirtual {
	base, some := ZMM(), K()
	VBROADCASTSS(s.at(s.m), base)
	VCMPPS(Imm(4), s.infinity, base, some)
	VMOVAPS_Z(base, some, base)
	return base
}

// exponentials turns the scores of a row into weights.
func (s *softmax512) exponentials(p Register) []VecVirtual {
	base, x := s.base(), zmms(4)
	for i, v := range x {
		VMOVUPS(Mem{Base: p, Disp: 64 * i}, v)
		VSUBPS(base, v, v)
		VMOVAPS_Z(s.exp.upTo89(v), s.seen[i], v)
	}
	return x
}

// eightSums adds the lanes of four registers in the order of reduce32, as far as eight.
func eightSums(x []VecVirtual) VecVirtual {
	a, b, high := ZMM(), ZMM(), YMM()
	VADDPS(x[2], x[0], a)
	VADDPS(x[3], x[1], b)
	VADDPS(b, a, a)
	VEXTRACTF64X4(Imm(1), a, high)
	VADDPS(high, a.AsY(), high)
	return high
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
