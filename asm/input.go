package asm

import (
	"math"

	"llm/quant"
)

// Format is a form of activations that products read, or several of them or'ed together.
type Format uint8

const (
	// Float is the rows of float32 themselves, for F32, F16 and BF16 weights.
	Float Format = 1 << iota
	// Wide is int8 with one float32 scale per 256 values and the sums of 16, for weights in blocks of 256.
	Wide
	// Narrow is int8 with one float32 scale and the sum per 32 values, for weights in blocks of 32.
	Narrow
)

const (
	wideBlock   = 256
	wideSum     = 16
	narrowBlock = 32
)

// FormatOf returns the format that products with weights of type t read; false where MatMul does not know t.
func FormatOf(t quant.Type) (Format, bool) {
	switch t {
	case quant.F32, quant.F16, quant.BF16:
		return Float, true
	}
	l, ok := layoutOf(t)
	if !ok {
		return 0, false
	}
	return l.format, true
}

// Input is the activations of some tokens: rows of float32 and their quantized forms, which are made once by
// [Set.Quantize] and shared by all products of the same input.
type Input struct {
	F32 []float32 // [tokens][k], borrowed from the caller

	tokens, k int

	wideQ   []int8 // [tokens][k]
	wide    []wideScale
	narrowQ []int8 // [tokens][k]
	narrow  []narrowScale
}

// wideScale belongs to 256 values. Assembly knows its layout, and that of narrowScale.
type wideScale struct {
	sum [wideBlock / wideSum]int16
	d   float32
}

// narrowScale belongs to 32 values. sum is an integer of at most 4064; start, -128·sum, is where an integer sum begins
// whose weights are 128 too large.
type narrowScale struct {
	d, sum   float32
	start, _ int32
}

// NewInput makes room for the quantized forms of maxTokens rows of maxK values, or any other shape that holds as many
// values. About 2.7 bytes a value.
func NewInput(maxTokens, maxK int) *Input {
	n := maxTokens * maxK
	return &Input{
		wideQ: make([]int8, n), wide: make([]wideScale, n/wideBlock),
		narrowQ: make([]int8, n), narrow: make([]narrowScale, n/narrowBlock),
	}
}

// Reset gives the input the shape [tokens][k] and the values x, which are borrowed. Quantized forms become stale.
func (in *Input) Reset(tokens, k int, x []float32) {
	in.tokens, in.k, in.F32 = tokens, k, x[:tokens*k]
}

// Tokens returns the number of rows.
func (in *Input) Tokens() int { return in.tokens }

// K returns the number of values of a row.
func (in *Input) K() int { return in.k }

// Quantize makes the forms in f of the tokens t0 ≤ t < t1 from F32. Wide needs K to be a multiple of 256, Narrow of 32.
// Disjoint ranges may be filled at the same time.
//
// A block is scaled by max|x|/127 and rounded to the nearest even integer, -127..127. A block whose maximum is below
// 2^-110 becomes zero; one that holds a NaN or an infinity becomes zeros with the scale NaN, so that products are NaN.
func (s *Set) Quantize(in *Input, f Format, t0, t1 int) {
	if t0 >= t1 {
		return
	}
	a, b := t0*in.k, t1*in.k
	x := in.F32[a:b]
	if f&Wide != 0 {
		s.quantizeWide(in.wideQ[a:b], in.wide[a/wideBlock:b/wideBlock], x)
	}
	if f&Narrow != 0 {
		s.quantizeNarrow(in.narrowQ[a:b], in.narrow[a/narrowBlock:b/narrowBlock], x)
	}
}

const (
	tinyBits  = (127 - 110) << 23 // below it 127/x comes near overflow
	infBits   = 0x7f800000
	roundOff  = 0x1.8p23 // adding and subtracting it rounds to the nearest even integer
	roundBits = 0x4b400000
)

// blockScale returns the scale of a block and the factor that maps it onto -127..127. ok is false for a block that is
// stored as zeros.
func blockScale(x []float32) (d, inverse float32, ok bool) {
	var m uint32
	for _, v := range x {
		// Without the sign, floats order as integers do, NaN last.
		m = max(m, math.Float32bits(v)&0x7fffffff)
	}
	switch {
	case m < tinyBits:
		return 0, 0, false
	case m >= infBits:
		return float32(math.NaN()), 0, false
	}
	a := math.Float32frombits(m)
	return a / 127, 127 / a, true
}

// quantizeBlock returns the scale of x and writes its integers.
func quantizeBlock(q []int8, x []float32) float32 {
	d, inverse, ok := blockScale(x)
	if !ok {
		clear(q)
		return d
	}
	for i, v := range x {
		q[i] = int8(math.Float32bits(float32(v*inverse)+roundOff) - roundBits)
	}
	return d
}

func sumInt8(q []int8) int {
	n := 0
	for _, v := range q {
		n += int(v)
	}
	return n
}

func quantizeWide(q []int8, scales []wideScale, x []float32) {
	for b := range scales {
		o := b * wideBlock
		s := &scales[b]
		s.d = quantizeBlock(q[o:o+wideBlock], x[o:o+wideBlock])
		for i := range s.sum {
			s.sum[i] = int16(sumInt8(q[o+i*wideSum : o+(i+1)*wideSum]))
		}
	}
}

func quantizeNarrow(q []int8, scales []narrowScale, x []float32) {
	for b := range scales {
		o := b * narrowBlock
		d := quantizeBlock(q[o:o+narrowBlock], x[o:o+narrowBlock])
		sum := sumInt8(q[o : o+narrowBlock])
		scales[b] = narrowScale{d: d, sum: float32(sum), start: int32(-128 * sum)}
	}
}
