package main

import "fmt"

// products is an instruction set's way to multiply a tile of eight rows with some tokens. Integer sums of token t and
// rows 4h to 4h+3 are in one register.
type products struct {
	suffix string                // of the kernels' names
	narrow func(tokens int)      // leaves the sums of 32 columns in V0..V7: V[2t+h]
	wide   func(tokens, sub int) // leaves the sums of 256 columns, each sub of them scaled, in V16..V23: V[16+2t+h]
}

// gemmKernels multiply a tile of eight rows with as many tokens as one of counts says.
func gemmKernels(p products, counts ...int) {
	for _, tokens := range counts {
		for _, kind := range []string{"Plain", "Mins"} {
			mins := kind == "Mins"
			gemmNarrow(p, fmt.Sprintf("gemmNarrow%s%s%d", kind, p.suffix, tokens), tokens, mins)
			for _, sub := range []int{16, 32} {
				gemmWide(p, fmt.Sprintf("gemmWide%s%d%s%d", kind, sub, p.suffix, tokens), tokens, sub, mins)
			}
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

// gemmNarrow keeps the results in V8..V15; d and m of the rows are in V28..V31.
func gemmNarrow(p products, name string, tokens int, mins bool) {
	gemmHead(name, tokens)
	acc := func(t, h int) int { return 8 + 2*t + h }
	clear(8, 2*tokens)
	label("block")
	p.narrow(tokens)
	loadQ(pairs, 28, 29, 30, 31)
	for t := range tokens {
		goasm("FMOVS 0(%s), F16", s(t))
		if mins {
			goasm("FMOVS 4(%s), F17", s(t))
		}
		goasm("ADD $16, %s", s(t))
		for h := range 2 {
			n := 2*t + h
			scvtf(n, n)
			fmul(n, n, 28+h)
			if mins {
				fmulElement(18+h, 30+h, 17, 0)
				fsub(n, n, 18+h)
			}
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

// gemmWide keeps the results in out, for a block needs all registers.
func gemmWide(p products, name string, tokens, sub int, mins bool) {
	gemmHead(name, tokens)
	sum := func(t, h int) int { return 16 + 2*t + h }
	min := func(t, h int) int { return 24 + 2*t + h }
	goasm("MOVD %s, R14", out)
	clear(0, 1)
	for range 2 * tokens {
		storeQ("R14", 0)
	}
	label("block")
	p.wide(tokens, sub)
	if mins {
		minSums(tokens, sub, min)
	} else {
		goasm("ADD $256, %s", scales)
	}
	loadQ(pairs, 8, 9, 10, 11)
	goasm("MOVD %s, R14", out)
	for t := range tokens {
		goasm("FMOVS 32(%s), F12", s(t))
		goasm("ADD $36, %s", s(t))
		goasm("VLD1 (R14), [V13.B16, V14.B16]")
		for h := range 2 {
			n, m := sum(t, h), min(t, h)
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

// minSums multiplies the mins of a block with the sums of 16 activations. Those that share a min are added first: at most
// 32·127.
func minSums(tokens, sub int, min func(t, h int) int) {
	for t := range tokens {
		goasm("VLD1 (%s), [V%d.B16, V%d.B16]", s(t), 2*t, 2*t+1)
		if sub == 32 {
			addPairs16(2*t, 2*t, 2*t+1)
		}
	}
	clear(24, 2*tokens)
	for j := range 8 {
		loadQ(scales, 8, 9)
		uzp1half(10, 8, 9)
		if sub == 16 {
			uzp2half(11, 8, 9)
		}
		for t := range tokens {
			for h := range 2 {
				if sub == 32 {
					smlal(h == 1, min(t, h), 10, 2*t, j)
					continue
				}
				for i := range 2 {
					smlal(h == 1, min(t, h), 10+i, 2*t+j/4, (2*j+i)%8)
				}
			}
		}
	}
}
