//go:build !purego

package asm

import "llm/quant"

// i8mmSet multiplies two tokens and more with the matrix instruction; one token and all else is as in neonSet.
func i8mmSet() *Set {
	s := neonSet()
	s.name = "i8mm"
	one := s.matMul
	more := tiling{kernels: i8mmKernels, rows: 8, tokens: 4, few: 2, interleave: interleave8NEON, weights: interleavePairsI8MM}.matMul()
	s.matMul = func(s *Set, out []float32, stride int, w *Matrix, r0, r1 int, in *Input, tokens []int32, sc *Scratch) {
		if in.count(tokens) == 1 {
			one(s, out, stride, w, r0, r1, in, tokens, sc)
			return
		}
		more(s, out, stride, w, r0, r1, in, tokens, sc)
	}
	return s
}

// i8mmKernels are for eight rows and four tokens, or two.
func i8mmKernels(t quant.Type) kernels {
	l, ok := layoutOf(t)
	k := kernels{unpack: neonUnpack(t)}
	switch {
	case !ok:
	case l.format == Narrow && l.mins:
		k.gemm, k.gemmFew = gemmNarrowMinsI8MM4, gemmNarrowMinsI8MM2
	case l.format == Narrow:
		k.gemm, k.gemmFew = gemmNarrowPlainI8MM4, gemmNarrowPlainI8MM2
	case l.sub == 16 && l.mins:
		k.gemm, k.gemmFew = gemmWideMins16I8MM4, gemmWideMins16I8MM2
	case l.sub == 16:
		k.gemm, k.gemmFew = gemmWidePlain16I8MM4, gemmWidePlain16I8MM2
	case l.mins:
		k.gemm, k.gemmFew = gemmWideMins32I8MM4, gemmWideMins32I8MM2
	default:
		k.gemm, k.gemmFew = gemmWidePlain32I8MM4, gemmWidePlain32I8MM2
	}
	return k
}
