package main

import "math"

// expKernels compute four elements at a time with the steps of exp32 in the Go package. Its constants are in V17..V31.
func expKernels() {
	constant("exp_constants", expConstants())
	elementwise("expShiftNEON", 1, true, func() { // out = e^(x-m)
		fsub(0, 0, 16)
		exp(0)
	})
	elementwise("siluMulNEON", 2, false, func() {
		gate(2, 0, 0)
		fmul(0, 2, 1)
	})
	elementwise("geluMulNEON", 2, false, func() {
		fmul(2, 0, 0)
		mov(3, 14)
		fmla(3, 2, 15)
		fmul(2, 0, 3)
		gate(2, 0, 2)
		fmul(0, 2, 1)
	})
	elementwise("swigluOAINEON", 2, false, func() {
		fmin(0, 0, 13)
		fmin(1, 1, 13)
		fneg(2, 13)
		fmax(1, 1, 2)
		fmul(2, 0, 12)
		gate(2, 0, 2)
		fadd(1, 1, one)
		fmul(0, 2, 1)
	})
}

const one = 29

func expConstants() []byte {
	f := floatBits
	return words(
		f(1.702), f(7), f(1.5957691216057308), f(0.07135481627159965), // V12..V15
		f(89), f(-104), f(1.44269504088896341), f(0x1.8p23), f(0.693359375), f(-2.12194440e-4), // V17..
		f(1.9875691500e-4), f(1.3981999507e-3), f(8.3334519073e-3), f(4.1665795894e-2), f(1.6666665459e-1), f(5.0000001201e-1),
		f(1), 127, 0x4b400000, 0,
	)
}

func floatBits(x float64) uint32 { return math.Float32bits(float32(x)) }

// elementwise writes a kernel of one or two inputs, in V0 and V1, and an output in V0; a scalar is in V16.
func elementwise(name string, inputs int, scalar bool, f func()) {
	args := []string{"out", "x", "y", "n"}
	if inputs == 1 {
		args = []string{"out", "x", "n"}
	}
	size := 8 * len(args)
	if scalar {
		size += 4
	}
	function(name, size)
	for i, a := range args {
		goasm("MOVD %s+%d(FP), R%d", a, 8*i, i)
	}
	if scalar {
		goasm("FMOVS m+%d(FP), F16", 8*len(args))
		goasm("VDUP V16.S[0], V16.S4")
	}
	goasm("MOVD $exp_constants<>(SB), R5")
	loadQ("R5", 12, 13, 14, 15)
	loadQ("R5", 17, 18, 19, 20)
	loadQ("R5", 21, 22, 23, 24)
	loadQ("R5", 25, 26, 27, 28)
	loadQ("R5", 29, 30, 31)
	label("loop")
	for i := range inputs {
		loadQ(args2(i), i)
	}
	f()
	storeQ("R0", 0)
	goasm("SUB $1, R%d", len(args)-1)
	goasm("CBNZ R%d, loop", len(args)-1)
	goasm("RET")
}

func args2(i int) string { return []string{"R1", "R2"}[i] }

// exp replaces v[x], 2 < x or x = 0, using V3..V8.
func exp(x int) {
	const (
		top, bottom, log2e, round, ln2high, ln2low, c0 = 17, 18, 19, 20, 21, 22, 23
		bias, roundBits                                = 30, 31
		t, n, f, r                                     = 3, 4, 5, 6
	)
	fmin(r, x, top)
	fmax(r, r, bottom)
	mov(t, round)
	fmla(t, r, log2e)
	sub32(n, t, roundBits)
	fsub(f, t, round)
	fmls(r, f, ln2high)
	fmls(r, f, ln2low)
	p, next := c0, 7
	for _, c := range []int{c0 + 1, c0 + 2, c0 + 3, c0 + 4, c0 + 5, one, one} {
		mov(next, c)
		fmla(next, p, r)
		p, next = next, 15-next // 7 and 8
	}
	sshr(t, n, 1)
	sub32(n, n, t)
	for _, e := range []int{t, n} {
		add(e, e, bias)
		shl(e, e, 23)
		fmul(p, p, e)
	}
	mov(x, p)
}

// gate sets v[d] = v[x]·σ(v[z]).
func gate(d, x, z int) {
	fneg(9, z)
	exp(9)
	fadd(9, 9, one)
	fdiv(d, x, 9)
}
