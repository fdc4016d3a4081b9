package main

import "fmt"

// dotProducts is SDOT, four products a lane. A pair of registers holds four weights of each row, a lane of a register of
// activations four of a token.
var dotProducts = products{suffix: "NEON", narrow: dotNarrow, wide: dotWide}

// dotSteps multiplies n words of each row, at rows, with activations in the registers from yv on, two a token.
func dotSteps(tokens, n int, c func(t, h int) int, w int, yv int) {
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

// dotNarrow: weights in V16..V19, activations in V20..V27.
func dotNarrow(tokens int) {
	for t := range tokens {
		loadQ(y(t), 20+2*t, 21+2*t)
	}
	clear(0, 2*tokens)
	dotSteps(tokens, 8, func(t, h int) int { return 2*t + h }, 16, 20)
}

// dotWide: activations in V0..V7, sums of a scale in V8..V15, weights in V24..V27, the scale in V28 and V29.
func dotWide(tokens, sub int) {
	part := func(t, h int) int { return 8 + 2*t + h }
	clear(16, 2*tokens)
	goasm("MOVD $8, R14")
	label("part")
	for t := range tokens {
		loadQ(y(t), 2*t, 2*t+1)
	}
	for p := range 32 / sub {
		clear(8, 2*tokens)
		dotSteps(tokens, sub/4, part, 24, p)
		loadQ(scales, 28, 29)
		for h := range 2 {
			for t := range tokens {
				mla(16+2*t+h, part(t, h), 28+h)
			}
		}
	}
	goasm("SUB $1, R14")
	goasm("CBNZ R14, part")
}

// interleaveKernel transposes eight rows by four words at a time.
func interleaveKernel() {
	interleaveHead("interleave8NEON")
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
	interleaveEnd()
}

// interleaveHead begins a loop over the columns that loads four words of row r into V[r].
func interleaveHead(name string) {
	function(name, 32)
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
}

func interleaveEnd() {
	goasm("SUB $4, R10")
	goasm("CBNZ R10, loop")
	goasm("RET")
}
