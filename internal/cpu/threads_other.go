//go:build !linux

package cpu

// physicalCores is not known here: every logical processor counts.
func physicalCores() int { return 0 }
