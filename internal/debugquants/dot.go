package debugquants

import (
	"fmt"

	"llm/asm"
	"llm/internal/errs"
	"llm/quant"
)

// dot returns the product of the blocks x with the activations y by the kernels called impl, the best ones if it is empty.
func dot(impl string, t quant.Type, x []byte, y []float32) (float32, error) {
	set, err := kernels(impl)
	if err != nil {
		return 0, err
	}
	w, err := asm.NewMatrix(t, 1, len(y), x)
	if err != nil {
		return 0, err
	}
	in := asm.NewInput(1, len(y))
	in.Reset(1, len(y), y)
	form, _ := asm.FormatOf(t) // NewMatrix knows t
	set.Quantize(in, form, 0, 1)
	var out [1]float32
	set.MatMul(out[:], 1, &w, 0, 1, in, nil, asm.NewScratch(len(y)))
	return out[0], nil
}

func kernels(impl string) (*asm.Set, error) {
	sets := asm.Sets()
	if impl == "" {
		return sets[0], nil
	}
	for _, s := range sets {
		if s.Name() == impl {
			return s, nil
		}
	}
	return nil, fmt.Errorf("kernels %q: %w by this machine", impl, errs.ErrUnsupported)
}
