package source

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

// Executable is the model that `llm pack` has appended to the running program. On macOS a program that carries one cannot be
// signed by codesign; embed the model or keep it beside the program there.
func Executable() Source {
	return Source{name: "this program", open: func() (*Blob, error) {
		path, err := executablePath()
		if err != nil {
			return nil, fmt.Errorf("find the running program: %w", err)
		}
		return openPacked(path)
	}}
}

// Packed is the model that `llm pack` has appended to the program at path.
func Packed(path string) Source {
	return Source{name: path, open: func() (*Blob, error) { return openPacked(path) }}
}

// executablePath is the running program. On Linux that is the file that runs, even if another took its name since.
func executablePath() (string, error) {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}

func openPacked(path string) (*Blob, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := openAppended(f, path)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return b, nil
}

func openAppended(f *os.File, path string) (*Blob, error) {
	stat, err := f.Stat()
	if err != nil {
		return nil, err
	}
	end := stat.Size()
	if _, table := securityEntry(f, end); table > 0 {
		end = table
	}
	t, err := findTrailer(f, end)
	if err != nil {
		return nil, err
	}
	return openRange(f, path, t.modelOffset, t.modelSize)
}
