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

// unpackKernel unpacks a row, gemmKernel multiplies a tile of eight with four tokens.
type (
	unpackKernel func(q *byte, scales *uint32, dm *float32, row *byte, blocks int)
	gemmKernel   func(args *byte)
)

func gemmAVX2(t quant.Type) (unpackKernel, gemmKernel) {
	switch t {
	case quant.Q4_0:
		return unpackQ4_0AVX2, gemmNarrowBiasAVX2
	case quant.Q4_1:
		return unpackQ4_1AVX2, gemmNarrowMinsAVX2
	case quant.Q5_0:
		return unpackQ5_0AVX2, gemmNarrowBiasAVX2
	case quant.Q5_1:
		return unpackQ5_1AVX2, gemmNarrowMinsAVX2
	case quant.Q8_0:
		return unpackQ8_0AVX2, gemmNarrowSignedAVX2
	case quant.IQ4_NL:
		return unpackIQ4_NLAVX2, gemmNarrowSignedAVX2
	case quant.MXFP4:
		return unpackMXFP4AVX2, gemmNarrowBiasAVX2
	case quant.Q2_K:
		return unpackQ2_KAVX2, gemmWideMins16AVX2
	case quant.Q3_K:
		return unpackQ3_KAVX2, gemmWideBias16x4AVX2
	case quant.Q4_K:
		return unpackQ4_KAVX2, gemmWideMins32AVX2
	case quant.Q5_K:
		return unpackQ5_KAVX2, gemmWideMins32AVX2
	case quant.Q6_K:
		return unpackQ6_KAVX2, gemmWideBias16x2AVX2
	case quant.IQ4_XS:
		return unpackIQ4_XSAVX2, gemmWideSigned32AVX2
	}
	return nil, nil
}

// gemmTokens is the number of tokens from which unpacking a tile pays.
const gemmTokens = 4

func matMulAVX2(s *Set, out []float32, stride int, w *Matrix, r0, r1 int, in *Input, tokens []int32, sc *Scratch) {
	l, quantized := layoutOf(w.Type)
	switch {
	case !quantized:
		matMulFloat(s, out, stride, w, r0, r1, in, tokens)
	case in.count(tokens) < gemmTokens:
		dotRows(out, stride, l, w, r0, r1, in, tokens, sc)
	default:
		gemmRows(out, stride, l, w, r0, r1, in, tokens, sc)
	}
}

// gemmRows unpacks and interleaves eight rows at a time and multiplies them with four tokens at a time. Behind the last
// row and the last token it repeats them.
func gemmRows(out []float32, stride int, l layout, w *Matrix, r0, r1 int, in *Input, tokens []int32, sc *Scratch) {
	const tileRows, tileTokens = 8, 4
	unpack, gemm := gemmAVX2(w.Type)
	scales, pairs, words := l.offsets(w.K)
	n, blocks := in.count(tokens), w.K/l.block()
	for r := r0; r < r1; r += tileRows {
		rows := min(tileRows, r1-r)
		for j := range tileRows {
			m := sc.stage[j*words : (j+1)*words]
			if j >= rows {
				copy(m, sc.stage[(j-1)*words:])
				continue
			}
			unpack((*byte)(unsafe.Pointer(&m[0])), &m[scales:][:1][0], (*float32)(unsafe.Pointer(&m[pairs])), unsafe.SliceData(w.row(r+j)), blocks)
		}
		interleave8AVX2(&sc.tile[0], &sc.stage[0], 4*words, words)
		a := &sc.args
		*a = gemmArgs{q: &sc.tile[0], scales: &sc.tile[tileRows*scales], dm: &sc.tile[tileRows*pairs],
			blocks: blocks, out: &sc.out[0], bias: l.bias}
		for i := 0; i < n; i += tileTokens {
			for j := range tileTokens {
				t := token(tokens, min(i+j, n-1))
				if l.format == Narrow {
					a.y[j], a.s[j] = &in.narrowQ[t*in.k:][:in.k][0], unsafe.Pointer(&in.narrow[t*blocks:][:blocks][0])
				} else {
					a.y[j], a.s[j] = &in.wideQ[t*in.k:][:in.k][0], unsafe.Pointer(&in.wide[t*blocks:][:blocks][0])
				}
			}
			gemm((*byte)(unsafe.Pointer(a)))
			for j := range min(tileTokens, n-i) {
				copy(out[(i+j)*stride+r:][:rows], sc.out[8*j:])
			}
		}
	}
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
