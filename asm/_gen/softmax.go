package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// softmaxIntegers is softmaxIntegersGeneric. Its steps are loops over the rows of their own, so that the long chains of dependent
// instructions of several rows overlap.
func softmaxIntegers() {
	TEXT("softmaxIntegersAVX2", 4, "func(p *float32, w *int16, rows, from, to int, kScales, vScales, qScales, m, fade, sums, wScales *float32)")
	Doc("softmaxIntegersAVX2 turns rows of 64 products into weights of values, zero but for the positions from ≤ i < to, with m updated first:",
		"wScales·w are e^(qScales·kScales·p-m)·vScales, rounded. fade is the difference of the old m and the new,",
		"sums what the weights come to without vScales. rows is positive.")
	Pragma("noescape")
	s := newSoftmax()
	s.highest()
	s.exponentials()
	s.round()
	VZEROUPPER()
	RET()
}

// softmax writes the steps of softmaxIntegers.
type softmax struct {
	rows, row Register
	from, to  Register // masks of the positions that are not too low, and not too high
}

func newSoftmax() *softmax {
	s := &softmax{rows: Load(Param("rows"), GP64()), row: GP64(), from: GP64(), to: GP64()}
	table, n := GP64(), GP64()
	LEAQ(positionMasks(), table)
	for i, m := range []Register{s.from, s.to} {
		Load(Param([]string{"from", "to"}[i]), n)
		NEGQ(n)
		LEAQ(Mem{Base: table, Index: n, Scale: 4, Disp: 256 * (i + 1)}, m)
	}
	return s
}

// positionMasks is 64 words of zeros, as many of ones, and as many of zeros.
func positionMasks() Mem {
	words := make([]uint32, 192)
	for i := 64; i < 128; i++ {
		words[i] = ^uint32(0)
	}
	return table("position_masks", words)
}

// argument loads an array that has an element for every row.
func (s *softmax) argument(name string) Mem {
	return Mem{Base: Load(Param(name), GP64()), Index: s.row, Scale: 4}
}

// eachRow writes a loop over the rows of p and w.
func (s *softmax) eachRow(f func(p, w Register)) {
	p, w, next := Load(Param("p"), GP64()), Load(Param("w"), GP64()), unique("row")
	XORQ(s.row, s.row)
	Label(next)
	f(p, w)
	ADDQ(U32(256), p)
	ADDQ(U32(128), w)
	INCQ(s.row)
	CMPQ(s.row, s.rows)
	JLT(LabelRef(next))
}

// mask returns v with zeros where nothing of the i-th eight positions is seen.
func (s *softmax) mask(i int, v VecVirtual) {
	VANDPS(Mem{Base: s.from, Disp: 32 * i}, v, v)
	VANDPS(Mem{Base: s.to, Disp: 32 * i}, v, v)
}

// highest turns products into scores and updates m and fade.
func (s *softmax) highest() {
	qScales, m, fade := s.argument("qScales"), s.argument("m"), s.argument("fade")
	kScales := Load(Param("kScales"), GP64())
	infinity := YMM()
	VMOVUPS(word(0xff800000), infinity)
	s.eachRow(func(p, _ Register) {
		scale, most := YMM(), [2]VecVirtual{YMM(), YMM()}
		VBROADCASTSS(qScales, scale)
		for _, v := range most {
			VMOVAPS(infinity, v)
		}
		for i := range 8 {
			v, seen := YMM(), YMM()
			VCVTDQ2PS(Mem{Base: p, Disp: 32 * i}, v)
			VMULPS(Mem{Base: kScales, Disp: 32 * i}, v, v)
			VMULPS(scale, v, v)
			VMOVUPS(v, Mem{Base: p, Disp: 32 * i})
			VMOVUPS(Mem{Base: s.from, Disp: 32 * i}, seen)
			VANDPS(Mem{Base: s.to, Disp: 32 * i}, seen, seen)
			VBLENDVPS(seen, v, infinity, v)
			VMAXPS(most[i%2], v, most[i%2]) // the first source is chosen only if it is greater
		}
		VMAXPS(most[0], most[1], most[0])
		old, top, half, zero, base := XMM(), XMM(), XMM(), XMM(), XMM()
		VMOVSS(m, old)
		VEXTRACTF128(Imm(1), most[0], top)
		VMAXPS(top, most[0].AsX(), top)
		for _, order := range []uint64{0x4e, 0xb1} {
			VPSHUFD(Imm(order), top, half)
			VMAXPS(half, top, top)
		}
		VXORPS(zero, zero, zero)
		VADDSS(zero, top, top) // never -0
		VMAXSS(old, top, top)
		VMOVSS(top, m)
		VCMPSS(Imm(4), infinity.AsX(), top, base)
		VANDPS(top, base, base) // -Inf - -Inf would be NaN
		VSUBSS(base, old, old)
		VMOVSS(old, fade)
	})
}

// exponentials turns scores into weights times vScales. Their sums of eight lanes, with and without, wait where the weights will be.
func (s *softmax) exponentials() {
	m, vScales := s.argument("m"), Load(Param("vScales"), GP64())
	s.eachRow(func(p, w Register) {
		base, some := YMM(), YMM()
		VBROADCASTSS(m, base)
		VCMPPS(Imm(4), word(0xff800000), base, some)
		VANDPS(some, base, base)
		var sums, weighted []VecVirtual
		for j := range 4 {
			for half := range 2 {
				i, x := j+4*half, YMM()
				VMOVUPS(Mem{Base: p, Disp: 32 * i}, x)
				VSUBPS(base, x, x)
				e := exp(x)
				s.mask(i, e)
				y := YMM()
				VMULPS(Mem{Base: vScales, Disp: 32 * i}, e, y)
				s.mask(i, y)
				VMOVUPS(y, Mem{Base: p, Disp: 32 * i})
				if half == 0 {
					sums, weighted = append(sums, e), append(weighted, y)
					continue
				}
				VADDPS(e, sums[j], sums[j])
				VADDPS(y, weighted[j], weighted[j])
			}
		}
		for i, a := range [][]VecVirtual{sums, weighted} {
			VADDPS(a[2], a[0], a[0])
			VADDPS(a[3], a[1], a[1])
			VADDPS(a[1], a[0], a[0])
			VMOVUPS(a[0], Mem{Base: w, Disp: 32 * i})
		}
	})
}

// round rounds the weights.
func (s *softmax) round() {
	sums, wScales := s.argument("sums"), s.argument("wScales")
	s.eachRow(func(p, w Register) {
		sum, weighted := YMM(), YMM()
		VMOVUPS(Mem{Base: w}, sum)
		VMOVUPS(Mem{Base: w, Disp: 32}, weighted)
		VMOVSS(reduce8(sum), sums)
		total, factor, all, scale, finite, most := reduce8(weighted), XMM(), YMM(), YMM(), YMM(), YMM()
		VBROADCASTSS(total, all)
		VMOVSS(float(roundNorm), factor)
		VDIVSS(total, factor, factor)
		VBROADCASTSS(factor, scale)
		VMULSS(float(1.0/roundNorm), total, total)
		VMOVSS(total, wScales)
		VCMPPS(Imm(13), float(leastNorm), all, finite) // all ≥ least
		VCMPPS(Imm(2), word(maxFloat), all, most)
		VANDPS(most, finite, finite)
		for i := range 4 {
			a, b := YMM(), YMM()
			for j, v := range []VecVirtual{a, b} {
				VMULPS(Mem{Base: p, Disp: 64*i + 32*j}, scale, v)
				VCVTPS2DQ(v, v)
				VPAND(finite, v, v)
			}
			packInt16(a, b)
			VMOVDQU(a, Mem{Base: w, Disp: 32 * i})
		}
	})
}

const (
	roundNorm = 32700   // what rounded vectors are scaled to
	leastNorm = 0x1p-50 // what counts as zero
	maxFloat  = 0x7f7fffff
)

// packInt16 replaces a by its words and those of b, cut to int16.
func packInt16(a, b VecVirtual) {
	VPACKSSDW(b, a, a) // the middle quarters change places
	VPERMQ(Imm(0xd8), a, a)
}
