package llm

import (
	"io"
	"io/fs"

	"llm/internal/source"
)

// A Source says where a checkpoint is. Open maps it; bytes are copied only when they cannot be mapped.
type Source struct{ s source.Source }

// File is a GGUF file, or any part of a split set: the others are found beside it.
func File(path string) Source { return Source{source.File(path)} }

// FS is a GGUF file, or any part of a split set, in a file system: os.DirFS, embed.FS, a zip archive. Files of the
// operating system are mapped, others are read into memory.
func FS(fsys fs.FS, name string) Source { return Source{source.FS(fsys, name)} }

// ReaderAt is a GGUF file of size bytes that is read into memory. r must allow calls in parallel, as io.ReaderAt says.
func ReaderAt(r io.ReaderAt, size int64) Source { return Source{source.ReaderAt(r, size)} }

// Bytes is a GGUF file in memory, such as //go:embed gives; parts in order are one file. The memory is borrowed until the
// Model is closed, must not change, and is never copied; only a tensor that lies across two parts is.
func Bytes[T string | []byte](parts ...T) Source { return Source{source.Bytes(parts...)} }

// Executable is the model that `llm pack` appended to the running program.
func Executable() Source { return Source{source.Executable()} }
