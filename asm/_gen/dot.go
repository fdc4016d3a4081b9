package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// dotKernels multiply packed rows with one token, four at a time.
func dotKernels() {
	for _, t := range narrowTypes {
		dotNarrow(t, "AVX2")
	}
	for _, t := range wideTypes {
		dotWide(t)
	}
}

type dotFrame struct {
	set        string
	w          Register // the block in use of the first row
	stride, s3 Register // from a row to the next, and three times that
	y, scales  Register
	blocks     Register
	fetch      Register // what is asked for next
	acc        VecVirtual
	end        func()
}

// dotHead begins a product of packed rows with one token.
func dotHead(name, set string) {
	TEXT("dot"+name+set, 4, "func(out *float32, w *byte, stride, rows int, y *int8, scales *byte, blocks, ahead int)")
	Doc("dot"+name+set+" sets out[0..rows) to the products of rows of "+name+", stride bytes apart, with one token.",
		"Rows are blocks > 0 long; their number is a positive multiple of eight.",
		"What lies ahead bytes behind the weights in use is fetched into the cache; it need not exist.")
	Pragma("noescape")
}

// dotFour writes the loop over four rows at a time.
func dotFour(name, set string) dotFrame {
	dotHead(name, set)
	f := dotFrame{set: set, w: GP64(), s3: GP64(), y: GP64(), scales: GP64(), blocks: GP64(), fetch: GP64(), acc: XMM()}
	out := Load(Param("out"), GP64())
	w := Load(Param("w"), GP64())
	f.stride = Load(Param("stride"), GP64())
	rows := Load(Param("rows"), GP64())
	LEAQ(Mem{Base: f.stride, Index: f.stride, Scale: 2}, f.s3)
	Load(Param("ahead"), f.fetch)
	ADDQ(w, f.fetch)
	Label("rows")
	MOVQ(w, f.w)
	Load(Param("y"), f.y)
	Load(Param("scales"), f.scales)
	Load(Param("blocks"), f.blocks)
	VXORPS(f.acc, f.acc, f.acc)
	f.end = func() {
		VMOVUPS(f.acc, Mem{Base: out})
		ADDQ(Imm(16), out)
		LEAQ(Mem{Base: w, Index: f.stride, Scale: 4}, w)
		SUBQ(Imm(4), rows)
		JNZ(LabelRef("rows"))
		VZEROUPPER()
		RET()
	}
	return f
}

func (f *dotFrame) row(r, disp int) Mem { return rowOfFour(f.w, f.stride, f.s3, r, disp) }

// rowOfFour returns the memory at disp of row r < 4, rows lying stride bytes apart from base on; stride3 is three strides.
func rowOfFour(base, stride, stride3 Register, r, disp int) Mem {
	m := Mem{Base: base, Disp: disp}
	switch r {
	case 1:
		m.Index, m.Scale = stride, 1
	case 2:
		m.Index, m.Scale = stride, 2
	case 3:
		m.Index, m.Scale = stride3, 1
	}
	return m
}

// next asks for as many bytes as four rows take in n of each and steps on.
func (f *dotFrame) next(n int) {
	for line := 0; line < 4*n; line += 64 {
		PREFETCHT0(Mem{Base: f.fetch, Disp: line})
	}
	ADDQ(U32(uint32(4*n)), f.fetch)
	ADDQ(U32(uint32(n)), f.w)
}

// products returns pairs of products of 32 weights and activations as 16 int16.
func products(q VecVirtual, signed bool, y Mem) VecVirtual {
	p := YMM()
	if !signed {
		VPMADDUBSW(y, q, p)
		return p
	}
	// |q| may be 128, as unsigned; y is never -128.
	VMOVDQU(y, p)
	VPSIGNB(q, p, p)
	a := YMM()
	VPABSB(q, a)
	VPMADDUBSW(p, a, p)
	return p
}

// hadd4 adds the lanes of each half of four registers: the result has the four sums in either half.
func hadd4(r []VecVirtual) VecVirtual {
	VPHADDD(r[1], r[0], r[0])
	VPHADDD(r[3], r[2], r[2])
	VPHADDD(r[2], r[0], r[0])
	return r[0]
}

func dotNarrow(t narrowType, set string) {
	f := dotFour(t.name, set)
	Label("two")
	SUBQ(Imm(2), f.blocks)
	JLT(LabelRef("one"))
	narrowPair(&f, t)
	ADDQ(Imm(64), f.y)
	ADDQ(Imm(32), f.scales)
	f.next(2 * t.size)
	JMP(LabelRef("two"))
	Label("one")
	ADDQ(Imm(2), f.blocks)
	JZ(LabelRef("done"))
	narrowSingle(&f, t)
	Label("done")
	f.end()
}

// narrowSums returns the integer sums of block b of the four rows in either half.
func narrowSums(f *dotFrame, t narrowType, b int) VecVirtual {
	var s []VecVirtual
	ones := YMM()
	VMOVDQU(word(0x00010001), ones)
	for r := range 4 {
		q, y := t.load(f.row(r, b*t.size)), Mem{Base: f.y, Disp: 32 * b}
		p := YMM()
		if f.set == "AVXVNNI" {
			v := YMM()
			VMOVDQU(y, v)
			VPXOR(p, p, p)
			VPDPBUSD_VEX(v, q, p)
		} else {
			p = products(q, t.signed, y)
			VPMADDWD(ones, p, p)
		}
		s = append(s, p)
	}
	return hadd4(s)
}

// Weights of at most 31 have sums that fit an int16, 32·31·127 being too much only for a whole block: packing neighbours and
// multiplying by one adds them for less than a horizontal addition. Two rows share a register.

// fourSums returns the sums of block b of the four rows, as halves: rows 0 0 2 2 | 1 1 3 3.
func fourSums(f *dotFrame, t narrowType, b int) VecVirtual {
	var s [2]VecVirtual
	y := [2]VecVirtual{YMM(), YMM()}
	for i, v := range y {
		VBROADCASTI128(Mem{Base: f.y, Disp: 32*b + 16*i}, v)
	}
	for i := range s {
		low, high := t.pair(f.row(2*i, b*t.size), f.row(2*i+1, b*t.size))
		s[i] = YMM()
		if f.set == "AVXVNNI" {
			VPXOR(s[i], s[i], s[i])
			VPDPBUSD_VEX(y[0], low, s[i])
			VPDPBUSD_VEX(y[1], high, s[i])
		} else {
			VPMADDUBSW(y[0], low, s[i])
			VPMADDUBSW(y[1], high, high)
			VPADDW(high, s[i], s[i])
			VPMADDWD(word(0x00010001), s[i], s[i])
		}
	}
	return addNeighbours(s[0], s[1])
}

// addNeighbours adds neighbours of a and b, half by half; all fit an int16.
func addNeighbours(a, b VecVirtual) VecVirtual {
	VPACKSSDW(b, a, a)
	VPMADDWD(word(0x00010001), a, a)
	return a
}

// addHalves is addNeighbours for the sums that it gives: of sixteen products, which may not fit an int16.
func (t narrowType) addHalves(a, b VecVirtual) VecVirtual {
	if !t.large {
		return addNeighbours(a, b)
	}
	VPHADDD(b, a, a)
	return a
}

// inOrder puts rows 0 2 | 1 3 of two blocks in order.
func inOrder(v VecVirtual) {
	order := YMM()
	VMOVDQU(table("row_order", []uint32{0, 4, 1, 5, 2, 6, 3, 7}), order)
	VPERMD(v, order, v)
}

// gatherHalves returns the binary16 d of the four rows, followed by m if there are mins.
func gatherHalves(f *dotFrame, disp int, mins bool) VecVirtual {
	v := XMM()
	if !mins {
		VPXOR(v, v, v)
		for r := range 4 {
			VPINSRW(Imm(uint64(r)), f.row(r, disp), v, v)
		}
		return v
	}
	VMOVD(f.row(0, disp), v)
	for r := 1; r < 4; r++ {
		VPINSRD(Imm(uint64(r)), f.row(r, disp), v, v)
	}
	VPSHUFB(bytes32("deinterleave", []byte{0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15}), v, v)
	return v
}

// e8m0 turns exponents, as int32, into floats of half their power.
func e8m0(e VecVirtual) {
	t, small := YMM(), YMM()
	VMOVDQU(word(0x00200000), t)
	VPSLLVD(e, t, t)
	VMOVDQU(word(2), small)
	VPCMPGTD(e, small, small)
	VPSUBD(word(1), e, e)
	VPSLLD(Imm(23), e, e)
	VBLENDVPS(small, t, e, e)
}

func narrowPair(f *dotFrame, t narrowType) {
	n := YMM()
	if t.pair != nil {
		n = t.addHalves(fourSums(f, t, 0), fourSums(f, t, 1))
		inOrder(n)
	} else {
		s0, s1, h := narrowSums(f, t, 0), narrowSums(f, t, 1), YMM()
		VINSERTI128(Imm(1), s1.AsX(), s0, n)
		VPERM2I128(Imm(0x31), s1, s0, h)
		VPADDD(h, n, n)
	}
	VCVTDQ2PS(n, n)

	y, dy, sum := YMM(), YMM(), YMM()
	VMOVUPS(Mem{Base: f.scales}, y)
	VMOVDQU(table("pair_d", []uint32{0, 0, 0, 0, 4, 4, 4, 4}), dy)
	VPERMPS(y, dy, dy)
	if t.bias != 0 || t.mins {
		VMOVDQU(table("pair_sum", []uint32{1, 1, 1, 1, 5, 5, 5, 5}), sum)
		VPERMPS(y, sum, sum)
	}
	if t.bias != 0 {
		b := YMM()
		VMULPS(float(float64(t.bias)), sum, b)
		VSUBPS(b, n, n)
	}
	d, m := YMM(), YMM()
	switch {
	case t.e8m0:
		e := XMM()
		VPXOR(e, e, e)
		for i := range 8 {
			VPINSRB(Imm(uint64(i)), f.row(i%4, i/4*t.size), e, e)
		}
		VPMOVZXBD(e, d)
		e8m0(d)
	case t.mins:
		a, b, c := gatherHalves(f, 0, true), gatherHalves(f, t.size, true), XMM()
		VPUNPCKHQDQ(b, a, c)
		VPUNPCKLQDQ(b, a, a)
		VCVTPH2PS(a, d)
		VCVTPH2PS(c, m)
	default:
		a := XMM()
		VPXOR(a, a, a)
		for i := range 8 {
			VPINSRW(Imm(uint64(i)), f.row(i%4, i/4*t.size), a, a)
		}
		VCVTPH2PS(a, d)
	}
	VMULPS(d, n, n)
	if t.mins {
		VMULPS(sum, m, m)
		VADDPS(m, n, n)
	}
	VMULPS(dy, n, n)
	VADDPS(n.AsX(), f.acc, f.acc)
	VEXTRACTF128(Imm(1), n, n.AsX())
	VADDPS(n.AsX(), f.acc, f.acc)
}

func narrowSingle(f *dotFrame, t narrowType) {
	n := XMM()
	if t.pair != nil {
		s := fourSums(f, t, 0)
		s = t.addHalves(s, s)
		inOrder(s)
		VCVTDQ2PS(s.AsX(), n)
	} else {
		s := narrowSums(f, t, 0)
		VEXTRACTI128(Imm(1), s, n)
		VPADDD(s.AsX(), n, n)
		VCVTDQ2PS(n, n)
	}
	sum, dy := XMM(), XMM()
	VBROADCASTSS(Mem{Base: f.scales}, dy)
	VBROADCASTSS(Mem{Base: f.scales, Disp: 4}, sum)
	if t.bias != 0 {
		b := XMM()
		VMULPS(float(float64(t.bias)), sum, b)
		VSUBPS(b, n, n)
	}
	d, m := YMM(), XMM()
	if t.e8m0 {
		e := XMM()
		VPXOR(e, e, e)
		for i := range 4 {
			VPINSRB(Imm(uint64(i)), f.row(i, 0), e, e)
		}
		VPMOVZXBD(e, d)
		e8m0(d)
	} else {
		VCVTPH2PS(gatherHalves(f, 0, t.mins), d)
	}
	VMULPS(d.AsX(), n, n)
	if t.mins {
		VEXTRACTF128(Imm(1), d, m)
		VMULPS(sum, m, m)
		VADDPS(m, n, n)
	}
	VMULPS(dy, n, n)
	VADDPS(n, f.acc, f.acc)
}

func dotWide(t wideType) {
	f := dotFour(t.name, "AVX2")
	Label("block")
	sum32 := XMM() // sums of 32 activations, where scales are of 32
	if t.mins && t.sub == 32 {
		VMOVDQU(Mem{Base: f.scales}, sum32)
		VPHADDW(Mem{Base: f.scales, Disp: 16}, sum32, sum32)
	}
	var n, m []VecVirtual
	for r := range 4 {
		b := f.row(r, 0)
		scale, min := t.scales(b)
		s := YMM()
		VPXOR(s, s, s)
		var half [2]VecVirtual
		if t.sub == 16 {
			half[0], half[1] = YMM(), YMM()
			VPERMQ(Imm(0x44), scale, half[0])
			VPERMQ(Imm(0xee), scale, half[1])
			if t.bias != 0 {
				v := YMM()
				VPMADDWD(Mem{Base: f.scales}, scale, v)
				VPSLLD(Imm(uint64(t.bias)), v, v)
				VPSUBD(v, s, s)
			}
		} else {
			half[0], half[1] = scale, scale
		}
		if t.mins {
			v := YMM()
			if t.sub == 32 {
				VPMADDWD(sum32, min.AsX(), v.AsX())
			} else {
				VPMADDWD(Mem{Base: f.scales}, min, v)
			}
			m = append(m, v)
		}
		t.chunks(b, func(i int, q VecVirtual) {
			p := products(q, t.signed, Mem{Base: f.y, Disp: 32 * i})
			VPMADDWD(t.dup(half[i/4], i), p, p)
			VPADDD(p, s, s)
		})
		n = append(n, s)
		if r%2 == 1 { // frees registers
			VPHADDD(n[r], n[r-1], n[r-1])
			if t.mins {
				VPHADDD(m[r], m[r-1], m[r-1])
			}
		}
	}
	whole := func(r []VecVirtual, wide bool) Register {
		v, h := r[0], XMM()
		VPHADDD(r[2], v, v)
		if wide {
			VEXTRACTI128(Imm(1), v, h)
			VPADDD(h, v.AsX(), v.AsX())
		}
		VCVTDQ2PS(v.AsX(), v.AsX())
		return v.AsX()
	}
	v := whole(n, true)
	d := YMM()
	VCVTPH2PS(gatherHalves(&f, t.d, t.mins), d)
	VMULPS(d.AsX(), v, v)
	if t.mins {
		w := whole(m, t.sub == 16)
		dmin := XMM()
		VEXTRACTF128(Imm(1), d, dmin)
		VMULPS(dmin, w, w)
		VSUBPS(w, v, v)
	}
	dy := XMM()
	VBROADCASTSS(Mem{Base: f.scales, Disp: 32}, dy)
	VMULPS(dy, v, v)
	VADDPS(v, f.acc, f.acc)
	ADDQ(U32(256), f.y)
	ADDQ(Imm(36), f.scales)
	f.next(t.size)
	DECQ(f.blocks)
	JNZ(LabelRef("block"))
	f.end()
}
