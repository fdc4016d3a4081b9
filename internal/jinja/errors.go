package jinja

import (
	"errors"
	"fmt"
)

// ErrLimit is wrapped by every error that says a budget was used up.
var ErrLimit = errors.New("jinja: limit exceeded")

// SyntaxError says why a template cannot be parsed.
type SyntaxError struct {
	Line int // from 1
	Msg  string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("template line %d: %s", e.Line, e.Msg) }

// RaiseError is the template's own refusal: raise_exception was called.
type RaiseError struct {
	Line    int
	Message string // as the template worded it
}

func (e *RaiseError) Error() string { return e.Message }

// RenderError is any other failure while rendering, worded as Python words it.
type RenderError struct {
	Line int // of the statement, from 1
	Msg  string
}

func (e *RenderError) Error() string { return fmt.Sprintf("template line %d: %s", e.Line, e.Msg) }

// LimitError says which budget ran out.
type LimitError struct {
	What  string // "steps", "memory", "output", "depth", "number size"
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("template exceeds %s limit of %d", e.What, e.Limit)
}

// Unwrap returns ErrLimit.
func (e *LimitError) Unwrap() error { return ErrLimit }

// failure is an error raised inside an operation; the machine adds the line.
type failure struct{ msg string }

func (f *failure) Error() string { return f.msg }

func failf(format string, args ...any) error { return &failure{fmt.Sprintf(format, args...)} }
