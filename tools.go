package llm

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// Tool is a function that the model can ask for. Call may be used by several goroutines at once unless
// ToolOptions.Serial is set; its arguments are valid under Schema. An error goes to the model as the result.
type Tool interface {
	Name() string
	Description() string
	Schema() json.RawMessage // JSON Schema of the arguments, an object
	Call(ctx context.Context, args json.RawMessage) (json.RawMessage, error)
}

// ToolOptions is what the four methods of a Tool cannot say.
//
// The context of a call ends at its timeout. A tool that ignores it is abandoned: the model is told that it timed out, while it
// goes on in the background until it returns, as a goroutine cannot be killed.
type ToolOptions struct {
	Timeout       time.Duration // of one call; 0: none but the context's
	Serial        bool          // never runs beside another tool of the same turn, nor beside itself: for tools that write
	ReturnDirect  bool          // the result is the answer
	NeedsApproval bool          // refused unless a guard allows it
	MaxCalls      int           // in one answer; 0: no limit of its own
	MaxOutput     int           // bytes of a result as JSON; a longer one is cut, with a note to the model. 0: 64 KiB; at least 128
}

// WithToolOptions returns the tool with options, in place of those it had.
func WithToolOptions(t Tool, o ToolOptions) Tool {
	return toolWithOptions{t, o, make(chan struct{}, 1)}
}

type toolWithOptions struct {
	Tool
	options ToolOptions
	alone   chan struct{} // held while a Serial tool runs, whichever Chat called it
}

// PendingCall is a call that waits for a Decision. Its JSON, with the chat's messages, lets another process go on.
type PendingCall struct {
	Call ToolCall `json:"call"`
	Step int      `json:"step"` // of the tool loop, from 0
}

// Decision is what a guard says about one call: Allow, Deny, Edit or Defer. The zero value is Defer.
type Decision struct {
	kind   decisionKind
	reason string
	args   json.RawMessage
}

type decisionKind uint8

const (
	decisionDefer decisionKind = iota
	decisionAllow
	decisionDeny
	decisionEdit
)

// Decisions without more to say.
var (
	Allow = Decision{kind: decisionAllow} // run the tool
	Defer = Decision{}                    // end the answer with ReasonPending; see Chat.Resume
)

// Deny does not run the tool; the model is told why.
func Deny(reason string) Decision { return Decision{kind: decisionDeny, reason: reason} }

// Edit runs the tool with other arguments, which must be valid under its schema.
func Edit(args json.RawMessage) Decision {
	return Decision{kind: decisionEdit, args: slices.Clone(args)}
}

// Guard decides about the calls of one turn before any of them runs. It returns one Decision for each. The answer waits for it, also
// when ctx has ended: it should watch ctx.
type Guard = func(ctx context.Context, calls []PendingCall) ([]Decision, error)

// Limits bound the tool loop of one answer. Zero: the default, negative: none.
//
// The last of the Steps has no tools, so that there is an answer. If a call is required (ToolRequired and its kin) it comes before that
// one: such an answer takes two steps even where Steps is 1.
type Limits struct {
	Steps     int           // turns of the model; default 8
	ToolCalls int           // default 32; then the model answers without tools
	Tokens    int           // generated in all turns; default none
	Wall      time.Duration // default none
}

const defaultSteps = 8

func (l Limits) withDefaults() Limits {
	if l.Steps == 0 {
		l.Steps = defaultSteps
	}
	return l
}
