package asm

import (
	"encoding/binary"
	"math"
)

// Blocks of 32 weights. Layouts as in ggml-common.h: a nibble pair j holds the weights j and j+16.

// nibbles writes the low nibbles of p, then the high ones.
func nibbles(q, p []byte) {
	n := len(p)
	for j, v := range p {
		q[j], q[j+n] = v&15, v>>4
	}
}

// fifthBits adds bit j of h as bit 4 of q[j].
func fifthBits(q []byte, h uint32) {
	for j := range q {
		q[j] |= byte(h>>j&1) << 4
	}
}

func unpackQ4_0(u unpacked, row []byte) {
	for i := 0; len(row) > 0; i, row = i+1, row[18:] {
		u.dm[i] = [2]float32{halfAt(row, 0), 0}
		nibbles(u.q[32*i:32*i+32], row[2:18])
	}
}

func unpackQ4_1(u unpacked, row []byte) {
	for i := 0; len(row) > 0; i, row = i+1, row[20:] {
		u.dm[i] = [2]float32{halfAt(row, 0), -halfAt(row, 2)}
		nibbles(u.q[32*i:32*i+32], row[4:20])
	}
}

func unpackQ5_0(u unpacked, row []byte) {
	for i := 0; len(row) > 0; i, row = i+1, row[22:] {
		u.dm[i] = [2]float32{halfAt(row, 0), 0}
		q := u.q[32*i : 32*i+32]
		nibbles(q, row[6:22])
		fifthBits(q, binary.LittleEndian.Uint32(row[2:]))
	}
}

func unpackQ5_1(u unpacked, row []byte) {
	for i := 0; len(row) > 0; i, row = i+1, row[24:] {
		u.dm[i] = [2]float32{halfAt(row, 0), -halfAt(row, 2)}
		q := u.q[32*i : 32*i+32]
		nibbles(q, row[8:24])
		fifthBits(q, binary.LittleEndian.Uint32(row[4:]))
	}
}

func unpackQ8_0(u unpacked, row []byte) {
	for i := 0; len(row) > 0; i, row = i+1, row[34:] {
		u.dm[i] = [2]float32{halfAt(row, 0), 0}
		copy(u.q[32*i:32*i+32], row[2:34])
	}
}

// iq4 are the values of the IQ4 types, as bytes.
func iq4(i byte) byte {
	table := [16]int8{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}
	return byte(table[i&15])
}

// fp4 are twice the values of MXFP4, plus 12.
func fp4(i byte) byte {
	table := [16]byte{12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0}
	return table[i&15]
}

func unpackIQ4NL(u unpacked, row []byte) {
	for i := 0; len(row) > 0; i, row = i+1, row[18:] {
		u.dm[i] = [2]float32{halfAt(row, 0), 0}
		q := u.q[32*i : 32*i+32]
		nibbles(q, row[2:18])
		for j := range q {
			q[j] = iq4(q[j])
		}
	}
}

func unpackMXFP4(u unpacked, row []byte) {
	for i := 0; len(row) > 0; i, row = i+1, row[17:] {
		u.dm[i] = [2]float32{halfE8M0(row[0]), 0}
		q := u.q[32*i : 32*i+32]
		nibbles(q, row[1:17])
		for j := range q {
			q[j] = fp4(q[j])
		}
	}
}

// halfE8M0 returns 2^(e-128), half the value of a power-of-two scale. The first two are subnormal.
func halfE8M0(e byte) float32 {
	if e < 2 {
		return math.Float32frombits(0x00200000 << e)
	}
	return math.Float32frombits(uint32(e-1) << 23)
}
