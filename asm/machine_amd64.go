//go:build amd64 && !purego

package asm

import "golang.org/x/sys/cpu"

// machineSets returns the assembly that this processor can run, the fastest first.
func machineSets() []*Set {
	x := cpu.X86
	if !x.HasAVX2 || !x.HasFMA { // every processor that has both converts binary16 (F16C) as well
		return nil
	}
	var sets []*Set
	if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512VL && x.HasAVX512VNNI {
		sets = append(sets, avx512Set())
	}
	if x.HasAVXVNNI {
		sets = append(sets, avxVNNISet())
	}
	return append(sets, avx2Set())
}
