// Package gguf reads and writes GGUF files, versions 2 and 3, little-endian, whole or split. A file is hostile until it has
// been checked: every count and length is compared with the bytes that are there before anything is allocated, and an error
// names the file, the key or tensor, and the offset. Metadata stays where it is until it is asked for; tensors are borrowed.
//
// The format is that of ggml's documentation (docs/gguf.md) and reader (gguf.cpp, MIT licence).
package gguf

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"llm/internal/errs"
	"llm/internal/source"
)

// Limits. What they bound is kept in memory, and real files stay far below them.
const (
	maxKeys      = 1 << 16   // metadata keys of a file
	maxKeyLen    = 1<<16 - 1 // bytes of a key, as the format says
	maxTensors   = 1 << 17   // tensors of a checkpoint; experts in files of their own make 70,000
	maxName      = 63        // bytes of a tensor's name, as in ggml
	maxDims      = 4         // dimensions of a tensor
	maxLen       = 1 << 30   // bytes of a string, elements of an array
	maxAlignment = 1 << 20   // bytes
	slack        = 64 << 20  // memory a file may cost beyond twice its size
)

const (
	magic            = "GGUF"
	defaultAlignment = 32
	alignmentKey     = "general.alignment"
)

// File is an open checkpoint: the metadata and all tensors, from one file or from a split set. What it returns is shared and
// must not be changed. All methods but Close are safe for concurrent use.
type File struct {
	shards  []*shard // in order; the first holds the metadata
	tensors []Tensor
	byName  map[string]int
	closed  atomic.Bool
}

// Open opens the checkpoint in src. If src is one file of a split set, the others are found by name. What cannot be mapped
// or borrowed is read into anonymous memory, which ctx can stop and of which progress, if not nil, is told in bytes.
//
// A file that is no GGUF file or contradicts itself gives a *errs.FormatError wrapping errs.ErrCorrupt; one of another
// version, byte order or tensor type wraps errs.ErrUnsupported; otherwise errors are those of the source.
func Open(ctx context.Context, src source.Source, progress func(done, total int64)) (*File, error) {
	f, err := OpenHeader(src)
	if err != nil {
		return nil, err
	}
	if err := f.guard(func() error { return f.load(ctx, progress) }); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// OpenHeader is Open without the tensors' bytes: of a source that cannot be mapped only the header is read. Data then reads
// a tensor each time it is called.
func OpenHeader(src source.Source) (*File, error) {
	f := &File{}
	if err := f.guard(func() error { return f.openShards(src) }); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Close ends all borrowed slices: tensors' bytes and Values. Strings and numbers stay. The second Close does nothing.
func (f *File) Close() error {
	if f.closed.Swap(true) {
		return nil
	}
	var all []error
	for _, s := range f.shards {
		all = append(all, s.blob.Close())
	}
	return errors.Join(all...)
}

// Size returns the bytes of all files of the checkpoint.
func (f *File) Size() int64 {
	var n int64
	for _, s := range f.shards {
		n += s.blob.Size()
	}
	return n
}

// Copied returns how many bytes of tensors had to be copied into anonymous memory.
func (f *File) Copied() int64 {
	var n int64
	for _, s := range f.shards {
		n += s.blob.Copied()
	}
	return n
}

// Version returns the version of the format: 2 or 3.
func (f *File) Version() uint32 { return f.shards[0].version }

// Changed returns an error if a file of the checkpoint was changed in place since it was opened.
func (f *File) Changed() error {
	for _, s := range f.shards {
		if err := s.blob.Changed(); err != nil {
			return err
		}
	}
	return nil
}

// Locate returns err with the file, offset and tensor filled in if err is a fault (source.Guard) in this checkpoint, else
// err as it is.
func (f *File) Locate(err error) error {
	fault, ok := errors.AsType[*source.Fault](err)
	if !ok {
		return err
	}
	for i, s := range f.shards {
		off, ok := s.blob.Locate(fault.Addr)
		if !ok {
			continue
		}
		at := &errs.FormatError{File: s.blob.Name(), Tensor: f.tensorAt(i, off), Offset: off, Err: errs.ErrTruncated}
		if s.blob.Changed() != nil {
			at.Err = fmt.Errorf("%w: the file changed while it was open", errs.ErrTruncated)
		}
		return at
	}
	return err
}

// guard runs fn, which may touch mapped bytes.
func (f *File) guard(fn func() error) error {
	if f.closed.Load() {
		return fs.ErrClosed
	}
	return f.Locate(source.Guard(fn))
}

// load brings every tensor's bytes into reach.
func (f *File) load(ctx context.Context, progress func(done, total int64)) error {
	total, before := f.Size(), int64(0)
	for _, s := range f.shards {
		var report func(int64)
		if progress != nil {
			report = func(done int64) { progress(before+s.data+done, total) }
		}
		if err := s.blob.Load(ctx, s.data, report); err != nil {
			return err
		}
		before += s.blob.Size()
	}
	for i := range f.tensors {
		t := &f.tensors[i]
		data, err := f.shards[t.shard].blob.Slice(t.Offset, t.Bytes)
		if err != nil {
			return err
		}
		t.data = data
	}
	if progress != nil {
		progress(total, total)
	}
	return ctx.Err()
}
