//go:build !purego

package asm

import "llm/quant"

// i8mmSet multiplies many tokens with the matrix instruction; few tokens and all else is as in neonSet.
func i8mmSet() *Set {
	s := neonSet()
	s.name = "i8mm"
	s.matMul = tiling{kernels: i8mmKernels, rows: 8, tiles: 1, tokens: 4, few: 2, wide: 3, narrow: 4, interleave: interleave8NEON,
		weights: interleavePairsI8MM}.matMul()
	return s
}

// i8mmKernels are for eight rows and four tokens, or two.
func i8mmKernels(t quant.Type) kernels {
	return byLayout(t, [6][2]func(*byte){
		{gemmNarrowMinsI8MM4, gemmNarrowMinsI8MM2}, {gemmNarrowPlainI8MM4, gemmNarrowPlainI8MM2},
		{gemmWideMins16I8MM4, gemmWideMins16I8MM2}, {gemmWidePlain16I8MM4, gemmWidePlain16I8MM2},
		{gemmWideMins32I8MM4, gemmWideMins32I8MM2}, {gemmWidePlain32I8MM4, gemmWidePlain32I8MM2},
	})
}
