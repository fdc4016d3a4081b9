package asm

const genericName = "generic"

// genericSet is the reference: plain Go.
func genericSet() *Set {
	s := &Set{
		name:           genericName,
		quantizeWide:   quantizeWide,
		quantizeNarrow: quantizeNarrow,
		matMul:         matMulGeneric,

		dotF32:  dotF32Generic,
		dotF16:  dotRow(halfElement),
		dotBF16: dotRow(bfloatElement),
		axpyF32: axpyF32Generic,

		storeQ8:  storeQ8Generic,
		loadF16:  loadRow(halfElement),
		loadBF16: loadRow(bfloatElement),
		loadQ8:   loadRow(q8Element),

		sum:      sumGeneric,
		max:      maxGeneric,
		expShift: expShiftGeneric,

		exp:     mapped(exp32),
		sigmoid: mapped(sigmoid32),
		silu:    mapped(silu32),
		gelu:    mapped(gelu32),
		tanh:    mapped(tanh32),
		relu:    mapped(reluSquared32),

		siluMul:   gated(silu32),
		geluMul:   gated(gelu32),
		reluMul:   gated(reluSquared32),
		swigluOAI: swigluOAIGeneric,

		add:      addGeneric,
		mul:      mulGeneric,
		scale:    scaleGeneric,
		scaleMul: scaleMulGeneric,
		ropeNorm: ropeNormGeneric,
		ropeNeox: ropeNeoxGeneric,

		loadQ8Keys:  loadQ8KeysGeneric,
		gemmFloat:   gemmFloatGeneric,
		softmaxRows: softmaxRowsGeneric,

		roundInt16:      roundInt16Generic,
		scaleIntegers:   scaleIntegersGeneric,
		gemmScores:      gemmScoresGeneric,
		gemmValues:      gemmValuesGeneric,
		softmaxIntegers: softmaxIntegersGeneric,
	}
	s.dots = s.dotsGeneric
	return s
}
