//go:build (amd64 || arm64) && !purego

package asm

// dotKernel multiplies packed rows, a positive multiple of dotStep that lie stride bytes apart, with one token. scales are
// narrowScales or wideScales. It fetches what lies ahead bytes behind the weights in use, in the order of memory.
type dotKernel func(out *float32, w *byte, stride, rows int, y *int8, scales *byte, blocks, ahead int)

const (
	dotStep  = 8
	dotBytes = 256 << 10 // the weights that one call reads at most, unless dotStep rows are more: some 10 µs

	// Memory is fetched as far ahead as dotStep rows reach, which are read side by side, and dotAhead for the time that takes.
	dotAhead    = 4 << 10
	maxDotAhead = 128 << 10
)

// dotRows multiplies packed rows with one token after the other.
func dotRows(dot dotKernel, out []float32, stride int, l layout, w *Matrix, r0, r1 int, in *Input, tokens []int32, sc *Scratch) {
	n, blocks, size := in.count(tokens), w.K/l.block(), w.Type.RowBytes(w.K)
	act, ahead := l.activations(in), min(dotStep*w.Stride+dotAhead, maxDotAhead)
	most := max(dotStep, dotBytes/size&^(dotStep-1))
	for r0+dotStep <= r1 {
		rows := min(most, (r1-r0)&^(dotStep-1))
		p := w.Data[r0*w.Stride:][:(rows-1)*w.Stride+size]
		for i := range n {
			y, scales := act.at(token(tokens, i))
			dot(&out[i*stride+r0:][:rows][0], &p[0], w.Stride, rows, y, scales, blocks, ahead)
		}
		r0 += rows
	}
	for r0 < r1 { // too few: together with neighbours or, in a matrix of too few, each dotStep times
		first, step, rows := max(0, min(r0, w.Rows-dotStep)), w.Stride, r1-r0
		if w.Rows < dotStep {
			first, step, rows = r0, 0, 1
		}
		p := w.Data[first*w.Stride:][:(dotStep-1)*step+size]
		for i := range n {
			y, scales := act.at(token(tokens, i))
			dot(&sc.out[0], &p[0], step, dotStep, y, scales, blocks, 0)
			copy(out[i*stride+r0:][:rows], sc.out[r0-first:])
		}
		r0 += rows
	}
}
