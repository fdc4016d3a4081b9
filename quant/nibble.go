package quant

// A block of 32 codes keeps the low four bits of codes j and j+16 in byte j, and what a fifth bit there is in bit j of a
// little-endian word. The types of 32 weights and IQ4_XS share this order; the K types have their own.

// packNibbles writes the low four bits of 32 codes.
func packNibbles(dst *[16]byte, codes *[32]uint8) {
	for j := range dst {
		dst[j] = codes[j]&15 | codes[j+16]<<4
	}
}

// fifthBits gathers bit 4 of 32 codes.
func fifthBits(codes *[32]uint8) (bits uint32) {
	for j, c := range codes {
		bits |= uint32(c>>4&1) << j
	}
	return bits
}

// fiveBits returns codes j and j+16, j below 16, of a block with fifth bits.
func fiveBits(nibbles byte, bits uint32, j uint) (lo, hi int) {
	return int(nibbles&15) | int(bits>>(j&31)&1)<<4, int(nibbles>>4) | int(bits>>(j+16&31)&1)<<4
}
