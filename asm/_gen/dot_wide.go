package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

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
