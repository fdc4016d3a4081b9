package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"sort"
	"sync"
	"unsafe"

	"llm/internal/errs"
	"llm/internal/mem"
)

// chunk is how much is read at a time from a source that cannot be mapped: progress and cancellation are that fine.
const chunk = 4 << 20

// A Blob is an open source. Slices of it are borrowed: they are read-only and end with Close. All methods but Head and
// Close are safe for concurrent use.
type Blob struct {
	name  string
	size  int64
	parts []part      // what is in memory, in order of offset
	in    io.ReaderAt // where the rest is read from, nil when parts hold everything

	mapping []byte      // the mapping that parts[0] shows, if any
	file    *os.File    // the mapped or read file, if any
	stat    fs.FileInfo // of file when it was opened
	closer  io.Closer   // what else to close

	mu     sync.Mutex
	head   []byte   // the beginning, in page memory, where it had to be read
	copies [][]byte // page memory that holds ranges that could not be borrowed
	copied int64
}

// part is a contiguous range of the blob in memory.
type part struct {
	off  int64
	data []byte
}

func (p part) end() int64 { return p.off + int64(len(p.data)) }

// Name returns the name of the source, for errors.
func (b *Blob) Name() string { return b.name }

// Size returns the size in bytes.
func (b *Blob) Size() int64 { return b.size }

// Mapped reports whether the bytes are a mapped file, so that touching them can fault: see Guard.
func (b *Blob) Mapped() bool { return b.mapping != nil }

// Copied returns how many bytes were copied into anonymous memory because they could not be borrowed.
func (b *Blob) Copied() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.copied
}

// Slice returns n bytes from off on. They are borrowed when they lie in one mapping or part, or in what Load has read;
// otherwise they are copied into page memory that is freed by Close. A range outside the blob is an error.
func (b *Blob) Slice(off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || n > b.size-off {
		return nil, b.fail(off, fmt.Errorf("%w: %d bytes at %d of a file of %d", errs.ErrCorrupt, n, off, b.size))
	}
	if n == 0 {
		return []byte{}, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if data := b.borrow(off, n); data != nil {
		return data, nil
	}
	return b.copyRange(context.Background(), off, n, nil)
}

// Head returns at least the first n bytes, borrowed where possible. Where they have to be read, little more than n is, and
// however large n claims to be, never more than twice of what could be read: a size that is a lie meets the end of the input
// first. A call ends the result of earlier ones.
func (b *Blob) Head(n int64) ([]byte, error) {
	if n < 0 || n > b.size {
		return nil, b.fail(b.size, fmt.Errorf("%w: the file ends after %d bytes, %d are needed", errs.ErrCorrupt, b.size, n))
	}
	if len(b.parts) > 0 && b.parts[0].off == 0 && n <= b.parts[0].end() {
		return b.parts[0].data, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for int64(len(b.head)) < n {
		if err := b.growHead(); err != nil {
			return nil, err
		}
	}
	return b.head, nil
}

// growHead doubles what has been read of the beginning. It is page memory so that nothing waits for the collector.
func (b *Blob) growHead() error {
	have := int64(len(b.head))
	size := min(max(2*have, 64<<10), b.size)
	if size > math.MaxInt {
		return b.fail(have, fmt.Errorf("%w: %d bytes do not fit this machine", errs.ErrUnsupported, size))
	}
	grown, err := mem.Alloc(int(size))
	if err != nil {
		return b.fail(have, err)
	}
	copy(grown, b.head)
	if err := b.readAt(grown[have:], have); err != nil {
		return errors.Join(err, mem.Free(grown))
	}
	old := b.head
	b.head = grown
	return mem.Free(old)
}

// Load reads everything from off on into page memory, once, so that Slice can borrow it. It does nothing when the bytes are
// in memory already. progress, if not nil, is told how many bytes have been read. Cancelling ctx stops it within a chunk.
func (b *Blob) Load(ctx context.Context, off int64, progress func(done int64)) error {
	if b.in == nil || off >= b.size {
		return ctx.Err()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.borrow(off, b.size-off) != nil {
		return nil
	}
	data, err := b.copyRange(ctx, off, b.size-off, progress)
	if err != nil {
		return err
	}
	b.parts = append(b.parts, part{off, data})
	return nil
}

// Changed returns an error if the file behind the blob no longer has the size and time of change it was opened with. A file
// that was replaced by another under the same name has not changed.
func (b *Blob) Changed() error {
	if b.file == nil {
		return nil
	}
	now, err := b.file.Stat()
	if err != nil {
		return b.fail(-1, fmt.Errorf("%w: %w", errs.ErrTruncated, err))
	}
	if now.Size() != b.stat.Size() || !now.ModTime().Equal(b.stat.ModTime()) {
		return b.fail(-1, fmt.Errorf("%w: the file changed while it was open", errs.ErrTruncated))
	}
	return nil
}

// Locate returns the offset of the mapped byte at address addr, as a Fault reports it.
func (b *Blob) Locate(addr uintptr) (int64, bool) {
	start := uintptr(unsafe.Pointer(unsafe.SliceData(b.mapping)))
	if addr < start || addr-start >= uintptr(len(b.mapping)) {
		return 0, false
	}
	return int64(addr - start), true
}

// Close unmaps, frees and closes everything. Slices must not be used any more. The second Close does nothing.
func (b *Blob) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []error
	for _, c := range append(b.copies, b.head) {
		all = append(all, mem.Free(c))
	}
	if b.mapping != nil {
		all = append(all, unmap(b.mapping))
	}
	if b.closer != nil {
		all = append(all, b.closer.Close())
	}
	if b.file != nil {
		all = append(all, b.file.Close())
	}
	b.parts, b.in, b.mapping, b.file, b.closer, b.head, b.copies, b.size = nil, nil, nil, nil, nil, nil, nil, 0
	return errors.Join(all...)
}

// borrow returns the range if one part holds all of it, else nil.
func (b *Blob) borrow(off, n int64) []byte {
	i := b.partAt(off)
	if i == len(b.parts) || off < b.parts[i].off || n > b.parts[i].end()-off {
		return nil
	}
	at := off - b.parts[i].off
	return b.parts[i].data[at : at+n : at+n]
}

// partAt returns the index of the first part that ends after off.
func (b *Blob) partAt(off int64) int {
	return sort.Search(len(b.parts), func(i int) bool { return b.parts[i].end() > off })
}

// copyRange copies a range into page memory, which the blob owns from then on.
func (b *Blob) copyRange(ctx context.Context, off, n int64, progress func(done int64)) ([]byte, error) {
	if n > math.MaxInt {
		return nil, b.fail(off, fmt.Errorf("%w: %d bytes do not fit this machine", errs.ErrUnsupported, n))
	}
	data, err := mem.Alloc(int(n))
	if err != nil {
		return nil, b.fail(off, err)
	}
	done := 0
	for piece := range slices.Chunk(data, chunk) {
		if err = ctx.Err(); err == nil {
			err = b.readAt(piece, off+int64(done))
		}
		if err != nil {
			return nil, errors.Join(err, mem.Free(data))
		}
		done += len(piece)
		if progress != nil {
			progress(int64(done))
		}
	}
	b.copies = append(b.copies, data)
	b.copied += n
	return data, nil
}

// readAt fills dst from parts or, where there are none, from the reader.
func (b *Blob) readAt(dst []byte, off int64) error {
	if b.in != nil {
		return b.readFrom(dst, off)
	}
	for i := b.partAt(off); len(dst) > 0 && i < len(b.parts); i++ {
		n := copy(dst, b.parts[i].data[off-b.parts[i].off:])
		dst, off = dst[n:], off+int64(n)
	}
	if len(dst) > 0 {
		return b.fail(off, io.ErrUnexpectedEOF)
	}
	return nil
}

func (b *Blob) readFrom(dst []byte, off int64) error {
	n, err := b.in.ReadAt(dst, off)
	if n == len(dst) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: it ends after %d bytes, not %d", errs.ErrTruncated, off+int64(max(n, 0)), b.size)
	}
	return b.fail(off+int64(max(n, 0)), err)
}

func (b *Blob) fail(off int64, err error) error {
	return &errs.FormatError{File: b.name, Offset: off, Err: err}
}
