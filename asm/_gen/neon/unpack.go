package main

// What several kernels look up.
var (
	iq4Values  = []byte{129, 152, 173, 191, 207, 221, 234, 246, 1, 13, 25, 38, 53, 69, 89, 113}
	fp4Values  = []byte{0, 1, 2, 3, 4, 6, 8, 12, 0, 255, 254, 253, 252, 250, 248, 244}
	bitSpread  = []byte{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3}
	bitMask    = []byte{1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128}
	pairShifts = []byte{0, 0, 254, 255, 252, 255, 250, 255, 248, 255, 246, 255, 244, 255, 242, 255}
)

// unpackKernels unpack rows nearly as the Go functions of the same names do: R0 q, R1 scales, R2 d and m, R3 row, R4
// blocks. The bias is taken off, so that every q is an int8, and mins that come from it are left out; integer scales are
// int32.
func unpackKernels() {
	constant("iq4_values", iq4Values)
	constant("fp4_values", fp4Values)
	constant("bit_spread", bitSpread)
	constant("bit_mask", bitMask)
	constant("pair_shifts", pairShifts)

	unpackNarrow("Q4_0", 2, 18, func() { unbias(25) }, halfScale)
	unpackNarrow("Q4_1", 4, 20, nil, halfScaleMin)
	unpackNarrow("Q5_0", 6, 22, func() { fifthBits(2); unbias(30) }, halfScale)
	unpackNarrow("Q5_1", 8, 24, func() { fifthBits(4) }, halfScaleMin)
	unpackNarrow("IQ4_NL", 2, 18, lookup, halfScale, "iq4_values")
	unpackNarrow("MXFP4", 1, 17, lookup, powerScale, "fp4_values")
	unpackQ8_0()
	unpackSixBits("Q4_K", 144, 16, false)
	unpackSixBits("Q5_K", 176, 48, true)
	unpackQ2K()
	unpackQ3K()
	unpackQ6K()
	unpackIQ4XS()
}

func unpackHead(name string) {
	function("unpack"+name+"NEON", 48)
	for i, a := range []string{"q", "scales", "dm", "row", "blocks"} {
		goasm("MOVD %s+%d(FP), R%d", a, 8*i, i)
	}
	goasm("MOVD ahead+40(FP), R8")
	goasm("VMOVI $15, V31.B16")
	goasm("VMOVI $16, V30.B16")
	goasm("VMOVI $8, V25.B16")
}

func unpackEnd(size int) {
	goasm("ADD R3, R8, R5")
	for line := 0; line < size; line += 64 {
		goasm("PRFM %d(R5), PLDL1KEEP", line)
	}
	goasm("ADD $%d, R3", size)
	goasm("SUB $1, R4")
	goasm("CBNZ R4, block")
	goasm("RET")
}

// loadConstant reads registers from a table.
func loadConstant(name string, v ...int) {
	goasm("MOVD $%s<>(SB), R5", name)
	goasm("VLD1 (R5), [%s]", list(v))
}

// unpackNarrow leaves the nibbles in V2 and V3 for change.
func unpackNarrow(name string, quants, size int, change func(), scale func(), tables ...string) {
	unpackHead(name)
	for _, t := range tables {
		loadConstant(t, 29)
	}
	loadConstant("bit_spread", 26, 27)
	loadConstant("bit_mask", 28)
	label("block")
	goasm("ADD $%d, R3, R5", quants)
	goasm("VLD1 (R5), [V1.B16]")
	goasm("VAND V31.B16, V1.B16, V2.B16")
	goasm("VUSHR $4, V1.B16, V3.B16")
	if change != nil {
		change()
	}
	storeQ("R0", 2, 3)
	scale()
	unpackEnd(size)
}

func lookup() {
	for _, v := range []int{2, 3} {
		goasm("VTBL V%d.B16, [V29.B16], V%d.B16", v, v)
	}
}

// fifthBits adds 16 where the bit in the 32 at offset at of the block is set.
func fifthBits(at int) {
	goasm("ADD $%d, R3, R5", at)
	goasm("MOVWU (R5), R6")
	goasm("FMOVS R6, F4")
	for i := range 2 {
		goasm("VTBL V%d.B16, [V4.B16], V5.B16", 26+i)
		cmtst(5, 5, 28)
		goasm("VAND V30.B16, V5.B16, V5.B16")
		goasm("VORR V5.B16, V%d.B16, V%d.B16", 2+i, 2+i)
	}
}

// unbias subtracts v from V2 and V3.
func unbias(v int) {
	sub8(2, 2, v)
	sub8(3, 3, v)
}

func halfScale() { halfScaleAt(0) }

func halfScaleAt(at int) {
	goasm("MOVHU %d(R3), R5", at)
	goasm("FMOVS R5, F4")
	fcvtl(4, 4)
	goasm("FMOVS F4, (R2)")
	goasm("MOVW ZR, 4(R2)")
	goasm("ADD $8, R2")
}

func halfScaleMin() {
	goasm("MOVWU (R3), R5")
	goasm("FMOVS R5, F4")
	fcvtl(4, 4)
	goasm("VMOV V4.S[1], R6")
	goasm("FMOVS F4, (R2)")
	goasm("EORW $0x80000000, R6")
	goasm("MOVW R6, 4(R2)")
	goasm("ADD $8, R2")
}

func powerScale() {
	goasm("MOVBU (R3), R5")
	goasm("SUBW $1, R5, R6")
	goasm("LSLW $23, R6")
	goasm("MOVD $0x00200000, R7")
	goasm("LSLW R5, R7, R7")
	goasm("CMPW $2, R5")
	goasm("CSELW LO, R7, R6, R6")
	goasm("MOVW R6, (R2)")
	goasm("MOVW ZR, 4(R2)")
	goasm("ADD $8, R2")
}

func unpackQ8_0() {
	unpackHead("Q8_0")
	label("block")
	goasm("ADD $2, R3, R5")
	goasm("VLD1 (R5), [V2.B16, V3.B16]")
	storeQ("R0", 2, 3)
	halfScale()
	unpackEnd(34)
}

// halfPairAt converts d and m.
func halfPairAt(at int) {
	goasm("MOVWU %d(R3), R5", at)
	goasm("FMOVS R5, F4")
	fcvtl(4, 4)
	goasm("FMOVD.P F4, 8(R2)")
}

// storeScales writes the sixteen int8 of V5, or the first eight.
func storeScales(n int) {
	for i := range n / 8 {
		if i == 0 {
			sxtl8(6, 5)
		} else {
			sxtl28(6, 5)
		}
		sxtl16(8, 6)
		sxtl216(9, 6)
		storeQ("R1", 8, 9)
	}
}

func unpackSixBits(name string, size, quants int, fifth bool) {
	unpackHead(name)
	label("block")
	halfPairAt(0)
	// scales and mins 0..3 and 4..7, four bytes in each of R9..R12
	goasm("MOVWU 4(R3), R5")
	goasm("MOVWU 8(R3), R6")
	goasm("MOVWU 12(R3), R7")
	goasm("ANDW $0x3f3f3f3f, R5, R9")
	goasm("ANDW $0x3f3f3f3f, R6, R11")
	goasm("ANDW $0x0f0f0f0f, R7, R10")
	goasm("LSRW $4, R7, R12")
	goasm("ANDW $0x0f0f0f0f, R12, R12")
	for i, r := range []int{5, 6} {
		goasm("LSRW $2, R%d, R%d", r, r)
		goasm("ANDW $0x30303030, R%d, R%d", r, r)
		goasm("ORRW R%d, R%d, R%d", r, 10+2*i, 10+2*i)
	}
	for i := range 4 {
		goasm("VMOV R%d, V5.S[%d]", 9+i, i)
	}
	storeScales(16)
	if fifth {
		goasm("ADD $16, R3, R5")
		goasm("VLD1 (R5), [V20.B16, V21.B16]")
	}
	goasm("ADD $%d, R3, R5", quants)
	for c := range 4 {
		loadQ("R5", 0, 1)
		for i := range 2 {
			goasm("VAND V31.B16, V%d.B16, V%d.B16", i, 2+i)
			goasm("VUSHR $4, V%d.B16, V%d.B16", i, 4+i)
			if fifth {
				for high := range 2 {
					bit := 2*c + high
					shiftRight(6, 20+i, bit-4)
					goasm("VAND V30.B16, V6.B16, V6.B16")
					goasm("VORR V6.B16, V%d.B16, V%d.B16", 2+2*high+i, 2+2*high+i)
				}
			}
		}
		storeQ("R0", 2, 3, 4, 5)
	}
	unpackEnd(size)
}

func unpackQ6K() {
	unpackHead("Q6_K")
	goasm("VMOVI $0x30, V30.B16")
	goasm("VMOVI $32, V29.B16")
	label("block")
	halfScaleAt(208)
	goasm("ADD $192, R3, R5")
	goasm("VLD1 (R5), [V5.B16]")
	storeScales(16)
	goasm("ADD $32, R1")
	goasm("MOVD R3, R5")
	goasm("ADD $128, R3, R6")
	for range 2 {
		loadQ("R5", 0, 1, 2, 3)
		loadQ("R6", 4, 5)
		for i := range 4 { // 32 weights
			for j := range 2 {
				low, high := 2*(i%2)+j, 4+j
				if i < 2 {
					goasm("VAND V31.B16, V%d.B16, V%d.B16", low, 16+2*i+j)
				} else {
					goasm("VUSHR $4, V%d.B16, V%d.B16", low, 16+2*i+j)
				}
				shiftRight(6, high, 2*i-4)
				goasm("VAND V30.B16, V6.B16, V6.B16")
				goasm("VORR V6.B16, V%d.B16, V%d.B16", 16+2*i+j, 16+2*i+j)
				sub8(16+2*i+j, 16+2*i+j, 29)
			}
		}
		storeQ("R0", 16, 17, 18, 19)
		storeQ("R0", 20, 21, 22, 23)
	}
	unpackEnd(210)
}

// bitPairs leaves the pairs of bits of V0 and V1, the lowest first, in V16..V23: 128 weights. V28 is 3.
func bitPairs() {
	for i := range 4 {
		for j := range 2 {
			d := 16 + 2*i + j
			shiftRight(d, j, 2*i)
			goasm("VAND V28.B16, V%d.B16, V%d.B16", d, d)
		}
	}
}

// shiftRight moves bytes; a negative number of bits moves them left.
func shiftRight(d, n, bits int) {
	switch {
	case bits > 0:
		goasm("VUSHR $%d, V%d.B16, V%d.B16", bits, n, d)
	case bits < 0:
		goasm("VSHL $%d, V%d.B16, V%d.B16", -bits, n, d)
	default:
		goasm("VORR V%d.B16, V%d.B16, V%d.B16", n, n, d)
	}
}

func unpackQ2K() {
	unpackHead("Q2_K")
	goasm("VMOVI $3, V28.B16")
	label("block")
	halfPairAt(80)
	goasm("VLD1 (R3), [V4.B16]")
	goasm("VAND V31.B16, V4.B16, V5.B16")
	storeScales(16)
	goasm("VUSHR $4, V4.B16, V5.B16")
	sxtl8(6, 5)
	sxtl28(7, 5)
	storeQ("R1", 6, 7)
	goasm("ADD $16, R3, R5")
	for range 2 {
		loadQ("R5", 0, 1)
		bitPairs()
		storeQ("R0", 16, 17, 18, 19)
		storeQ("R0", 20, 21, 22, 23)
	}
	unpackEnd(84)
}

func unpackQ3K() {
	unpackHead("Q3_K")
	goasm("VMOVI $3, V28.B16")
	goasm("VMOVI $4, V29.B16")
	goasm("VMOVI $32, V30.B16")
	label("block")
	halfScaleAt(108)
	// scales 0..7 in R5, 8..15 in R7
	goasm("MOVD 96(R3), R5")
	goasm("MOVWU 104(R3), R6")
	goasm("LSR $4, R5, R7")
	for i, r := range []int{5, 7} {
		goasm("AND $0x0f0f0f0f0f0f0f0f, R%d, R%d", r, r)
		for j := range 2 {
			if shift := 4*i + 2*j; shift < 4 {
				goasm("LSLW $%d, R6, R9", 4-shift)
			} else {
				goasm("LSRW $%d, R6, R9", shift-4)
			}
			goasm("ANDW $0x30303030, R9, R9")
			goasm("ORR R9<<%d, R%d, R%d", 32*j, r, r)
		}
		goasm("VMOV R%d, V5.D[%d]", r, i)
	}
	sub8(5, 5, 30)
	storeScales(16)
	goasm("ADD $32, R1")
	goasm("VLD1 (R3), [V2.B16, V3.B16]")
	goasm("ADD $32, R3, R5")
	for h := range 2 {
		loadQ("R5", 0, 1)
		bitPairs()
		for i := range 4 {
			for j := range 2 {
				d := 16 + 2*i + j
				shiftRight(6, 2+j, 4*h+i-2)
				goasm("VAND V29.B16, V6.B16, V6.B16")
				goasm("VORR V6.B16, V%d.B16, V%d.B16", d, d)
				sub8(d, d, 29)
			}
		}
		storeQ("R0", 16, 17, 18, 19)
		storeQ("R0", 20, 21, 22, 23)
	}
	unpackEnd(110)
}

func unpackIQ4XS() {
	unpackHead("IQ4_XS")
	loadConstant("iq4_values", 29)
	loadConstant("pair_shifts", 28)
	goasm("VMOVI $3, V27.B16")
	goasm("VMOVI $32, V26.B16")
	label("block")
	halfScale()
	goasm("MOVWU 4(R3), R5")
	goasm("FMOVS R5, F4")
	goasm("VAND V31.B16, V4.B16, V5.B16")
	goasm("VUSHR $4, V4.B16, V4.B16")
	goasm("VZIP1 V4.B16, V5.B16, V5.B16")
	goasm("MOVHU 2(R3), R5")
	goasm("VDUP R5, V4.H8")
	ushl16(4, 4, 28)
	goasm("VUZP1 V4.B16, V4.B16, V4.B16")
	goasm("VAND V27.B16, V4.B16, V4.B16")
	goasm("VSHL $4, V4.B16, V4.B16")
	goasm("VORR V4.B16, V5.B16, V5.B16")
	sub8(5, 5, 26)
	storeScales(8)
	goasm("ADD $32, R1")
	goasm("ADD $8, R3, R5")
	for range 4 {
		loadQ("R5", 0, 1)
		for i := range 2 {
			goasm("VAND V31.B16, V%d.B16, V%d.B16", i, 2+2*i)
			goasm("VUSHR $4, V%d.B16, V%d.B16", i, 3+2*i)
		}
		for v := 2; v < 6; v++ {
			goasm("VTBL V%d.B16, [V29.B16], V%d.B16", v, v)
		}
		storeQ("R0", 2, 3, 4, 5)
	}
	unpackEnd(136)
}
