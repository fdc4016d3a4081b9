package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

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
