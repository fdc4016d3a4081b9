//go:build amd64 && !purego

package asm

import (
	"os"

	"golang.org/x/sys/cpu"
)

func hasAVX512() bool {
	x := cpu.X86
	return x.HasAVX512F && x.HasAVX512BW && x.HasAVX512VL && x.HasAVX512VNNI
}

// machineSets returns the assembly that this processor can run, the fastest first. AMX, which nobody has timed, is there only if
// asked for by name, and only then the kernel is asked for permission.
func machineSets() []*Set {
	x := cpu.X86
	if !x.HasAVX2 || !x.HasFMA { // every processor that has both converts binary16 (F16C) as well
		return nil
	}
	var sets []*Set
	if os.Getenv(kernelsVariable) == amxName && hasAMX() {
		sets = append(sets, amxSet())
	}
	if hasAVX512() {
		sets = append(sets, avx512Set())
	}
	if x.HasAVXVNNI {
		sets = append(sets, avxVNNISet())
	}
	return append(sets, avx2Set())
}
