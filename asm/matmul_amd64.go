//go:build amd64 && !purego

package asm

import (
	"unsafe"

	"llm/quant"
)

// dotNarrowKernel multiplies four rows with one token, dotWideKernel likewise.
type (
	dotNarrowKernel func(out *float32, w0, w1, w2, w3 *byte, y *int8, scales *float32, blocks int)
	dotWideKernel   func(out *float32, w0, w1, w2, w3 *byte, y *int8, scales *int16, blocks int)
)

func dotNarrowAVX2(t quant.Type) dotNarrowKernel {
	switch t {
	case quant.Q4_0:
		return dotQ4_0AVX2
	case quant.Q4_1:
		return dotQ4_1AVX2
	case quant.Q5_0:
		return dotQ5_0AVX2
	case quant.Q5_1:
		return dotQ5_1AVX2
	case quant.Q8_0:
		return dotQ8_0AVX2
	case quant.IQ4_NL:
		return dotIQ4_NLAVX2
	case quant.MXFP4:
		return dotMXFP4AVX2
	}
	return nil
}

func dotWideAVX2(t quant.Type) dotWideKernel {
	switch t {
	case quant.Q2_K:
		return dotQ2_KAVX2
	case quant.Q3_K:
		return dotQ3_KAVX2
	case quant.Q4_K:
		return dotQ4_KAVX2
	case quant.Q5_K:
		return dotQ5_KAVX2
	case quant.Q6_K:
		return dotQ6_KAVX2
	case quant.IQ4_XS:
		return dotIQ4_XSAVX2
	}
	return nil
}

func matMulAVX2(s *Set, out []float32, stride int, w *Matrix, r0, r1 int, in *Input, tokens []int32, sc *Scratch) {
	l, quantized := layoutOf(w.Type)
	if !quantized {
		matMulFloat(s, out, stride, w, r0, r1, in, tokens)
		return
	}
	dotRows(out, stride, l, w, r0, r1, in, tokens, sc)
}

// dotRows multiplies packed rows, four at a time, with one token after the other. Behind the last row it repeats it.
func dotRows(out []float32, stride int, l layout, w *Matrix, r0, r1 int, in *Input, tokens []int32, sc *Scratch) {
	narrow, wide := dotNarrowAVX2(w.Type), dotWideAVX2(w.Type)
	n, blocks := in.count(tokens), w.K/l.block()
	for r := r0; r < r1; r += 4 {
		var p [4]*byte
		for j := range p {
			p[j] = unsafe.SliceData(w.row(min(r+j, r1-1)))
		}
		rows := min(4, r1-r)
		for i := range n {
			t := token(tokens, i)
			if narrow != nil {
				narrow(&sc.out[0], p[0], p[1], p[2], p[3], &in.narrowQ[t*in.k:][:in.k][0], &in.narrow[t*blocks:][:blocks][0].d, blocks)
			} else {
				wide(&sc.out[0], p[0], p[1], p[2], p[3], &in.wideQ[t*in.k:][:in.k][0], &in.wide[t*blocks:][:blocks][0].sum[0], blocks)
			}
			copy(out[i*stride+r:][:rows], sc.out[:])
		}
	}
}
