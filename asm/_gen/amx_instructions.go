package main

import (
	"fmt"
	"log"
	"os"
	"regexp"
	"strconv"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
)

// Neither avo nor Go's assembler knows AMX: its instructions are written with the tiles in their names, which encodeAMX replaces
// by bytes.

func amx(name string, memory ...Op) {
	Instruction(&ir.Instruction{Opcode: "AMX_" + name, Operands: memory, Inputs: memory, ISA: []string{"AMXINT8"}})
}

// LDTILECFG reads the shapes of tiles from 64 bytes and clears all tiles.
func LDTILECFG(config Mem) { amx("LDTILECFG", config) }

// TILERELEASE ends the use of tiles.
func TILERELEASE() { amx("TILERELEASE") }

func TILEZERO(tile int) { amx(fmt.Sprintf("TILEZERO_%d", tile)) }

// TILELOADD loads rows that lie as many bytes apart as the index of m says.
func TILELOADD(m Mem, tile int) { amx(fmt.Sprintf("TILELOADD_%d", tile), m) }

// TILESTORED stores rows as TILELOADD loads them.
func TILESTORED(tile int, m Mem) { amx(fmt.Sprintf("TILESTORED_%d", tile), m) }

// TDPBSUD adds to the tile c the product of a, of signed bytes, and b, of unsigned ones.
func TDPBSUD(b, a, c int) { amx(fmt.Sprintf("TDPBSUD_%d_%d_%d", b, a, c)) }

// TDPBSSD is TDPBSUD where b is signed as well.
func TDPBSSD(b, a, c int) { amx(fmt.Sprintf("TDPBSSD_%d_%d_%d", b, a, c)) }

var amxLine = regexp.MustCompile(`AMX_([A-Z]+)((?:_[0-7])*)(?: +(-?\d+)?\((\w+)\)(?:\((\w+)\*1\))?)?`)

// encodeAMX replaces the instructions above in a file by their bytes.
func encodeAMX(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text = amxLine.ReplaceAllFunc(text, func(m []byte) []byte {
		var s []string
		for _, b := range amxBytes(string(m)) {
			s = append(s, fmt.Sprintf("BYTE $%#02x", b))
		}
		return []byte(strings.Join(s, "; ") + " // " + strings.TrimPrefix(string(m), "AMX_"))
	})
	return os.WriteFile(path, text, 0o644)
}

// amxBytes encodes one instruction: VEX.128.pp.0F38.W0 opcode /r, without pp (0), 66 (1), F3 (2) or F2 (3).
func amxBytes(line string) []byte {
	m := amxLine.FindStringSubmatch(line)
	form, ok := map[string]struct{ pp, opcode byte }{
		"LDTILECFG": {0, 0x49}, "TILERELEASE": {0, 0x49}, "TILEZERO": {3, 0x49}, "TILELOADD": {3, 0x4b}, "TILESTORED": {2, 0x4b},
		"TDPBSSD": {3, 0x5e}, "TDPBSUD": {2, 0x5e},
	}[m[1]]
	if !ok {
		log.Fatalf("%s: unknown instruction", line)
	}
	var tiles []byte
	for _, t := range strings.Split(m[2], "_")[1:] {
		tiles = append(tiles, t[0]-'0')
	}
	vex := func(x, b, v byte) []byte {
		return []byte{0xc4, 0x80 | (1-x)<<6 | (1-b)<<5 | 2, (^v&15)<<3 | form.pp, form.opcode}
	}
	switch {
	case len(tiles) == 3: // b is in VEX.vvvv, a in ModRM.rm, c in ModRM.reg
		return append(vex(0, 0, tiles[0]), 0xc0|tiles[2]<<3|tiles[1])
	case m[4] == "" && len(tiles) == 1:
		return append(vex(0, 0, 0), 0xc0|tiles[0]<<3)
	case m[4] == "":
		return append(vex(0, 0, 0), 0xc0)
	case m[5] == "":
		base := gpNumber(m[4])
		if m[3] != "" || base&7 == 4 || base&7 == 5 {
			log.Fatalf("%s: this address needs more bytes", line)
		}
		return append(vex(0, base>>3, 0), base&7)
	}
	base, index := gpNumber(m[4]), gpNumber(m[5])
	disp, err := strconv.ParseInt("0"+m[3], 10, 32)
	if err != nil {
		log.Fatalf("%s: %v", line, err)
	}
	b := append(vex(index>>3, base>>3, 0), 0x04|tiles[0]<<3, (index&7)<<3|base&7)
	switch {
	case disp == 0 && base&7 != 5:
	case disp < 128:
		b[4] |= 0x40
		b = append(b, byte(disp))
	default:
		b[4] |= 0x80
		b = append(b, byte(disp), byte(disp>>8), byte(disp>>16), byte(disp>>24))
	}
	return b
}

func gpNumber(name string) byte {
	for i, n := range strings.Fields("AX CX DX BX SP BP SI DI R8 R9 R10 R11 R12 R13 R14 R15") {
		if n == name {
			return byte(i)
		}
	}
	log.Fatalf("%s is no register", name)
	return 0
}
