package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The products of packed rows with one token in registers of 64 bytes: eight rows at a time, so that activations are loaded,
// sums reduced and floats computed once for all of them.

// dotWideBlocks writes dot512 with a loop over blocks of 256.
func dotWideBlocks(t wideType, setup func(), block func(f *eightRows)) {
	dotEight(t.name, "VNNI", setup, func(f *eightRows, blocks Register) {
		Label("block")
		block(f)
		f.next(t.size, 256, 36)
		DECQ(blocks)
		JNZ(LabelRef("block"))
	})
}

// load64 returns a register with what lies at m.
func load64(m Mem) VecVirtual {
	v := ZMM()
	VMOVDQU32(m, v)
	return v
}

// words64 returns a table of sixteen words.
func words64(name string, word func(i int) uint32) Mem {
	words := make([]uint32, 16)
	for i := range words {
		words[i] = word(i)
	}
	return table(name, words)
}

// word512 is sixteen copies of w.
func word512(w uint32) Mem {
	return words64(fmt.Sprintf("word512_%08x", w), func(int) uint32 { return w })
}

// all512 returns a register of sixteen copies of w.
func all512(w uint32) VecVirtual { return load64(word512(w)) }

// bytes64 returns a table of 64 bytes; a number tells those of one name apart.
func bytes64(name string, number int, at func(i int) byte) Mem {
	return words64(fmt.Sprintf("%s%d", name, number), func(i int) uint32 {
		return uint32(at(4*i)) | uint32(at(4*i+1))<<8 | uint32(at(4*i+2))<<16 | uint32(at(4*i+3))<<24
	})
}

// four returns sixteen bytes at disp of the rows 4h to 4h+3.
func (f *eightRows) four(h, disp int) VecVirtual {
	v := ZMM()
	VBROADCASTI32X4(f.row(4*h, disp), v) // as cheap as a load, and avo sees that all of it is written
	for r := 1; r < 4; r++ {
		VINSERTI32X4(Imm(uint64(r)), f.row(4*h+r, disp), v, v)
	}
	return v
}
