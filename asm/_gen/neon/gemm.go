package main

import "fmt"

// gemmKernels multiply a tile of eight rows with four tokens, or one. A pair of registers holds four weights of each row,
// a lane of a register of activations four of a token.
func gemmKernels() {
	for _, tokens := range []int{4, 1} {
		gemmNarrow(tokens)
		for _, sub := range []int{16, 32} {
			gemmWide(tokens, sub, true)
			gemmWide(tokens, sub, false)
		}
	}
}

// The registers of gemmArgs: R0 points to it.
const (
	rows   = "R1"
	scales = "R2"
	pairs  = "R3"
	blocks = "R4"
	out    = "R5"
)

func y(t int) string { return fmt.Sprintf("R%d", 6+t) }
func s(t int) string { return fmt.Sprintf("R%d", 10+t) }

func gemmHead(name string, tokens int) {
	function(name, 8)
	goasm("MOVD args+0(FP), R0")
	for i, r := range []string{rows, scales, pairs, blocks, out} {
		goasm("MOVD %d(R0), %s", 8*i, r)
	}
	for t := range tokens {
		goasm("MOVD %d(R0), %s", 8*(5+t), y(t))
		goasm("MOVD %d(R0), %s", 8*(13+t), s(t))
	}
}

// steps multiplies n words of each row, at rows, with activations in the registers from yv on, two a token.
func steps(tokens, n int, c func(t, h int) int, w int, yv int) {
	for v := range n {
		a := w + 2*(v%2)
		loadQ(rows, a, a+1)
		for t := range tokens {
			for h := range 2 {
				sdotElement(c(t, h), a+h, yv+2*t+v/4, v%4)
			}
		}
	}
}

// gemmNarrow: sums in V0..V7, floats in V8..V15, weights in V16..V19, activations in V20..V27, d and m in V28..V31.
func gemmNarrow(tokens int) {
	gemmHead(fmt.Sprintf("gemmNarrowNEON%d", tokens), tokens)
	sum := func(t, h int) int { return 2*t + h }
	acc := func(t, h int) int { return 8 + 2*t + h }
	for t := range tokens {
		clear(acc(t, 0))
		clear(acc(t, 1))
	}
	label("block")
	for t := range tokens {
		loadQ(y(t), 20+2*t, 21+2*t)
		clear(sum(t, 0))
		clear(sum(t, 1))
	}
	steps(tokens, 8, sum, 16, 20)
	loadQ(pairs, 28, 29, 30, 31)
	goasm("FMOVS 168(R0), F19") // bias
	for t := range tokens {
		goasm("FMOVS 0(%s), F16", s(t))
		goasm("FMOVS 4(%s), F17", s(t))
		goasm("ADD $16, %s", s(t))
		fmulElement(18, 17, 19, 0)
		goasm("VDUP V18.S[0], V18.S4")
		for h := range 2 {
			n := sum(t, h)
			scvtf(n, n)
			fsub(n, n, 18)
			fmul(n, n, 28+h)
			fmulElement(20, 30+h, 17, 0)
			fsub(n, n, 20)
			fmulElement(n, n, 16, 0)
			fadd(acc(t, h), acc(t, h), n)
		}
	}
	goasm("SUB $1, %s", blocks)
	goasm("CBNZ %s, block", blocks)
	for t := range tokens {
		storeQ(out, acc(t, 0), acc(t, 1))
	}
	goasm("RET")
}

// gemmWide: activations in V0..V7, sums of a scale in V8..V15, sums of the block in V16..V23, weights in V24..V27, the
// scale in V28 and V29; then the sums of mins in V24..V31.
func gemmWide(tokens, sub int, mins bool) {
	kind := "Bias"
	if mins {
		kind = "Mins"
	}
	gemmHead(fmt.Sprintf("gemmWide%s%dNEON%d", kind, sub, tokens), tokens)
	part := func(t, h int) int { return 8 + 2*t + h }
	sum := func(t, h int) int { return 16 + 2*t + h }
	min := func(t, h int) int { return 24 + 2*t + h }
	goasm("MOVD %s, R14", out)
	clear(0)
	for range 2 * tokens {
		storeQ("R14", 0)
	}
	label("block")
	for t := range tokens {
		clear(sum(t, 0))
		clear(sum(t, 1))
	}
	goasm("MOVD $8, R14")
	label("part")
	for t := range tokens {
		loadQ(y(t), 2*t, 2*t+1)
	}
	for p := range 32 / sub {
		for t := range tokens {
			clear(part(t, 0))
			clear(part(t, 1))
		}
		steps(tokens, sub/4, part, 24, p)
		loadQ(scales, 28, 29)
		for h := range 2 {
			sshr(28+h, 28+h, 16)
			for t := range tokens {
				mla(sum(t, h), part(t, h), 28+h)
			}
		}
	}
	goasm("SUB $1, R14")
	goasm("CBNZ R14, part")

	for t := range tokens {
		goasm("VLD1 (%s), [V%d.B16, V%d.B16]", s(t), 2*t, 2*t+1)
		clear(min(t, 0))
		clear(min(t, 1))
	}
	for j := range 8 {
		loadQ(scales, 8, 9)
		uzp1half(10, 8, 9)
		uzp2half(11, 8, 9)
		for t := range tokens {
			for h := range 2 {
				for i := range 2 {
					smlal(h == 1, min(t, h), 10+i, 2*t+j/4, (2*j+i)%8)
				}
			}
		}
	}
	loadQ(pairs, 8, 9, 10, 11)
	goasm("MOVD %s, R14", out)
	for t := range tokens {
		goasm("FMOVS 32(%s), F12", s(t))
		goasm("ADD $36, %s", s(t))
		goasm("VLD1 (R14), [V13.B16, V14.B16]")
		for h := range 2 {
			n, m := sum(t, h), min(t, h)
			if !mins {
				sub32(n, n, m)
			}
			scvtf(n, n)
			fmul(n, n, 8+h)
			if mins {
				scvtf(m, m)
				fmul(m, m, 10+h)
				fsub(n, n, m)
			}
			fmulElement(n, n, 12, 0)
			fadd(13+h, 13+h, n)
		}
		storeQ("R14", 13, 14)
	}
	goasm("SUB $1, %s", blocks)
	goasm("CBNZ %s, block", blocks)
	goasm("RET")
}

// interleaveKernel transposes eight rows by four words at a time.
func interleaveKernel() {
	function("interleave8NEON", 32)
	goasm("MOVD tile+0(FP), R0")
	goasm("MOVD rows+8(FP), R1")
	goasm("MOVD stride+16(FP), R9")
	goasm("MOVD words+24(FP), R10")
	for r := 1; r < 8; r++ {
		goasm("ADD R9, R%d, R%d", r, r+1)
	}
	label("loop")
	for r := range 8 {
		loadQ(fmt.Sprintf("R%d", 1+r), r)
	}
	for h := range 2 {
		a, t, o := 4*h, 8+4*h, 16+4*h
		trn1(t, a, a+1)
		trn2(t+1, a, a+1)
		trn1(t+2, a+2, a+3)
		trn2(t+3, a+2, a+3)
		zip1(o, t, t+2)
		zip1(o+1, t+1, t+3)
		zip2(o+2, t, t+2)
		zip2(o+3, t+1, t+3)
	}
	for i := range 4 {
		storeQ("R0", 16+i)
		storeQ("R0", 20+i)
	}
	goasm("SUB $4, R10")
	goasm("CBNZ R10, loop")
	goasm("RET")
}
