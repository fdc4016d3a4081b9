package asm

import (
	"unsafe"

	"llm/quant"
)

// layout says how the weights of a type multiply with activations. A row is unpacked into bytes q with their scales:
//
//	Narrow, per 32:  w = d·(q − bias)             or  d·q − m       (mins)
//	Wide, per 256:   w = d·(scale·q − min)        or  d·scale·q − m·min  (mins)
//
// with q unsigned, at most 63, or signed. In the first form of Wide, min is bias·scale.
type layout struct {
	format Format
	sub    int     // Wide: weights that share an integer scale, 16 or 32
	signed bool    // q is int8; otherwise uint8
	bias   float32 // Narrow
	mins   bool
	unpack func(u unpacked, row []byte)
}

func layoutOf(t quant.Type) (layout, bool) {
	switch t {
	case quant.Q4_0:
		return layout{format: Narrow, bias: 8, unpack: unpackQ4_0}, true
	case quant.Q4_1:
		return layout{format: Narrow, mins: true, unpack: unpackQ4_1}, true
	case quant.Q5_0:
		return layout{format: Narrow, bias: 16, unpack: unpackQ5_0}, true
	case quant.Q5_1:
		return layout{format: Narrow, mins: true, unpack: unpackQ5_1}, true
	case quant.Q8_0:
		return layout{format: Narrow, signed: true, unpack: unpackQ8_0}, true
	case quant.IQ4_NL:
		return layout{format: Narrow, signed: true, unpack: unpackIQ4NL}, true
	case quant.MXFP4:
		return layout{format: Narrow, bias: 12, unpack: unpackMXFP4}, true
	case quant.Q2_K:
		return layout{format: Wide, sub: 16, mins: true, unpack: unpackQ2K}, true
	case quant.Q3_K:
		return layout{format: Wide, sub: 16, unpack: unpackQ3K}, true
	case quant.Q4_K:
		return layout{format: Wide, sub: 32, mins: true, unpack: unpackQ4K}, true
	case quant.Q5_K:
		return layout{format: Wide, sub: 32, mins: true, unpack: unpackQ5K}, true
	case quant.Q6_K:
		return layout{format: Wide, sub: 16, unpack: unpackQ6K}, true
	case quant.IQ4_XS:
		return layout{format: Wide, sub: 32, signed: true, unpack: unpackIQ4XS}, true
	}
	return layout{}, false
}

// An unpacked row is words of 4 bytes: the bytes q, then for Wide per block the integer scales (each as two equal int16,
// per sub weights) and eight words of mins (two int16 each, per 16 weights), then the float32 pairs d, m per block.
// Every part is a multiple of 8 words.

// scaleWords returns the words of integer scales and mins in a block.
func (l layout) scaleWords() int {
	if l.format == Narrow {
		return 0
	}
	return wideBlock/l.sub + 8
}

func (l layout) block() int {
	if l.format == Narrow {
		return narrowBlock
	}
	return wideBlock
}

// offsets returns where the integer scales and the pairs start, and the words of a whole row of k weights.
func (l layout) offsets(k int) (scales, pairs, end int) {
	blocks := k / l.block()
	scales = k / 4
	pairs = scales + blocks*l.scaleWords()
	return scales, pairs, pairs + (2*blocks+7)&^7
}

// unpacked is a row in the form that layout describes.
type unpacked struct {
	q      []byte
	scales []uint32     // scaleWords a block
	dm     [][2]float32 // d, m of a block
}

// view lays an unpacked row of k weights over the memory of its words.
func (l layout) view(memory []uint32, k int) unpacked {
	scales, pairs, end := l.offsets(k)
	memory = memory[:end]
	return unpacked{
		q:      unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(memory))), k),
		scales: memory[scales:pairs],
		dm:     unsafe.Slice((*[2]float32)(unsafe.Pointer(unsafe.SliceData(memory[pairs:]))), k/l.block()),
	}
}

// scaleMin returns the integer scales and the mins of Wide block i.
func (u unpacked) scaleMin(i int) (scale, min []uint32) {
	n := len(u.scales) / len(u.dm)
	words := u.scales[i*n : (i+1)*n]
	return words[:n-8], words[n-8:]
}

// pair packs two int16.
func pair(lo, hi int) uint32 { return uint32(uint16(lo)) | uint32(uint16(hi))<<16 }

func lowInt16(p uint32) int32  { return int32(int16(p)) }
func highInt16(p uint32) int32 { return int32(int16(p >> 16)) }
