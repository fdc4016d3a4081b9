package main

// matrixProducts is SMMLA: two tokens by two rows by eight columns. A register of weights holds eight bytes of two rows, one
// of activations eight of two tokens; sums of the tokens 2p, 2p+1 and the rows 2q, 2q+1 share a register until they are
// complete.
var matrixProducts = products{suffix: "I8MM", narrow: matrixNarrow, wide: matrixWide}

// matrixSteps multiplies n columns, a multiple of 16: activations in V0..V7, weights in the eight registers from w on, the
// sums of tokens p and rows q in V[c+4p+q].
func matrixSteps(tokens, n, c, w int) {
	for range n / 16 {
		for t := range tokens {
			loadQ(y(t), t)
		}
		for p := range tokens / 2 {
			zip1(4+2*p, 2*p, 2*p+1)
			zip2(5+2*p, 2*p, 2*p+1)
		}
		for step := range 2 {
			a := w + 4*step
			loadQ(rows, a, a+1, a+2, a+3)
			for p := range tokens / 2 {
				for q := range 4 {
					smmla(c+4*p+q, 4+2*p+step, a+q)
				}
			}
		}
	}
}

// regroup moves the sums in V[from+4p+q] to V[to+2t+h].
func regroup(tokens, from, to int) {
	for t := range tokens {
		for h := range 2 {
			zip, a := zip1, from+4*(t/2)+2*h
			if t%2 == 1 {
				zip = zip2
			}
			zip(to+2*t+h, a, a+1)
		}
	}
}

// matrixNarrow: sums in V16..V23, weights in V24..V31.
func matrixNarrow(tokens int) {
	clear(16, 2*tokens)
	matrixSteps(tokens, 32, 16, 24)
	regroup(tokens, 16, 0)
}

// matrixWide: sums of a scale in V8..V15, of the block in V24..V31, weights in V16..V23. The scales of rows 2q and 2q+1
// are then twice in V[18+q].
func matrixWide(tokens, sub int) {
	clear(24, 2*tokens)
	goasm("MOVD $%d, R14", 256/sub)
	label("part")
	clear(8, 2*tokens)
	matrixSteps(tokens, sub, 8, 16)
	loadQ(scales, 16, 17)
	for h := range 2 {
		zip1(18+2*h, 16+h, 16+h)
		zip2(19+2*h, 16+h, 16+h)
	}
	for p := range tokens / 2 {
		for q := range 4 {
			mla(24+4*p+q, 8+4*p+q, 18+q)
		}
	}
	goasm("SUB $1, R14")
	goasm("CBNZ R14, part")
	regroup(tokens, 24, 16)
}

// interleavePairsKernel keeps two words of a row together.
func interleavePairsKernel() {
	interleaveHead("interleavePairsI8MM")
	for q := range 4 {
		zip1(8+q, 2*q, 2*q+1)
		zip2(12+q, 2*q, 2*q+1)
	}
	storeQ("R0", 8, 9, 10, 11)
	storeQ("R0", 12, 13, 14, 15)
	interleaveEnd()
}
