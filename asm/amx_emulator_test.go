//go:build linux && amd64 && !purego

package asm

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// tileMachine executes the instructions of AMX as the Software Developer's Manual describes them. What would be an exception there
// is an error here.
type tileMachine struct {
	configured bool
	rows       [8]int
	colsb      [8]int
	tile       [8][16][64]byte
	executed   map[string]int
}

// tileInstruction is a decoded instruction of size bytes.
type tileInstruction struct {
	name          string
	size          int
	reg, rm, vvvv int // tiles
	base, index   int // general registers, index -1: none
	scale         uint
	disp          int64
	memory, sib   bool
}

var errNoTileInstruction = errors.New("not an instruction of AMX")

// decodeTile reads VEX.128.0F38.W0 with the opcodes 49, 4B and 5E.
func decodeTile(code []byte) (tileInstruction, error) {
	none := tileInstruction{}
	if len(code) < 11 || code[0] != 0xc4 || code[1]&0x1f != 2 || code[2]&0x84 != 0 {
		return none, errNoTileInstruction
	}
	r, x, b := int(^code[1]>>7&1), int(^code[1]>>6&1), int(^code[1]>>5&1)
	in := tileInstruction{vvvv: int(^code[2] >> 3 & 15), size: 5, index: -1}
	mod, modRM := code[4]>>6, code[4]
	in.reg, in.rm = int(modRM>>3&7)|r<<3, int(modRM&7)|b<<3
	in.memory = mod != 3
	key := fmt.Sprintf("%02x.%d", code[3], code[2]&3)
	names := map[string]string{"49.3": "tilezero", "5e.0": "tdpbuud", "5e.1": "tdpbusd", "5e.2": "tdpbsud", "5e.3": "tdpbssd"}
	if in.memory {
		names = map[string]string{"49.0": "ldtilecfg", "4b.3": "tileloadd", "4b.1": "tileloaddt1", "4b.2": "tilestored"}
	} else if code[4] == 0xc0 {
		names["49.0"] = "tilerelease"
	}
	if in.name = names[key]; in.name == "" {
		return none, errNoTileInstruction
	}
	if in.name[:3] != "tdp" && in.vvvv != 0 {
		return none, fmt.Errorf("%s: VEX.vvvv is not 1111b", in.name)
	}
	if in.name == "tilezero" && modRM&7 != 0 {
		return none, fmt.Errorf("tilezero: ModRM.rm is not 0")
	}
	if !in.memory {
		return in, nil
	}
	in.base = in.rm
	rest := code[5:]
	if in.rm&7 == 4 {
		in.sib = true
		in.scale, in.index, in.base = uint(rest[0]>>6), int(rest[0]>>3&7)|x<<3, int(rest[0]&7)|b<<3
		if in.index == 4 {
			in.index = -1
		}
		rest, in.size = rest[1:], in.size+1
	}
	switch {
	case mod == 0 && in.base&7 == 5:
		return none, fmt.Errorf("%s: an address without base", in.name)
	case mod == 1:
		in.disp, in.size = int64(int8(rest[0])), in.size+1
	case mod == 2:
		in.disp, in.size = int64(int32(binary.LittleEndian.Uint32(rest))), in.size+4
	}
	if in.name != "ldtilecfg" && !in.sib {
		return none, fmt.Errorf("%s: no SIB byte", in.name)
	}
	return in, nil
}

// tileMemory is the memory that instructions read and write.
type tileMemory interface {
	read(b []byte, at, stride uint64, rows, n int) error
	write(b []byte, at, stride uint64, rows, n int) error
}

// execute carries out in; register returns the value of a general register.
func (m *tileMachine) execute(in tileInstruction, register func(int) uint64, memory tileMemory) error {
	m.executed[in.name]++
	address, stride := uint64(0), uint64(0)
	if in.memory {
		address = register(in.base) + uint64(in.disp)
		if in.index >= 0 {
			stride = register(in.index) << in.scale
		}
	}
	switch in.name {
	case "ldtilecfg":
		var config [64]byte
		if err := memory.read(config[:], address+stride, 0, 1, 64); err != nil {
			return err
		}
		return m.configure(config)
	case "tilerelease":
		m.configured = false
		return nil
	case "tilezero":
		if err := m.valid(in.reg); err != nil {
			return err
		}
		m.tile[in.reg] = [16][64]byte{}
		return nil
	case "tileloadd", "tileloaddt1":
		if err := m.valid(in.reg); err != nil {
			return err
		}
		rows, n := m.rows[in.reg], m.colsb[in.reg]
		b := make([]byte, rows*n)
		if err := memory.read(b, address, stride, rows, n); err != nil {
			return err
		}
		m.tile[in.reg] = [16][64]byte{}
		for i := range rows {
			copy(m.tile[in.reg][i][:n], b[i*n:])
		}
		return nil
	case "tilestored":
		if err := m.valid(in.reg); err != nil {
			return err
		}
		rows, n := m.rows[in.reg], m.colsb[in.reg]
		b := make([]byte, 0, rows*n)
		for i := range rows {
			b = append(b, m.tile[in.reg][i][:n]...)
		}
		return memory.write(b, address, stride, rows, n)
	}
	return m.product(in)
}

func (m *tileMachine) configure(c [64]byte) error {
	if m.configured {
		return errors.New("ldtilecfg: tiles are in use already, nobody released them")
	}
	if c[0] != 1 {
		return fmt.Errorf("ldtilecfg: #GP: palette %d", c[0])
	}
	for i, v := range c {
		if v != 0 && (i >= 1 && i < 16 || i >= 32 && i < 48 || i >= 56) { // start_row, though allowed, makes no sense
			return fmt.Errorf("ldtilecfg: #GP: byte %d is %d", i, v)
		}
	}
	for t := range 8 {
		rows, colsb := int(c[48+t]), int(binary.LittleEndian.Uint16(c[16+2*t:]))
		if rows > 16 || colsb > 64 || (rows == 0) != (colsb == 0) {
			return fmt.Errorf("ldtilecfg: #GP: tile %d has %d rows of %d bytes", t, rows, colsb)
		}
		m.rows[t], m.colsb[t] = rows, colsb
	}
	m.configured, m.tile = true, [8][16][64]byte{}
	return nil
}

// valid returns an error where the tile t causes #UD.
func (m *tileMachine) valid(t int) error {
	if !m.configured || t > 7 || m.rows[t] == 0 || m.colsb[t]%4 != 0 {
		return fmt.Errorf("#UD: tile %d is not configured", t)
	}
	return nil
}

// product is tdpb??d: reg += rm · vvvv.
func (m *tileMachine) product(in tileInstruction) error {
	c, a, b := in.reg, in.rm, in.vvvv
	for _, t := range []int{c, a, b} {
		if err := m.valid(t); err != nil {
			return err
		}
	}
	switch {
	case a == b || b == c || c == a:
		return fmt.Errorf("%s: #UD: the same tile twice", in.name)
	case m.rows[c] != m.rows[a] || m.colsb[c] != m.colsb[b] || m.colsb[a]/4 != m.rows[b]:
		return fmt.Errorf("%s: #UD: shapes do not match", in.name)
	}
	x, y := extended(&m.tile[a], in.name[4] == 's'), extended(&m.tile[b], in.name[5] == 's')
	for i := range m.rows[c] {
		for n := range m.colsb[c] / 4 {
			sum := int32(binary.LittleEndian.Uint32(m.tile[c][i][4*n:]))
			for k := range m.rows[b] {
				for j := range 4 {
					sum += x[i][4*k+j] * y[k][4*n+j]
				}
			}
			binary.LittleEndian.PutUint32(m.tile[c][i][4*n:], uint32(sum))
		}
	}
	return nil
}

func extended(tile *[16][64]byte, signed bool) (x [16][64]int32) {
	for i, row := range tile {
		for j, v := range row {
			x[i][j] = int32(v)
			if signed {
				x[i][j] = int32(int8(v))
			}
		}
	}
	return x
}
