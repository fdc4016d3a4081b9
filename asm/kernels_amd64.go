//go:build amd64 && !purego

package asm

import "llm/quant"

// avx2Kernels are for two tiles of eight rows and four tokens.
func avx2Kernels(t quant.Type) kernels {
	switch t {
	case quant.Q4_0:
		return kernels{dotQ4_0AVX2, unpackQ4_0AVX2, nil, gemmNarrowBiasx8AVX2, nil}
	case quant.Q4_1:
		return kernels{dotQ4_1AVX2, unpackQ4_1AVX2, nil, gemmNarrowMinsx8AVX2, nil}
	case quant.Q5_0:
		return kernels{dotQ5_0AVX2, unpackQ5_0AVX2, nil, gemmNarrowBiasx4AVX2, nil}
	case quant.Q5_1:
		return kernels{dotQ5_1AVX2, unpackQ5_1AVX2, nil, gemmNarrowMinsx4AVX2, nil}
	case quant.Q8_0:
		return kernels{dotQ8_0AVX2, unpackQ8_0AVX2, nil, gemmNarrowSignedAVX2, nil}
	case quant.IQ4_NL:
		return kernels{dotIQ4_NLAVX2, unpackIQ4_NLAVX2, nil, gemmNarrowSignedAVX2, nil}
	case quant.MXFP4:
		return kernels{dotMXFP4AVX2, unpackMXFP4AVX2, nil, gemmNarrowBiasx4AVX2, nil}
	case quant.Q2_K:
		return kernels{dotQ2_KAVX2, unpackQ2_KAVX2, nil, gemmWideMins16x4AVX2, nil}
	case quant.Q3_K:
		return kernels{dotQ3_KAVX2, unpackQ3_KAVX2, nil, gemmWideBias16x4AVX2, nil}
	case quant.Q4_K:
		return kernels{dotQ4_KAVX2, unpackQ4_KAVX2, nil, gemmWideMins32x8AVX2, nil}
	case quant.Q5_K:
		return kernels{dotQ5_KAVX2, unpackQ5_KAVX2, nil, gemmWideMins32x4AVX2, nil}
	case quant.Q6_K:
		return kernels{dotQ6_KAVX2, unpackQ6_KAVX2, nil, gemmWideBias16x2AVX2, nil}
	case quant.IQ4_XS:
		return kernels{dotIQ4_XSAVX2, unpackIQ4_XSAVX2, nil, gemmWideSigned32AVX2, nil}
	}
	return kernels{}
}

// vnniKernels are for two tiles of sixteen rows and six tokens, or three.
func vnniKernels(t quant.Type) kernels {
	switch t {
	case quant.Q4_0:
		return kernels{dotQ4_0VNNI, unpackQ4_0VNNI, fillQ4_0VNNI, gemmNarrowBiasVNNI6, gemmNarrowBiasVNNI3}
	case quant.Q4_1:
		return kernels{dotQ4_1VNNI, unpackQ4_1AVX2, fillQ4_1VNNI, gemmNarrowMinsVNNI6, gemmNarrowMinsVNNI3}
	case quant.Q5_0:
		return kernels{dotQ5_0VNNI, unpackQ5_0VNNI, fillQ5_0VNNI, gemmNarrowBiasVNNI6, gemmNarrowBiasVNNI3}
	case quant.Q5_1:
		return kernels{dotQ5_1VNNI, unpackQ5_1AVX2, fillQ5_1VNNI, gemmNarrowMinsVNNI6, gemmNarrowMinsVNNI3}
	case quant.Q8_0:
		return kernels{dotQ8_0VNNI, unpackQ8_0VNNI, fillQ8_0VNNI, gemmNarrowBiasVNNI6, gemmNarrowBiasVNNI3}
	case quant.IQ4_NL:
		return kernels{dotIQ4_NLVNNI, unpackIQ4_NLVNNI, fillIQ4_NLVNNI, gemmNarrowBiasVNNI6, gemmNarrowBiasVNNI3}
	case quant.MXFP4:
		return kernels{dotMXFP4VNNI, unpackMXFP4VNNI, fillMXFP4VNNI, gemmNarrowBiasVNNI6, gemmNarrowBiasVNNI3}
	case quant.Q2_K:
		return kernels{dotQ2_KVNNI, unpackQ2_KAVX2, fillQ2_KVNNI, gemmWideMins16VNNI6, gemmWideMins16VNNI3}
	case quant.Q3_K:
		return kernels{dotQ3_KVNNI, unpackQ3_KAVX2, fillQ3_KVNNI, gemmWideBias16VNNI6, gemmWideBias16VNNI3}
	case quant.Q4_K:
		return kernels{dotQ4_KVNNI, unpackQ4_KAVX2, fillQ4_KVNNI, gemmWideMins32VNNI6, gemmWideMins32VNNI3}
	case quant.Q5_K:
		return kernels{dotQ5_KVNNI, unpackQ5_KAVX2, fillQ5_KVNNI, gemmWideMins32VNNI6, gemmWideMins32VNNI3}
	case quant.Q6_K:
		return kernels{dotQ6_KVNNI, unpackQ6_KAVX2, fillQ6_KVNNI, gemmWideBias16VNNI6, gemmWideBias16VNNI3}
	case quant.IQ4_XS:
		return kernels{dotIQ4_XSVNNI, unpackIQ4_XSVNNI, fillIQ4_XSVNNI, gemmWideBias32VNNI6, gemmWideBias32VNNI3}
	}
	return kernels{}
}

// avxVNNIKernels are for two tiles of eight rows and four tokens.
func avxVNNIKernels(t quant.Type) kernels {
	switch t {
	case quant.Q4_0:
		return kernels{dotQ4_0AVXVNNI, unpackQ4_0VNNI, nil, gemmNarrowBiasAVXVNNI, nil}
	case quant.Q4_1:
		return kernels{dotQ4_1AVXVNNI, unpackQ4_1AVX2, nil, gemmNarrowMinsAVXVNNI, nil}
	case quant.Q5_0:
		return kernels{dotQ5_0AVXVNNI, unpackQ5_0VNNI, nil, gemmNarrowBiasAVXVNNI, nil}
	case quant.Q5_1:
		return kernels{dotQ5_1AVXVNNI, unpackQ5_1AVX2, nil, gemmNarrowMinsAVXVNNI, nil}
	case quant.Q8_0:
		return kernels{dotQ8_0AVXVNNI, unpackQ8_0VNNI, nil, gemmNarrowBiasAVXVNNI, nil}
	case quant.IQ4_NL:
		return kernels{dotIQ4_NLAVXVNNI, unpackIQ4_NLVNNI, nil, gemmNarrowBiasAVXVNNI, nil}
	case quant.MXFP4:
		return kernels{dotMXFP4AVXVNNI, unpackMXFP4VNNI, nil, gemmNarrowBiasAVXVNNI, nil}
	case quant.Q2_K:
		return kernels{dotQ2_KAVXVNNI, unpackQ2_KAVX2, nil, gemmWideMins16AVXVNNI, nil}
	case quant.Q3_K:
		return kernels{dotQ3_KAVXVNNI, unpackQ3_KAVX2, nil, gemmWideBias16AVXVNNI, nil}
	case quant.Q4_K:
		return kernels{dotQ4_KAVXVNNI, unpackQ4_KAVX2, nil, gemmWideMins32AVXVNNI, nil}
	case quant.Q5_K:
		return kernels{dotQ5_KAVXVNNI, unpackQ5_KAVX2, nil, gemmWideMins32AVXVNNI, nil}
	case quant.Q6_K:
		return kernels{dotQ6_KAVXVNNI, unpackQ6_KAVX2, nil, gemmWideBias16AVXVNNI, nil}
	case quant.IQ4_XS:
		return kernels{dotIQ4_XSAVXVNNI, unpackIQ4_XSVNNI, nil, gemmWideBias32AVXVNNI, nil}
	}
	return kernels{}
}
