package sampler

import "math"

// Streams of the generator: independent words for one seed, position and token.
const (
	StreamDraw   = 0 // the draw
	StreamAccept = 1 // accepting speculated tokens
	StreamRedraw = 2 // drawing again after a refusal
)

// maxGumbel is just above the greatest value of gumbel, 33·ln 2.
const maxGumbel = 22.9

// philox is Philox4x32-10 of a counter and a key, in scalars because arrays would go through memory.
func philox(c0, c1, c2, c3, k0, k1 uint32) (uint32, uint32, uint32, uint32) {
	for range 10 {
		p0 := 0xD2511F53 * uint64(c0)
		p1 := 0xCD9E8D57 * uint64(c2)
		c0, c1, c2, c3 = uint32(p1>>32)^c1^k0, uint32(p1), uint32(p0>>32)^c3^k1, uint32(p0)
		k0 += 0x9E3779B9
		k1 += 0xBB67AE85
	}
	return c0, c1, c2, c3
}

// words sets w to the random words of the tokens 4·block to 4·block+3.
func words(w *[4]uint32, seed, position uint64, block, stream uint32) {
	w[0], w[1], w[2], w[3] = philox(uint32(position), uint32(position>>32), block, stream, uint32(seed), uint32(seed>>32))
}

// Word returns the 32 random bits of a token at a position: a pure function of its arguments.
func Word(seed, position uint64, token, stream uint32) uint32 {
	var w [4]uint32
	words(&w, seed, position, token>>2, stream)
	return w[token&3]
}

// gumbel maps a random word to a standard Gumbel variate between -3.1 and 22.9.
func gumbel(word uint32) float64 {
	u := (float64(word) + 0.5) / (1 << 32)
	return -math.Log(-math.Log(u))
}
