package source

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Packing is what Pack has written.
type Packing struct {
	Bytes    int64    // size of the packed program
	Offset   int64    // where the model begins in it
	Warnings []string // what the user has to know before giving it away, one sentence each
}

// Pack writes to out the program with the model appended, so that Executable finds it when the program runs. A model the
// program carries already is replaced; out may be program itself. out appears whole or not at all. The model is one GGUF
// file: a split set is refused. So is a Windows program that would reach 4 GiB, as Windows would not start it. Pack before
// signing: a signature the program has is dropped, with a warning.
func Pack(program, model, out string) (Packing, error) {
	p, err := pack(program, model, out)
	if err != nil {
		return Packing{}, fmt.Errorf("pack: %w", err)
	}
	return p, nil
}

func pack(program, model, out string) (Packing, error) {
	exe, exeStat, err := openRegular(program)
	if err != nil {
		return Packing{}, err
	}
	defer exe.Close()
	gguf, ggufStat, err := openRegular(model)
	if err != nil {
		return Packing{}, err
	}
	defer gguf.Close()
	if err := checkModel(gguf, model); err != nil {
		return Packing{}, err
	}
	stub, err := inspectProgram(exe, exeStat.Size())
	if err != nil {
		return Packing{}, err
	}
	result := Packing{Offset: roundUp(stub.size, packAlign), Warnings: stub.warnings}
	result.Bytes = result.Offset + ggufStat.Size() + trailerSize
	if stub.windows && result.Bytes > math.MaxUint32 {
		return Packing{}, fmt.Errorf("%s and %s make %d bytes: Windows starts no program of 4 GiB or more", program, model, result.Bytes)
	}
	t := trailer{modelOffset: result.Offset, modelSize: ggufStat.Size(), programSize: stub.size, name: shortName(model)}
	err = replaceFile(out, exeStat.Mode().Perm(), func(f *os.File) error {
		err := writePacked(f, exe, gguf, &t, stub.security)
		return errors.Join(err, exe.Close()) // Windows replaces no file that is open, and out may be program
	})
	return result, err
}

func openRegular(path string) (*os.File, os.FileInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	stat, err := f.Stat()
	if err == nil && !stat.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, stat, nil
}

func checkModel(f *os.File, path string) error {
	var magic [4]byte
	if n, err := f.ReadAt(magic[:], 0); err != nil && err != io.EOF {
		return err
	} else if string(magic[:n]) != "GGUF" {
		return fmt.Errorf("%s is not a GGUF file", path)
	}
	base := filepath.Base(path)
	if part, _ := filepath.Match("*-?????-of-?????.gguf", base); part && !strings.HasSuffix(base, "-of-00001.gguf") {
		return fmt.Errorf("%s is part of a split set: merge it into one file first", path)
	}
	return nil
}

// stub is the program without what was appended to it.
type stub struct {
	size     int64
	windows  bool
	security int64 // where the entry of the certificate table is that has to be cleared, 0 if there is none
	warnings []string
}

func inspectProgram(f *os.File, size int64) (s stub, err error) {
	s.size = size
	entry, table := securityEntry(f, size)
	s.windows = entry > 0
	if table > 0 {
		s.size, s.security = table, entry
		s.warnings = append(s.warnings, "the program was signed; sign it again after packing")
	}
	t, err := findTrailer(f, s.size)
	switch {
	case err == nil:
		s.size = t.programSize
	case !errors.Is(err, errNoTrailer):
		return s, fmt.Errorf("%s: %w", f.Name(), err)
	}
	macho, err := isMachO(f)
	if macho {
		s.warnings = append(s.warnings, "codesign refuses a macOS program with a model appended: "+
			"embed the model, or ship it in Contents/Resources of the app, to sign and notarize")
	}
	return s, err
}

func isMachO(f *os.File) (bool, error) {
	var magic [4]byte
	if _, err := f.ReadAt(magic[:], 0); err != nil && err != io.EOF {
		return false, err
	}
	switch magic {
	case [4]byte{0xcf, 0xfa, 0xed, 0xfe}, [4]byte{0xce, 0xfa, 0xed, 0xfe}, [4]byte{0xca, 0xfe, 0xba, 0xbe}, [4]byte{0xca, 0xfe, 0xba, 0xbf}:
		return true, nil
	}
	return false, nil
}

func roundUp(n, unit int64) int64 { return (n + unit - 1) / unit * unit }

// shortName is the file name of the model, cut to what the trailer holds.
func shortName(model string) string {
	name := filepath.Base(model)
	for len(name) > 40 {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	return name
}

// writePacked writes program, padding, model and trailer. security is where to clear the certificate table's entry, 0: nowhere.
func writePacked(out *os.File, exe, gguf io.ReaderAt, t *trailer, security int64) error {
	if _, err := io.Copy(out, io.NewSectionReader(exe, 0, t.programSize)); err != nil {
		return err
	}
	if security > 0 && security+8 <= t.programSize {
		if _, err := out.WriteAt(make([]byte, 8), security); err != nil {
			return err
		}
	}
	if _, err := out.Seek(t.modelOffset, io.SeekStart); err != nil {
		return err
	}
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, hash), io.NewSectionReader(gguf, 0, t.modelSize))
	if err != nil {
		return err
	}
	if n != t.modelSize {
		return fmt.Errorf("the model shrank to %d bytes while it was read", n)
	}
	hash.Sum(t.digest[:0])
	_, err = out.Write(t.encode())
	return err
}

// replaceFile writes a file beside path and renames it to path when it is whole and on disk.
func replaceFile(path string, mode os.FileMode, write func(*os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
