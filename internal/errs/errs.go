// Package errs holds the errors that more than one package returns. Package llm exports them under the same names.
package errs

import (
	"errors"
	"fmt"
)

// Errors that packages share.
var (
	// ErrCorrupt: the checkpoint contradicts itself or its format.
	ErrCorrupt = errors.New("checkpoint is corrupt")
	// ErrUnsupported: valid, but this build, device or model cannot do it.
	ErrUnsupported = errors.New("not supported")
	// ErrStopped: work ended early because it was asked to.
	ErrStopped = errors.New("stopped")
	// ErrTruncated: the checkpoint became shorter, or unreadable, while it was in use.
	ErrTruncated = errors.New("checkpoint changed or vanished while it was open")
)

// FormatError says where a checkpoint is wrong.
type FormatError struct {
	File   string // name of the file or part, if known
	Tensor string // tensor or metadata key, if one is concerned
	Offset int64  // byte offset in File, -1 if unknown
	Err    error  // wraps ErrCorrupt, ErrUnsupported, ErrTruncated or an error of the file system
}

func (e *FormatError) Error() string {
	s := e.File
	if s == "" {
		s = "checkpoint"
	}
	if e.Tensor != "" {
		s += fmt.Sprintf(": %q", e.Tensor)
	}
	if e.Offset >= 0 {
		s += fmt.Sprintf(" (byte %d)", e.Offset)
	}
	return s + ": " + e.Err.Error()
}

func (e *FormatError) Unwrap() error { return e.Err }
