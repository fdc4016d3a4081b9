// Package source says where the bytes of a checkpoint are and lends them out: mapped files, embedded strings, readers, and
// the tail of the running program.
package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unsafe"
)

// A Source says where a checkpoint is. It is a plain value: nothing is opened before Open. Safe for concurrent use.
type Source struct {
	name string                            // how errors call it
	base string                            // file name, "" when the source has no names
	open func() (*Blob, error)             // nil in the zero Source
	at   func(base string) (Source, error) // the file called base in the same place, nil when there are no names
}

// File is the file at path.
func File(path string) Source {
	return Source{
		name: path,
		base: filepath.Base(path),
		open: func() (*Blob, error) {
			f, err := os.Open(path)
			if err != nil {
				return nil, err
			}
			return openFile(f, path)
		},
		at: func(base string) (Source, error) { return File(filepath.Join(filepath.Dir(path), base)), nil },
	}
}

// FS is the file called name in fsys. It is mapped when fsys opens it as an *os.File, as os.DirFS does. Otherwise it is
// read: at random when the file is an io.ReaderAt, as in embed.FS, else forward, as in a zip archive.
func FS(fsys fs.FS, name string) Source {
	return Source{
		name: name,
		base: path.Base(name),
		open: func() (*Blob, error) { return openFS(fsys, name) },
		at:   func(base string) (Source, error) { return FS(fsys, path.Join(path.Dir(name), base)), nil },
	}
}

// ReaderAt is the first size bytes of r, which is read and never closed. r must allow concurrent calls if several
// checkpoints are opened from it.
func ReaderAt(r io.ReaderAt, size int64) Source {
	return Source{open: func() (*Blob, error) {
		if r == nil || size < 0 {
			return nil, fmt.Errorf("source: a reader of %d bytes cannot be opened", size)
		}
		return &Blob{size: size, in: r}, nil
	}}
}

// Bytes is memory that holds a file, whole or cut into parts that follow one another. It is borrowed, never written to and
// copied only where a range lies across two parts; the caller must not change it while the checkpoint is open.
func Bytes[T string | []byte](parts ...T) Source {
	var blob Blob
	for _, p := range parts {
		data := view(p)
		if len(data) == 0 {
			continue
		}
		blob.parts = append(blob.parts, part{blob.size, data})
		blob.size += int64(len(data))
	}
	return Source{open: func() (*Blob, error) {
		return &Blob{size: blob.size, parts: blob.parts[:len(blob.parts):len(blob.parts)]}, nil
	}}
}

// view returns the bytes of p. Those of a string are read-only: writing to them would end the process.
func view[T string | []byte](p T) []byte {
	switch p := any(p).(type) {
	case string:
		return unsafe.Slice(unsafe.StringData(p), len(p))
	case []byte:
		return p
	}
	return nil
}

// Name returns the path or name the source was made with, "" when it has none.
func (s Source) Name() string { return s.name }

// Base returns the last element of the name, "" when the source has no names, so that Sibling fails.
func (s Source) Base() string { return s.base }

// Sibling returns the source of the file called base in the same directory or file system. It fails for sources without
// names (ReaderAt, Bytes, Executable) and for a base that is not a plain file name. It does not look whether the file exists.
func (s Source) Sibling(base string) (Source, error) {
	if s.at == nil {
		return Source{}, errors.New("a checkpoint in several files needs a source with file names (File or FS)")
	}
	if base == "" || base == "." || base == ".." || strings.ContainsAny(base, `/\`) || filepath.VolumeName(base) != "" {
		return Source{}, fmt.Errorf("%q is not the name of a file beside %s", base, s.name)
	}
	return s.at(base)
}

// Open maps the bytes or prepares to read them. Errors are those of the file system.
func (s Source) Open() (*Blob, error) {
	if s.open == nil {
		return nil, errors.New("no source: use File, FS, ReaderAt, Bytes or Executable")
	}
	b, err := s.open()
	if err != nil {
		return nil, err
	}
	b.name = s.name
	return b, nil
}
