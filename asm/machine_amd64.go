//go:build amd64 && !purego

package asm

// machineSets returns the assembly that this processor can run, the fastest first.
func machineSets() []*Set { return nil }
