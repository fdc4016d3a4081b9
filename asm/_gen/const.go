package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// constants are 32-byte tables, one for each value that is used.
var constants = map[string]Mem{}

// table returns a read-only table of 32-bit words.
func table(name string, words []uint32) Mem {
	if m, ok := constants[name]; ok {
		return m
	}
	m := GLOBL(name, 8+16) // NOPTR, RODATA
	for i, w := range words {
		DATA(4*i, U32(w))
	}
	constants[name] = m
	return m
}

// word returns eight copies of w.
func word(w uint32) Mem {
	words := make([]uint32, 8)
	for i := range words {
		words[i] = w
	}
	return table(fmt.Sprintf("word_%08x", w), words)
}

// float returns eight copies of f, rounded to float32.
func float(f float64) Mem { return word(math.Float32bits(float32(f))) }

// bytes32 returns 32 bytes; 16 are repeated.
func bytes32(name string, b []byte) Mem {
	if len(b) == 16 {
		b = append(append([]byte{}, b...), b...)
	}
	words := make([]uint32, 8)
	for i := range words {
		words[i] = uint32(b[4*i]) | uint32(b[4*i+1])<<8 | uint32(b[4*i+2])<<16 | uint32(b[4*i+3])<<24
	}
	return table(name, words)
}

// each32 returns 32 copies of b.
func each32(b byte) Mem { return word(uint32(b) * 0x01010101) }

// tailMasks is eight words of ones, then eight of zeros: 4·(8-n) bytes in, the first n are ones.
func tailMasks() Mem {
	words := make([]uint32, 16)
	for i := range 8 {
		words[i] = ^uint32(0)
	}
	return table("tail_masks", words)
}

// iota32 is 0..31.
func iota32() Mem {
	words := make([]uint32, 32)
	for i := range words {
		words[i] = uint32(i)
	}
	return table("iota32", words)
}

var uniqueLabels int

func unique(prefix string) string {
	uniqueLabels++
	return fmt.Sprintf("%s%d", prefix, uniqueLabels)
}
