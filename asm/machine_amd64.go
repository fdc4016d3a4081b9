//go:build amd64 && !purego

package asm

import "golang.org/x/sys/cpu"

// machineSets returns the assembly that this processor can run, the fastest first.
func machineSets() []*Set {
	if !cpu.X86.HasAVX2 { // every processor that has it converts binary16 (F16C) as well
		return nil
	}
	return []*Set{avx2Set()}
}
