package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// exp512 computes exp32 of sixteen numbers. Its constants are in the upper registers: sums of neighbours need lower ones.
type exp512 struct {
	upper                                   []Op // free
	least, log2E, roundOff, ln2High, ln2Low Op
	polynomial                              []Op
}

func exp512Constants() exp512 {
	c := exp512{upper: []Op{Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31}}
	c.least, c.log2E, c.roundOff = c.load(float(-104)), c.load(float(1.44269504088896341)), c.load(float(0x1.8p23))
	c.ln2High, c.ln2Low = c.load(float(0.693359375)), c.load(float(-2.12194440e-4))
	for _, p := range []float64{1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1} {
		c.polynomial = append(c.polynomial, c.load(float(p)))
	}
	c.polynomial = append(c.polynomial, c.one())
	return c
}

// load returns a register with the word at m in every lane.
func (c *exp512) load(m Mem) Op {
	v := c.upper[0]
	c.upper = c.upper[1:]
	VBROADCASTSS(m, v)
	return v
}

// one is the last coefficient, and the one before.
func (c *exp512) one() Op { return c.polynomial[6] }

// upTo89 computes exp32 of x ≤ 89, as exp does with eight lanes: VSCALEFPS rounds once, as the two multiplications do of
// which the first is exact.
func (c *exp512) upTo89(x VecVirtual) VecVirtual {
	v, t, p := ZMM(), ZMM(), ZMM()
	VMAXPS(x, c.least, v)
	VMOVAPS(c.roundOff, t)
	VFMADD231PS(c.log2E, v, t)
	VSUBPS(c.roundOff, t, t)
	VFNMADD231PS(c.ln2High, t, v)
	VFNMADD231PS(c.ln2Low, t, v)
	VMOVAPS(c.polynomial[0], p)
	for _, a := range c.polynomial[1:] {
		VFMADD213PS(a, v, p)
	}
	VSCALEFPS(t, p, p)
	return p
}
