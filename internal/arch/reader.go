package arch

import (
	"errors"
	"fmt"

	"llm/internal/errs"
	"llm/internal/gguf"
)

// What a file may ask for. Real models stay far below; products of any of them fit an int64.
const (
	maxLayers  = 1024
	maxExperts = 1024
	maxHeads   = 4096
	maxHeadDim = 1 << 14
	maxWidth   = 1 << 20
	maxFFN     = 1 << 22
	maxVocab   = 1 << 24
	maxContext = 1 << 30 // positions are int32
)

// reader fills a Spec from a file. The first error sticks, and after it every getter returns a zero value, so that a
// family reads from top to bottom without looking at errors.
type reader struct {
	f          *gguf.File
	headerOnly bool // leave matrices without bytes
	arch       string
	family     func(*reader)
	spec       *Spec
	root       tensors // those outside layers
	blocks     int     // blk.N in the file
	trunk      int     // those of them that are layers; the rest predicts further tokens
	eps        float32
	claimed    map[string]bool
	lists      map[string][]int64 // per-layer values already read
	err        error
}

func newReader(f *gguf.File) *reader {
	r := &reader{f: f, spec: &Spec{}, claimed: map[string]bool{}, lists: map[string][]int64{}}
	r.root = tensors{reader: r}
	return r
}

// fail records the first error, about the key or tensor called name if err does not say more itself.
func (r *reader) fail(name string, err error) {
	if r.err != nil {
		return
	}
	if _, ok := errors.AsType[*errs.FormatError](err); !ok {
		err = &errs.FormatError{Tensor: name, Offset: -1, Err: err}
	}
	r.err = err
}

func (r *reader) corrupt(name, format string, args ...any) {
	r.fail(name, fmt.Errorf("%w: "+format, append([]any{errs.ErrCorrupt}, args...)...))
}

func (r *reader) unsupported(name, format string, args ...any) {
	r.fail(name, fmt.Errorf("%w: "+format, append([]any{errs.ErrUnsupported}, args...)...))
}
