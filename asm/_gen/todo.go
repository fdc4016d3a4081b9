package main
func dotKernels() {}
func unpackKernels() {}
func gemmKernels() {}
