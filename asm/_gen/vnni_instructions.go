package main

import (
	"fmt"
	"log"
	"os"
	"regexp"
	"strconv"

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

// VPDPBUSD_VEX is the form of processors without AVX-512, which Go's assembler does not write: see encodeVEX.
func VPDPBUSD_VEX(y, weights, dst Op) { vex("VPDPBUSD_VEX", y, weights, dst) }

// VPDPWSSD_VEX is that of VPDPWSSD.
func VPDPWSSD_VEX(x, y, dst Op) { vex("VPDPWSSD_VEX", x, y, dst) }

func vex(opcode string, x, y, dst Op) {
	ops := []Op{x, y, dst}
	Instruction(&ir.Instruction{Opcode: opcode, Operands: ops, Inputs: ops, Outputs: []Op{dst}, ISA: []string{"AVXVNNI"}})
}

// vexOpcodes are the opcodes of the instructions that encodeVEX writes.
var vexOpcodes = map[string]byte{"VPDPBUSD": 0x50, "VPDPWSSD": 0x52}

// encodeVEX replaces instructions of vex in a file by their bytes: VEX.256.66.0F38.W0 opcode /r.
func encodeVEX(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	line := regexp.MustCompile(`([A-Z]+)_VEX +Y([0-9]+), Y([0-9]+), Y([0-9]+)`)
	text = line.ReplaceAllFunc(text, func(m []byte) []byte {
		fields := line.FindSubmatch(m)[1:]
		name := string(fields[0])
		opcode, ok := vexOpcodes[name]
		if !ok {
			log.Fatalf("no opcode of %s", name)
		}
		var r [3]byte
		for i, n := range fields[1:] {
			v, err := strconv.ParseUint(string(n), 10, 4)
			if err != nil {
				log.Fatalf("%s: %v", m, err)
			}
			r[i] = byte(v)
		}
		x, y, dst := r[0], r[1], r[2]
		return fmt.Appendf(nil, "BYTE $0xc4; BYTE $%#02x; BYTE $%#02x; BYTE $%#02x; BYTE $%#02x // %s Y%d, Y%d, Y%d",
			0x42|(^dst>>3&1)<<7|(^x>>3&1)<<5, (^y&15)<<3|5, opcode, 0xc0|(dst&7)<<3|x&7, name, x, y, dst)
	})
	return os.WriteFile(path, text, 0o644)
}

func vnni(opcode string, x, y, dst Op, suffixes ...string) {
	ops := []Op{x, y, dst}
	Instruction(&ir.Instruction{Opcode: opcode, Suffixes: suffixes, Operands: ops, Inputs: ops, Outputs: []Op{dst},
		ISA: []string{"AVX512VL", "AVX512_VNNI"}})
}

// clearZMM zeroes v. avo takes VPXORD of a register with itself for a use of the register, which then lives too long.
func clearZMM(v Op) {
	Instruction(&ir.Instruction{Opcode: "VPXORD", Operands: []Op{v, v, v}, Outputs: []Op{v}, ISA: []string{"AVX512F"}})
}
