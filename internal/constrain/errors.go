package constrain

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"llm/internal/errs"
)

// ErrorKind says why a constraint does not compile.
type ErrorKind string

// Kinds of errors.
const (
	Invalid       ErrorKind = "invalid"       // the text is no schema, grammar or regular expression
	Unsatisfiable ErrorKind = "unsatisfiable" // there is no text that it allows
	Unsupported   ErrorKind = "unsupported"   // it is valid and needs what this package cannot do
	Limit         ErrorKind = "limit"         // it is larger or more complex than the limits of this package
)

// Error is what the compilers and Validate return. It unwraps to errs.ErrUnsupported where that is its kind.
type Error struct {
	Kind    ErrorKind
	Pointer string // JSON Pointer (RFC 6901) into the schema, of Validate into the text; or the place in a grammar
	Msg     string
}

func (e *Error) Error() string {
	if e.Pointer == "" {
		return fmt.Sprintf("%s: %s", e.Kind, e.Msg)
	}
	pointer := e.Pointer
	if strings.ContainsFunc(pointer, func(r rune) bool { return !unicode.IsPrint(r) }) {
		pointer = strconv.Quote(pointer)
	}
	return fmt.Sprintf("%s: %s: %s", e.Kind, pointer, e.Msg)
}

// Unwrap returns errs.ErrUnsupported for errors of that kind.
func (e *Error) Unwrap() error {
	if e.Kind == Unsupported {
		return errs.ErrUnsupported
	}
	return nil
}

func failf(kind ErrorKind, pointer, format string, args ...any) error {
	return &Error{kind, pointer, fmt.Sprintf(format, args...)}
}
