//go:build arm64 && !purego

package asm

import (
	"runtime"

	"golang.org/x/sys/cpu"
)

// machineSets returns the assembly that this processor can run, the fastest first.
func machineSets() []*Set {
	// Every Apple processor that runs Go has the dot product.
	if !cpu.ARM64.HasASIMDDP && runtime.GOOS != "darwin" {
		return nil
	}
	if cpu.ARM64.HasI8MM { // not detected on Windows
		return []*Set{i8mmSet(), neonSet()}
	}
	return []*Set{neonSet()}
}
