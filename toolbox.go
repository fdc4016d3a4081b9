package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
)

// toolbox is the tools of a Chat. Its methods are safe for concurrent use; its fields are set before the first of them.
type toolbox struct {
	tools    []*boxedTool // in the order given
	byName   map[string]*boxedTool
	validate func(name string, args json.RawMessage) error // whether an object fits the tool's schema; nil: any does
	log      *slog.Logger
}

// boxedTool is a tool with what it said about itself when it was put into the box.
type boxedTool struct {
	tool        Tool
	name        string
	description string
	schema      json.RawMessage
	options     ToolOptions
	alone       chan struct{} // held while a Serial tool runs; nil for others
}

// newToolbox checks tools and asks each, once, what it is. Errors: no tool, one that panics when it is asked, a name that is empty,
// malformed or taken, a schema that is no JSON object, an option out of range.
func newToolbox(tools []Tool) (*toolbox, error) {
	b := &toolbox{byName: make(map[string]*boxedTool, len(tools)), log: slog.New(slog.DiscardHandler)}
	for i, t := range tools {
		boxed, err := boxTool(t)
		if err != nil {
			return nil, fmt.Errorf("tool %d: %w", i, err)
		}
		if b.byName[boxed.name] != nil {
			return nil, fmt.Errorf("tool %d: the name %q is taken", i, boxed.name)
		}
		b.byName[boxed.name] = boxed
		b.tools = append(b.tools, boxed)
	}
	return b, nil
}

func boxTool(t Tool) (b *boxedTool, err error) {
	defer func() {
		if p := recover(); p != nil { // such as one that is a nil pointer
			b, err = nil, fmt.Errorf("panic: %v", p)
		}
	}()
	b = &boxedTool{}
	if o, ok := t.(toolWithOptions); ok {
		b.options, b.alone = o.options, o.alone
	}
	for o, ok := t.(toolWithOptions); ok; o, ok = t.(toolWithOptions) {
		t = o.Tool
	}
	if t == nil {
		return nil, errors.New("it is nil")
	}
	b.tool, b.name, b.description, b.schema = t, t.Name(), t.Description(), slices.Clone(t.Schema())
	if err := checkToolName(b.name); err != nil {
		return nil, err
	}
	if !isObject(b.schema) {
		return nil, fmt.Errorf("the schema of %q is no JSON object", b.name)
	}
	if o := b.options; o.Timeout < 0 || o.MaxCalls < 0 {
		return nil, fmt.Errorf("%q has a negative option: timeout %v, %d calls", b.name, o.Timeout, o.MaxCalls)
	}
	if n := b.options.MaxOutput; n != 0 && n < minToolOutput {
		return nil, fmt.Errorf("%q has MaxOutput %d: want 0 or at least %d", b.name, n, minToolOutput)
	}
	return b, nil
}

// checkToolName refuses what some format of tool calls could not carry.
func checkToolName(name string) error {
	if len(name) == 0 || len(name) > 64 {
		return fmt.Errorf("name %q has %d bytes: want 1 to 64", name, len(name))
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-', c == '.':
		default:
			return fmt.Errorf("name %q: want letters, digits, '_', '-' and '.' only", name)
		}
	}
	return nil
}

func isObject(text json.RawMessage) bool {
	return bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) && json.Valid(text)
}

// checkArguments reports whether a tool can be called with args.
func (b *toolbox) checkArguments(name string, args json.RawMessage) error {
	switch {
	case !isObject(args):
		return errors.New("arguments are no JSON object")
	case b.validate == nil:
		return nil
	}
	return b.validate(name, args)
}

// decide asks guard about the calls of one turn and checks what it says. Without a guard every tool is allowed that does not
// need approval. A guard that panics is an error.
func (b *toolbox) decide(ctx context.Context, guard Guard, pending []PendingCall) ([]Decision, error) {
	if len(pending) == 0 {
		return nil, nil
	}
	if guard == nil {
		return b.unguarded(pending), nil
	}
	decisions, err := b.ask(ctx, guard, pending)
	if err == nil {
		err = b.checkDecisions(pending, decisions)
	}
	if err != nil {
		return nil, fmt.Errorf("guard: %w", err)
	}
	return decisions, nil
}

func (b *toolbox) unguarded(pending []PendingCall) []Decision {
	decisions := make([]Decision, len(pending))
	for i, p := range pending {
		decisions[i] = Allow
		if t := b.byName[p.Call.Name]; t != nil && t.options.NeedsApproval {
			decisions[i] = Deny("this tool needs approval, and nobody is there to give it")
		}
	}
	return decisions
}

// ask calls the guard with a copy: it must not change, unchecked, what will run.
func (b *toolbox) ask(ctx context.Context, guard Guard, pending []PendingCall) (decisions []Decision, err error) {
	defer func() {
		if p := recover(); p != nil {
			b.log.Error("guard panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			decisions, err = nil, fmt.Errorf("panic: %v", p)
		}
	}()
	pending = slices.Clone(pending)
	for i := range pending {
		pending[i].Call.Arguments = slices.Clone(pending[i].Call.Arguments)
	}
	decisions, err = guard(ctx, pending)
	return slices.Clone(decisions), err
}

// checkDecisions reports whether there is one decision for each call, and whether edited arguments fit.
func (b *toolbox) checkDecisions(pending []PendingCall, decisions []Decision) error {
	if len(decisions) != len(pending) {
		return fmt.Errorf("%d decisions about %d calls", len(decisions), len(pending))
	}
	for i, d := range decisions {
		if d.kind != decisionEdit {
			continue
		}
		if err := b.checkArguments(pending[i].Call.Name, d.args); err != nil {
			return fmt.Errorf("edited call %d of tool %q: %w", i, pending[i].Call.Name, err)
		}
	}
	return nil
}
