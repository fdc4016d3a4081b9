package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// dotKernels multiply packed rows with one token, eight at a time.
func dotKernels() {
	for _, t := range narrowTypes {
		dotNarrow(t, "AVX2")
	}
	for _, t := range wideTypes {
		dotWide(t, "AVX2")
	}
}

// dotHead begins a product of packed rows with one token.
func dotHead(name, set string) {
	TEXT("dot"+name+set, 4, "func(out *float32, w *byte, stride, rows int, y *int8, scales *byte, blocks, ahead int)")
	Doc("dot"+name+set+" sets out[0..rows) to the products of rows of "+name+", stride bytes apart, with one token.",
		"Rows are blocks > 0 long; their number is a positive multiple of eight.",
		"What lies ahead bytes behind the weights in use is fetched into the cache; it need not exist.")
	Pragma("noescape")
}

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

// eightRows is a product of eight rows with one token.
type eightRows struct {
	w          [2]Register // the block in use of row 0 and of row 4
	stride, s3 Register    // from a row to the next, and three times that
	y, scales  Register
	fetch      Register // what is asked for next
	acc        VecVirtual
	fetched    int // bytes asked for since the last step
}

// dotEight writes the loop over eight rows at a time; setup loads what all of them share, loop runs over their blocks.
func dotEight(name, set string, setup func(), loop func(f *eightRows, blocks Register)) {
	dotHead(name, set)
	f := &eightRows{w: [2]Register{GP64(), GP64()}, s3: GP64(), y: GP64(), scales: GP64(), fetch: GP64()}
	out := Load(Param("out"), GP64())
	w := Load(Param("w"), GP64())
	f.stride = Load(Param("stride"), GP64())
	rows := Load(Param("rows"), GP64())
	LEAQ(Mem{Base: f.stride, Index: f.stride, Scale: 2}, f.s3)
	Load(Param("ahead"), f.fetch)
	ADDQ(w, f.fetch)
	setup()
	blocks := GP64()
	Label("rows")
	MOVQ(w, f.w[0])
	LEAQ(Mem{Base: w, Index: f.stride, Scale: 4}, f.w[1])
	Load(Param("y"), f.y)
	Load(Param("scales"), f.scales)
	Load(Param("blocks"), blocks)
	f.acc = YMM()
	VXORPS(f.acc, f.acc, f.acc)
	loop(f, blocks)
	VMOVUPS(f.acc, Mem{Base: out})
	ADDQ(Imm(32), out)
	LEAQ(Mem{Base: w, Index: f.stride, Scale: 8}, w)
	SUBQ(Imm(8), rows)
	JNZ(LabelRef("rows"))
	VZEROUPPER()
	RET()
}

// next steps on by so many bytes of each row, of activations and of their scales.
func (f *eightRows) next(row, y, scales int) {
	f.ask(8 * row)
	f.fetched = 0
	ADDQ(U32(uint32(y)), f.y)
	ADDQ(Imm(uint64(scales)), f.scales)
	ADDQ(U32(uint32(row)), f.w[0])
	ADDQ(U32(uint32(row)), f.w[1])
	ADDQ(U32(uint32(8*row)), f.fetch)
}

// row returns the memory at disp in the block of row r.
func (f *eightRows) row(r, disp int) Mem { return rowOfFour(f.w[r/4], f.stride, f.s3, r%4, disp) }

// both returns sixteen bytes at disp of row r < 4, and of row r+4.
func (f *eightRows) both(r, disp int) VecVirtual {
	v := YMM()
	VBROADCASTI128(f.row(r, disp), v) // as cheap as a load of half, and avo sees that all of it is written
	VINSERTI128(Imm(1), f.row(r+4, disp), v, v)
	return v
}

// halves returns the binary16 at disp of the eight rows as floats.
func (f *eightRows) halves(disp int) VecVirtual {
	v := YMM()
	VCVTPH2PS(f.gather(disp, 2), v)
	return v
}

// gather returns one or two bytes at disp of each row. It uses the integer units, which are idle, while inserts would compete with
// the shuffles of weights.
func (f *eightRows) gather(disp, size int) VecVirtual {
	x, each := XMM(), 8/size
	for first := 0; first < 8; first += each {
		e := GP64()
		for r := first + each - 1; r >= first; r-- {
			m := f.row(r, disp)
			switch {
			case r == first+each-1 && size == 1:
				MOVBQZX(m, e)
			case r == first+each-1:
				MOVWQZX(m, e)
			case size == 1:
				SHLQ(Imm(8), e)
				MOVB(m, e.As8())
			default:
				SHLQ(Imm(16), e)
				MOVW(m, e.As16())
			}
		}
		if first == 0 {
			VMOVQ(e, x)
		} else {
			VPINSRQ(Imm(1), e, x, x)
		}
	}
	return x
}

// ask fetches lines until n bytes since the last step are under way.
func (f *eightRows) ask(n int) {
	for ; f.fetched < n; f.fetched += 64 {
		PREFETCHT0(Mem{Base: f.fetch, Disp: f.fetched})
	}
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
