package source

import (
	"fmt"
	"runtime/debug"

	"llm/internal/errs"
)

// A Fault is a touch of mapped memory that the file no longer backs: the file was truncated, its disk failed, its network
// went. It wraps ErrTruncated.
type Fault struct {
	Addr uintptr // near the byte that was touched: Blob.Locate turns it into an offset. It does not say how far a copy came.
}

func (f *Fault) Error() string { return fmt.Sprintf("%v (fault at %#x)", errs.ErrTruncated, f.Addr) }

// Unwrap returns ErrTruncated.
func (f *Fault) Unwrap() error { return errs.ErrTruncated }

// Guard runs fn and turns a memory fault in it, also inside assembly, into a *FormatError that wraps a *Fault. It guards the
// calling goroutine only. Other panics pass, a nil pointer among them.
func Guard(fn func() error) (err error) {
	defer Catch(debug.SetPanicOnFault(true), &err)
	return fn()
}

// Catch is Guard for work that must not allocate: a function that touches mapped memory begins with
//
//	defer source.Catch(debug.SetPanicOnFault(true), &err)
//
// where err is its named result. It restores the goroutine's earlier setting and sets *err only if there was a fault.
func Catch(before bool, err *error) {
	debug.SetPanicOnFault(before)
	switch r := recover().(type) {
	case nil:
	case interface{ Addr() uintptr }:
		*err = &errs.FormatError{Offset: -1, Err: &Fault{r.Addr()}}
	default:
		panic(r)
	}
}
