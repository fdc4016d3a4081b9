package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// avxVNNIKernels are for processors that have VPDPBUSD but not AVX-512: two tiles of eight rows and four tokens, weights as
// in vnniKernels.
func avxVNNIKernels() {
	for _, t := range narrowTypes {
		dotNarrow(t, "AVXVNNI")
	}
	for _, t := range wideTypes {
		dotWide(t, "AVXVNNI")
	}
	avxVNNINarrow("Bias", false)
	avxVNNINarrow("Mins", true)
	for _, sub := range []int{16, 32} {
		avxVNNIWide("Bias", sub, false)
		avxVNNIWide("Mins", sub, true)
	}
	gemmPairs("AVXVNNI", func() VecVirtual { return YMM() }, 2, 8, clearYMM, func(x, y, sum VecVirtual) { VPDPWSSD_VEX(x, y, sum) })
}

func avxVNNINarrow(name string, mins bool) {
	f := tileHead("Narrow"+name+"AVXVNNI", 32, 4, "blocks of 32.")
	f.clearResults()
	Label("block")
	var c [2][]VecVirtual
	if mins {
		c = f.sums()
	} else {
		c = f.biasSums()
	}
	f.dot(c, 8, VPDPBUSD_VEX)
	f.finishNarrow(c, false, mins)
}

func avxVNNIWide(kind string, sub int, mins bool) {
	f := tileHead(fmt.Sprintf("Wide%s%dAVXVNNI", kind, sub), 32, 4, "blocks of 256.")
	s := newBlockSums(f)
	f.clearResults()
	Label("block")
	s.clear()
	Label("part")
	c := f.sums()
	f.dot(c, sub/4, VPDPBUSD_VEX)
	for i, c := range c {
		scale := YMM()
		VPSRAD(Imm(16), f.tile(f.scales, i, 0), scale)
		for _, c := range c {
			VPMULLD(scale, c, c)
		}
	}
	s.addTo(c)
	s.set(c)
	f.partOfBlock()
	f.finishWide(s, mins)
}
