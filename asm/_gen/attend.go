package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func attendKernels() {
	gemmFloat("AVX2", func() VecVirtual { return YMM() }, 2, 8)
	gemmHalf("AVX2", func() VecVirtual { return YMM() }, 2, 8)
	loadQ8Keys("AVX2", func() VecVirtual { return YMM() }, 2)
}

// gemmFloat adds to a tile of up to four rows and some panels of 16 columns the products of rows of a with b. A panel is
// so many registers; sums is how many there are for a tile.
func gemmFloat(set string, vector func() VecVirtual, registers, sums int) {
	gemm("Float"+set, "*float32", "floats", vector, registers, sums, 4, func(m Mem, v VecVirtual) { VMOVUPS(m, v) })
}

// gemmHalf is gemmFloat with a b of binary16.
func gemmHalf(set string, vector func() VecVirtual, registers, sums int) {
	gemm("Half"+set, "*byte", "binary16", vector, registers, sums, 2, func(m Mem, v VecVirtual) { VCVTPH2PS(m, v) })
}

// gemm writes them; size is the bytes of an element of b.
func gemm(name, pointer, elements string, vector func() VecVirtual, registers, sums, size int, load func(Mem, VecVirtual)) {
	TEXT("gemm"+name, 4, "func(c *float32, cStride int, a *float32, aStride, rows int, b "+pointer+", bRow, bPanel, panels, k int, ahead *byte, step int)")
	Doc("gemm"+name+" adds a·b to c: rows of k floats of a, panels of 16 columns of b, which are "+elements+", and c. Strides are in bytes.",
		"rows, panels and k are positive. Memory at ahead is asked for on the way, step bytes with each element of the first rows.")
	Pragma("noescape")
	g := gemmFloatFrame{vector: vector, load: load, registers: registers, size: 64 / registers, bSize: 16 * size / registers,
		c: Load(Param("c"), GP64()), a: Load(Param("a"), GP64()), aStride: Load(Param("aStride"), GP64()), aStride3: GP64(),
		b: GP64(), bPanel: Load(Param("bPanel"), GP64()), bPanel3: GP64(), panels: GP64(), columns: GP64(),
		ahead: Load(Param("ahead"), GP64()), step: Load(Param("step"), GP64())}
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
		if p := min(4, sums/(registers*n)); p > 1 {
			g.block(n, p)
		}
		g.block(n, 1)
		for range n {
			ADDQ(param("cStride"), g.c)
			ADDQ(g.aStride, g.a)
		}
		XORQ(g.step, g.step)
		SUBQ(Imm(uint64(n)), rows)
		JMP(LabelRef(again))
		Label(next)
	}
	VZEROUPPER()
	RET()
}

type gemmFloatFrame struct {
	vector               func() VecVirtual
	load                 func(Mem, VecVirtual) // of b
	registers            int                   // of a panel
	size, bSize          int                   // bytes of a register, and what it takes of b
	c, columns           Register
	a, aStride, aStride3 Register
	b, bPanel, bPanel3   Register
	panels               Register // left
	ahead, step          Register
}

// block writes the loop over blocks of so many rows and panels.
func (g *gemmFloatFrame) block(rows, panels int) {
	done, again, loop := unique("done"), unique("block"), unique("loop")
	Label(again)
	CMPQ(g.panels, Imm(uint64(panels)))
	JLT(LabelRef(done))
	acc := g.tile(rows, panels, func(m Mem, v VecVirtual) { VMOVUPS(m, v) }, nil)
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
	width := panels * g.registers
	for i := range width {
		y := g.vector()
		g.load(strided(b, g.bPanel, g.bPanel3, i/g.registers).Offset(g.bSize*(i%g.registers)), y)
		for r, v := range x {
			VFMADD231PS(v, y, acc[r*width+i])
		}
	}
	PREFETCHT0(Mem{Base: g.ahead})
	PREFETCHT0(Mem{Base: g.ahead, Disp: 64})
	ADDQ(g.step, g.ahead)
	ADDQ(Imm(4), a)
	ADDQ(param("bRow"), b)
	DECQ(k)
	JNZ(LabelRef(loop))
	g.tile(rows, panels, func(m Mem, v VecVirtual) { VMOVUPS(v, m) }, acc)
	ADDQ(U32(uint32(64*panels)), g.columns)
	for range panels {
		ADDQ(g.bPanel, g.b)
	}
	SUBQ(Imm(uint64(panels)), g.panels)
	JMP(LabelRef(again))
	Label(done)
}

// tile moves the sums, new registers if there are none yet.
func (g *gemmFloatFrame) tile(rows, panels int, move func(Mem, VecVirtual), acc []VecVirtual) []VecVirtual {
	c := GP64()
	MOVQ(g.columns, c)
	for r := range rows {
		for i := range panels * g.registers {
			if n := r*panels*g.registers + i; n == len(acc) {
				acc = append(acc, g.vector())
			}
			move(Mem{Base: c, Disp: g.size * i}, acc[r*panels*g.registers+i])
		}
		if r+1 < rows {
			ADDQ(param("cStride"), c)
		}
	}
	return acc
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
