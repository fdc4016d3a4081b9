//go:build !purego

package asm

// gemmNarrowPlainNEON4 multiplies a tile of eight rows with four tokens.
//
//go:noescape
func gemmNarrowPlainNEON4(args *byte)

// gemmWidePlain16NEON4 multiplies a tile of eight rows with four tokens.
//
//go:noescape
func gemmWidePlain16NEON4(args *byte)

// gemmWidePlain32NEON4 multiplies a tile of eight rows with four tokens.
//
//go:noescape
func gemmWidePlain32NEON4(args *byte)

// gemmNarrowMinsNEON4 multiplies a tile of eight rows with four tokens.
//
//go:noescape
func gemmNarrowMinsNEON4(args *byte)

// gemmWideMins16NEON4 multiplies a tile of eight rows with four tokens.
//
//go:noescape
func gemmWideMins16NEON4(args *byte)

// gemmWideMins32NEON4 multiplies a tile of eight rows with four tokens.
//
//go:noescape
func gemmWideMins32NEON4(args *byte)

// gemmNarrowPlainNEON1 multiplies a tile of eight rows with one token.
//
//go:noescape
func gemmNarrowPlainNEON1(args *byte)

// gemmWidePlain16NEON1 multiplies a tile of eight rows with one token.
//
//go:noescape
func gemmWidePlain16NEON1(args *byte)

// gemmWidePlain32NEON1 multiplies a tile of eight rows with one token.
//
//go:noescape
func gemmWidePlain32NEON1(args *byte)

// gemmNarrowMinsNEON1 multiplies a tile of eight rows with one token.
//
//go:noescape
func gemmNarrowMinsNEON1(args *byte)

// gemmWideMins16NEON1 multiplies a tile of eight rows with one token.
//
//go:noescape
func gemmWideMins16NEON1(args *byte)

// gemmWideMins32NEON1 multiplies a tile of eight rows with one token.
//
//go:noescape
func gemmWideMins32NEON1(args *byte)

// interleave8NEON writes word i of row r, at rows + r·stride bytes, to tile[8·i + r], r < 8.
// words is a positive multiple of 4.
//
//go:noescape
func interleave8NEON(tile, rows *uint32, stride, words int)

// lanesF32NEON adds to sums[j], j < 32, the products x[i]·row[i], i = j, j+32, … below 32·n in order, each fused; n > 0.
//
//go:noescape
func lanesF32NEON(sums, x, row *float32, n int)

// axpyF32NEON adds p·row to out over 16·n elements, n > 0.
//
//go:noescape
func axpyF32NEON(out *float32, p float32, row *float32, n int)

// gemmFloatNEON4 adds the products of 4 rows of k floats of a with 16 columns of b to c. Strides are in bytes. k > 0.
//
//go:noescape
func gemmFloatNEON4(c *float32, cStride int, a *float32, aStride int, b *float32, bRow, k int)

// gemmFloatNEON1 does so for one row.
//
//go:noescape
func gemmFloatNEON1(c *float32, cStride int, a *float32, aStride int, b *float32, bRow, k int)

// gemmScoresNEON4 sets c to the products of 4 rows of k pairs of a with 16 columns of pairs of b. Strides are in bytes. k > 0.
//
//go:noescape
func gemmScoresNEON4(c *int32, cStride int, a *int16, aStride int, b *int16, bRow, k int)

// gemmScoresNEON1 does so for one row.
//
//go:noescape
func gemmScoresNEON1(c *int32, cStride int, a *int16, aStride int, b *int16, bRow, k int)

// gemmValuesNEON4 sets row r of c to fade[r]·c + scale[r]·(a·b): 4 rows of k pairs of a, 16 columns of pairs of b. Strides are in bytes.
// k > 0.
//
//go:noescape
func gemmValuesNEON4(c *float32, cStride int, a *int16, aStride int, b *int16, bRow, k int, fade, scale *float32)

// gemmValuesNEON1 does so for one row.
//
//go:noescape
func gemmValuesNEON1(c *float32, cStride int, a *int16, aStride int, b *int16, bRow, k int, fade, scale *float32)

// roundInt16NEON sets out = a·x, 16·n elements rounded to the nearest even, n > 0.
//
//go:noescape
func roundInt16NEON(out *int16, x *float32, n int, a float32)

// scaleIntegersNEON sets out = a·(w·x), 4·n elements, n > 0.
//
//go:noescape
func scaleIntegersNEON(out *float32, x *int32, w *float32, n int, a float32)

// loadF16NEON converts 16·n elements, n > 0.
//
//go:noescape
func loadF16NEON(out *float32, row *byte, n int)

// loadQ8NEON converts n > 0 blocks of Q8_0.
//
//go:noescape
func loadQ8NEON(out *float32, row *byte, n int)

// unpackQ4_0NEON unpacks blocks > 0 blocks of Q4_0 into the parts of an unpacked row.
// What lies ahead bytes behind is fetched into the cache; it need not exist.
//
//go:noescape
func unpackQ4_0NEON(q *byte, scales *uint32, dm *float32, row *byte, blocks, ahead int)

// unpackQ4_1NEON unpacks blocks > 0 blocks of Q4_1 into the parts of an unpacked row.
// What lies ahead bytes behind is fetched into the cache; it need not exist.
//
//go:noescape
func unpackQ4_1NEON(q *byte, scales *uint32, dm *float32, row *byte, blocks, ahead int)

// unpackQ5_0NEON unpacks blocks > 0 blocks of Q5_0 into the parts of an unpacked row.
// What lies ahead bytes behind is fetched into the cache; it need not exist.
//
//go:noescape
func unpackQ5_0NEON(q *byte, scales *uint32, dm *float32, row *byte, blocks, ahead int)

// unpackQ5_1NEON unpacks blocks > 0 blocks of Q5_1 into the parts of an unpacked row.
// What lies ahead bytes behind is fetched into the cache; it need not exist.
//
//go:noescape
func unpackQ5_1NEON(q *byte, scales *uint32, dm *float32, row *byte, blocks, ahead int)

// unpackIQ4_NLNEON unpacks blocks > 0 blocks of IQ4_NL into the parts of an unpacked row.
// What lies ahead bytes behind is fetched into the cache; it need not exist.
//
//go:noescape
func unpackIQ4_NLNEON(q *byte, scales *uint32, dm *float32, row *byte, blocks, ahead int)

// unpackMXFP4NEON unpacks blocks > 0 blocks of MXFP4 into the parts of an unpacked row.
// What lies ahead bytes behind is fetched into the cache; it need not exist.
//
//go:noescape
func unpackMXFP4NEON(q *byte, scales *uint32, dm *float32, row *byte, blocks, ahead int)

// unpackQ8_0NEON unpacks blocks > 0 blocks of Q8_0 into the parts of an unpacked row.
// What lies ahead bytes behind is fetched into the cache; it need not exist.
//
//go:noescape
func unpackQ8_0NEON(q *byte, scales *uint32, dm *float32, row *byte, blocks, ahead int)

// unpackQ2_KNEON unpacks blocks > 0 blocks of Q2_K into the parts of an unpacked row.
// What lies ahead bytes behind is fetched into the cache; it need not exist.
//
//go:noescape
func unpackQ2_KNEON(q *byte, scales *uint32, dm *float32, row *byte, blocks, ahead int)

// unpackQ3_KNEON unpacks blocks > 0 blocks of Q3_K into the parts of an unpacked row.
// What lies ahead bytes behind is fetched into the cache; it need not exist.
//
//go:noescape
func unpackQ3_KNEON(q *byte, scales *uint32, dm *float32, row *byte, blocks, ahead int)

// unpackQ4_KNEON unpacks blocks > 0 blocks of Q4_K into the parts of an unpacked row.
// What lies ahead bytes behind is fetched into the cache; it need not exist.
//
//go:noescape
func unpackQ4_KNEON(q *byte, scales *uint32, dm *float32, row *byte, blocks, ahead int)

// unpackQ5_KNEON unpacks blocks > 0 blocks of Q5_K into the parts of an unpacked row.
// What lies ahead bytes behind is fetched into the cache; it need not exist.
//
//go:noescape
func unpackQ5_KNEON(q *byte, scales *uint32, dm *float32, row *byte, blocks, ahead int)

// unpackQ6_KNEON unpacks blocks > 0 blocks of Q6_K into the parts of an unpacked row.
// What lies ahead bytes behind is fetched into the cache; it need not exist.
//
//go:noescape
func unpackQ6_KNEON(q *byte, scales *uint32, dm *float32, row *byte, blocks, ahead int)

// unpackIQ4_XSNEON unpacks blocks > 0 blocks of IQ4_XS into the parts of an unpacked row.
// What lies ahead bytes behind is fetched into the cache; it need not exist.
//
//go:noescape
func unpackIQ4_XSNEON(q *byte, scales *uint32, dm *float32, row *byte, blocks, ahead int)

// expShiftNEON sets out = e^(x-m) over 4·n elements, n > 0.
//
//go:noescape
func expShiftNEON(out, x *float32, n int, m float32)

// siluMulNEON sets out to silu(x)·y over 4·n elements, n > 0.
//
//go:noescape
func siluMulNEON(out, x, y *float32, n int)

// geluMulNEON sets out to gelu(x)·y over 4·n elements, n > 0.
//
//go:noescape
func geluMulNEON(out, x, y *float32, n int)

// swigluOAINEON sets out to the gated unit of gpt-oss over 4·n elements, n > 0.
//
//go:noescape
func swigluOAINEON(out, x, y *float32, n int)
