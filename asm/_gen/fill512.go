package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A tile is filled with sixteen rows at once: words of the packed blocks are transposed first, so that a register holds the
// same word of every row, and unpacked then, with the lanes where the tile wants them.

type fillFrame struct {
	sixteenRows
	q, scales, dm Register
	ahead         Register
}

// sixteenRows are rows that lie stride bytes apart.
type sixteenRows struct {
	quarter         [4]Register // rows 0, 4, 8 and 12
	stride, stride3 Register
}

func rowsFrom(first, stride Register) sixteenRows {
	f := sixteenRows{quarter: [4]Register{first}, stride: stride, stride3: GP64()}
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, f.stride3)
	for i := 1; i < 4; i++ {
		f.quarter[i] = GP64()
		LEAQ(Mem{Base: f.quarter[i-1], Index: stride, Scale: 4}, f.quarter[i])
	}
	return f
}

// fillKernels fill tiles for gemm*VNNI.
func fillKernels() {
	for _, t := range narrowTypes {
		fillNarrow(t)
	}
	for _, t := range wideTypes {
		fillWide(t)
	}
}

// fill writes the loop over blocks of so many bytes, with so many weights and words of scales.
func fill(name string, size, weights, scaleWords int, block func(f *fillFrame)) {
	TEXT("fill"+name+"VNNI", 4, "func(q, scales *uint32, dm *float32, rows *byte, stride, blocks, ahead int)")
	Doc("fill"+name+"VNNI unpacks sixteen rows of "+name+", stride bytes apart and blocks > 0 long, into the parts of a tile.",
		"What lies ahead bytes behind them is fetched into the cache; it need not exist.")
	Pragma("noescape")
	f := &fillFrame{q: Load(Param("q"), GP64())}
	f.scales = Load(Param("scales"), GP64())
	f.dm = Load(Param("dm"), GP64())
	f.sixteenRows = rowsFrom(Load(Param("rows"), GP64()), Load(Param("stride"), GP64()))
	blocks := Load(Param("blocks"), GP64())
	f.ahead = Load(Param("ahead"), GP64())
	Label("block")
	block(f)
	for _, p := range f.quarter {
		next := GP64()
		LEAQ(Mem{Base: p, Index: f.ahead, Scale: 1}, next)
		for r := range 4 {
			for line := 0; line < size; line += 64 {
				PREFETCHT0(rowOfFour(next, f.stride, f.stride3, r, line))
			}
		}
		ADDQ(U32(uint32(size)), p)
	}
	ADDQ(U32(uint32(16*weights)), f.q)
	if scaleWords > 0 {
		ADDQ(U32(uint32(64*scaleWords)), f.scales)
	}
	ADDQ(U32(128), f.dm)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// words returns the four words at disp of every row; one returns the first alone.
func (f *sixteenRows) words(disp int) (w [4]VecVirtual) {
	low, high := f.pairs(disp, true)
	for i, p := range [][2]VecVirtual{low, high} {
		w[2*i], w[2*i+1] = ZMM(), ZMM()
		VUNPCKLPD(p[1], p[0], w[2*i])
		VUNPCKHPD(p[1], p[0], w[2*i+1])
	}
	return w
}

func (f *sixteenRows) one(disp int) VecVirtual {
	low, _ := f.pairs(disp, false)
	w := ZMM()
	VUNPCKLPD(low[1], low[0], w)
	return w
}

// pairs returns words 0 and 1 of neighbouring rows, and words 2 and 3 if both are wanted.
func (f *sixteenRows) pairs(disp int, both bool) (low, high [2]VecVirtual) {
	var v [4]VecVirtual
	for i := range v {
		v[i] = ZMM()
		VBROADCASTI32X4(rowOfFour(f.quarter[0], f.stride, f.stride3, i, disp), v[i]) // as cheap as a load, and avo sees that all is written
		for l := 1; l < 4; l++ {
			VINSERTI32X4(Imm(uint64(l)), rowOfFour(f.quarter[l], f.stride, f.stride3, i, disp), v[i], v[i])
		}
	}
	for i := range low {
		low[i] = ZMM()
		VUNPCKLPS(v[2*i+1], v[2*i], low[i])
		if both {
			high[i] = ZMM()
			VUNPCKHPS(v[2*i+1], v[2*i], high[i])
		}
	}
	return low, high
}

// store writes word i of the weights of the block.
func (f *fillFrame) store(v VecVirtual, i int) { VMOVDQU32(v, Mem{Base: f.q, Disp: 64 * i}) }

// storeScale writes word i of the integer scales and mins of the block.
func (f *fillFrame) storeScale(v VecVirtual, i int) { VMOVDQU32(v, Mem{Base: f.scales, Disp: 64 * i}) }

// storeHalf converts the binary16 in the low half of each word and writes it as d, or at 64 as m.
func (f *fillFrame) storeHalf(words VecVirtual, disp int) {
	v := ZMM()
	halves512(words, v)
	VMOVUPS(v, Mem{Base: f.dm, Disp: disp})
}

// storeBoth converts both halves of words as d and m.
func (f *fillFrame) storeBoth(words VecVirtual) {
	f.storeHalf(words, 0)
	f.storeHalf(shifted(words, 16), 64)
}

// shifted returns words moved right by n bits, or left by -n.
func shifted(words VecVirtual, n int) VecVirtual {
	v := ZMM()
	if n >= 0 {
		VPSRLD(Imm(uint64(n)), words, v)
	} else {
		VPSLLD(Imm(uint64(-n)), words, v)
	}
	return v
}

// bits returns those bits of words, moved right by n, that mask has.
func bits(words VecVirtual, n int, mask VecVirtual) VecVirtual {
	if n != 0 {
		words = shifted(words, n)
	}
	v := ZMM()
	VPANDD(mask, words, v)
	return v
}

// join adds to low those bits of words, moved right by n, that mask has.
func join(low, words VecVirtual, n int, mask VecVirtual) VecVirtual {
	if n != 0 {
		words = shifted(words, n)
	}
	VPTERNLOGD(Imm(0xf8), words, mask, low) // low | words & mask
	return low
}

// shuffled returns bytes of each word in another order: indices, or -1 for zero.
func shuffled(words VecVirtual, order [4]int) VecVirtual {
	v, name := ZMM(), "order"
	for _, i := range order {
		name += string("_0123"[i+1])
	}
	VPSHUFB(bytes64(name, 0, func(i int) byte {
		if order[i%4] < 0 {
			return 0x80
		}
		return byte(i/4*4%16 + order[i%4])
	}), words, v)
	return v
}

// nibbleWords returns the low nibbles of the bytes at disp and the high ones.
func (f *fillFrame) nibbleWords(disp int, mask VecVirtual) (low, high [4]VecVirtual) {
	for i, w := range f.words(disp) {
		low[i], high[i] = bits(w, 0, mask), bits(w, 4, mask)
	}
	return low, high
}

// fillNarrow is for blocks of 32. Weights that are signed or have a bias are 128 too large.
func fillNarrow(t narrowType) {
	fill(t.name, t.size, 32, 0, func(f *fillFrame) {
		words := f.narrowWords(t)
		for i, q := range words {
			if t.bias != 0 || t.signed {
				VPADDB(word512(uint32(128-t.bias)*0x01010101), q, q)
			}
			f.store(q, i)
		}
		first := f.one(0)
		switch {
		case t.e8m0: // 2^(e-128)
			e, d := bits(first, 0, all512(0xff)), all512(math.Float32bits(1))
			VPSUBD(word512(128), e, e)
			VCVTDQ2PS(e, e)
			VSCALEFPS(e, d, d)
			VMOVUPS(d, Mem{Base: f.dm})
		case t.mins:
			f.storeHalf(first, 0)
			m := ZMM()
			halves512(shifted(first, 16), m)
			VPXORD(word512(1<<31), m, m)
			VMOVUPS(m, Mem{Base: f.dm, Disp: 64})
		default:
			f.storeHalf(first, 0)
		}
	})
}

// narrowWords returns the eight words of weights of a block.
func (f *fillFrame) narrowWords(t narrowType) []VecVirtual {
	if t.name == "Q8_0" {
		low, high := f.words(2), f.words(18)
		return append(low[:], high[:]...)
	}
	quants := t.size - 16
	low, high := f.nibbleWords(quants, all512(0x0f0f0f0f))
	words := append(low[:], high[:]...)
	switch t.name {
	case "IQ4_NL":
		lookup512(iq4Table(), words)
	case "MXFP4":
		lookup512(fp4Table(), words)
	case "Q5_0", "Q5_1":
		fifths, sixteen := f.one(quants-4), all512(0x10101010)
		for i, q := range words {
			b, set := i/2, K() // the byte that has the bits of these weights
			mask := bytes64("fifth_bits", i%2, func(j int) byte { return 1 << (4*(i%2) + j%4) })
			VPTESTMB(mask, shuffled(fifths, [4]int{b, b, b, b}), set)
			VPADDB(sixteen, q, set, q)
		}
	}
	return words
}

// lookup512 replaces nibbles by what they mean.
func lookup512(table Mem, words []VecVirtual) {
	t := table512(table)
	for _, q := range words {
		VPSHUFB(q, t, q)
	}
}

// fillWide is for blocks of 256. Signed weights are 128 too large.
func fillWide(t wideType) {
	block := map[string]func(f *fillFrame){
		"Q2_K": (*fillFrame).q2K, "Q3_K": (*fillFrame).q3K, "Q4_K": (*fillFrame).q4K, "Q5_K": (*fillFrame).q5K, "Q6_K": (*fillFrame).q6K,
		"IQ4_XS": (*fillFrame).iq4XS,
	}[t.name]
	fill(t.name, t.size, 256, 256/t.sub+8, block)
}

func (f *fillFrame) q2K() {
	pair, nibble := all512(0x03030303), all512(0x0f0f0f0f)
	for n := range 2 {
		for half := range 2 {
			for i, w := range f.words(16 + 32*n + 16*half) {
				for s := range 4 {
					f.store(bits(w, 2*s, pair), 32*n+8*s+4*half+i)
				}
			}
		}
	}
	for w, scales := range f.words(0) {
		for b := range 4 {
			f.storeScale(shuffled(bits(scales, 0, nibble), [4]int{b, -1, b, -1}), 4*w+b)
		}
		for b := range 2 {
			f.storeScale(shuffled(bits(scales, 4, nibble), [4]int{2 * b, -1, 2*b + 1, -1}), 16+2*w+b)
		}
	}
	f.storeBoth(f.words(68)[3])
}

func (f *fillFrame) q3K() {
	pair, third, nibble, twoBits := all512(0x03030303), all512(0x04040404), all512(0x0f0f0f0f), all512(0x30303030)
	thirds := [2][4]VecVirtual{f.words(0), f.words(16)}
	for n := range 2 {
		for half := range 2 {
			for i, w := range f.words(32 + 32*n + 16*half) {
				for s := range 4 {
					f.store(join(bits(w, 2*s, pair), thirds[half][i], 4*n+s-2, third), 32*n+8*s+4*half+i)
				}
			}
		}
	}
	w := f.words(94) // the scales begin two bytes later
	var s [3]VecVirtual
	for i := range s {
		s[i] = shifted(w[i], 16)
		VPORD(shifted(w[i+1], -16), s[i], s[i])
	}
	var scales [4]VecVirtual
	for i := range scales {
		scales[i] = join(bits(s[i%2], i/2*4, nibble), s[2], 2*i-4, twoBits)
		VPSUBB(word512(0x20202020), scales[i], scales[i])
	}
	f.signedScales(scales, 2)
	f.storeHalf(shifted(w[3], 16), 0)
}

func (f *fillFrame) q4K() {
	f.sixBits()
	nibble := all512(0x0f0f0f0f)
	for g := range 4 {
		for half := range 2 {
			low, high := f.nibbleWords(16+32*g+16*half, nibble)
			for i := range low {
				f.store(low[i], 16*g+4*half+i)
				f.store(high[i], 16*g+8+4*half+i)
			}
		}
	}
}

func (f *fillFrame) q5K() {
	f.sixBits()
	nibble, fifth := all512(0x0f0f0f0f), all512(0x10101010)
	fifths := [2][4]VecVirtual{f.words(16), f.words(32)}
	for g := range 4 {
		for half := range 2 {
			low, high := f.nibbleWords(48+32*g+16*half, nibble)
			for i, h := range fifths[half] {
				f.store(join(low[i], h, 2*g-4, fifth), 16*g+4*half+i)
				f.store(join(high[i], h, 2*g-3, fifth), 16*g+8+4*half+i)
			}
		}
	}
}

func (f *fillFrame) q6K() {
	nibble, twoBits := all512(0x0f0f0f0f), all512(0x30303030)
	for n := range 2 {
		for half := range 2 {
			h := f.words(128 + 32*n + 16*half)
			for second := range 2 {
				low, high := f.nibbleWords(64*n+32*second+16*half, nibble)
				for i := range low {
					at := 32*n + 8*second + 4*half + i
					f.store(join(low[i], h[i], 2*second-4, twoBits), at)
					f.store(join(high[i], h[i], 2*second, twoBits), at+16)
				}
			}
		}
	}
	f.signedScales(f.words(192), 5)
	f.storeHalf(shifted(f.words(194)[3], 16), 0)
}

func (f *fillFrame) iq4XS() {
	nibble := all512(0x0f0f0f0f)
	for c := range 8 {
		low, high := f.nibbleWords(8+16*c, nibble)
		words := append(low[:], high[:]...)
		lookup512(iq4Table(), words)
		for i, q := range words {
			VPADDB(word512(0x80808080), q, q)
			f.store(q, 8*c+i)
		}
	}
	w, four, two := f.words(0), all512(0x0f), all512(0x30)
	for j := range 8 {
		s := join(bits(w[1], 4*j, four), w[0], 12+2*j, two)
		VPSUBD(word512(32), s, s)
		s = shuffled(s, [4]int{0, 1, 0, 1})
		f.storeScale(s, j)
		VPSLLW(Imm(7), s, s)
		f.storeScale(s, 8+j)
	}
	f.storeHalf(w[0], 0)
}

// sixBits unpacks d, dmin and the scales and mins of Q4_K and Q5_K at the head of a block.
func (f *fillFrame) sixBits() {
	w, nibble, six, twoBits := f.words(0), all512(0x0f0f0f0f), all512(0x3f3f3f3f), all512(0x30303030)
	f.storeBoth(w[0])
	for i := range 2 { // scales, then mins
		first, last := bits(w[1+i], 0, six), join(bits(w[3], 4*i, nibble), w[1+i], 2, twoBits)
		for b := range 4 {
			f.storeScale(shuffled(first, [4]int{b, -1, b, -1}), 8*i+b)
			f.storeScale(shuffled(last, [4]int{b, -1, b, -1}), 8*i+4+b)
		}
	}
}

// signedScales writes sixteen scales, which are int8, and 2^bias times them as mins.
func (f *fillFrame) signedScales(scales [4]VecVirtual, bias int) {
	for w, s := range scales {
		for b := range 4 {
			v := shuffled(s, [4]int{-1, b, -1, b})
			VPSRAW(Imm(8), v, v)
			f.storeScale(v, 4*w+b)
		}
		for b := range 2 {
			v := shuffled(s, [4]int{-1, 2 * b, -1, 2*b + 1})
			VPSRAW(Imm(uint64(8-bias)), v, v)
			f.storeScale(v, 16+2*w+b)
		}
	}
}
