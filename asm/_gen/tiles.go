package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// tileFrame is two tiles, with a row for each word of a register, that are multiplied with some tokens. A register of a tile
// has four weights of each row; four activations of a token are broadcast against both tiles.
type tileFrame struct {
	size            int // of a register
	args, q, scales Register
	second          Register // bytes from the first tile to the second
	y               []Register
	at, scaleAt     Register // bytes from the first block's activations and their scales to those in use
}

// tileHead loads the fields of gemmArgs in the Go package.
func tileHead(name string, size, tokens int, doc string) *tileFrame {
	TEXT("gemm"+name, 4, "func(args *byte)")
	Doc(fmt.Sprintf("gemm%s multiplies two tiles of %d rows with %d tokens: %s", name, size/4, tokens, doc))
	Pragma("noescape")
	f := &tileFrame{size: size, args: GP64()}
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
func (f *tileFrame) arg(i int) Mem { return Mem{Base: f.args, Disp: 8 * i} }

// word loads an argument.
func (f *tileFrame) word(i int) Register {
	r := GP64()
	MOVQ(f.arg(i), r)
	return r
}

// tile returns the memory at disp of the first tile or the second.
func (f *tileFrame) tile(base Register, i, disp int) Mem {
	if i == 0 {
		return Mem{Base: base, Disp: disp}
	}
	return Mem{Base: base, Index: f.second, Scale: 1, Disp: disp}
}

// scale returns the memory of the scales of token t in this block.
func (f *tileFrame) scale(t int) Mem { return Mem{Base: f.word(13 + t), Index: f.scaleAt, Scale: 1} }

func (f *tileFrame) vector() VecVirtual {
	if f.size == 32 {
		return YMM()
	}
	return ZMM()
}

// sums returns a cleared register for each tile and token.
func (f *tileFrame) sums() (s [2][]VecVirtual) {
	for i := range s {
		for range f.y {
			v := f.vector()
			if f.size == 32 {
				VPXOR(v, v, v)
			} else {
				clearZMM(v)
			}
			s[i] = append(s[i], v)
		}
	}
	return s
}

// weights loads register v of the weights of each tile.
func (f *tileFrame) weights(v int) (w [2]VecVirtual) {
	for i := range w {
		w[i] = f.vector()
		VMOVUPS(f.tile(f.q, i, f.size*v), w[i])
	}
	return w
}

// activations broadcasts those of token t for register v.
func (f *tileFrame) activations(t, v int) VecVirtual {
	y := f.vector()
	VPBROADCASTD(Mem{Base: f.y[t], Index: f.at, Scale: 1, Disp: 4 * v}, y)
	return y
}

// dot adds the products of n registers of weights to c, by add.
func (f *tileFrame) dot(c [2][]VecVirtual, n int, add func(y, w, c Op)) {
	for v := range n {
		w := f.weights(v)
		for t := range f.y {
			y := f.activations(t, v)
			for i, w := range w {
				add(y, w, c[i][t])
			}
		}
	}
	f.step(n)
}

// step goes on by n registers of weights.
func (f *tileFrame) step(n int) {
	ADDQ(U32(uint32(f.size*n)), f.q)
	ADDQ(Imm(uint64(4*n)), f.at)
}

// partOfBlock ends the loop over the parts of a block of 256, each with one scale.
func (f *tileFrame) partOfBlock() {
	ADDQ(Imm(uint64(f.size)), f.scales)
	TESTB(Imm(255), f.at.(GPVirtual).As8())
	JNZ(LabelRef("part"))
}

// eachResult calls use with the scales of each token and with the memory of its results.
func (f *tileFrame) eachResult(use func(t int, scale Mem, out [2]Mem)) {
	out := f.word(4)
	for t := range f.y {
		use(t, f.scale(t), [2]Mem{{Base: out}, {Base: out, Disp: f.size}})
		ADDQ(f.arg(22), out)
	}
}

// clearResults sets the results to zero.
func (f *tileFrame) clearResults() {
	zero := f.vector()
	VXORPS(zero, zero, zero)
	f.eachResult(func(_ int, _ Mem, out [2]Mem) {
		for _, m := range out {
			VMOVUPS(zero, m)
		}
	})
}

// next steps to the next block, with n bytes of scales of a token.
func (f *tileFrame) next(n int) {
	ADDQ(Imm(uint64(n)), f.scaleAt)
	ADDQ(U32(uint32(2*f.size)), f.arg(2)) // dm
	DECQ(f.arg(3))                        // blocks
	JNZ(LabelRef("block"))
}

// end is next with a return behind the last block.
func (f *tileFrame) end(n int) {
	f.next(n)
	VZEROUPPER()
	RET()
}
