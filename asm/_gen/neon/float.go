package main

import "fmt"

// floatKernels are products and conversions of floats, four at a time.
func floatKernels() {
	lanesF32()
	axpyF32()
	loadF16()
	loadQ8()
	gemmFloat(4)
	gemmFloat(1)
	for _, rows := range []int{4, 1} {
		gemmPairs("gemmScoresNEON", rows, 56, func() {}, func(int) {})
		gemmPairs("gemmValuesNEON", rows, 72, valuesArguments, addWeighted)
	}
	roundInt16()
	scaleIntegers()
}

// gemmFloat adds to a tile of some rows and 16 columns the products of rows of a with b; the sums are in V0 and on.
func gemmFloat(rows int) {
	panelHead(fmt.Sprintf("gemmFloatNEON%d", rows), 56)
	goasm("MOVD R0, R11")
	for r := range rows {
		loadQ("R11", 4*r, 4*r+1, 4*r+2, 4*r+3)
		goasm("ADD R1, R11")
		goasm("MOVD R2, R%d", 7+r)
		goasm("ADD R3, R2")
	}
	label("loop")
	loadQ("R4", 16, 17, 18, 19)
	goasm("ADD R5, R4")
	for r := range rows {
		goasm("FMOVS.P 4(R%d), F20", 7+r)
		for i := range 4 {
			fmlaElement(4*r+i, 16+i, 20, 0)
		}
	}
	goasm("SUB $1, R6")
	goasm("CBNZ R6, loop")
	for r := range rows {
		storeQ("R0", 4*r, 4*r+1, 4*r+2, 4*r+3)
		goasm("ADD R1, R0")
	}
	goasm("RET")
}

// panelHead begins a product of rows of a, at R2, with a panel of b, at R4, into c, at R0.
func panelHead(name string, args int) {
	function(name, args)
	goasm("MOVD c+0(FP), R0")
	goasm("MOVD cStride+8(FP), R1")
	goasm("MOVD a+16(FP), R2")
	goasm("MOVD aStride+24(FP), R3")
	goasm("MOVD b+32(FP), R4")
	goasm("MOVD bRow+40(FP), R5")
	goasm("MOVD k+48(FP), R6")
	goasm("SUB $64, R5") // what loadQ does not step
	goasm("SUB $64, R1")
}

// gemmPairs multiplies some rows of pairs of int16 with 16 columns of pairs; the sums are in V16 and on. begin loads more arguments;
// end turns the sums of a row into what is stored at R0, in V0..V3.
func gemmPairs(name string, rows, args int, begin func(), end func(sums int)) {
	panelHead(fmt.Sprintf("%s%d", name, rows), args)
	begin()
	for r := range rows {
		goasm("MOVD R2, R%d", 7+r)
		goasm("ADD R3, R2")
	}
	clear(16, 4*rows)
	label("loop")
	loadQ("R4", 0, 1, 2, 3)
	goasm("ADD R5, R4")
	for i := range 2 { // the first of the pairs of eight columns, then the second
		uzp1half(4+2*i, 2*i, 2*i+1)
		uzp2half(5+2*i, 2*i, 2*i+1)
	}
	for r := range rows {
		goasm("FMOVS.P 4(R%d), F8", 7+r)
		for i := range 4 {
			for j := range 2 {
				smlal(i%2 == 1, 16+4*r+i, 4+i/2*2+j, 8, j)
			}
		}
	}
	goasm("SUB $1, R6")
	goasm("CBNZ R6, loop")
	for r := range rows {
		end(16 + 4*r)
		storeQ("R0", 16+4*r, 17+4*r, 18+4*r, 19+4*r)
		goasm("ADD R1, R0")
	}
	goasm("RET")
}

func valuesArguments() {
	goasm("MOVD fade+56(FP), R12")
	goasm("MOVD scale+64(FP), R13")
}

// addWeighted replaces sums by fade·c + scale·sums.
func addWeighted(sums int) {
	goasm("FMOVS.P 4(R12), F4")
	goasm("FMOVS.P 4(R13), F5")
	goasm("MOVD R0, R11")
	loadQ("R11", 0, 1, 2, 3)
	for i := range 4 {
		fmulElement(i, i, 4, 0)
		scvtf(sums+i, sums+i)
		fmlaElement(i, sums+i, 5, 0)
		mov(sums+i, i)
	}
}

// roundInt16 rounds sixteen products with a factor at a time.
func roundInt16() {
	function("roundInt16NEON", 28)
	goasm("MOVD out+0(FP), R0")
	goasm("MOVD x+8(FP), R1")
	goasm("MOVD n+16(FP), R3")
	goasm("FMOVS a+24(FP), F31")
	label("loop")
	loadQ("R1", 0, 1, 2, 3)
	for i := range 4 {
		fmulElement(i, i, 31, 0)
		fcvtns(i, i)
	}
	for i := range 2 {
		sqxtn(4+i, 2*i)
		sqxtn2(4+i, 2*i+1)
	}
	storeQ("R0", 4, 5)
	goasm("SUB $1, R3")
	goasm("CBNZ R3, loop")
	goasm("RET")
}

// scaleIntegers multiplies four integers at a time with their factors and that of all.
func scaleIntegers() {
	function("scaleIntegersNEON", 36)
	goasm("MOVD out+0(FP), R0")
	goasm("MOVD x+8(FP), R1")
	goasm("MOVD w+16(FP), R2")
	goasm("MOVD n+24(FP), R3")
	goasm("FMOVS a+32(FP), F31")
	label("loop")
	loadQ("R1", 0)
	loadQ("R2", 1)
	scvtf(0, 0)
	fmul(0, 0, 1)
	fmulElement(0, 0, 31, 0)
	storeQ("R0", 0)
	goasm("SUB $1, R3")
	goasm("CBNZ R3, loop")
	goasm("RET")
}

// lanesF32 adds x·row to 32 partial sums in V0..V7.
func lanesF32() {
	function("lanesF32NEON", 32)
	goasm("MOVD sums+0(FP), R0")
	goasm("MOVD x+8(FP), R1")
	goasm("MOVD row+16(FP), R2")
	goasm("MOVD n+24(FP), R3")
	goasm("MOVD R0, R4")
	loadQ("R4", 0, 1, 2, 3)
	loadQ("R4", 4, 5, 6, 7)
	label("loop")
	for h := range 2 {
		loadQ("R1", 8, 9, 10, 11)
		loadQ("R2", 16, 17, 18, 19)
		for i := range 4 {
			fmla(4*h+i, 16+i, 8+i)
		}
	}
	goasm("SUB $1, R3")
	goasm("CBNZ R3, loop")
	storeQ("R0", 0, 1, 2, 3)
	storeQ("R0", 4, 5, 6, 7)
	goasm("RET")
}

func axpyF32() {
	function("axpyF32NEON", 32)
	goasm("MOVD out+0(FP), R0")
	goasm("FMOVS p+8(FP), F0")
	goasm("MOVD row+16(FP), R2")
	goasm("MOVD n+24(FP), R3")
	goasm("MOVD R0, R1")
	label("loop")
	loadQ("R2", 16, 17, 18, 19)
	loadQ("R1", 8, 9, 10, 11)
	for i := range 4 {
		fmlaElement(8+i, 16+i, 0, 0)
	}
	storeQ("R0", 8, 9, 10, 11)
	goasm("SUB $1, R3")
	goasm("CBNZ R3, loop")
	goasm("RET")
}

func loadF16() {
	function("loadF16NEON", 24)
	goasm("MOVD out+0(FP), R0")
	goasm("MOVD row+8(FP), R2")
	goasm("MOVD n+16(FP), R3")
	label("loop")
	loadQ("R2", 0, 1)
	for i := range 2 {
		fcvtl(4+2*i, i)
		fcvtl2(5+2*i, i)
	}
	storeQ("R0", 4, 5, 6, 7)
	goasm("SUB $1, R3")
	goasm("CBNZ R3, loop")
	goasm("RET")
}

func loadQ8() {
	function("loadQ8NEON", 24)
	goasm("MOVD out+0(FP), R0")
	goasm("MOVD row+8(FP), R2")
	goasm("MOVD n+16(FP), R3")
	label("loop")
	goasm("MOVHU.P 2(R2), R4")
	goasm("FMOVS R4, F31")
	fcvtl(31, 31)
	loadQ("R2", 0, 1)
	for i := range 2 {
		sxtl8(2+2*i, i)
		sxtl28(3+2*i, i)
	}
	for i := range 4 {
		sxtl16(8+2*i, 2+i)
		sxtl216(9+2*i, 2+i)
	}
	for i := range 8 {
		scvtf(8+i, 8+i)
		fmulElement(8+i, 8+i, 31, 0)
	}
	storeQ("R0", 8, 9, 10, 11)
	storeQ("R0", 12, 13, 14, 15)
	goasm("SUB $1, R3")
	goasm("CBNZ R3, loop")
	goasm("RET")
}
