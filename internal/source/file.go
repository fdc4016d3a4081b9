package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
)

// openFile maps all of f, or reads it where it cannot be mapped. It owns f.
func openFile(f *os.File, name string) (*Blob, error) {
	b, err := openRange(f, name, 0, -1)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return b, nil
}

// openRange maps n bytes of f from off on, to its end for n < 0. off must be a multiple of 64 KiB.
func openRange(f *os.File, name string, off, n int64) (*Blob, error) {
	stat, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !stat.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	if n < 0 {
		n = stat.Size() - off
	}
	if off < 0 || n > stat.Size()-off {
		return nil, fmt.Errorf("%s: %d bytes at %d of a file of %d", name, n, off, stat.Size())
	}
	b := &Blob{size: n, file: f, stat: stat}
	if n == 0 {
		return b, nil
	}
	if n <= math.MaxInt {
		b.mapping, err = mapFile(f, off, int(n))
	}
	if b.mapping == nil || err != nil { // a file system that cannot map, or no address space: read instead
		b.mapping, b.in = nil, io.NewSectionReader(f, off, n)
		return b, nil
	}
	b.parts = []part{{0, b.mapping}}
	return b, nil
}

func openFS(fsys fs.FS, name string) (*Blob, error) {
	if fsys == nil {
		return nil, errors.New("source: no file system")
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	if file, ok := f.(*os.File); ok {
		return openFile(file, name)
	}
	stat, err := f.Stat()
	if err == nil && !stat.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	if err == nil && stat.Size() < 0 {
		err = &fs.PathError{Op: "open", Path: name, Err: errors.New("has no size")}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if r, ok := f.(io.ReaderAt); ok {
		return &Blob{size: stat.Size(), in: r, closer: f}, nil
	}
	r := &forward{open: func() (fs.File, error) { return fsys.Open(name) }, file: f}
	return &Blob{size: stat.Size(), in: r, closer: r}, nil
}

// forward is an io.ReaderAt over a file that can only be read forward, such as one in a zip archive. It skips what lies
// between two reads and opens the file again to go back. Blob serializes its calls.
type forward struct {
	open func() (fs.File, error)
	file fs.File
	pos  int64
}

func (r *forward) ReadAt(p []byte, off int64) (int, error) {
	if off < r.pos {
		if err := r.rewind(); err != nil {
			return 0, err
		}
	}
	skipped, err := io.CopyN(io.Discard, r.file, off-r.pos)
	r.pos += skipped
	if err != nil {
		return 0, err
	}
	n, err := io.ReadFull(r.file, p)
	r.pos += int64(n)
	return n, err
}

func (r *forward) rewind() error {
	again, err := r.open()
	if err != nil {
		return err
	}
	err = r.file.Close()
	r.file, r.pos = again, 0
	return err
}

func (r *forward) Close() error { return r.file.Close() }
