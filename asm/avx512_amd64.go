//go:build amd64 && !purego

package asm

// avx512Set multiplies with AVX-512 VNNI; what moves little data stays with AVX2.
func avx512Set() *Set {
	s := avx2Set()
	s.name = "avx512vnni"
	s.matMul = tiling{vnniKernels, maxTileRows, 8, 4, interleave16AVX512}.matMul()
	s.scores = s.scoresFast
	s.values = s.valuesFast
	return s
}
