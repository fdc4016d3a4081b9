package quant

import (
	"fmt"

	"llm/internal/errs"
)

// Supported reports whether values of t can be read and made: whether Dequantize and Quantize take it.
func Supported(t Type) bool {
	switch t {
	case F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, MXFP4:
		return true
	}
	return false
}

// Dequantize sets dst to the values of the blocks in src, which must be exactly those of len(dst) weights, a multiple of the
// block. Every byte pattern has values, infinities and NaN among them; they are ggml's, bit for bit but for the payload of a NaN.
// It is safe for concurrent use. The error wraps ErrUnsupported if t is not Supported.
func Dequantize(t Type, dst []float32, src []byte) error {
	if err := check(t, len(dst), len(src)); err != nil {
		return err
	}
	switch t {
	case F32:
		decodeF32(dst, src)
	case F16:
		decodeF16(dst, src)
	case BF16:
		decodeBF16(dst, src)
	case Q8_0:
		decodeQ8_0(dst, src)
	case Q4_0:
		decodeQ4_0(dst, src)
	case Q4_1:
		decodeQ4_1(dst, src)
	case Q5_0:
		decodeQ5_0(dst, src)
	case Q5_1:
		decodeQ5_1(dst, src)
	case Q2_K:
		decodeQ2_K(dst, src)
	case Q3_K:
		decodeQ3_K(dst, src)
	case Q4_K:
		decodeQ4_K(dst, src)
	case Q5_K:
		decodeQ5_K(dst, src)
	case Q6_K:
		decodeQ6_K(dst, src)
	case IQ4_NL:
		decodeIQ4_NL(dst, src)
	case IQ4_XS:
		decodeIQ4_XS(dst, src)
	case MXFP4:
		decodeMXFP4(dst, src)
	}
	return nil
}

// Quantize writes one row of weights, a multiple of the block long, as blocks of t to dst, which must have exactly their length.
// importance, nil or as long as src, holds the weight of each column's square error, at least 0 (what ggml calls the importance
// matrix); the types F32, F16, BF16, Q8_0 and MXFP4 ignore it. The bytes are those of ggml's quantizer (ggml_quantize_chunk) for
// finite weights. A block that holds infinities or NaN, or a weight beyond its type's range, has unspecified values.
// It is safe for concurrent use. The error wraps ErrUnsupported if t is not Supported.
func Quantize(t Type, dst []byte, src []float32, importance []float32) error {
	if err := check(t, len(src), len(dst)); err != nil {
		return err
	}
	if importance != nil && len(importance) != len(src) {
		return fmt.Errorf("quant: %d importances for a row of %d weights", len(importance), len(src))
	}
	switch t {
	case F32:
		encodeF32(dst, src)
	case F16:
		encodeF16(dst, src)
	case BF16:
		encodeBF16(dst, src)
	case Q8_0:
		encodeQ8_0(dst, src)
	case Q4_0:
		encodeQ4_0(dst, src, importance)
	case Q4_1:
		encodeQ4_1(dst, src, importance)
	case Q5_0:
		encodeQ5_0(dst, src, importance)
	case Q5_1:
		encodeQ5_1(dst, src, importance)
	case Q2_K:
		encodeQ2_K(dst, src, importance)
	case Q3_K:
		encodeQ3_K(dst, src, importance)
	case Q4_K:
		encodeQ4_K(dst, src, importance)
	case Q5_K:
		encodeQ5_K(dst, src, importance)
	case Q6_K:
		encodeQ6_K(dst, src, importance)
	case IQ4_NL:
		encodeIQ4_NL(dst, src, importance)
	case IQ4_XS:
		encodeIQ4_XS(dst, src, importance)
	case MXFP4:
		encodeMXFP4(dst, src)
	}
	return nil
}

// check reports whether t can be computed with and weights and bytes agree.
func check(t Type, weights, bytes int) error {
	if !Supported(t) {
		return fmt.Errorf("quant: %v: %w", t, errs.ErrUnsupported)
	}
	if n := t.Block(); weights%n != 0 {
		return fmt.Errorf("quant: %d weights are no multiple of %v's block of %d", weights, t, n)
	}
	if need := t.RowBytes(weights); bytes != need {
		return fmt.Errorf("quant: %d bytes for %d weights of %v, want %d", bytes, weights, t, need)
	}
	return nil
}

// Fallback returns the type to use for a row of n weights where t was wished for: t if its block divides n, else the type of 32
// weights nearest to it, and F16 where that does not fit either. The choice is llama.cpp's.
func Fallback(t Type, n int) Type {
	if !t.Known() || n%t.Block() == 0 {
		return t
	}
	switch t {
	case IQ1_S, IQ1_M, IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S, IQ4_XS:
		t = IQ4_NL
	case Q2_K, Q3_K, TQ1_0, TQ2_0, Q2_0:
		t = Q4_0
	case Q4_K:
		t = Q5_0
	case Q5_K:
		t = Q5_1
	case Q6_K:
		t = Q8_0
	}
	if n%t.Block() != 0 {
		return F16
	}
	return t
}
