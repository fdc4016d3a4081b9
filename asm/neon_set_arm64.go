//go:build !purego

package asm

import (
	"unsafe"

	"llm/quant"
)

// neonSet multiplies with the dot product instruction. Other operations are mostly plain Go. Where packed rows begin to lose to
// tiles was counted in instructions: at three tokens of Wide, whose products need as many as the tile of four, or more.
func neonSet() *Set {
	s := genericSet()
	s.name = "neon"
	s.matMul = tiling{kernels: neonKernels, rows: 8, tiles: 1, tokens: 4, few: 1, wide: 3, narrow: 4, interleave: interleave8NEON}.matMul()
	s.dotF32 = dotF32Fast
	s.dotF16 = dotF16Fast
	s.dotBF16 = dotBF16Fast
	s.axpyF32 = axpyF32Fast
	s.loadF16 = loadF16Fast
	s.loadQ8 = loadQ8Fast
	s.exp = func(out, x []float32) { expShiftFast(out, x, 0) }
	s.expShift = expShiftFast
	s.siluMul = fours(siluMulNEON, s.siluMul)
	s.geluMul = fours(geluMulNEON, s.geluMul)
	s.swigluOAI = fours(swigluOAINEON, s.swigluOAI)
	s.dots = s.dotsGeneric
	s.gemmFloat = gemmFloatFast
	s.roundInt16 = roundInt16Fast
	s.scaleIntegers = scaleIntegersFast
	s.gemmScores = gemmScoresFast
	s.gemmValues = gemmValuesFast
	return s
}

// neonKernels are for eight rows and four tokens, or one.
func neonKernels(t quant.Type) kernels {
	return byLayout(t, [6][2]func(*byte){
		{gemmNarrowMinsNEON4, gemmNarrowMinsNEON1}, {gemmNarrowPlainNEON4, gemmNarrowPlainNEON1},
		{gemmWideMins16NEON4, gemmWideMins16NEON1}, {gemmWidePlain16NEON4, gemmWidePlain16NEON1},
		{gemmWideMins32NEON4, gemmWideMins32NEON1}, {gemmWidePlain32NEON4, gemmWidePlain32NEON1},
	})
}

// byLayout returns the kernels of a type, with the products of many and of few tokens that fit its layout: narrow, wide with
// scales of 16, wide with scales of 32, each with mins and then without.
func byLayout(t quant.Type, gemms [6][2]func(*byte)) kernels {
	l, ok := layoutOf(t)
	if !ok {
		return kernels{}
	}
	i := 0
	switch {
	case l.format == Narrow:
	case l.sub == 16:
		i = 2
	default:
		i = 4
	}
	if !l.mins {
		i++
	}
	var k kernels
	k.dot, k.unpack = neonRows(t)
	k.gemm, k.gemmFew = gemms[i][0], gemms[i][1]
	return k
}

// neonRows returns how packed rows of a type are multiplied with one token and how they are unpacked for more. Unpacking
// leaves what NEON products read: q without the bias, as int8, and int32 scales. So every type that has a layout needs it; the
// Go function would not do.
func neonRows(t quant.Type) (dotKernel, unpackKernel) {
	switch t {
	case quant.Q4_0:
		return dotQ4_0NEON, unpackQ4_0NEON
	case quant.Q4_1:
		return dotQ4_1NEON, unpackQ4_1NEON
	case quant.Q5_0:
		return dotQ5_0NEON, unpackQ5_0NEON
	case quant.Q5_1:
		return dotQ5_1NEON, unpackQ5_1NEON
	case quant.Q8_0:
		return dotQ8_0NEON, unpackQ8_0NEON
	case quant.IQ4_NL:
		return dotIQ4_NLNEON, unpackIQ4_NLNEON
	case quant.MXFP4:
		return dotMXFP4NEON, unpackMXFP4NEON
	case quant.Q2_K:
		return dotQ2_KNEON, unpackQ2_KNEON
	case quant.Q3_K:
		return dotQ3_KNEON, unpackQ3_KNEON
	case quant.Q4_K:
		return dotQ4_KNEON, unpackQ4_KNEON
	case quant.Q5_K:
		return dotQ5_KNEON, unpackQ5_KNEON
	case quant.Q6_K:
		return dotQ6_KNEON, unpackQ6_KNEON
	case quant.IQ4_XS:
		return dotIQ4_XSNEON, unpackIQ4_XSNEON
	}
	return nil, nil
}

func floatPointer(row []byte) *float32 { return (*float32)(unsafe.Pointer(unsafe.SliceData(row))) }

func dotF32Fast(x []float32, row []byte) float32 {
	var sums [lanes]float32
	addProducts(&sums, x, row)
	return reduce32(&sums)
}

// addProducts adds the products of x and a row to the partial sums.
func addProducts(sums *[lanes]float32, x []float32, row []byte) {
	n := len(x) / lanes
	if n > 0 {
		lanesF32NEON(&sums[0], &x[0], floatPointer(row), n)
	}
	for i := n * lanes; i < len(x); i++ {
		sums[i%lanes] = fma32(x[i], floatAt(row, i), sums[i%lanes])
	}
}

func dotF16Fast(x []float32, row []byte) float32 { return dotHalves(quant.F16, x, row) }

func dotBF16Fast(x []float32, row []byte) float32 { return dotHalves(quant.BF16, x, row) }

// dotHalves converts parts of a row of 16-bit floats, then multiplies them.
func dotHalves(t quant.Type, x []float32, row []byte) float32 {
	var sums [lanes]float32
	var floats [16 * lanes]float32
	for len(x) > 0 {
		part := floats[:min(len(x), len(floats))]
		if t == quant.F16 {
			loadF16Fast(part, row)
		} else {
			for i := range part {
				part[i] = bfloatElement(row, i)
			}
		}
		addProducts(&sums, x[:len(part)], bytesOf(part))
		x, row = x[len(part):], row[2*len(part):]
	}
	return reduce32(&sums)
}

func axpyF32Fast(out []float32, p float32, row []byte) {
	n := len(out) / 16
	if n > 0 {
		axpyF32NEON(&out[0], p, floatPointer(row), n)
	}
	for i := n * 16; i < len(out); i++ {
		out[i] = fma32(p, floatAt(row, i), out[i])
	}
}

// eachTile calls f with the first row and the panel of tiles of four rows, and of one for the rows that are left.
func eachTile(rows, panels int, f func(r, j int, four bool)) {
	for r := 0; r < rows; {
		n := 4
		if rows-r < n {
			n = 1
		}
		for j := range panels {
			f(r, j, n == 4)
		}
		r += n
	}
}

func gemmFloatFast(c []float32, cStride int, a []float32, aStride, rows, k int, b panels[float32], _ []byte) {
	if rows <= 0 || k <= 0 || b.count <= 0 {
		return
	}
	_, _, _ = c[:(rows-1)*cStride+b.count*panelWidth], a[:(rows-1)*aStride+k], b.upTo(k)
	eachTile(rows, b.count, func(r, j int, four bool) {
		kernel := gemmFloatNEON1
		if four {
			kernel = gemmFloatNEON4
		}
		kernel(&c[r*cStride+j*panelWidth], 4*cStride, &a[r*aStride], 4*aStride, &b.data[j*b.panel], 4*b.row, k)
	})
}

func gemmScoresFast(c []int32, cStride int, a []int16, aStride, rows, k int, b panels[int16], _ []byte) {
	if rows <= 0 || k <= 0 || b.count <= 0 {
		return
	}
	_, _, _ = c[:(rows-1)*cStride+b.count*panelWidth], a[:(rows-1)*aStride+2*k], b.upTo(k)
	eachTile(rows, b.count, func(r, j int, four bool) {
		kernel := gemmScoresNEON1
		if four {
			kernel = gemmScoresNEON4
		}
		kernel(&c[r*cStride+j*panelWidth], 4*cStride, &a[r*aStride], 2*aStride, &b.data[j*b.panel], 2*b.row, k)
	})
}

func gemmValuesFast(c []float32, cStride int, a []int16, aStride, rows, k int, b panels[int16], fade, scales []float32, _ []byte) {
	if rows <= 0 || k <= 0 || b.count <= 0 {
		return
	}
	_, _, _ = c[:(rows-1)*cStride+b.count*panelWidth], a[:(rows-1)*aStride+2*k], b.upTo(k)
	_, _ = fade[:rows], scales[:rows]
	eachTile(rows, b.count, func(r, j int, four bool) {
		kernel := gemmValuesNEON1
		if four {
			kernel = gemmValuesNEON4
		}
		kernel(&c[r*cStride+j*panelWidth], 4*cStride, &a[r*aStride], 2*aStride, &b.data[j*b.panel], 2*b.row, k, &fade[r], &scales[r])
	})
}

func roundInt16Fast(out []int16, x []float32, a float32) {
	n := len(out) / 16
	if n > 0 {
		roundInt16NEON(&out[0], &x[:16*n][0], n, a)
	}
	roundInt16Generic(out[16*n:], x[16*n:], a)
}

func scaleIntegersFast(out []float32, x []int32, w []float32, a float32) {
	n := len(out) / 4
	if n > 0 {
		scaleIntegersNEON(&out[0], &x[:4*n][0], &w[:4*n][0], n, a)
	}
	scaleIntegersGeneric(out[4*n:], x[4*n:], w[4*n:], a)
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

func expShiftFast(out, x []float32, m float32) {
	n := len(out) / 4
	if n > 0 {
		expShiftNEON(&out[0], &x[0], n, m)
	}
	expShiftGeneric(out[4*n:], x[4*n:], m)
}

// fours computes four elements at a time in assembly and leaves the rest to Go.
func fours(f func(out, x, y *float32, n int), rest func(out, x, y []float32)) func(out, x, y []float32) {
	return func(out, x, y []float32) {
		n := len(out) / 4
		if n > 0 {
			f(&out[0], &x[0], &y[0], n)
		}
		rest(out[4*n:], x[4*n:], y[4*n:])
	}
}
