//go:build !purego

package asm

// gemmNarrowNEON4 multiplies a tile of eight rows with 4 tokens.
//
//go:noescape
func gemmNarrowNEON4(args *byte)

// gemmWideMins16NEON4 multiplies a tile of eight rows with 4 tokens.
//
//go:noescape
func gemmWideMins16NEON4(args *byte)

// gemmWideMins32NEON4 multiplies a tile of eight rows with 4 tokens.
//
//go:noescape
func gemmWideMins32NEON4(args *byte)

// gemmWideBias16NEON4 multiplies a tile of eight rows with 4 tokens.
//
//go:noescape
func gemmWideBias16NEON4(args *byte)

// gemmWideBias32NEON4 multiplies a tile of eight rows with 4 tokens.
//
//go:noescape
func gemmWideBias32NEON4(args *byte)

// gemmNarrowNEON1 multiplies a tile of eight rows with 1 tokens.
//
//go:noescape
func gemmNarrowNEON1(args *byte)

// gemmWideMins16NEON1 multiplies a tile of eight rows with 1 tokens.
//
//go:noescape
func gemmWideMins16NEON1(args *byte)

// gemmWideMins32NEON1 multiplies a tile of eight rows with 1 tokens.
//
//go:noescape
func gemmWideMins32NEON1(args *byte)

// gemmWideBias16NEON1 multiplies a tile of eight rows with 1 tokens.
//
//go:noescape
func gemmWideBias16NEON1(args *byte)

// gemmWideBias32NEON1 multiplies a tile of eight rows with 1 tokens.
//
//go:noescape
func gemmWideBias32NEON1(args *byte)

// interleave8NEON writes word i of row r, at rows + r·stride bytes, to tile[8·i + r], r < 8.
// words is a positive multiple of 4.
//
//go:noescape
func interleave8NEON(tile, rows *uint32, stride, words int)

// lanesF32NEON sets sums[j], j < 32, to the sums of x[i]·row[i] over i = j, j+32, … below 32·n, n > 0.
//
//go:noescape
func lanesF32NEON(sums, x, row *float32, n int)

// axpyF32NEON adds p·row to out over 16·n elements, n > 0.
//
//go:noescape
func axpyF32NEON(out *float32, p float32, row *float32, n int)

// loadF16NEON converts 16·n elements, n > 0.
//
//go:noescape
func loadF16NEON(out *float32, row *byte, n int)

// loadQ8NEON converts n > 0 blocks of Q8_0.
//
//go:noescape
func loadQ8NEON(out *float32, row *byte, n int)
