package asm

import "encoding/binary"

// Blocks of 256 weights. Layouts as in ggml-common.h.

// sixBit returns scale and min j of the eight in the 12 bytes s of Q4_K and Q5_K.
func sixBit(s []byte, j int) (scale, min int) {
	if j < 4 {
		return int(s[j] & 63), int(s[j+4] & 63)
	}
	return int(s[j+4]&15 | s[j-4]>>6<<4), int(s[j+4]>>4 | s[j]>>6<<4)
}

// sixBits unpacks the scales of block i, as both 16-weight halves of 32 see them.
func (u unpacked) sixBits(i int, s []byte) {
	scales, mins := u.scaleMin(i)
	for j := range 8 {
		scale, min := sixBit(s, j)
		scales[j], mins[j] = pair(scale, scale), pair(min, min)
	}
}

func unpackQ4K(u unpacked, row []byte) {
	for i := 0; len(row) > 0; i, row = i+1, row[144:] {
		u.dm[i] = [2]float32{halfAt(row, 0), halfAt(row, 2)}
		u.sixBits(i, row[4:16])
		for c := range 4 {
			nibbles(u.q[256*i+64*c:256*i+64*c+64], row[16+32*c:48+32*c])
		}
	}
}

func unpackQ5K(u unpacked, row []byte) {
	for i := 0; len(row) > 0; i, row = i+1, row[176:] {
		u.dm[i] = [2]float32{halfAt(row, 0), halfAt(row, 2)}
		u.sixBits(i, row[4:16])
		for c := range 4 {
			q := u.q[256*i+64*c : 256*i+64*c+64]
			nibbles(q, row[48+32*c:80+32*c])
			for j, h := range row[16:48] {
				q[j] |= h >> (2 * c) & 1 << 4
				q[j+32] |= h >> (2*c + 1) & 1 << 4
			}
		}
	}
}

// biased sets the integer scales of block i where q carries the bias.
func (u unpacked) biased(i int, scale *[16]int, bias int) {
	scales, mins := u.scaleMin(i)
	for j, s := range scale {
		scales[j] = pair(s, s)
	}
	for j := range mins {
		mins[j] = pair(bias*scale[2*j], bias*scale[2*j+1])
	}
}

func unpackQ6K(u unpacked, row []byte) {
	for i := 0; len(row) > 0; i, row = i+1, row[210:] {
		u.dm[i] = [2]float32{halfAt(row, 208), 0}
		var scale [16]int
		for j := range scale {
			scale[j] = int(int8(row[192+j]))
		}
		u.biased(i, &scale, 32)
		for h := range 2 {
			q := u.q[256*i+128*h : 256*i+128*h+128]
			lo, hi := row[64*h:64*h+64], row[128+32*h:160+32*h]
			nibbles(q, lo)
			for j := range q {
				q[j] |= hi[j%32] >> (2 * (j / 32)) & 3 << 4
			}
		}
	}
}

// bitPairs unpacks the 64 bytes of p: pair s of byte l in half h is the weight 128h+32s+l.
func bitPairs(q, p []byte) {
	for j := range q {
		q[j] = p[j/128*32+j%32] >> (2 * (j % 128 / 32)) & 3
	}
}

func unpackQ3K(u unpacked, row []byte) {
	for i := 0; len(row) > 0; i, row = i+1, row[110:] {
		u.dm[i] = [2]float32{halfAt(row, 108), 0}
		var scale [16]int
		s := row[96:108]
		for j := range scale {
			low := s[j%8] >> (4 * (j / 8)) & 15
			scale[j] = int(low|s[8+j%4]>>(2*(j/4))&3<<4) - 32
		}
		u.biased(i, &scale, 4)
		q := u.q[256*i : 256*i+256]
		bitPairs(q, row[32:96])
		for j := range q {
			q[j] |= row[j%32] >> (j / 32) & 1 << 2
		}
	}
}

func unpackQ2K(u unpacked, row []byte) {
	for i := 0; len(row) > 0; i, row = i+1, row[84:] {
		u.dm[i] = [2]float32{halfAt(row, 80), halfAt(row, 82)}
		scales, mins := u.scaleMin(i)
		for j, s := range row[:16] {
			scales[j] = pair(int(s&15), int(s&15))
		}
		for j := range mins {
			mins[j] = pair(int(row[2*j]>>4), int(row[2*j+1]>>4))
		}
		bitPairs(u.q[256*i:256*i+256], row[16:80])
	}
}

func unpackIQ4XS(u unpacked, row []byte) {
	for i := 0; len(row) > 0; i, row = i+1, row[136:] {
		u.dm[i] = [2]float32{halfAt(row, 0), 0}
		scales, mins := u.scaleMin(i)
		high := binary.LittleEndian.Uint16(row[2:])
		for j := range 8 {
			low := row[4+j/2] >> (4 * (j % 2)) & 15
			scale := int(low|byte(high>>(2*j)&3)<<4) - 32
			scales[j], mins[j] = pair(scale, scale), 0
			q := u.q[256*i+32*j : 256*i+32*j+32]
			nibbles(q, row[8+16*j:24+16*j])
			for l := range q {
				q[l] = iq4(q[l])
			}
		}
	}
}
