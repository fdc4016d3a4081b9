package asm

import "os"

// Set is one implementation of all operations. It is immutable.
type Set struct {
	name string

	quantizeWide   func(q []int8, scales []wideScale, x []float32)
	quantizeNarrow func(q []int8, scales []narrowScale, x []float32)
	matMul         func(s *Set, out []float32, stride int, w *Matrix, r0, r1 int, in *Input, tokens []int32, sc *Scratch)

	dotF32, dotF16, dotBF16   func(x []float32, row []byte) float32
	dots                      func(out, x []float32, rows typedRows)
	axpyF32                   func(out []float32, p float32, row []byte)
	loadF16, loadBF16, loadQ8 func(out []float32, row []byte)
	storeQ8                   func(row []byte, x []float32)

	sum, max                             func(x []float32) float32
	expShift                             func(out, x []float32, m float32)
	exp, sigmoid, silu, gelu, tanh, relu func(out, x []float32)
	siluMul, geluMul, swigluOAI, reluMul func(out, g, u []float32)
	add, mul                             func(out, x, y []float32)
	scale                                func(out, x []float32, a float32)
	scaleMul                             func(out, x, w []float32, a float32)
	ropeNorm, ropeNeox                   func(x, cos, sin []float32)

	loadQ8Keys  func(out []float32, k []byte)
	gemmFloat   func(c []float32, cStride int, a []float32, aStride, rows, k int, b panels[float32], next []byte)
	softmaxRows func(s *Set, a *Attention, rows span, scale float32)

	roundInt16      func(out []int16, x []float32, a float32)
	scaleIntegers   func(out []float32, x []int32, w []float32, a float32)
	gemmScores      func(c []int32, cStride int, a []int16, aStride, rows, k int, b panels[int16], next []byte)
	gemmValues      func(c []float32, cStride int, a []int16, aStride, rows, k int, b panels[int16], fade, scales []float32, next []byte)
	softmaxIntegers func(s *Set, a *Attention, rows span, kScales, vScales []float32)
}

// Name returns "generic", "avx2" and so on.
func (s *Set) Name() string { return s.name }

// kernelsVariable names the environment variable that chooses a set.
const kernelsVariable = "LLM_KERNELS"

// Sets returns the implementations that this machine can run, the fastest first and "generic" last. The environment
// variable LLM_KERNELS names the only set to offer beside generic; an unknown or unavailable name leaves generic alone.
// The set "amx" is offered only by that name.
func Sets() []*Set {
	sets := append(machineSets(), genericSet())
	want := os.Getenv(kernelsVariable)
	if want == "" {
		return sets
	}
	var kept []*Set
	for _, s := range sets {
		if s.name == want || s.name == genericName {
			kept = append(kept, s)
		}
	}
	return kept
}

// Best returns the first of [Sets].
func Best() *Set { return Sets()[0] }

// ByName returns the set called name, if this machine can run it.
func ByName(name string) (*Set, bool) {
	for _, s := range Sets() {
		if s.name == name {
			return s, true
		}
	}
	return nil, false
}
