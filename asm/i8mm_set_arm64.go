//go:build !purego

package asm

import "llm/quant"

// i8mmSet multiplies many tokens with the matrix instruction; few tokens and all else is as in neonSet.
func i8mmSet() *Set {
	s := neonSet()
	s.name = "i8mm"
	s.matMul = tiling{kernels: i8mmKernels, rows: 8, tokens: 4, few: 2, wide: 3, narrow: 4, interleave: interleave8NEON,
		weights: interleavePairsI8MM}.matMul()
	return s
}

// i8mmKernels are for eight rows and four tokens, or two.
func i8mmKernels(t quant.Type) kernels {
	l, ok := layoutOf(t)
	var k kernels
	k.dot, k.unpack = neonRows(t)
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
