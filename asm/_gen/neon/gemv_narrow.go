package main

// narrowType describes blocks of 32 weights, four rows of which are multiplied with a token.
type narrowType struct {
	name      string
	size      int
	constants func()
	scale     func(r int) // loads the scale of row r into V[16+r] and steps on
	fifth     bool        // bits follow, which go to V10
	change    func()      // leaves weights in V8 and V9, of which V8 was loaded; nil: both were
	bias      string      // what is subtracted from every weight
	join      func(d int) // leaves the scales of four rows in V[d], and the mins in V[d+1]
	mins      bool
}

var narrowTypes = []narrowType{
	{name: "Q4_0", size: 18, constants: nibbleMask, scale: rowHalf, change: nibbles, bias: "bias8", join: joinHalves},
	{name: "Q4_1", size: 20, constants: nibbleMask, scale: rowWord, change: nibbles, join: joinPairs, mins: true},
	{name: "Q5_0", size: 22, constants: bitTables, scale: rowHalf, fifth: true, change: signedFives, join: joinHalves},
	{name: "Q5_1", size: 24, constants: bitTables, scale: rowWord, fifth: true, change: signedFives, bias: "bias_minus16", join: joinPairs, mins: true},
	{name: "Q8_0", size: 34, constants: func() {}, scale: rowHalf, join: joinHalves},
	{name: "IQ4_NL", size: 18, constants: func() { nibbleMask(); loadConstant("iq4_values", 29) }, scale: rowHalf, change: lookups, join: joinHalves},
	{name: "MXFP4", size: 17, constants: func() { nibbleMask(); loadConstant("fp4_values", 29); loadConstant("powers", 26, 27, 28) },
		scale: rowByte, change: lookups, join: joinPowers},
}

func nibbleMask() { goasm("VMOVI $15, V30.B16") }

func bitTables() {
	loadConstant("bit_spread", 26, 27)
	loadConstant("bit_mask", 28)
}

func rowByte(r int) { loadStep(0x3c400400, "ldr b", 16+r, 7+r, 1) }
func rowHalf(r int) { loadStep(0x7c400400, "ldr h", 16+r, 7+r, 2) }
func rowWord(r int) { loadStep(0xbc400400, "ldr s", 16+r, 7+r, 4) }

func nibbles() {
	goasm("VUSHR $4, V8.B16, V9.B16")
	goasm("VAND V30.B16, V8.B16, V8.B16")
}

func lookups() {
	nibbles()
	for _, v := range []int{8, 9} {
		goasm("VTBL V%d.B16, [V29.B16], V%d.B16", v, v)
	}
}

// signedFives leaves weights less 16: a bit that is not set sets the four above the nibble.
func signedFives() {
	not(10, 10)
	goasm("VUSHR $4, V8.B16, V9.B16")
	for i := range 2 {
		goasm("VTBL V%d.B16, [V10.B16], V%d.B16", 26+i, 11+i)
		cmtst(11+i, 11+i, 28)
		goasm("VSLI $4, V%d.B16, V%d.B16", 11+i, 8+i)
	}
}

// joinPowers leaves half the powers of two whose exponents are the first bytes of four registers. Exponents below two give
// subnormal numbers.
func joinPowers(d int) {
	joinWords(d)
	sub32(d+1, d, 26)
	shl(d+1, d+1, 23)
	umin(d, d, 27)
	ushl(d, 28, d)
	smax(d, d, d+1)
}

// gemvNarrow: activations in V0 and V1, their scale and sum in V2, integer sums in V4..V7, scales of rows in V16..V19.
func gemvNarrow(t narrowType) {
	constants := func() {
		t.constants()
		if t.bias != "" {
			loadConstant(t.bias, 25)
		}
	}
	gemv(t.name, t.size, constants, func() {
		loadQ(token, 0, 1)
		loadQ(factors, 2)
		for r := range 4 {
			t.scale(r)
			if t.fifth {
				loadStep(0xbc400400, "ldr s", 10, 7+r, 4)
			}
			if t.change == nil {
				loadQ(row(r), 8, 9)
			} else {
				loadQ(row(r), 8)
				t.change()
			}
			clear(4+r, 1)
			sdot(4+r, 8, 0)
			sdot(4+r, 9, 1)
		}
		sumRows(4)
		scvtf(4, 4)
		if t.bias != "" {
			fmulElement(5, 25, 2, 1)
			fsub(4, 4, 5)
		}
		t.join(16)
		fmul(4, 4, 16)
		if t.mins {
			fmulElement(17, 17, 2, 1)
			fadd(4, 4, 17)
		}
		fmulElement(4, 4, 2, 0)
		fadd(31, 31, 4)
	})
}
