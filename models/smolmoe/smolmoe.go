// Package smolmoe carries SmolMoE 161M Instruct, a small mixture-of-experts chat model, inside the program that imports
// it: 127 MB of read-only data that is paged in as it is touched. See README.md for what it can do, and LICENSE and
// NOTICE for what a program that ships it must keep.
package smolmoe

import (
	_ "embed"

	"llm"
)

// The parts end between tensors, so that none lies across two.
var (
	//go:embed smolmoe-Q4_1.gguf.00
	part0 string
	//go:embed smolmoe-Q4_1.gguf.01
	part1 string
	//go:embed smolmoe-Q4_1.gguf.02
	part2 string
)

// Source returns the embedded checkpoint, ready for llm.Open.
func Source() llm.Source { return llm.Bytes(part0, part1, part2) }
