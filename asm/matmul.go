package asm

import "llm/quant"

// Scratch is the working memory of one worker for MatMul.
type Scratch struct {
	stage, tile []uint32
	args        gemmArgs
	out         [192]float32
	amx         *amxMemory // made when first used
}

// gemmArgs is what assembly that multiplies tiles reads, in this order; it may change dm and blocks.
type gemmArgs struct {
	q, scales, dm *uint32 // parts of the tile
	blocks        int
	out           *float32 // [token][row]
	y             [8]*int8
	s             [8]*byte // narrowScales or wideScales
	bias          float32
	outStep       int // bytes from one token to the next, where a kernel writes out itself
	second        int // bytes from the first tile to the second
}

const (
	maxTileRows = 16   // the most rows that a tile interleaves
	maxTiles    = 2    // the most tiles that are multiplied together
	stageK      = 1024 // columns unpacked at a time
)

// NewScratch makes working memory for rows of up to maxK weights, about 46 bytes a weight.
func NewScratch(maxK int) *Scratch {
	whole := (maxK + wideBlock - 1) / wideBlock * wideBlock
	return &Scratch{stage: make([]uint32, maxTileRows*unpackedWords(stageK)), tile: make([]uint32, maxTiles*maxTileRows*unpackedWords(whole))}
}

// unpackedWords returns the words of the largest unpacked row of k weights.
func unpackedWords(k int) int {
	n := 0
	for _, t := range []quant.Type{quant.Q4_0, quant.Q6_K} { // the largest of each format
		l, _ := layoutOf(t)
		_, _, end := l.offsets(k)
		n = max(n, end)
	}
	return n
}

// MatMul multiplies the rows r0 ≤ r < r1 of w with tokens of in:
//
//	out[i·stride + r] = Σ_j w[r][j] · in[tokens[i]][j]
//
// A nil tokens means all of them in order. in must have w.K values a row, or MatMul panics, and, unless w is of floats,
// hold the form that [FormatOf] names. sc must have been made for w.K or more.
func (s *Set) MatMul(out []float32, stride int, w *Matrix, r0, r1 int, in *Input, tokens []int32, sc *Scratch) {
	if in.k != w.K {
		panic("asm: the rows of input and weights differ in length")
	}
	if r0 >= r1 {
		return
	}
	s.matMul(s, out, stride, w, r0, r1, in, tokens, sc)
}

// count returns how many tokens a list selects.
func (in *Input) count(tokens []int32) int {
	if tokens == nil {
		return in.tokens
	}
	return len(tokens)
}

// token returns the i-th token of a list.
func token(tokens []int32, i int) int {
	if tokens == nil {
		return i
	}
	return int(tokens[i])
}

func matMulGeneric(s *Set, out []float32, stride int, w *Matrix, r0, r1 int, in *Input, tokens []int32, sc *Scratch) {
	l, quantized := layoutOf(w.Type)
	if !quantized {
		matMulFloat(s, out, stride, w, r0, r1, in, tokens, sc)
		return
	}
	n := in.count(tokens)
	u := l.view(sc.tile, w.K)
	for r := r0; r < r1; r++ {
		l.unpack(u, w.row(r))
		for i := range n {
			t := token(tokens, i)
			if l.format == Wide {
				out[i*stride+r] = u.dotWide(l.mins, l.signed, in, t)
			} else {
				out[i*stride+r] = u.dotNarrow(l.bias, l.signed, in, t)
			}
		}
	}
}

const (
	floatRows   = 4 // rows of floats that are multiplied with all tokens before the next
	floatTokens = 4 // tokens from which rows of 16-bit floats are converted first
)

// matMulFloat multiplies rows of floats.
func matMulFloat(s *Set, out []float32, stride int, w *Matrix, r0, r1 int, in *Input, tokens []int32, sc *Scratch) {
	n := in.count(tokens)
	for r := r0; r < r1; r += floatRows {
		count := min(floatRows, r1-r)
		rows := typedRows{w.Data[r*w.Stride:], w.Stride, w.Type}
		if n >= floatTokens {
			rows = s.floatRows(floatsOf(sc.tile), w.K, count, rows)
		}
		for i := range n {
			t := token(tokens, i)
			s.dots(out[i*stride+r:][:count], in.F32[t*in.k:(t+1)*in.k], rows)
		}
	}
}

// dotInt8 returns the exact sum of products of bytes, signed or not, and activations. At most 256·255·127.
func dotInt8(q []byte, signed bool, y []int8) int32 {
	var n int32
	y = y[:len(q)]
	if signed {
		for i, v := range q {
			n += int32(int8(v)) * int32(y[i])
		}
		return n
	}
	for i, v := range q {
		n += int32(v) * int32(y[i])
	}
	return n
}

func (u unpacked) dotNarrow(bias float32, signed bool, in *Input, t int) float32 {
	blocks := in.k / narrowBlock
	y, scales := in.narrowQ[t*in.k:], in.narrow[t*blocks:]
	var acc float32
	for b, w := range u.dm {
		o := b * narrowBlock
		// Both are integers below 2^24, so their difference is exact.
		n := float32(dotInt8(u.q[o:o+narrowBlock], signed, y[o:])) - float32(bias*scales[b].sum)
		v := float32(w[0]*n) - float32(w[1]*scales[b].sum)
		acc += float32(v * scales[b].d)
	}
	return acc
}

func (u unpacked) dotWide(mins, signed bool, in *Input, t int) float32 {
	blocks := in.k / wideBlock
	y, scales := in.wideQ[t*in.k:], in.wide[t*blocks:]
	var acc float32
	for b, w := range u.dm {
		scale, min := u.scaleMin(b)
		sub := wideBlock / len(scale)
		// |n| is at most 256·63·127·128 = 2^28, |m| 256·127·4096 = 2^27.
		var n, m int32
		for j, p := range scale {
			o := b*wideBlock + j*sub
			n += lowInt16(p) * dotInt8(u.q[o:o+sub], signed, y[o:])
		}
		for i, p := range min {
			m += lowInt16(p)*int32(scales[b].sum[2*i]) + highInt16(p)*int32(scales[b].sum[2*i+1])
		}
		v := float32(w[0] * float32(n-m))
		if mins {
			v = float32(w[0]*float32(n)) - float32(w[1]*float32(m))
		}
		acc += float32(v * scales[b].d)
	}
	return acc
}
