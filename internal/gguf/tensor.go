package gguf

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"

	"llm/internal/errs"
	"llm/internal/source"
	"llm/quant"
)

// Tensor describes a tensor of a File. It is a pointer into the File and must not be changed.
type Tensor struct {
	Name   string
	Type   quant.Type
	Shape  []int64 // 1 to 4 dimensions, each at least 1, in GGUF's order: fastest first, so Shape[0] is the width of a row
	Bytes  int64   // size of the data
	Offset int64   // where the data begins in its file

	info  int64 // where its description begins, for errors
	shard int
	data  []byte // nil until loaded
}

// Elements returns the number of weights.
func (t *Tensor) Elements() int64 {
	n := int64(1)
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Tensors returns all tensors in the order of the file, split sets in the order of their files.
func (f *File) Tensors() []Tensor { return f.tensors }

// Tensor returns the tensor called name.
func (f *File) Tensor(name string) (*Tensor, bool) {
	i, ok := f.byName[name]
	if !ok {
		return nil, false
	}
	return &f.tensors[i], true
}

// Data returns the bytes of t, a tensor of f, as they lie in the file: borrowed until Close, not to be written to.
// Touching them can fault if the file is truncated: see source.Guard and Locate.
func (f *File) Data(t *Tensor) ([]byte, error) {
	if f.closed.Load() {
		return nil, fs.ErrClosed
	}
	if t.data != nil {
		return t.data, nil
	}
	if t.shard >= len(f.shards) {
		return nil, fmt.Errorf("tensor %q belongs to another checkpoint", t.Name)
	}
	return f.shards[t.shard].blob.Slice(t.Offset, t.Bytes)
}

// Advise tells the system how the bytes of t will be used.
func (f *File) Advise(t *Tensor, a source.Advice) {
	if !f.closed.Load() && t.shard < len(f.shards) {
		f.shards[t.shard].blob.Advise(t.Offset, t.Bytes, a)
	}
}

// tensorAt returns the name of the tensor that holds byte off of a shard, "" if none does.
func (f *File) tensorAt(shard int, off int64) string {
	for i := range f.tensors {
		t := &f.tensors[i]
		if t.shard == shard && off >= t.Offset && off-t.Offset < t.Bytes {
			return t.Name
		}
	}
	return ""
}

// byteSize returns the bytes of a tensor of the given type and shape, or why there can be no such tensor.
func byteSize(typ quant.Type, shape []int64) (int64, error) {
	if len(shape) < 1 || len(shape) > maxDims {
		return 0, fmt.Errorf("%w: %d dimensions, not 1 to %d", errs.ErrCorrupt, len(shape), maxDims)
	}
	if !typ.Known() {
		return 0, fmt.Errorf("%w: tensor type %s", errs.ErrUnsupported, typeName(typ))
	}
	elements := int64(1)
	for i, d := range shape {
		if d < 1 {
			return 0, fmt.Errorf("%w: dimension %d is %d", errs.ErrCorrupt, i, d)
		}
		if elements > math.MaxInt64/d {
			return 0, fmt.Errorf("%w: %v has more weights than can be counted", errs.ErrCorrupt, shape)
		}
		elements *= d
	}
	block, size := int64(typ.Block()), int64(typ.BlockBytes())
	if shape[0]%block != 0 {
		return 0, fmt.Errorf("%w: a row of %d weights is not whole blocks of %s, which hold %d", errs.ErrCorrupt, shape[0], typ, block)
	}
	if elements/block > math.MaxInt64/size {
		return 0, fmt.Errorf("%w: %v of %s has more bytes than can be counted", errs.ErrCorrupt, shape, typ)
	}
	return elements / block * size, nil
}

// retired names the types whose numbers are no longer in use.
var retired = map[quant.Type]string{
	4: "Q4_2", 5: "Q4_3", 31: "Q4_0_4_4", 32: "Q4_0_4_8", 33: "Q4_0_8_8", 36: "IQ4_NL_4_4", 37: "IQ4_NL_4_8", 38: "IQ4_NL_8_8",
}

func typeName(t quant.Type) string {
	if name, ok := retired[t]; ok {
		return fmt.Sprintf("%d (%s, removed from the format)", uint32(t), name)
	}
	return fmt.Sprintf("%d is unknown", uint32(t))
}

// checkLayout checks that the tensors of a shard are aligned, inside the file and apart.
func (s *shard) checkLayout(tensors []Tensor) error {
	for i := range tensors {
		t := &tensors[i]
		if t.Offset%s.alignment != 0 {
			return s.fail(t.Name, t.info, errs.ErrCorrupt, "data at %d is not aligned to %d", t.Offset-s.data, s.alignment)
		}
		if t.Offset > s.blob.Size() || t.Bytes > s.blob.Size()-t.Offset {
			return s.fail(t.Name, t.info, errs.ErrCorrupt, "%d bytes of data do not fit into a file of %d", t.Bytes, s.blob.Size())
		}
	}
	order := make([]int32, len(tensors))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		switch x, y := tensors[a].Offset, tensors[b].Offset; {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	for i := 1; i < len(order); i++ {
		a, b := &tensors[order[i-1]], &tensors[order[i]]
		if a.Offset+a.Bytes > b.Offset {
			return s.fail(b.Name, b.info, errs.ErrCorrupt, "its data overlaps that of %q", a.Name)
		}
	}
	return nil
}

// fail returns a FormatError about a key or tensor of this file.
func (s *shard) fail(name string, off int64, kind error, format string, args ...any) error {
	return &errs.FormatError{File: s.blob.Name(), Tensor: name, Offset: off, Err: fmt.Errorf("%w: "+format, append([]any{kind}, args...)...)}
}

// at returns err, made by byteSize, as a FormatError about a tensor of this file.
func (s *shard) at(name string, off int64, err error) error {
	if _, ok := errors.AsType[*errs.FormatError](err); ok {
		return err
	}
	return &errs.FormatError{File: s.blob.Name(), Tensor: name, Offset: off, Err: err}
}
