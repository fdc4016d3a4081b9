package gguf

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"unicode/utf8"

	"llm/quant"
)

// Writer collects metadata and tensors and writes them as a GGUF file of version 3. Tensors' data are asked for one after
// the other while the file is written, so no more than a tensor need be in memory. The zero Writer is an empty file.
type Writer struct {
	pairs   []pair
	tensors []planned
}

type pair struct {
	key   string
	value Value
}

// planned is a tensor to be written.
type planned struct {
	name  string
	typ   quant.Type
	shape []int64
	write func(io.Writer) error
}

// Set gives key a value. A key that is there already keeps its place.
func (w *Writer) Set(key string, v Value) {
	i := slices.IndexFunc(w.pairs, func(p pair) bool { return p.key == key })
	if i < 0 {
		w.pairs = append(w.pairs, pair{key, v})
		return
	}
	w.pairs[i].value = v
}

// Delete removes key, if it is there.
func (w *Writer) Delete(key string) {
	w.pairs = slices.DeleteFunc(w.pairs, func(p pair) bool { return p.key == key })
}

// Add adds a tensor; shape is in GGUF's order, fastest first. write is called once, must write exactly the bytes that a
// tensor of this type and shape has, and its error ends the writing of the file.
func (w *Writer) Add(name string, typ quant.Type, shape []int64, write func(io.Writer) error) {
	w.tensors = append(w.tensors, planned{name, typ, slices.Clone(shape), write})
}

// CopyMetadata sets all keys of f but those of a split set. The values are copied.
func (w *Writer) CopyMetadata(f *File) error {
	return f.guard(func() error {
		for _, e := range f.shards[0].entries {
			if e.key == splitNo || e.key == splitCount || e.key == splitTensors {
				continue
			}
			v := f.shards[0].value(&e)
			v.data = bytes.Clone(v.data)
			w.Set(e.key, v)
		}
		return nil
	})
}

// CopyTensor adds t, a tensor of f, as it is. f must stay open until the file is written.
func (w *Writer) CopyTensor(f *File, t *Tensor) {
	w.Add(t.Name, t.Type, t.Shape, func(out io.Writer) error {
		data, err := f.Data(t)
		if err != nil {
			return err
		}
		return f.guard(func() error {
			_, err := out.Write(data)
			return err
		})
	})
}

// WriteTo writes the file and returns how many bytes it has written. It fails before the first byte if a key, value, name,
// type or shape is not one that Open accepts.
func (w *Writer) WriteTo(out io.Writer) (int64, error) {
	l, err := w.plan()
	if err != nil {
		return 0, fmt.Errorf("write GGUF: %w", err)
	}
	buf := bufio.NewWriterSize(out, 1<<16)
	c := &counter{out: buf}
	err = w.write(c, l)
	if err == nil {
		err = buf.Flush()
	}
	if err != nil {
		err = fmt.Errorf("write GGUF: %w", err)
	}
	return c.n - int64(buf.Buffered()), err
}

// WriteSet writes a split set with the metadata in its first file and perFile tensors in each, so one file at least. create
// opens a file for writing by its name, which begins with prefix.
func (w *Writer) WriteSet(prefix string, perFile int, create func(name string) (io.WriteCloser, error)) error {
	if perFile < 1 {
		return fmt.Errorf("write GGUF: %d tensors to a file", perFile)
	}
	count := max((len(w.tensors)+perFile-1)/perFile, 1)
	if count > math.MaxUint16 {
		return fmt.Errorf("write GGUF: %d files are more than a set may have", count)
	}
	for no := range count {
		part := Writer{tensors: w.tensors[min(no*perFile, len(w.tensors)):min((no+1)*perFile, len(w.tensors))]}
		if no == 0 {
			part.pairs = slices.Clone(w.pairs)
		} else if i := slices.IndexFunc(w.pairs, func(p pair) bool { return p.key == alignmentKey }); i >= 0 {
			part.pairs = []pair{w.pairs[i]}
		}
		part.Set(splitNo, Of(uint16(no)))
		part.Set(splitCount, Of(uint16(count)))
		part.Set(splitTensors, Of(int32(len(w.tensors))))
		if err := part.writeFile(shardName(prefix, int64(no), int64(count)), create); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) writeFile(name string, create func(name string) (io.WriteCloser, error)) error {
	file, err := create(name)
	if err != nil {
		return err
	}
	_, err = w.WriteTo(file)
	return errors.Join(err, file.Close())
}

// layout is where the data of a file go.
type layout struct {
	alignment int64
	sizes     []int64
}

// plan checks everything and lays the data out.
func (w *Writer) plan() (layout, error) {
	l := layout{alignment: defaultAlignment}
	if len(w.pairs) > maxKeys || len(w.tensors) > maxTensors {
		return l, fmt.Errorf("%d keys and %d tensors are more than %d and %d", len(w.pairs), len(w.tensors), maxKeys, maxTensors)
	}
	for _, p := range w.pairs {
		if err := p.check(); err != nil {
			return l, fmt.Errorf("key %q: %w", p.key, err)
		}
		if p.key == alignmentKey {
			l.alignment, _ = p.value.Integer()
		}
	}
	names, total := map[string]bool{}, int64(0)
	for _, t := range w.tensors {
		size, err := t.check()
		if err == nil && names[t.name] {
			err = errors.New("added twice")
		}
		if err == nil && size > math.MaxInt64-l.alignment-total {
			err = errors.New("the file would be too large")
		}
		if err != nil {
			return l, fmt.Errorf("tensor %q: %w", t.name, err)
		}
		names[t.name] = true
		l.sizes = append(l.sizes, size)
		total += align(size, l.alignment)
	}
	return l, nil
}

func (p *pair) check() error {
	v := p.value
	switch {
	case len(p.key) == 0 || len(p.key) > maxKeyLen || !utf8.ValidString(p.key):
		return fmt.Errorf("a key is 1 to %d bytes of UTF-8", maxKeyLen)
	case v.data == nil:
		return errors.New("the value was not made by Of, ListOf or a File")
	case len(v.data) > maxLen && v.kind == String || v.count > maxLen:
		return errors.New("the value is too long")
	}
	if n, _ := v.Integer(); p.key == alignmentKey && (v.kind != Uint32 || !validAlignment(n)) {
		return fmt.Errorf("not a power of two up to %d as u32", maxAlignment)
	}
	return nil
}

// check returns the size of the tensor's data.
func (t *planned) check() (int64, error) {
	if len(t.name) == 0 || len(t.name) > maxName || !utf8.ValidString(t.name) {
		return 0, fmt.Errorf("a name is 1 to %d bytes of UTF-8", maxName)
	}
	return byteSize(t.typ, t.shape)
}

func align(n, alignment int64) int64 { return (n + alignment - 1) &^ (alignment - 1) }

func (w *Writer) write(out *counter, l layout) error {
	if _, err := out.Write(w.header(l)); err != nil {
		return err
	}
	for i, t := range w.tensors {
		if err := out.pad(l.alignment); err != nil {
			return err
		}
		end := out.n + l.sizes[i]
		if err := t.write(&limited{out, end}); err != nil {
			return fmt.Errorf("tensor %q: %w", t.name, err)
		}
		if out.n != end {
			return fmt.Errorf("tensor %q: %d bytes are missing of %d", t.name, end-out.n, l.sizes[i])
		}
	}
	return out.pad(l.alignment)
}

// header returns everything before the data section but the padding.
func (w *Writer) header(l layout) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32([]byte(magic), 3)
	b = le.AppendUint64(b, uint64(len(w.tensors)))
	b = le.AppendUint64(b, uint64(len(w.pairs)))
	for _, p := range w.pairs {
		b = appendText(b, p.key)
		b = le.AppendUint32(b, uint32(p.value.kind))
		switch p.value.kind {
		case String:
			b = le.AppendUint64(b, uint64(len(p.value.data)))
		case Array:
			b = le.AppendUint32(b, uint32(p.value.elem))
			b = le.AppendUint64(b, uint64(p.value.count))
		}
		b = append(b, p.value.data...)
	}
	off := int64(0)
	for i, t := range w.tensors {
		b = appendText(b, t.name)
		b = le.AppendUint32(b, uint32(len(t.shape)))
		for _, d := range t.shape {
			b = le.AppendUint64(b, uint64(d))
		}
		b = le.AppendUint32(b, uint32(t.typ))
		b = le.AppendUint64(b, uint64(off))
		off += align(l.sizes[i], l.alignment)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
}

// counter counts what is written.
type counter struct {
	out io.Writer
	n   int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.out.Write(p)
	c.n += int64(n)
	return n, err
}

// pad writes zeros up to the next multiple of alignment.
func (c *counter) pad(alignment int64) error {
	_, err := c.Write(make([]byte, align(c.n, alignment)-c.n))
	return err
}

// limited refuses what goes beyond end.
type limited struct {
	*counter
	end int64
}

func (l *limited) Write(p []byte) (int, error) {
	if int64(len(p)) > l.end-l.n {
		return 0, errors.New("more data than a tensor of this type and shape has")
	}
	return l.counter.Write(p)
}
