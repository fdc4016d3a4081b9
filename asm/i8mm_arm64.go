//go:build !purego

package asm

// gemmNarrowPlainI8MM4 multiplies a tile of eight rows with four tokens.
//
//go:noescape
func gemmNarrowPlainI8MM4(args *byte)

// gemmWidePlain16I8MM4 multiplies a tile of eight rows with four tokens.
//
//go:noescape
func gemmWidePlain16I8MM4(args *byte)

// gemmWidePlain32I8MM4 multiplies a tile of eight rows with four tokens.
//
//go:noescape
func gemmWidePlain32I8MM4(args *byte)

// gemmNarrowMinsI8MM4 multiplies a tile of eight rows with four tokens.
//
//go:noescape
func gemmNarrowMinsI8MM4(args *byte)

// gemmWideMins16I8MM4 multiplies a tile of eight rows with four tokens.
//
//go:noescape
func gemmWideMins16I8MM4(args *byte)

// gemmWideMins32I8MM4 multiplies a tile of eight rows with four tokens.
//
//go:noescape
func gemmWideMins32I8MM4(args *byte)

// gemmNarrowPlainI8MM2 multiplies a tile of eight rows with two tokens.
//
//go:noescape
func gemmNarrowPlainI8MM2(args *byte)

// gemmWidePlain16I8MM2 multiplies a tile of eight rows with two tokens.
//
//go:noescape
func gemmWidePlain16I8MM2(args *byte)

// gemmWidePlain32I8MM2 multiplies a tile of eight rows with two tokens.
//
//go:noescape
func gemmWidePlain32I8MM2(args *byte)

// gemmNarrowMinsI8MM2 multiplies a tile of eight rows with two tokens.
//
//go:noescape
func gemmNarrowMinsI8MM2(args *byte)

// gemmWideMins16I8MM2 multiplies a tile of eight rows with two tokens.
//
//go:noescape
func gemmWideMins16I8MM2(args *byte)

// gemmWideMins32I8MM2 multiplies a tile of eight rows with two tokens.
//
//go:noescape
func gemmWideMins32I8MM2(args *byte)

// interleavePairsI8MM writes the words 2i and 2i+1 of row r, at rows + r·stride bytes, to tile[16·i + 2·r], r < 8.
// words is a positive multiple of 4.
//
//go:noescape
func interleavePairsI8MM(tile, rows *uint32, stride, words int)
