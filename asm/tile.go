//go:build (amd64 || arm64) && !purego

package asm

import (
	"unsafe"

	"llm/quant"
)

// kernels are what products with one type of weights need.
type kernels struct {
	dot    dotKernel
	unpack unpackKernel // nil: the Go function
	fill   fillKernel   // nil: rows are unpacked one by one and then interleaved
	// gemm multiplies a tile with as many tokens as the tiling says, gemmFew with few.
	gemm, gemmFew func(args *byte)
}

type (
	// unpackKernel unpacks a row.
	unpackKernel func(q *byte, scales *uint32, dm *float32, row *byte, blocks, ahead int)
	// fillKernel unpacks as many rows as a tile has straight into it.
	fillKernel func(q, scales *uint32, dm *float32, rows *byte, stride, blocks, ahead int)
	// interleaver takes words, a multiple of 4, of every row of a tile from rows that lie stride bytes apart.
	interleaver func(tile, rows *uint32, stride, words int)
)

// tiling is how a set multiplies many tokens: rows, a multiple of 8, are unpacked and interleaved into each of some tiles
// and then multiplied with tokens at a time.
type tiling struct {
	kernels      func(quant.Type) kernels
	rows, tiles  int
	tokens       int
	few          int // the tokens of gemmFew, 0: there is none
	wide, narrow int // the number of tokens from which this is faster than dot, by the format of activations
	interleave   interleaver
	weights      interleaver // for q, nil: interleave
	direct       bool        // gemm writes tokens that lie apart
}

// matMul returns the product of the set.
func (tl tiling) matMul() func(s *Set, out []float32, stride int, w *Matrix, r0, r1 int, in *Input, tokens []int32, sc *Scratch) {
	return func(s *Set, out []float32, stride int, w *Matrix, r0, r1 int, in *Input, tokens []int32, sc *Scratch) {
		l, quantized := layoutOf(w.Type)
		switch {
		case in.count(tokens) == 0:
		case !quantized:
			matMulFloat(s, out, stride, w, r0, r1, in, tokens, sc)
		case in.count(tokens) < tl.from(l):
			dotRows(tl.kernels(w.Type).dot, out, stride, l, w, r0, r1, in, tokens, sc)
		default:
			tl.gemmRows(out, stride, l, w, r0, r1, in, tokens, sc)
		}
	}
}

func (tl tiling) from(l layout) int {
	if l.format == Narrow {
		return tl.narrow
	}
	return tl.wide
}

// activations are the quantized tokens that one product reads.
type activations struct {
	q       []int8
	scales  []byte // narrowScales or wideScales
	k, step int    // bytes from one token to the next
}

func (l layout) activations(in *Input) activations {
	blocks := in.k / l.block()
	if l.format == Narrow {
		return activations{in.narrowQ[:in.tokens*in.k], memory(in.narrow[:in.tokens*blocks]), in.k, blocks * int(unsafe.Sizeof(narrowScale{}))}
	}
	return activations{in.wideQ[:in.tokens*in.k], memory(in.wide[:in.tokens*blocks]), in.k, blocks * int(unsafe.Sizeof(wideScale{}))}
}

// memory returns the bytes of s.
func memory[T any](s []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(*new(T))))
}

// at returns the bytes of token t and its scales.
func (a *activations) at(t int) (*int8, *byte) { return &a.q[t*a.k], &a.scales[t*a.step] }

// gemmRows fills a tile and multiplies it with tokens. Behind the last token it repeats it.
func (tl tiling) gemmRows(out []float32, stride int, l layout, w *Matrix, r0, r1 int, in *Input, tokens []int32, sc *Scratch) {
	ks := tl.kernels(w.Type)
	scales, pairs, words := l.offsets(w.K)
	n, blocks, together := in.count(tokens), w.K/l.block(), tl.tiles*tl.rows
	act, a := l.activations(in), &sc.args
	a.q, a.scales = &sc.tile[0], &sc.tile[tl.rows*scales]
	a.bias, a.second = l.bias, 4*tl.rows*words
	for r := r0; r < r1; r += together {
		rows := min(together, r1-r)
		for i := 0; i < rows; i += tl.rows {
			tl.fill(&ks, l, w, r+i, min(tl.rows, rows-i), sc.tile[i*words:], sc.stage)
		}
		for i, group := 0, tl.tokens; i < n; i += group {
			gemm := ks.gemm
			if n-i <= tl.few {
				gemm, group = ks.gemmFew, tl.few
			}
			a.dm, a.blocks = &sc.tile[tl.rows*pairs], blocks
			direct := tl.direct && rows == together && group <= n-i
			if direct {
				result := out[i*stride+r:][:(group-1)*stride+rows]
				a.out, a.outStep = &result[0], 4*stride
			} else {
				a.out, a.outStep = &sc.out[0], 4*together
			}
			for j := range group {
				a.y[j], a.s[j] = act.at(token(tokens, min(i+j, n-1)))
			}
			gemm((*byte)(unsafe.Pointer(a)))
			for j := 0; !direct && j < min(group, n-i); j++ {
				copy(out[(i+j)*stride+r:][:rows], sc.out[together*j:])
			}
		}
	}
}

// aheadRows is how far ahead of the rows in use fill fetches memory: the processor does not see them coming.
const aheadRows = 4

// fill unpacks and interleaves rows from r on into the tile, some columns at a time, so that what is unpacked stays in
// the nearest cache. Behind the last row the tile holds what the stage held.
func (tl tiling) fill(ks *kernels, l layout, w *Matrix, r, rows int, tile, stage []uint32) {
	scales, pairs, _ := l.offsets(w.K)
	stageScales, stagePairs, words := l.offsets(stageK)
	size, blocks := w.Type.BlockBytes(), w.K/l.block()
	if ks.fill != nil && rows == tl.rows {
		packed := w.Data[r*w.Stride:][:(rows-1)*w.Stride+blocks*size]
		ks.fill(&tile[0], &tile[rows*scales], (*float32)(unsafe.Pointer(&tile[rows*pairs])), &packed[0], w.Stride, blocks, rows*w.Stride)
		return
	}
	weights := tl.weights
	if weights == nil {
		weights = tl.interleave
	}
	interleave := func(f interleaver, tileAt, stageAt, n int) {
		if n > 0 {
			f(&tile[tl.rows*tileAt:][:tl.rows*n][0], &stage[stageAt], 4*words, n)
		}
	}
	for b := 0; b < blocks; b += stageK / l.block() {
		n := min(stageK/l.block(), blocks-b)
		for j := range rows {
			m, row := stage[j*words:(j+1)*words], w.Data[(r+j)*w.Stride+b*size:][:n*size]
			if ks.unpack == nil {
				l.unpack(l.view(m, stageK), row)
				continue
			}
			ks.unpack((*byte)(unsafe.Pointer(&m[0])), &m[stageScales], (*float32)(unsafe.Pointer(&m[stagePairs])), &row[0], n, aheadRows*w.Stride)
		}
		interleave(weights, b*l.block()/4, 0, n*l.block()/4)
		interleave(tl.interleave, scales+b*l.scaleWords(), stageScales, n*l.scaleWords())
		interleave(tl.interleave, pairs+2*b, stagePairs, (2*n+7)&^7)
	}
}
