// Package asm holds the compute kernels of the CPU: one method of [Set] per operation. Every operation has a plain Go
// reference (the set called "generic", compiled on every platform) and, where the processor allows, assembly.
//
// # Equal bits
//
// All sets give the same bits, and so does any split of a call into smaller ones: results do not depend on how many
// tokens or rows are computed together, nor on which code path computes them. NaNs are equal to NaNs; their payloads
// are not defined. The rules that make this hold:
//
//   - Products of quantized weights and quantized activations are exact integers within a block. Per output and per
//     block, in block order, one float32 term is added: acc += (d·isum − m·msum)·dy, each operation rounded.
//   - Products of float rows keep 32 partial sums, lane j summing the elements j, j+32, … in order, and end in one
//     fixed tree (see reduce32). Scores and weighted values of attention over floats are one chain for each element; over
//     integers they are exact sums of what was rounded before, once for a row and once for the weights of a page.
//   - There is one exponential (see exp32), from which the sigmoid, tanh and GELU are made.
//   - What adds a product of float rows, of attention or in a polynomial is fused: it rounds once (see fma32), in every set.
//     Nothing else is: the terms of quantized products, rotations and norms round after every operation, and Go code converts
//     such products to float32 before it adds them, so that no compiler fuses them.
//
// Sets never change after they are made and may be used by many goroutines at a time on disjoint outputs.
// Lengths are the caller's duty: a slice that is too short panics as indexing does and never corrupts memory.
// No value of a weight byte or of a float, NaN and infinities included, is invalid.
package asm
