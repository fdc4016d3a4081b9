//go:build (!amd64 && !arm64) || purego

package asm

// machineSets: no assembly for this platform.
func machineSets() []*Set { return nil }
