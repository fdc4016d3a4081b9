// The generators of the amd64 kernels. Run `go generate` here; CI runs it and wants no difference.
//
//go:generate env GOWORK=off go run . -kernels vector -out ../vector_amd64.s -stubs ../vector_amd64.go -pkg asm
//go:generate env GOWORK=off go run . -kernels rows -out ../rows_amd64.s -stubs ../rows_amd64.go -pkg asm
//go:generate env GOWORK=off go run . -kernels dot -out ../dot_amd64.s -stubs ../dot_amd64.go -pkg asm
//go:generate env GOWORK=off go run . -kernels unpack -out ../unpack_amd64.s -stubs ../unpack_amd64.go -pkg asm
//go:generate env GOWORK=off go run . -kernels gemm -out ../gemm_amd64.s -stubs ../gemm_amd64.go -pkg asm
//go:generate env GOWORK=off go run . -kernels vnni -out ../vnni_amd64.s -stubs ../vnni_amd64.go -pkg asm
//go:generate env GOWORK=off go run . -kernels avxvnni -out ../avxvnni_amd64.s -stubs ../avxvnni_amd64.go -pkg asm
//go:generate env GOWORK=off go run . -kernels attend512 -out ../attend512_amd64.s -stubs ../attend512_amd64.go -pkg asm
package main

import (
	"flag"
	"log"

	. "github.com/mmcloughlin/avo/build"
)

func main() {
	kernels := flag.String("kernels", "", "which kernels to write")
	flag.Parse()
	all := map[string]func(){
		"vector": vectorKernels, "rows": rowKernels, "dot": dotKernels, "unpack": unpackKernels, "gemm": gemmKernels,
		"vnni": vnniKernels, "avxvnni": avxVNNIKernels, "attend512": attend512Kernels,
	}
	write, ok := all[*kernels]
	if !ok {
		log.Fatalf("unknown kernels %q", *kernels)
	}
	ConstraintExpr("!purego")
	write()
	Generate()
	if err := encodeVEX(flag.Lookup("out").Value.String()); err != nil {
		log.Fatal(err)
	}
}
