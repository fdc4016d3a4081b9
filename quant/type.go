// Package quant holds the tensor types of GGUF files: their block layouts and, in plain Go, how a row of blocks becomes
// float32 and how float32 becomes blocks. It is the reference that every kernel is tested against.
//
// Layouts and arithmetic follow ggml (ggml-common.h, ggml-quants.c, MIT licence), bit for bit.
package quant

import "fmt"

// Type is a tensor type, numbered as in GGUF files.
type Type uint32

// The tensor types of GGUF. Ids 4, 5, 31 to 33 and 36 to 38 belonged to types that were removed.
const (
	F32     Type = 0
	F16     Type = 1
	Q4_0    Type = 2
	Q4_1    Type = 3
	Q5_0    Type = 6
	Q5_1    Type = 7
	Q8_0    Type = 8
	Q8_1    Type = 9
	Q2_K    Type = 10
	Q3_K    Type = 11
	Q4_K    Type = 12
	Q5_K    Type = 13
	Q6_K    Type = 14
	Q8_K    Type = 15
	IQ2_XXS Type = 16
	IQ2_XS  Type = 17
	IQ3_XXS Type = 18
	IQ1_S   Type = 19
	IQ4_NL  Type = 20
	IQ3_S   Type = 21
	IQ2_S   Type = 22
	IQ4_XS  Type = 23
	I8      Type = 24
	I16     Type = 25
	I32     Type = 26
	I64     Type = 27
	F64     Type = 28
	IQ1_M   Type = 29
	BF16    Type = 30
	TQ1_0   Type = 34
	TQ2_0   Type = 35
	MXFP4   Type = 39
	NVFP4   Type = 40
	Q1_0    Type = 41
	Q2_0    Type = 42
)

// typeInfo is a type's name, weights per block and bytes per block.
type typeInfo struct {
	name          string
	weights, size int
}

// types lists every type a file may hold; ids that are not used have no name.
var types = [...]typeInfo{
	F32: {"F32", 1, 4}, F16: {"F16", 1, 2}, BF16: {"BF16", 1, 2}, F64: {"F64", 1, 8},
	I8: {"I8", 1, 1}, I16: {"I16", 1, 2}, I32: {"I32", 1, 4}, I64: {"I64", 1, 8},
	Q4_0: {"Q4_0", 32, 18}, Q4_1: {"Q4_1", 32, 20}, Q5_0: {"Q5_0", 32, 22}, Q5_1: {"Q5_1", 32, 24},
	Q8_0: {"Q8_0", 32, 34}, Q8_1: {"Q8_1", 32, 36}, Q8_K: {"Q8_K", 256, 292},
	Q2_K: {"Q2_K", 256, 84}, Q3_K: {"Q3_K", 256, 110}, Q4_K: {"Q4_K", 256, 144}, Q5_K: {"Q5_K", 256, 176}, Q6_K: {"Q6_K", 256, 210},
	IQ1_S: {"IQ1_S", 256, 50}, IQ1_M: {"IQ1_M", 256, 56}, IQ2_XXS: {"IQ2_XXS", 256, 66}, IQ2_XS: {"IQ2_XS", 256, 74},
	IQ2_S: {"IQ2_S", 256, 82}, IQ3_XXS: {"IQ3_XXS", 256, 98}, IQ3_S: {"IQ3_S", 256, 110},
	IQ4_NL: {"IQ4_NL", 32, 18}, IQ4_XS: {"IQ4_XS", 256, 136}, TQ1_0: {"TQ1_0", 256, 54}, TQ2_0: {"TQ2_0", 256, 66},
	MXFP4: {"MXFP4", 32, 17}, NVFP4: {"NVFP4", 64, 36}, Q1_0: {"Q1_0", 128, 18}, Q2_0: {"Q2_0", 64, 18},
}

// info returns what is known of t, nothing for an unknown type.
func (t Type) info() typeInfo {
	if int(t) < len(types) {
		return types[t]
	}
	return typeInfo{}
}

// String returns ggml's name of the type, or its number when the type is unknown.
func (t Type) String() string {
	if t.Known() {
		return t.info().name
	}
	return fmt.Sprintf("type %d", uint32(t))
}

// Known reports whether t is a type whose layout is known, so that a file holding it can be listed.
func (t Type) Known() bool { return t.info().weights > 0 }

// Block returns the number of weights in a block, 0 for an unknown type.
func (t Type) Block() int { return t.info().weights }

// BlockBytes returns the size of a block in bytes, 0 for an unknown type.
func (t Type) BlockBytes() int { return t.info().size }

// RowBytes returns the bytes of a row of n weights, 0 for an unknown type. n must be a multiple of Block.
func (t Type) RowBytes(n int) int {
	if !t.Known() {
		return 0
	}
	return n / t.Block() * t.BlockBytes()
}

// Parse returns the type called name (as String prints it).
func Parse(name string) (Type, bool) {
	for t, i := range types {
		if i.name == name && name != "" {
			return Type(t), true
		}
	}
	return 0, false
}
