// The generators of the amd64 kernels. Run `go generate` here; CI runs it and wants no difference.
//
//go:generate env GOWORK=off go run . -kernels vector -out ../vector_amd64.s -stubs ../vector_amd64.go -pkg asm
//go:generate env GOWORK=off go run . -kernels vector512 -out ../vector512_amd64.s -stubs ../vector512_amd64.go -pkg asm
//go:generate env GOWORK=off go run . -kernels rows -out ../rows_amd64.s -stubs ../rows_amd64.go -pkg asm
//go:generate env GOWORK=off go run . -kernels dot -out ../dot_amd64.s -stubs ../dot_amd64.go -pkg asm
//go:generate env GOWORK=off go run . -kernels unpack -out ../unpack_amd64.s -stubs ../unpack_amd64.go -pkg asm
//go:generate env GOWORK=off go run . -kernels gemm -out ../gemm_amd64.s -stubs ../gemm_amd64.go -pkg asm
//go:generate env GOWORK=off go run . -kernels vnni -out ../vnni_amd64.s -stubs ../vnni_amd64.go -pkg asm
//go:generate env GOWORK=off go run . -kernels fill -out ../fill_amd64.s -stubs ../fill_amd64.go -pkg asm
//go:generate env GOWORK=off go run . -kernels avxvnni -out ../avxvnni_amd64.s -stubs ../avxvnni_amd64.go -pkg asm
//go:generate env GOWORK=off go run . -kernels attend -out ../attend_amd64.s -stubs ../attend_amd64.go -pkg asm
//go:generate env GOWORK=off go run . -kernels attend512 -out ../attend512_amd64.s -stubs ../attend512_amd64.go -pkg asm
//go:generate env GOWORK=off go run . -kernels amx -out ../amx_amd64.s -stubs ../amx_amd64.go -pkg asm
package main

import (
	"flag"
	"log"
	"os"
	"regexp"

	. "github.com/mmcloughlin/avo/build"
)

func main() {
	kernels := flag.String("kernels", "", "which kernels to write")
	flag.Parse()
	all := map[string]func(){
		"vector": vectorKernels, "vector512": vector512Kernels, "rows": rowKernels, "dot": dotKernels, "unpack": unpackKernels, "gemm": gemmKernels,
		"vnni": vnniKernels, "fill": fillKernels, "avxvnni": avxVNNIKernels, "amx": amxKernels, "attend": attendKernels,
		"attend512": attend512Kernels,
	}
	write, ok := all[*kernels]
	if !ok {
		log.Fatalf("unknown kernels %q", *kernels)
	}
	ConstraintExpr("!purego")
	write()
	Generate()
	out := flag.Lookup("out").Value.String()
	if err := encodeVEX(out); err != nil {
		log.Fatal(err)
	}
	if err := encodeAMX(out); err != nil {
		log.Fatal(err)
	}
	switch *kernels {
	case "vnni", "fill", "vector512", "attend512", "amx":
	default:
		forbidAVX512(out)
	}
}

// forbidAVX512 fails if avo gave out a register that only AVX-512 has: the kernel needs too many.
func forbidAVX512(path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	if m := regexp.MustCompile(`.*\b([XY](1[6-9]|2[0-9]|3[01])|Z[0-9]+)\b.*`).Find(text); m != nil {
		log.Fatalf("%s: %s", path, m)
	}
}
