package asm

// amxMemory is what one worker needs to multiply with AMX.
type amxMemory struct {
	args amxArgs
	high []uint32 // the plane of high bytes, as large as the weights of the tile
	out  [amxTokens * maxTileRows]float32
}

// amxTokens are multiplied in one call at most: at 16 rows of 16384 weights it takes some ten microseconds.
const amxTokens = 64

// amxArgs is what assembly reads, in this order.
type amxArgs struct {
	low, high, mins, dm *uint32 // parts of the tile; low is all of the weights where there are no planes
	minStep             int     // bytes from the mins of a block to the next
	blocks, n           int
	direct              int // bytes from the activations of a token to those of the next, 0: they lie anywhere
	out                 *float32
	outStep             int
	left                int     // blocks, counted down
	end                 uintptr // of the tokens of a group
	_                   [4]int  // so that the rows of a and c lie in one cache line each
	a                   [16 * wideBlock]int8
	c                   [2 * 16 * 16]int32
	tokens              [amxTokens]struct {
		y *int8
		s *byte // narrowScales or wideScales
	}
}
