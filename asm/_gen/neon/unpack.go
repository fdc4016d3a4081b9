package main

// unpackKernels unpack rows as the Go functions of the same names do: R0 q, R1 scales, R2 d and m, R3 row, R4 blocks.
func unpackKernels() {
	constant("iq4_values", []byte{129, 152, 173, 191, 207, 221, 234, 246, 1, 13, 25, 38, 53, 69, 89, 113})
	constant("fp4_values", []byte{12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0})
	constant("bit_spread", []byte{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3})
	constant("bit_mask", []byte{1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128})

	unpackNarrow("Q4_0", 2, 18, nil, halfScale)
	unpackNarrow("Q4_1", 4, 20, nil, halfScaleMin)
	unpackNarrow("Q5_0", 6, 22, func() { fifthBits(2) }, halfScale)
	unpackNarrow("Q5_1", 8, 24, func() { fifthBits(4) }, halfScaleMin)
	unpackNarrow("IQ4_NL", 2, 18, lookup, halfScale, "iq4_values")
	unpackNarrow("MXFP4", 1, 17, lookup, powerScale, "fp4_values")
	unpackQ8_0()
	unpackSixBits("Q4_K", 144, 16, false)
	unpackSixBits("Q5_K", 176, 48, true)
	unpackQ6K()
}

func unpackHead(name string) {
	function("unpack"+name+"NEON", 48)
	for i, a := range []string{"q", "scales", "dm", "row", "blocks"} {
		goasm("MOVD %s+%d(FP), R%d", a, 8*i, i)
	}
	goasm("MOVD ahead+40(FP), R8")
	goasm("VMOVI $15, V31.B16")
	goasm("VMOVI $16, V30.B16")
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
		three(0x4e208c00, "cmtst.16b", 5, 5, 28)
		goasm("VAND V30.B16, V5.B16, V5.B16")
		goasm("VORR V5.B16, V%d.B16, V%d.B16", 2+i, 2+i)
	}
}

func halfScale() {
	goasm("MOVHU (R3), R5")
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

func uxtl8(d, n int)  { two(0x2f08a400, "uxtl.8h", d, n) }
func uxtl28(d, n int) { two(0x6f08a400, "uxtl2.8h", d, n) }

// twice writes the eight int16 of v[n], each twice, to v[d] and v[d+1].
func twice(d, n int) {
	three(0x4e403800, "zip1.8h", d, n, n)
	three(0x4e407800, "zip2.8h", d+1, n, n)
}

func unpackSixBits(name string, size, quants int, fifth bool) {
	unpackHead(name)
	label("block")
	goasm("MOVWU (R3), R5")
	goasm("FMOVS R5, F4")
	fcvtl(4, 4)
	goasm("FMOVD.P F4, 8(R2)")
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
	uxtl8(6, 5)
	uxtl28(7, 5)
	twice(8, 6)
	twice(10, 7)
	storeQ("R1", 8, 9, 10, 11)
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
					switch {
					case bit < 4:
						goasm("VSHL $%d, V%d.B16, V6.B16", 4-bit, 20+i)
					case bit > 4:
						goasm("VUSHR $%d, V%d.B16, V6.B16", bit-4, 20+i)
					default:
						goasm("VORR V%d.B16, V%d.B16, V6.B16", 20+i, 20+i)
					}
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
	label("block")
	goasm("ADD $208, R3, R5")
	goasm("MOVHU (R5), R6")
	goasm("FMOVS R6, F4")
	fcvtl(4, 4)
	goasm("FMOVS F4, (R2)")
	goasm("MOVW ZR, 4(R2)")
	goasm("ADD $8, R2")
	goasm("ADD $192, R3, R5")
	goasm("VLD1 (R5), [V5.B16]")
	sxtl8(6, 5)
	sxtl28(7, 5)
	twice(8, 6)
	twice(10, 7)
	storeQ("R1", 8, 9, 10, 11)
	for _, v := range []int{6, 7} {
		word(0x4f155400|uint32(v)<<5|uint32(v), "shl.8h v%d, v%d, 5", v, v)
	}
	storeQ("R1", 6, 7)
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
				switch i {
				case 0:
					goasm("VSHL $4, V%d.B16, V6.B16", high)
				case 1:
					goasm("VSHL $2, V%d.B16, V6.B16", high)
				case 2:
					goasm("VORR V%d.B16, V%d.B16, V6.B16", high, high)
				case 3:
					goasm("VUSHR $2, V%d.B16, V6.B16", high)
				}
				goasm("VAND V30.B16, V6.B16, V6.B16")
				goasm("VORR V6.B16, V%d.B16, V%d.B16", 16+2*i+j, 16+2*i+j)
			}
		}
		storeQ("R0", 16, 17, 18, 19)
		storeQ("R0", 20, 21, 22, 23)
	}
	unpackEnd(210)
}
