//go:build amd64 && !purego

package asm

import (
	"unsafe"

	"llm/quant"
)

// avx512Set multiplies with AVX-512 VNNI; what moves little data stays with AVX2.
func avx512Set() *Set {
	s := avx2Set()
	s.name = "avx512vnni"
	s.matMul = tiling{kernels: vnniKernels, rows: 16, tokens: 8, few: 4, wide: 6, narrow: 4, interleave: interleave16AVX512, direct: true}.matMul()
	s.loadF16 = loadF16Wide
	s.loadQ8 = loadQ8Wide
	s.scores = s.scoresWide
	s.values = s.valuesWide
	s.convertQ8 = true
	return s
}

func loadF16Wide(out []float32, row []byte) {
	n := len(out) &^ 15
	loadF16AVX512(out[:n], unsafe.SliceData(row))
	if n < len(out) {
		loadF16AVX2(out[n:], row[2*n:])
	}
}

func loadQ8Wide(out []float32, row []byte) { loadQ8AVX512(out, unsafe.SliceData(row)) }

// scoresWide and valuesWide leave to AVX2 what they have no kernel for.
func (s *Set) scoresWide(out, q []float32, k []byte, stride int, t quant.Type) {
	if len(q) == 0 || len(q)%lanes != 0 || t == quant.Q8_0 {
		s.scoresFast(out, q, k, stride, t)
		return
	}
	_ = k[:(len(out)-1)*stride+t.RowBytes(len(q))]
	switch t {
	case quant.F16:
		dotsF16AVX512(out, q, unsafe.SliceData(k), stride)
	case quant.BF16:
		dotsBF16AVX512(out, q, unsafe.SliceData(k), stride)
	default:
		dotsF32AVX512(out, q, unsafe.SliceData(k), stride)
	}
}

func (s *Set) valuesWide(o, p []float32, v []byte, stride int, t quant.Type) {
	if len(o)%16 != 0 || t == quant.Q8_0 {
		s.valuesFast(o, p, v, stride, t)
		return
	}
	_ = v[:(len(p)-1)*stride+t.RowBytes(len(o))]
	if t == quant.F16 {
		valuesF16AVX512(o, p, unsafe.SliceData(v), stride)
	} else {
		valuesF32AVX512(o, p, unsafe.SliceData(v), stride)
	}
}
