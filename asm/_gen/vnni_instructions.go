package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
)

// VPDPBUSD adds to dst the products of four unsigned bytes of weights and four signed ones of y. avo does not know VNNI.
func VPDPBUSD(y, weights, dst Op) { vnni("VPDPBUSD", y, weights, dst) }

// VPDPBUSD_BCST broadcasts the four bytes at y.
func VPDPBUSD_BCST(y, weights, dst Op) { vnni("VPDPBUSD", y, weights, dst, "BCST") }

// VPDPWSSD adds to dst the products of pairs of int16.
func VPDPWSSD(x, y, dst Op) { vnni("VPDPWSSD", x, y, dst) }

func vnni(opcode string, x, y, dst Op, suffixes ...string) {
	ops := []Op{x, y, dst}
	Instruction(&ir.Instruction{Opcode: opcode, Suffixes: suffixes, Operands: ops, Inputs: ops, Outputs: []Op{dst},
		ISA: []string{"AVX512VL", "AVX512_VNNI"}})
}

// clearZMM zeroes v. avo takes VPXORD of a register with itself for a use of the register, which then lives too long.
func clearZMM(v Op) {
	Instruction(&ir.Instruction{Opcode: "VPXORD", Operands: []Op{v, v, v}, Outputs: []Op{v}, ISA: []string{"AVX512F"}})
}
