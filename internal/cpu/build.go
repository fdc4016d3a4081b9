package cpu

import (
	"fmt"

	"llm/asm"
	"llm/internal/device"
	"llm/internal/errs"
)

// builder makes steps of operations and remembers how large the shared buffers must be.
type builder struct {
	*runner
	maxK       int
	attentions map[[3]int]*attentionState
	expertBufs map[expertShape]*expertBuffers
}

func (b *builder) step(op device.Op) (step, error) {
	switch op := op.(type) {
	case *device.Embed:
		return b.embed(op)
	case *device.Normalize:
		return b.normalize(op), nil
	case *device.MatMul:
		return b.matmul(op)
	case *device.Attend:
		return b.attend(op), nil
	case *device.Activate:
		return b.activate(op), nil
	case *device.Experts:
		return b.experts(op)
	case *device.Add:
		return b.add(op), nil
	case *device.Narrow:
		return &narrowStep{b.runner, op.Keep}, nil
	case *device.Logits:
		return b.logits(op)
	}
	return nil, fmt.Errorf("%w: operation %T on the CPU", errs.ErrUnsupported, op)
}

// linear checks the matrices of an operation.
func (b *builder) linear(l *device.Linear) (linear, asm.Format, error) {
	format, ok := asm.FormatOf(l.Type)
	if !ok {
		return linear{}, 0, &errs.FormatError{Tensor: l.Name, Offset: -1, Err: fmt.Errorf("%w: products with tensor type %v", errs.ErrUnsupported, l.Type)}
	}
	out := linear{bias: l.Bias, scale: l.Scale, rows: l.Out}
	if out.scale == 0 {
		out.scale = 1
	}
	for _, d := range l.Data {
		m, err := asm.NewMatrix(l.Type, l.Out, l.In, d)
		if err != nil {
			return linear{}, 0, &errs.FormatError{Tensor: l.Name, Offset: -1, Err: err}
		}
		out.mats = append(out.mats, m)
	}
	if len(out.mats) == 0 {
		return linear{}, 0, &errs.FormatError{Tensor: l.Name, Offset: -1, Err: fmt.Errorf("%w: no data", errs.ErrCorrupt)}
	}
	b.maxK = max(b.maxK, l.In)
	return out, format, nil
}
