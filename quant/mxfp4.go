package quant

import "math"

// mxfp4Values are twice the numbers of FP4 E2M1, by code.
var mxfp4Values = [16]float32{0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12}

// mxfp4Scale returns half of the E8M0 number e, 2^(e-128): the halving undoes the doubling in mxfp4Values. OCP's NaN code 255
// is 2^127 here, as in ggml.
func mxfp4Scale(e uint8) float32 {
	if e < 2 {
		return math.Float32frombits(0x00200000 << e)
	}
	return math.Float32frombits(uint32(e-1) << 23)
}

func decodeMXFP4(dst []float32, src []byte) {
	for ; len(src) >= 17; dst, src = dst[32:], src[17:] {
		d, y := mxfp4Scale(src[0]), (*[32]float32)(dst)
		for j, q := range (*[16]byte)(src[1:]) {
			y[j] = d * mxfp4Values[q&15]
			y[j+16] = d * mxfp4Values[q>>4]
		}
	}
}

// encodeMXFP4 takes the exponent of the largest magnitude less that of the largest E2M1 number (OCP MX 1.0 §6.3) and the
// nearest number for each weight.
func encodeMXFP4(dst []byte, src []float32) {
	var codes [32]uint8
	for ; len(src) > 0; dst, src = dst[17:], src[32:] {
		dst[0] = mxfp4Exponent(abs(extreme(src[:32])))
		d := mxfp4Scale(dst[0])
		for j, v := range src[:32] {
			codes[j] = mxfp4Code(v, d)
		}
		packNibbles((*[16]byte)(dst[1:]), &codes)
	}
}

func mxfp4Exponent(top float32) uint8 {
	if top <= 0 {
		return 0
	}
	// The logarithm is rounded to float32 before it is cut, as in ggml: just below a power of two that gives the larger scale.
	e := math.Floor(float64(float32(math.Log2(float64(top))))) - 2 + 127
	return uint8(min(max(e, 0), 254))
}

func mxfp4Code(x, d float32) (code uint8) {
	least := abs(float32(mxfp4Values[0]*d) - x)
	for i, v := range mxfp4Values {
		if e := abs(float32(v*d) - x); e < least {
			code, least = uint8(i), e
		}
	}
	return code
}
