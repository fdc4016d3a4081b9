//go:build amd64 && !purego

package asm

import (
	"unsafe"

	"golang.org/x/sys/cpu"

	"llm/quant"
)

const amxName = "amx"

// hasAMX reports whether this process may use AMX, asking the kernel for permission, which it gives to a process for good.
func hasAMX() bool { return hasAVX512() && cpu.X86.HasAMXTile && cpu.X86.HasAMXInt8 && amxPermitted() }

// amxSet multiplies quantized weights with many tokens by AMX and leaves the rest to AVX-512 VNNI.
func amxSet() *Set {
	s := avx512Set()
	s.name = amxName
	few := s.matMul
	s.matMul = func(s *Set, out []float32, stride int, w *Matrix, r0, r1 int, in *Input, tokens []int32, sc *Scratch) {
		l, quantized := layoutOf(w.Type)
		if !quantized || in.count(tokens) < amxFrom {
			few(s, out, stride, w, r0, r1, in, tokens, sc)
			return
		}
		amxRows(out, stride, l, w, r0, r1, in, tokens, sc)
	}
	return s
}

// amxFrom is the number of tokens from which AMX multiplies: one group, as nobody has measured a better one.
const amxFrom = 16

// amxKernel is what products with one type of weights need, beside the tiles of vnniKernels.
type amxKernel struct {
	planes func(low, high, scales *uint32, blocks, bias int) // nil: unpacked weights are multiplied as they are
	bias   int                                               // of unpacked weights, which are unsigned
	gemm   func(args *byte)
}

func amxKernels(t quant.Type) amxKernel {
	switch t {
	case quant.Q4_0, quant.Q5_0, quant.Q8_0, quant.IQ4_NL, quant.MXFP4:
		return amxKernel{gemm: gemmNarrowBiasAMX}
	case quant.Q4_1, quant.Q5_1:
		return amxKernel{gemm: gemmNarrowMinsAMX}
	case quant.Q2_K:
		return amxKernel{planes16AMX, 0, gemmWideMinsAMX}
	case quant.Q3_K:
		return amxKernel{planes16AMX, 4, gemmWideSignedAMX}
	case quant.Q4_K, quant.Q5_K:
		return amxKernel{planes32AMX, 0, gemmWideMinsAMX}
	case quant.Q6_K:
		return amxKernel{planes16AMX, 32, gemmWideSignedAMX}
	case quant.IQ4_XS:
		return amxKernel{planes32AMX, 128, gemmWideSignedAMX}
	}
	return amxKernel{}
}

// amxRows fills a tile with sixteen rows and multiplies it with tokens.
func amxRows(out []float32, stride int, l layout, w *Matrix, r0, r1 int, in *Input, tokens []int32, sc *Scratch) {
	tl, ks, k := tiling{rows: maxTileRows, interleave: interleave16AVX512}, vnniKernels(w.Type), amxKernels(w.Type)
	scales, pairs, _ := l.offsets(w.K)
	if sc.amx == nil {
		sc.amx = &amxMemory{high: make([]uint32, len(sc.tile)/maxTiles)}
	}
	m, n, act := sc.amx, in.count(tokens), l.activations(in)
	a := &m.args
	a.low, a.high, a.dm = &sc.tile[0], &m.high[0], &sc.tile[tl.rows*pairs]
	a.blocks, a.direct = w.K/l.block(), 0
	if l.format == Wide {
		a.mins, a.minStep = &sc.tile[tl.rows*(scales+wideBlock/l.sub)], 4*tl.rows*l.scaleWords()
	}
	if tokens == nil {
		a.direct = act.k
	}
	for r := r0; r < r1; r += tl.rows {
		rows := min(tl.rows, r1-r)
		tl.fill(&ks, l, w, r, rows, sc.tile, sc.stage)
		if k.planes != nil {
			k.planes(a.low, a.high, &sc.tile[tl.rows*scales], a.blocks, k.bias)
		}
		for i := 0; i < n; i += amxTokens {
			a.n = min(amxTokens, n-i)
			for j := range a.n {
				t := &a.tokens[j]
				t.y, t.s = act.at(token(tokens, i+j))
			}
			if rows == tl.rows {
				result := out[i*stride+r:][:(a.n-1)*stride+rows]
				a.out, a.outStep = &result[0], 4*stride
				k.gemm((*byte)(unsafe.Pointer(a)))
				continue
			}
			a.out, a.outStep = &m.out[0], 4*tl.rows
			k.gemm((*byte)(unsafe.Pointer(a)))
			for j := range a.n {
				copy(out[(i+j)*stride+r:][:rows], m.out[tl.rows*j:])
			}
		}
	}
}
