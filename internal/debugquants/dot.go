package debugquants

import (
	"fmt"

	"llm/internal/errs"
	"llm/quant"
)

// dot returns the product of the blocks x with the activations y by the kernels called impl, the best ones if it is empty.
func dot(impl string, t quant.Type, x []byte, y []float32) (float32, error) {
	return 0, fmt.Errorf("kernels %q for %v: %w", impl, t, errs.ErrUnsupported)
}
