//go:build amd64 && !linux && !purego

package asm

// amxPermitted is for kernels whose way of giving permission nobody has looked at.
func amxPermitted() bool { return false }
