package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// gemmKernels multiply two tiles of eight rows with four tokens by VPMADDUBSW. There are not enough registers for all sums:
// those of a block of 256 are on the stack, those of rows where the results go.
func gemmKernels() {
	for _, chain := range []int{4, 8} {
		gemmNarrow(fmt.Sprint("Biasx", chain), chain, true, false)
		gemmNarrow(fmt.Sprint("Minsx", chain), chain, false, true)
		gemmWide(fmt.Sprint("Mins32x", chain), 32, chain, true)
	}
	gemmNarrowSigned()
	gemmWide("Mins16x4", 16, 4, true)
	gemmWide("Bias16x4", 16, 4, false)
	gemmWide("Bias16x2", 16, 2, false)
	gemmWideSigned()
}

// blockSums are the sums of a block on the stack.
type blockSums struct {
	memory Mem
	tokens int
}

func newBlockSums(f *tileFrame) blockSums {
	return blockSums{AllocLocal(2 * len(f.y) * f.size), len(f.y)}
}

func (s blockSums) at(i, t int) Mem { return s.memory.Offset(32 * (i*s.tokens + t)) }

func (s blockSums) clear() {
	zero := zeros(1)[0]
	for i := range 2 {
		for t := range s.tokens {
			VMOVDQU(zero, s.at(i, t))
		}
	}
}

func (s blockSums) set(c [2][]VecVirtual) {
	for i, c := range c {
		for t, c := range c {
			VMOVDQU(c, s.at(i, t))
		}
	}
}

// addTo adds the sums to c.
func (s blockSums) addTo(c [2][]VecVirtual) {
	for i, c := range c {
		for t, c := range c {
			VPADDD(s.at(i, t), c, c)
		}
	}
}

// chain returns sums of products as int16, of n registers of weights that are so small that they fit: 2·n·127 times the largest.
func (f *tileFrame) chain(n int) (c [2][]VecVirtual) {
	for v := range n {
		w := f.weights(v)
		for t := range f.y {
			y := f.activations(t, v)
			for i, w := range w {
				p := YMM()
				VPMADDUBSW(y, w, p)
				if v == 0 {
					c[i] = append(c[i], p)
				} else {
					VPADDW(p, c[i][t], c[i][t])
				}
			}
		}
	}
	f.step(n)
	return c
}

// signedDot adds to s the products of n registers of int8 weights, times scale: all in one order of adding is not possible,
// since two products may not fit an int16.
func (f *tileFrame) signedDot(s [2][]VecVirtual, n int, scale func(i int) Mem) {
	for v := range n {
		w, a := f.weights(v), [2]VecVirtual{YMM(), YMM()}
		for i := range a {
			VPABSB(w[i], a[i])
		}
		for t := range f.y {
			y := f.activations(t, v)
			for i := range w {
				p := YMM()
				VPSIGNB(w[i], y, p)
				VPMADDUBSW(p, a[i], p)
				VPMADDWD(scale(i), p, p)
				VPADDD(p, s[i][t], s[i][t])
			}
		}
	}
	f.step(n)
}

func gemmNarrow(name string, chain int, bias, mins bool) {
	f := tileHead("Narrow"+name+"AVX2", 32, 4, "blocks of 32.")
	half := newBlockSums(f)
	f.clearResults()
	Label("block")
	s := f.chain(chain)
	scale(s, func(int) Mem { return word(0x00010001) })
	if chain == 4 {
		half.set(s)
		s = f.chain(chain)
		scale(s, func(int) Mem { return word(0x00010001) })
		half.addTo(s)
	}
	f.finishNarrow(s, bias, mins)
}

// scale multiplies pairs of int16 and adds them.
func scale(c [2][]VecVirtual, scale func(i int) Mem) {
	for i, c := range c {
		for _, c := range c {
			VPMADDWD(scale(i), c, c)
		}
	}
}

func gemmNarrowSigned() {
	f := tileHead("NarrowSignedAVX2", 32, 4, "blocks of 32.")
	f.clearResults()
	Label("block")
	s := f.sums()
	f.signedDot(s, 8, func(int) Mem { return word(0x00010001) })
	f.finishNarrow(s, false, false)
}

// finishNarrow adds the terms of a block with the sums n and ends the loop.
func (f *tileFrame) finishNarrow(n [2][]VecVirtual, bias, mins bool) {
	dm := f.word(2)
	f.eachResult(func(t int, scale Mem, out [2]Mem) {
		sum, dy := YMM(), YMM()
		if bias || mins {
			VBROADCASTSS(scale.Offset(4), sum)
		}
		if bias {
			b := YMM()
			VBROADCASTSS(f.arg(21), b)
			VMULPS(b, sum, sum)
		}
		VBROADCASTSS(scale, dy)
		for i, out := range out {
			n := n[i][t]
			VCVTDQ2PS(n, n)
			if bias {
				VSUBPS(sum, n, n)
			}
			VMULPS(f.tile(dm, i, 0), n, n)
			if mins {
				m := YMM()
				VMULPS(f.tile(dm, i, 32), sum, m)
				VSUBPS(m, n, n)
			}
			f.addTerm(n, dy, out)
		}
	})
	f.end(16)
}

// gemmWide adds the products of up to chain registers as int16 before they are scaled.
func gemmWide(name string, sub, chain int, mins bool) {
	f := tileHead("Wide"+name+"AVX2", 32, 4, "blocks of 256.")
	s := newBlockSums(f)
	f.clearResults()
	Label("block")
	s.clear()
	Label("part")
	for range sub / 4 / chain {
		c := f.chain(chain)
		scale(c, func(i int) Mem { return f.tile(f.scales, i, 0) })
		s.addTo(c)
		s.set(c)
	}
	f.partOfBlock()
	f.finishWide(s, mins)
}

// finishWide adds the terms of a block with the sums s and ends the loop.
func (f *tileFrame) finishWide(s blockSums, mins bool) {
	m := f.sums()
	for t := range f.y {
		sums := f.scale(t)
		for j := range 8 {
			y := YMM()
			VPBROADCASTD(sums.Offset(4*j), y)
			for i := range m {
				p := YMM()
				VPMADDWD(f.tile(f.scales, i, 32*j), y, p)
				VPADDD(p, m[i][t], m[i][t])
			}
		}
	}
	ADDQ(U32(256), f.scales)
	dm := f.word(2)
	f.eachResult(func(t int, scale Mem, out [2]Mem) {
		dy := YMM()
		VBROADCASTSS(scale.Offset(32), dy)
		for i, out := range out {
			n, m := YMM(), m[i][t]
			VMOVDQU(s.at(i, t), n)
			if !mins {
				VPSUBD(m, n, n)
			}
			VCVTDQ2PS(n, n)
			VMULPS(f.tile(dm, i, 0), n, n)
			if mins {
				VCVTDQ2PS(m, m)
				VMULPS(f.tile(dm, i, 32), m, m)
				VSUBPS(m, n, n)
			}
			f.addTerm(n, dy, out)
		}
	})
	f.end(36)
}

// addTerm adds n·dy to a result.
func (f *tileFrame) addTerm(n, dy VecVirtual, out Mem) {
	VMULPS(dy, n, n)
	VADDPS(out, n, n)
	VMOVUPS(n, out)
}

func gemmWideSigned() {
	f := tileHead("WideSigned32AVX2", 32, 4, "blocks of 256.")
	f.clearResults()
	Label("block")
	s := f.sums()
	Label("part")
	f.signedDot(s, 8, func(i int) Mem { return f.tile(f.scales, i, 0) })
	f.partOfBlock()
	ADDQ(U32(256), f.scales)
	dm := f.word(2)
	f.eachResult(func(t int, scale Mem, out [2]Mem) {
		dy := YMM()
		VBROADCASTSS(scale.Offset(32), dy)
		for i, out := range out {
			n := s[i][t]
			VCVTDQ2PS(n, n)
			VMULPS(f.tile(dm, i, 0), n, n)
			f.addTerm(n, dy, out)
		}
	})
	f.end(36)
}
