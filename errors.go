package llm

import (
	"errors"
	"fmt"
	"time"

	"llm/internal/errs"
)

// Errors of a checkpoint, from Open and Inspect. They come wrapped in a *FormatError that says where.
var (
	// ErrCorrupt: the checkpoint contradicts itself or its format.
	ErrCorrupt = errs.ErrCorrupt
	// ErrTruncated: the checkpoint became shorter, or unreadable, while it was open. Any later call can return it.
	ErrTruncated = errs.ErrTruncated
	// ErrUnsupported: valid, but this build, device or model cannot do it. Open returns it, and every call whose
	// parameters cannot take effect: nothing is ignored in silence.
	ErrUnsupported = errs.ErrUnsupported
)

// Errors of use, from any call.
var (
	// ErrClosed: the Model, Session or Chat was closed, before the call or while it ran.
	ErrClosed = errors.New("closed")
	// ErrBusy: a Session or Chat is for one call at a time, and another is running.
	ErrBusy = errors.New("busy: another call is running")
	// ErrStreamUsed: a Stream can be ranged over once.
	ErrStreamUsed = errors.New("stream was already read")
)

// Errors of a request, before any work is done for it or in its course.
var (
	// ErrContextFull: the tokens do not fit into the context. It comes as a *ContextError.
	ErrContextFull = errors.New("context is full")
	// ErrMemoryLimit: the key/value cache would exceed WithMemoryLimit.
	ErrMemoryLimit = errors.New("memory limit reached")
	// ErrOverloaded: the request was refused because too many are waiting. It comes as an *OverloadError.
	ErrOverloaded = errors.New("overloaded")
	// ErrNoTemplate: the checkpoint carries no chat template and WithTemplate gave none.
	ErrNoTemplate = errors.New("checkpoint has no chat template: give one with WithTemplate, or use Generate with a prompt in the model's own form")
	// ErrTemplate: the chat template is malformed or refuses these messages. It comes as a *TemplateError.
	ErrTemplate = errors.New("chat template")

	// ErrStopTurn, returned by a Tool, ends the answer after the calls of that turn. As it is, the tool's output is its result and
	// the answer ends as if the model had stopped; wrapped in an error, the answer ends with that error in a *ToolError.
	ErrStopTurn = errors.New("tool ends the answer")
	// ErrSchema: a Format or the schema of a tool is no schema, cannot be met, or was not met. It comes as a *SchemaError.
	ErrSchema = errors.New("schema")
	// ErrPending: calls of the last answer have no result yet. See Chat.Pending and Chat.Resume.
	ErrPending = errors.New("calls are pending: give their results or Resume")
	// ErrIncomplete: an answer that was to be decoded was cut off by a limit. What there is of it is in the Result.
	ErrIncomplete = errors.New("answer is incomplete")

	errEmptyPrompt = errors.New("prompt is empty")
)

// FormatError says where a checkpoint is wrong: File, Tensor (or metadata key), Offset in bytes (-1: unknown) and Err, which
// wraps ErrCorrupt, ErrUnsupported, ErrTruncated or an error of the file system.
type FormatError = errs.FormatError

// ContextError says how much did not fit. It is ErrContextFull.
type ContextError struct {
	Need int // tokens that the request takes at least: the prompt and one more
	Have int // positions of the context
}

func (e *ContextError) Error() string {
	return fmt.Sprintf("%v: needs %d tokens, has room for %d", ErrContextFull, e.Need, e.Have)
}

// Is reports whether target is ErrContextFull.
func (e *ContextError) Is(target error) bool { return target == ErrContextFull }

// OverloadError says when to try again. It is ErrOverloaded.
type OverloadError struct {
	RetryAfter time.Duration // an estimate, 0: unknown
}

func (e *OverloadError) Error() string {
	if e.RetryAfter <= 0 {
		return ErrOverloaded.Error()
	}
	return fmt.Sprintf("%v: try again in %v", ErrOverloaded, e.RetryAfter)
}

// Is reports whether target is ErrOverloaded.
func (e *OverloadError) Is(target error) bool { return target == ErrOverloaded }

// TemplateError is a chat template that could not be rendered. It is ErrTemplate.
type TemplateError struct {
	Message string // what the template itself says, by raise_exception: such as roles that must alternate; "" if it did not
	Err     error  // the engine's error: syntax with its line, a value of the wrong type, a budget
}

func (e *TemplateError) Error() string {
	if e.Message != "" {
		return fmt.Sprintf("%v refuses the messages: %s", ErrTemplate, e.Message)
	}
	return fmt.Sprintf("%v: %v", ErrTemplate, e.Err)
}

// Is reports whether target is ErrTemplate.
func (e *TemplateError) Is(target error) bool { return target == ErrTemplate }

// Unwrap returns the engine's error.
func (e *TemplateError) Unwrap() error { return e.Err }

// SchemaError is a Format, or a tool's schema, that cannot be used as it is, or text that does not conform to it. It is ErrSchema.
type SchemaError struct {
	Pointer string // JSON Pointer into the schema, or the place in a grammar; with Text: into the answer. "" if it is the whole
	Text    string // the answer that does not conform, which is in the Result too; "" for an error of the schema itself
	Err     error  // what is wrong
}

func (e *SchemaError) Error() string {
	if e.Text != "" {
		return fmt.Sprintf("the answer does not conform to its %v: %v", ErrSchema, e.Err)
	}
	return fmt.Sprintf("%v: %v", ErrSchema, e.Err)
}

// Is reports whether target is ErrSchema.
func (e *SchemaError) Is(target error) bool { return target == ErrSchema }

// Unwrap returns what is wrong.
func (e *SchemaError) Unwrap() error { return e.Err }

// ToolError is a tool that failed in a way that ends the answer.
type ToolError struct {
	Call ToolCall
	Err  error
}

func (e *ToolError) Error() string { return fmt.Sprintf("tool %q: %v", e.Call.Name, e.Err) }

// Unwrap returns the tool's own error.
func (e *ToolError) Unwrap() error { return e.Err }
