//go:build !purego

package asm

import (
	"unsafe"

	"llm/quant"
)

// neonSet multiplies with the dot product instruction. Other operations are mostly plain Go.
func neonSet() *Set {
	s := genericSet()
	s.name = "neon"
	s.matMul = tiling{kernels: neonKernels, rows: 8, tokens: 4, few: 1, interleave: interleave8NEON}.matMul()
	s.dotF32 = dotF32Fast
	s.axpyF32 = axpyF32Fast
	s.loadF16 = loadF16Fast
	s.loadQ8 = loadQ8Fast
	s.scores = s.scoresGeneric
	s.values = s.valuesGeneric
	return s
}

// neonKernels are for eight rows and four tokens, or one. Rows are unpacked in Go.
func neonKernels(t quant.Type) kernels {
	l, ok := layoutOf(t)
	switch {
	case !ok:
		return kernels{}
	case l.format == Narrow:
		return kernels{gemm: gemmNarrowNEON4, gemmFew: gemmNarrowNEON1}
	case l.sub == 16 && l.mins:
		return kernels{gemm: gemmWideMins16NEON4, gemmFew: gemmWideMins16NEON1}
	case l.sub == 16:
		return kernels{gemm: gemmWideBias16NEON4, gemmFew: gemmWideBias16NEON1}
	case l.mins:
		return kernels{gemm: gemmWideMins32NEON4, gemmFew: gemmWideMins32NEON1}
	}
	return kernels{gemm: gemmWideBias32NEON4, gemmFew: gemmWideBias32NEON1}
}

func floatPointer(row []byte) *float32 { return (*float32)(unsafe.Pointer(unsafe.SliceData(row))) }

func dotF32Fast(x []float32, row []byte) float32 {
	var a [lanes]float32
	n := len(x) / lanes
	if n > 0 {
		lanesF32NEON(&a[0], &x[0], floatPointer(row), n)
	}
	for i := n * lanes; i < len(x); i++ {
		a[i%lanes] += float32(x[i] * floatAt(row, i))
	}
	return reduce32(&a)
}

func axpyF32Fast(out []float32, p float32, row []byte) {
	n := len(out) / 16
	if n > 0 {
		axpyF32NEON(&out[0], p, floatPointer(row), n)
	}
	for i := n * 16; i < len(out); i++ {
		out[i] += float32(p * floatAt(row, i))
	}
}

func loadF16Fast(out []float32, row []byte) {
	n := len(out) / 16
	if n > 0 {
		loadF16NEON(&out[0], &row[0], n)
	}
	for i := n * 16; i < len(out); i++ {
		out[i] = halfElement(row, i)
	}
}

func loadQ8Fast(out []float32, row []byte) {
	if n := len(out) / narrowBlock; n > 0 {
		loadQ8NEON(&out[0], &row[0], n)
	}
}
