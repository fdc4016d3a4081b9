package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func attendKernels() {
	ymm := func() VecVirtual { return YMM() }
	gemmFloat("AVX2", ymm, 2, 8)
	gemmPairs("AVX2", ymm, 2, 8, clearYMM, multiplyPairs)
	loadQ8Keys("AVX2", ymm, 2)
	softmaxIntegers()
}

func clearYMM(v VecVirtual) { VPXOR(v, v, v) }

// multiplyPairs adds the products of pairs of int16 to sum.
func multiplyPairs(x, y, sum VecVirtual) {
	t := YMM()
	VPMADDWD(x, y, t)
	VPADDD(t, sum, sum)
}

// gemmFloat multiplies floats.
func gemmFloat(set string, vector func() VecVirtual, registers, sums int) {
	gemm("gemmFloat"+set, "*float32", "*float32", "",
		"adds a·b to c: rows of k floats of a, panels of 16 columns of floats of b.",
		&gemmFrame{vector: vector, registers: registers, sums: sums,
			product: func(x, y, sum VecVirtual) { VFMADD231PS(x, y, sum) },
			begin:   func(m Mem, sum VecVirtual) { VMOVUPS(m, sum) },
			end:     func(sum VecVirtual, m Mem, _ *gemmRow) { VMOVUPS(sum, m) }})
}

// gemmPairs multiplies pairs of int16.
func gemmPairs(set string, vector func() VecVirtual, registers, sums int, clear func(VecVirtual), product func(x, y, sum VecVirtual)) {
	begin := func(_ Mem, sum VecVirtual) { clear(sum) }
	gemm("gemmScores"+set, "*int32", "*int16", "",
		"sets c to a·b: rows of k pairs of a, panels of 16 columns of pairs of b.",
		&gemmFrame{vector: vector, registers: registers, sums: sums, product: product, begin: begin,
			end: func(sum VecVirtual, m Mem, _ *gemmRow) { VMOVUPS(sum, m) }})
	gemm("gemmValues"+set, "*float32", "*int16", ", fade, scale *float32",
		"sets row r of c to fade[r]·c + scale[r]·(a·b): rows of k pairs of a, panels of 16 columns of pairs of b.",
		&gemmFrame{vector: vector, registers: registers, sums: sums, product: product, begin: begin, rowWise: []string{"fade", "scale"},
			end: func(sum VecVirtual, m Mem, row *gemmRow) {
				c := vector()
				VMULPS(m, row.factors[0], c)
				VCVTDQ2PS(sum, sum)
				VFMADD231PS(row.factors[1], sum, c)
				VMOVUPS(c, m)
			}})
}

// gemm writes the function that multiplies rows of a with panels of b, whose elements take four bytes.
func gemm(name, c, element, rowWise, doc string, g *gemmFrame) {
	TEXT(name, 4, "func(c "+c+", cStride int, a "+element+", aStride, rows int, b "+element+
		", bRow, bPanel, panels, k int, ahead *byte, step int"+rowWise+")")
	Doc(name+" "+doc, "Strides are in bytes. rows, panels and k are positive.",
		"Memory at ahead is asked for on the way, step bytes with each element of a panel of the first rows.")
	Pragma("noescape")
	g.size = 64 / g.registers
	g.c, g.a, g.aStride, g.aStride3 = Load(Param("c"), GP64()), Load(Param("a"), GP64()), Load(Param("aStride"), GP64()), GP64()
	g.b, g.bPanel, g.bPanel3, g.panels, g.columns = GP64(), Load(Param("bPanel"), GP64()), GP64(), GP64(), GP64()
	g.ahead, g.step = Load(Param("ahead"), GP64()), Load(Param("step"), GP64())
	rows := Load(Param("rows"), GP64())
	LEAQ(Mem{Base: g.aStride, Index: g.aStride, Scale: 2}, g.aStride3)
	LEAQ(Mem{Base: g.bPanel, Index: g.bPanel, Scale: 2}, g.bPanel3)
	for _, n := range []int{4, 2, 1} {
		next := unique("rows")
		again := unique("again")
		Label(again)
		CMPQ(rows, Imm(uint64(n)))
		JLT(LabelRef(next))
		Load(Param("b"), g.b)
		Load(Param("panels"), g.panels)
		MOVQ(g.c, g.columns)
		if p := min(4, g.sums/(g.registers*n)); p > 1 {
			g.block(n, p)
		}
		g.block(n, 1)
		for range n {
			ADDQ(param("cStride"), g.c)
			ADDQ(g.aStride, g.a)
		}
		for _, f := range g.rowWise {
			ADDQ(Imm(uint64(4*n)), param(f))
		}
		XORQ(g.step, g.step)
		SUBQ(Imm(uint64(n)), rows)
		JMP(LabelRef(again))
		Label(next)
	}
	VZEROUPPER()
	RET()
}

type gemmFrame struct {
	vector               func() VecVirtual
	registers            int // of a panel
	sums                 int // registers for the sums of a tile
	product              func(x, y, sum VecVirtual)
	begin                func(m Mem, sum VecVirtual)
	end                  func(sum VecVirtual, m Mem, row *gemmRow)
	rowWise              []string // arguments that point to a factor for every row
	size                 int      // bytes of a register
	c, columns           Register
	a, aStride, aStride3 Register
	b, bPanel, bPanel3   Register
	panels               Register // left
	ahead, step          Register
}

// gemmRow is the factors of a row, in every lane.
type gemmRow struct{ factors []VecVirtual }

// block writes the loop over blocks of so many rows and panels.
func (g *gemmFrame) block(rows, panels int) {
	done, again, loop := unique("done"), unique("block"), unique("loop")
	Label(again)
	CMPQ(g.panels, Imm(uint64(panels)))
	JLT(LabelRef(done))
	var acc []VecVirtual
	width := panels * g.registers
	g.tile(rows, width, func(r, i int, m Mem) {
		acc = append(acc, g.vector())
		g.begin(m, acc[len(acc)-1])
	})
	a, b, k := GP64(), GP64(), GP64()
	MOVQ(g.a, a)
	MOVQ(g.b, b)
	Load(Param("k"), k)
	Label(loop)
	var x []VecVirtual
	for r := range rows {
		v := g.vector()
		VBROADCASTSS(strided(a, g.aStride, g.aStride3, r), v)
		x = append(x, v)
	}
	for i := range width {
		y := g.vector()
		VMOVUPS(strided(b, g.bPanel, g.bPanel3, i/g.registers).Offset(g.size*(i%g.registers)), y)
		for r, v := range x {
			g.product(v, y, acc[r*width+i])
		}
	}
	for range panels {
		PREFETCHT0(Mem{Base: g.ahead})
		ADDQ(g.step, g.ahead)
	}
	ADDQ(Imm(4), a)
	ADDQ(param("bRow"), b)
	DECQ(k)
	JNZ(LabelRef(loop))
	var row *gemmRow
	g.tile(rows, width, func(r, i int, m Mem) {
		if i == 0 {
			row = g.row(r)
		}
		g.end(acc[r*width+i], m, row)
	})
	ADDQ(U32(uint32(64*panels)), g.columns)
	for range panels {
		ADDQ(g.bPanel, g.b)
	}
	SUBQ(Imm(uint64(panels)), g.panels)
	JMP(LabelRef(again))
	Label(done)
}

// tile calls f for each register of a tile.
func (g *gemmFrame) tile(rows, width int, f func(r, i int, m Mem)) {
	c := GP64()
	MOVQ(g.columns, c)
	for r := range rows {
		for i := range width {
			f(r, i, Mem{Base: c, Disp: g.size * i})
		}
		if r+1 < rows {
			ADDQ(param("cStride"), c)
		}
	}
}

// row loads the factors of row r of a tile.
func (g *gemmFrame) row(r int) *gemmRow {
	row := &gemmRow{}
	for _, name := range g.rowWise {
		p, v := Load(Param(name), GP64()), g.vector()
		VBROADCASTSS(Mem{Base: p, Disp: 4 * r}, v)
		row.factors = append(row.factors, v)
	}
	return row
}

// strided returns base + i·stride, i < 4.
func strided(base, stride, stride3 Register, i int) Mem {
	return []Mem{{Base: base}, {Base: base, Index: stride, Scale: 1}, {Base: base, Index: stride, Scale: 2}, {Base: base, Index: stride3, Scale: 1}}[i]
}

// param returns the memory of an argument.
func param(name string) Mem {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return p.Addr
}

// loadQ8Keys converts interleaved blocks of Q8_0: 16 scales, then 16 bytes for each of 32 values.
func loadQ8Keys(set string, vector func() VecVirtual, registers int) {
	TEXT("loadQ8Keys"+set, 4, "func(out *float32, k *byte, n int)")
	Doc("loadQ8Keys"+set+" converts n times 16 interleaved blocks of Q8_0.", "n is positive.")
	Pragma("noescape")
	out := Load(Param("out"), GP64())
	k := Load(Param("k"), GP64())
	n := Load(Param("n"), GP64())
	lanes := 16 / registers
	left := GP64()
	Label("blocks")
	var d []VecVirtual
	for i := range registers {
		v := vector()
		VCVTPH2PS(Mem{Base: k, Disp: 2 * lanes * i}, v)
		d = append(d, v)
	}
	ADDQ(Imm(32), k)
	MOVQ(U32(32), left)
	Label("value")
	for i, scale := range d {
		v := vector()
		VPMOVSXBD(Mem{Base: k, Disp: lanes * i}, v)
		VCVTDQ2PS(v, v)
		VMULPS(scale, v, v)
		VMOVUPS(v, Mem{Base: out, Disp: 4 * lanes * i})
	}
	ADDQ(Imm(16), k)
	ADDQ(Imm(64), out)
	DECQ(left)
	JNZ(LabelRef("value"))
	DECQ(n)
	JNZ(LabelRef("blocks"))
	VZEROUPPER()
	RET()
}

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
