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

// offsets are where the parts of an unpacked row start, in units of 4 bytes: bytes q, then for Wide the integer scales
// (as two equal int16, per sub weights) and mins (two int16, per 32 weights), then the float32 d and m per block.
// Parts start at multiples of 8.
type offsets struct{ scale, min, d, m, end int }

func (l layout) offsets(k int) offsets {
	var o offsets
	at := k / 4
	if l.format == Wide {
		o.scale = at
		o.min = o.scale + k/l.sub
		at = o.min + k/32
	}
	blocks := k / narrowBlock
	if l.format == Wide {
		blocks = k / wideBlock
	}
	blocks = (blocks + 7) &^ 7
	o.d = at
	o.m = o.d + blocks
	o.end = o.m + blocks
	return o
}

// unpacked is a row in the form that layout describes.
type unpacked struct {
	q          []byte
	scale, min []uint32
	d, m       []float32
}

// view lays an unpacked row of k weights over memory of at least offsets(k).end words.
func (l layout) view(memory []uint32, k int) unpacked {
	o := l.offsets(k)
	memory = memory[:o.end]
	f := unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(memory))), len(memory))
	return unpacked{
		q:     unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(memory))), k),
		scale: memory[o.scale:o.min], min: memory[o.min:o.d], d: f[o.d:o.m], m: f[o.m:o.end],
	}
}

// pair packs two int16.
func pair(lo, hi int) uint32 { return uint32(uint16(lo)) | uint32(uint16(hi))<<16 }

func lowInt16(p uint32) int32  { return int32(int16(p)) }
func highInt16(p uint32) int32 { return int32(int16(p >> 16)) }
