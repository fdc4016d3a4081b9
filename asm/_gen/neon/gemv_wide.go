package main

// wideType describes blocks of 256 weights, four rows of which are multiplied with a token.
type wideType struct {
	name      string
	size, d   int // bytes of a block and where its scale is, before that of the mins
	sub       int // weights that share an integer scale
	mins      bool
	bits      int // weights are this many bits too far left
	constants func()
	// head leaves the integer scales of row r, as int32 and in order, in V16.. and begins its sums in v[n] and, if there are
	// mins, v[m].
	head func(r, n, m int)
	// weights calls f with the two registers that hold the weights 32i to 32i+31, for each i in order.
	weights func(r int, f func(i, a, b int))
}

var wideTypes = []wideType{
	{"Q2_K", 84, 80, 16, true, 0, q2Constants, q2Head, q2Weights},
	{"Q3_K", 110, 108, 16, false, 5, q3Constants, q3Head, q3Weights},
	{"Q4_K", 144, 0, 32, true, 0, q4Constants, q4Head, q4Weights},
	{"Q5_K", 176, 0, 32, true, 3, q5Constants, q5Head, q5Weights},
	{"Q6_K", 210, 208, 16, false, 2, q6Constants, q6Head, q6Weights},
	{"IQ4_XS", 136, 0, 32, false, 0, iq4XSConstants, iq4XSHead, iq4XSWeights},
}

// gemvWide: activations in V0..V3, sums of a scale in V4..V7, weights and scratch in V8..V13, sums of activations in V14 and
// V15, integer scales in V16..V19, sums of rows in V20..V22 and those of mins in V23..V25. Constants may use what is left.
func gemvWide(t wideType) {
	gemv(t.name, t.size, t.constants, func() {
		goasm("VLD1 (%s), [V14.B16, V15.B16]", factors)
		if t.sub == 32 {
			addPairs16(14, 14, 15)
		}
		for r := range 4 {
			n, m := 20+(r+1)/2, 23+(r+1)/2
			goasm("MOVD %s, %s", token, reading)
			t.head(r, n, m)
			t.weights(r, func(i, a, b int) {
				if i%2 == 0 {
					loadQ(reading, 0, 1, 2, 3)
				}
				y, p, q := 2*(i%2), 4+i%4, 4+i%4
				if t.sub == 16 {
					p, q = 4+y, 5+y
				}
				clear(p, q-p+1)
				sdot(p, a, y)
				sdot(q, b, y+1)
				if per := t.sub / 8; i%per == per-1 { // four sums are complete
					sumRows(4)
					mla(n, 4, 16+i/per)
				}
			})
			if r%2 == 1 { // frees registers
				addPairs32(n-1, n-1, n)
				if t.mins {
					addPairs32(m-1, m-1, m)
				}
			}
		}
		wideFloats(t)
		goasm("ADD $256, %s", token)
		goasm("ADD $36, %s", factors)
		for r := range 4 {
			goasm("ADD $%d, %s", t.size, row(r))
		}
	})
}

// wideFloats completes the sums of a block and adds its term to the results.
func wideFloats(t wideType) {
	addPairs32(20, 20, 21)
	scvtfFixed(20, 20, t.bits)
	for r := range 4 {
		if t.mins {
			goasm("FMOVS %d(%s), F%d", t.d, row(r), 4+r)
		} else {
			loadHalf(4+r, 7+r, t.d)
		}
	}
	if t.mins {
		joinPairs(4)
	} else {
		joinHalves(4)
	}
	fmul(20, 20, 4)
	if t.mins {
		addPairs32(23, 23, 24)
		scvtf(23, 23)
		fmul(23, 23, 5)
		fsub(20, 20, 23)
	}
	goasm("FMOVS 32(%s), F0", factors)
	fmulElement(20, 20, 0, 0)
	fadd(31, 31, 20)
}

// widenInt8 turns the sixteen int8 of v[n] into int32 in V16 to V19.
func widenInt8(n int) {
	sxtl8(18, n)
	sxtl28(19, n)
	widenInt16(18)
	sxtl16(18, 19)
	sxtl216(19, 19)
}

// widenInt16 turns the eight int16 of v[n] into int32 in V16 and V17.
func widenInt16(n int) {
	sxtl16(16, n)
	sxtl216(17, n)
}

// loadPair loads 32 bytes of row r, disp behind its block, into v[v] and the next.
func loadPair(r, disp, v int) { goasm("FLDPQ %d(%s), (F%d, F%d)", disp, row(r), v, v+1) }

// weightedSum starts a sum of the int16 of v[n] times sums of activations.
func weightedSum(d, n int) {
	smull(d, n, 14)
	smlal2(d, n, 14)
}

func q2Constants() {
	goasm("VMOVI $15, V30.B16")
	goasm("VMOVI $3, V29.B16")
}

func q2Head(r, n, m int) {
	goasm("FMOVQ (%s), F8", row(r))
	goasm("VUSHR $4, V8.B16, V9.B16")
	goasm("VAND V30.B16, V8.B16, V8.B16")
	sxtl8(10, 9)
	sxtl28(11, 9)
	weightedSum(m, 10)
	smlalLow(m, 11, 15)
	smlal2(m, 11, 15)
	widenInt8(8)
	clear(n, 1)
}

func q2Weights(r int, f func(i, a, b int)) {
	for i := range 8 {
		if i%4 == 0 {
			loadPair(r, 16+8*i, 8)
		}
		for j := range 2 {
			switch i % 4 {
			case 0:
				goasm("VAND V29.B16, V%d.B16, V%d.B16", 8+j, 10+j)
			case 3:
				shiftRight(10+j, 8+j, 6)
			default:
				shiftRight(10+j, 8+j, 2*(i%4))
				goasm("VAND V29.B16, V%d.B16, V%d.B16", 10+j, 10+j)
			}
		}
		f(i, 10, 11)
	}
}

func q3Constants() {
	goasm("VMOVI $15, V30.B16")
	goasm("VMOVI $0x30, V29.B16")
	goasm("VMOVI $32, V28.B16")
	loadConstant("q3_shifts", 27)
}

func q3Head(r, n, m int) {
	goasm("ADD $104, %s, %s", row(r), at)
	goasm("VLD1R (%s), [V9.S4]", at)
	goasm("FMOVD 96(%s), F8", row(r))
	goasm("VUSHR $4, V8.B16, V10.B16")
	zip1(8, 8, 10)
	goasm("VAND V30.B16, V8.B16, V8.B16")
	ushl8(9, 9, 27)
	goasm("VAND V29.B16, V9.B16, V9.B16")
	goasm("VORR V9.B16, V8.B16, V8.B16")
	sub8(8, 8, 28)
	widenInt8(8)
	clear(n, 1)
}

// q3Weights makes 32·(q-4): the third bit, inverted, above the other two.
func q3Weights(r int, f func(i, a, b int)) {
	loadPair(r, 0, 12)
	not(12, 12)
	not(13, 13)
	for i := range 8 {
		if i%4 == 0 {
			loadPair(r, 32+8*i, 8)
		}
		for j := range 2 {
			goasm("VSHL $5, V%d.B16, V%d.B16", 8+j, 10+j)
			goasm("VSLI $7, V%d.B16, V%d.B16", 12+j, 10+j)
			if i%4 < 3 {
				shiftRight(8+j, 8+j, 2)
			}
			if i < 7 {
				shiftRight(12+j, 12+j, 1)
			}
		}
		f(i, 10, 11)
	}
}

// The twelve bytes of scales and mins of Q4_K and Q5_K, four at a time: a, b, c. Scales are a&63 and c&15 | a>>6<<4, mins
// b&63 and c>>4 | b>>6<<4.
func sixBitConstants() {
	constant("six_order", []byte{4, 5, 6, 7, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15})
	constant("six_shift", quads(0, 0, 0, 0xfc))
	constant("six_mask", quads(63, 15, 63, 15))
	constant("six_high", []byte{255, 255, 255, 255, 4, 5, 6, 7, 255, 255, 255, 255, 8, 9, 10, 11})
}

func sixBitTables() {
	loadConstant("six_order", 26)
	loadConstant("six_shift", 27)
	loadConstant("six_mask", 28)
	loadConstant("six_high", 29)
	goasm("VMOVI $0x30, V19.B16")
}

// sixBits leaves eight scales and eight mins, as int16, in V10 and V11.
func sixBits(r int) {
	goasm("FMOVQ (%s), F8", row(r))
	goasm("VTBL V26.B16, [V8.B16], V9.B16")
	ushl8(9, 9, 27)
	goasm("VAND V28.B16, V9.B16, V9.B16")
	goasm("VTBL V29.B16, [V8.B16], V8.B16")
	goasm("VUSHR $2, V8.B16, V8.B16")
	goasm("VAND V19.B16, V8.B16, V8.B16")
	goasm("VORR V8.B16, V9.B16, V9.B16")
	sxtl8(10, 9)
	sxtl28(11, 9)
}

func q4Constants() {
	sixBitTables()
	goasm("VMOVI $15, V30.B16")
}

func q4Head(r, n, m int) {
	sixBits(r)
	weightedSum(m, 11)
	widenInt16(10)
	clear(n, 1)
}

func q4Weights(r int, f func(i, a, b int)) {
	for c := range 4 {
		loadPair(r, 16+32*c, 8)
		for j := range 2 {
			goasm("VAND V30.B16, V%d.B16, V%d.B16", 8+j, 10+j)
		}
		f(2*c, 10, 11)
		for j := range 2 {
			goasm("VUSHR $4, V%d.B16, V%d.B16", 8+j, 8+j)
		}
		f(2*c+1, 8, 9)
	}
}

func q5Constants() {
	sixBitTables()
	goasm("VMOVI $0xf0, V30.B16")
}

// q5Head begins with what q5Weights leaves out.
func q5Head(r, n, m int) {
	sixBits(r)
	weightedSum(m, 11)
	weightedSum(n, 10)
	shl(n, n, 7)
	widenInt16(10)
}

// q5Weights makes 8·(q-16): the fifth bit, inverted, above the nibble.
func q5Weights(r int, f func(i, a, b int)) {
	loadPair(r, 16, 12)
	not(12, 12)
	not(13, 13)
	for c := range 4 {
		loadPair(r, 48+32*c, 8)
		for j := range 2 {
			bit := 12 + j
			if c > 0 {
				bit = 18
				shiftRight(bit, 12+j, 2*c)
			}
			goasm("VSHL $3, V%d.B16, V%d.B16", 8+j, 10+j)
			goasm("VSLI $7, V%d.B16, V%d.B16", bit, 10+j)
		}
		f(2*c, 10, 11)
		for j := range 2 {
			d := 10 + j
			if c < 3 {
				shiftRight(d, 12+j, 2*c+1-7)
			} else {
				d = 12 + j
			}
			goasm("VAND V30.B16, V%d.B16, V%d.B16", 8+j, 8+j)
			goasm("VSRI $1, V%d.B16, V%d.B16", 8+j, d)
		}
		if c < 3 {
			f(2*c+1, 10, 11)
		} else {
			f(2*c+1, 12, 13)
		}
	}
}

func q6Constants() {
	goasm("VMOVI $0xf0, V30.B16")
	goasm("VMOVI $0xaa, V29.B16")
}

func q6Head(r, n, m int) {
	goasm("FMOVQ 192(%s), F8", row(r))
	widenInt8(8)
	clear(n, 1)
}

// q6Weights makes 4·(q-32): the upper two bits, the first of them inverted, above the nibble.
func q6Weights(r int, f func(i, a, b int)) {
	for h := range 2 {
		loadPair(r, 64*h, 8)
		loadPair(r, 64*h+32, 10)
		loadPair(r, 128+32*h, 12)
		for j := range 2 {
			goasm("VEOR V29.B16, V%d.B16, V%d.B16", 12+j, 12+j)
		}
		for i := range 4 {
			a := 26
			for j := range 2 {
				low, high, d := 8+2*(i%2)+j, 12+j, 26+j
				switch i {
				case 0, 1:
					if i == 1 {
						shiftRight(28, high, 2)
						high = 28
					}
					goasm("VSHL $2, V%d.B16, V%d.B16", low, d)
					goasm("VSLI $6, V%d.B16, V%d.B16", high, d)
				case 2:
					goasm("VAND V30.B16, V%d.B16, V%d.B16", low, low)
					goasm("VSHL $2, V%d.B16, V%d.B16", high, d)
					goasm("VSRI $2, V%d.B16, V%d.B16", low, d)
				case 3:
					a = 12
					goasm("VAND V30.B16, V%d.B16, V%d.B16", low, low)
					goasm("VSRI $2, V%d.B16, V%d.B16", low, high)
				}
			}
			f(4*h+i, a, a+1)
		}
	}
}

func iq4XSConstants() {
	goasm("VMOVI $15, V30.B16")
	goasm("VMOVI $0x30, V19.B16")
	goasm("VMOVI $32, V18.B16")
	loadConstant("iq4_values", 29)
	loadConstant("pair_shifts", 28)
}

func iq4XSHead(r, n, m int) {
	goasm("FMOVS 4(%s), F8", row(r))
	goasm("VUSHR $4, V8.B16, V9.B16")
	goasm("VZIP1 V9.B16, V8.B16, V8.B16")
	goasm("VAND V30.B16, V8.B16, V8.B16")
	goasm("ADD $2, %s, %s", row(r), at)
	goasm("VLD1R (%s), [V9.H8]", at)
	ushl16(9, 9, 28)
	goasm("VUZP1 V9.B16, V9.B16, V9.B16")
	goasm("VSHL $4, V9.B16, V9.B16")
	goasm("VAND V19.B16, V9.B16, V9.B16")
	goasm("VORR V9.B16, V8.B16, V8.B16")
	sub8(8, 8, 18)
	sxtl8(10, 8)
	widenInt16(10)
	clear(n, 1)
}

func iq4XSWeights(r int, f func(i, a, b int)) {
	goasm("ADD $8, %s, %s", row(r), at)
	for i := range 8 {
		loadQ(at, 8)
		lookups()
		f(i, 8, 9)
	}
}
