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
			end:     func(sum VecVirtual, m Mem, _ []VecVirtual) { VMOVUPS(sum, m) }})
}

// gemmPairs multiplies pairs of int16.
func gemmPairs(set string, vector func() VecVirtual, registers, sums int, clear func(VecVirtual), product func(x, y, sum VecVirtual)) {
	begin := func(_ Mem, sum VecVirtual) { clear(sum) }
	gemm("gemmScores"+set, "*int32", "*int16", "",
		"sets c to a·b: rows of k pairs of a, panels of 16 columns of pairs of b.",
		&gemmFrame{vector: vector, registers: registers, sums: sums, product: product, begin: begin,
			end: func(sum VecVirtual, m Mem, _ []VecVirtual) { VMOVUPS(sum, m) }})
	gemm("gemmValues"+set, "*float32", "*int16", ", fade, scale *float32",
		"sets row r of c to fade[r]·c + scale[r]·(a·b): rows of k pairs of a, panels of 16 columns of pairs of b.",
		&gemmFrame{vector: vector, registers: registers, sums: sums, product: product, begin: begin, rowWise: []string{"fade", "scale"},
			end: func(sum VecVirtual, m Mem, factors []VecVirtual) {
				c := vector()
				VMULPS(m, factors[0], c)
				VCVTDQ2PS(sum, sum)
				VFMADD231PS(factors[1], sum, c)
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
	end                  func(sum VecVirtual, m Mem, factors []VecVirtual) // of the row, in every lane
	rowWise              []string                                          // arguments that point to a factor for every row
	size                 int                                               // bytes of a register
	c, columns           Register
	a, aStride, aStride3 Register
	b, bPanel, bPanel3   Register
	panels               Register // left
	ahead, step          Register
}

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
	var factors []VecVirtual
	g.tile(rows, width, func(r, i int, m Mem) {
		if i == 0 {
			factors = g.factors(r)
		}
		g.end(acc[r*width+i], m, factors)
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

// factors loads those of row r of a tile.
func (g *gemmFrame) factors(r int) (factors []VecVirtual) {
	for _, name := range g.rowWise {
		p, v := Load(Param(name), GP64()), g.vector()
		VBROADCASTSS(Mem{Base: p, Disp: 4 * r}, v)
		factors = append(factors, v)
	}
	return factors
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
