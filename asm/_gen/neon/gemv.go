package main

import "fmt"

// gemvKernels multiply packed rows with one token, four side by side, straight from memory.
func gemvKernels() {
	gemvConstants()
	for _, t := range narrowTypes {
		gemvNarrow(t)
	}
	for _, t := range wideTypes {
		gemvWide(t)
	}
}

func gemvConstants() {
	constant("iq4_values", iq4Values)
	constant("fp4_values", fp4Values)
	constant("bit_spread", bitSpread)
	constant("bit_mask", bitMask)
	constant("powers", words(1, 2, 0x00200000))
	constant("bias8", words(floatBits(8)))
	constant("bias16", words(floatBits(16)))
	constant("bias_minus16", words(floatBits(-16)))
	sixBitConstants()
	constant("q3_shifts", quads(4, 2, 0, 0xfe))
	constant("pair_shifts", pairShifts)
}

// The registers of a product. V31 holds its four results.
const (
	result   = "R0"
	firstRow = "R1" // of the four
	stride   = "R2"
	rowsLeft = "R3"
	token    = "R4"
	factors  = "R5"  // the scales of the token
	left     = "R6"  // blocks
	fetch    = "R11" // what is asked for next
	at       = "R12" // of use within a row
	reading  = "R13" // activations, where every row reads them again
)

// row is the block in use of row r.
func row(r int) string { return fmt.Sprintf("R%d", 7+r) }

// gemv writes the loop over four rows at a time and their blocks of size bytes.
func gemv(name string, size int, constants, block func()) {
	function("dot"+name+"NEON", 64)
	goasm("MOVD out+0(FP), %s", result)
	goasm("MOVD w+8(FP), %s", firstRow)
	goasm("MOVD stride+16(FP), %s", stride)
	goasm("MOVD rows+24(FP), %s", rowsLeft)
	goasm("MOVD ahead+56(FP), %s", fetch)
	goasm("ADD %s, %s", firstRow, fetch)
	constants()
	label("rows")
	goasm("MOVD %s, %s", firstRow, row(0))
	for r := range 3 {
		goasm("ADD %s, %s, %s", stride, row(r), row(r+1))
	}
	goasm("MOVD y+32(FP), %s", token)
	goasm("MOVD scales+40(FP), %s", factors)
	goasm("MOVD blocks+48(FP), %s", left)
	clear(31, 1)
	label("block")
	block()
	for line := 0; line < 4*size; line += 64 {
		goasm("PRFM %d(%s), PLDL1KEEP", line, fetch)
	}
	goasm("ADD $%d, %s", 4*size, fetch)
	goasm("SUB $1, %s", left)
	goasm("CBNZ %s, block", left)
	storeQ(result, 31)
	goasm("ADD %s<<2, %s", stride, firstRow)
	goasm("SUB $4, %s", rowsLeft)
	goasm("CBNZ %s, rows", rowsLeft)
	goasm("RET")
}

// sumRows adds the lanes of four registers: lane r of v[d] is the sum of v[d+r].
func sumRows(d int) {
	addPairs32(d, d, d+1)
	addPairs32(d+2, d+2, d+3)
	addPairs32(d, d, d+2)
}

// joinWords puts the first words of four registers into v[d].
func joinWords(d int) {
	zip1word(d, d, d+1)
	zip1word(d+2, d+2, d+3)
	zip1(d, d, d+2)
}

// joinHalves turns the binary16 that start four registers into floats in v[d].
func joinHalves(d int) {
	zip1half(d, d, d+1)
	zip1half(d+2, d+2, d+3)
	zip1word(d, d, d+2)
	fcvtl(d, d)
}

// joinPairs turns the two binary16 that start four registers into floats in v[d] and v[d+1].
func joinPairs(d int) {
	joinWords(d)
	uzp2half(d+1, d, d)
	uzp1half(d, d, d)
	fcvtl(d, d)
	fcvtl(d+1, d+1)
}

func words(w ...uint32) []byte {
	var b []byte
	for _, x := range w {
		for range 4 {
			b = append(b, byte(x), byte(x>>8), byte(x>>16), byte(x>>24))
		}
	}
	return b
}

// quads repeats each of four bytes four times.
func quads(v ...byte) []byte {
	var b []byte
	for _, x := range v {
		b = append(b, x, x, x, x)
	}
	return b
}
