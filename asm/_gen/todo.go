package main

func unpackKernels() {}
func gemmKernels()   {}
