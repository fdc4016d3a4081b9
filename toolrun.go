package llm

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

const (
	maxParallelTools = 4                      // calls of one turn that run at the same time
	defaultToolCalls = 32                     // of one answer
	refusedRepeat    = 3                      // the same call for the third time does not run
	lastRepeat       = 4                      // and for the fourth time ends the answer
	toolGrace        = 100 * time.Millisecond // after its timeout, for a tool to return by itself before it is abandoned
)

var errToolTimeout = errors.New("tool timed out")

// ToolCallFrom returns, inside Tool.Call, which call of the model it answers and in which step of the tool loop, from 0. ok is
// false for a context that does not come from a Chat.
func ToolCallFrom(ctx context.Context) (call ToolCall, step int, ok bool) {
	p, ok := ctx.Value(toolCallKey{}).(PendingCall)
	return p.Call, p.Step, ok
}

type toolCallKey struct{}

// toolOutcome is what became of one call.
type toolOutcome struct {
	Call     ToolCall        // as it ran: with the guard's arguments if it edited them
	Output   json.RawMessage // for the model: JSON in valid UTF-8, as long as the tool's options allow; nil if Deferred
	Failed   bool            // Output is {"error": "…"}
	Deferred bool            // it waits for a decision; nothing was done
	Direct   bool            // Output is the answer
	Stop     bool            // the tool ends the answer
	Err      error           // with Stop: a *ToolError, the answer ends with it
	Limit    bool            // the answer ends with ReasonToolLimit
}

// failed is the outcome of a call that went wrong, of a tool that is not there (t is nil) too.
func (t *boxedTool) failed(call ToolCall, text string) toolOutcome {
	return toolOutcome{Call: call, Output: errorOutput(text, t.maxOutput()), Failed: true}
}

// maxOutput bounds the results of the tool, in bytes of JSON.
func (t *boxedTool) maxOutput() int {
	if t == nil {
		return maxToolOutput
	}
	return cmp.Or(t.options.MaxOutput, maxToolOutput)
}

// toolRunner runs the calls of one answer and counts them. Not safe for concurrent use.
type toolRunner struct {
	box   *toolbox
	limit int            // calls of the answer; negative: none
	total int            // calls so far, whether they ran or not
	runs  map[string]int // by tool: calls that ran
	same  map[string]int // by name and arguments: calls
}

// runner begins an answer within limits.
func (b *toolbox) runner(limits Limits) *toolRunner {
	r := &toolRunner{box: b, limit: limits.ToolCalls, runs: map[string]int{}, same: map[string]int{}}
	if r.limit == 0 {
		r.limit = defaultToolCalls
	}
	return r
}

// run does with the calls of one turn what was decided (one decision each) and returns the outcomes in the order of the calls.
// emit is told of each outcome as it comes, from the caller's goroutine, but not of deferred and cancelled calls; if it returns
// false the rest is cancelled.
//
// Calls start in their order, maxParallelTools at a time at most; a Serial one begins when those before it have ended and ends
// before those after it begin. When ctx ends, run returns at once, and what was not reported yet is cancelled. A goroutine cannot
// be killed: a tool that ignores its context goes on in the background until it returns, after its timeout as after a
// cancellation, and its result is dropped.
func (r *toolRunner) run(ctx context.Context, calls []PendingCall, decisions []Decision, emit func(int, toolOutcome) bool) []toolOutcome {
	outcomes := make([]toolOutcome, len(calls))
	settled := make([]bool, len(calls))
	var queue []int
	for i, c := range calls {
		outcomes[i], settled[i] = r.admit(c, decisions[i])
		if !settled[i] {
			queue = append(queue, i)
		}
	}
	for i, o := range outcomes {
		if settled[i] && !o.Deferred && !emit(i, o) {
			return outcomes
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan toolReport, 2*len(queue)) // room for all there can be: nobody waits to report
	running, alone := 0, false
	for ctx.Err() == nil && (running > 0 || len(queue) > 0) {
		for len(queue) > 0 && (running == 0 || !alone && running < maxParallelTools && !r.tool(calls[queue[0]]).options.Serial) {
			i := queue[0]
			queue = queue[1:]
			running, alone = running+1, r.tool(calls[i]).options.Serial
			r.start(ctx, i, PendingCall{outcomes[i].Call, calls[i].Step}, done)
		}
		select {
		case d := <-done:
			if settled[d.i] {
				continue // it had been abandoned
			}
			running--
			outcomes[d.i], settled[d.i] = d.outcome, true
			if !emit(d.i, d.outcome) {
				return outcomes
			}
		case <-ctx.Done():
		}
	}
	return outcomes
}

func (r *toolRunner) tool(c PendingCall) *boxedTool { return r.box.byName[c.Call.Name] }

// toolReport is how call i ended.
type toolReport struct {
	i       int
	outcome toolOutcome
}

// admit counts a call. It returns its outcome if it is settled without running; else what it is if it gets cancelled.
func (r *toolRunner) admit(c PendingCall, d Decision) (o toolOutcome, settled bool) {
	call := c.Call
	if d.kind == decisionDefer {
		return toolOutcome{Call: call, Deferred: true}, true
	}
	if len(call.Arguments) == 0 {
		call.Arguments = json.RawMessage("{}")
	}
	r.total++
	key := call.Name + "\x00" + canonicalJSON(call.Arguments)
	r.same[key]++
	if d.kind == decisionEdit {
		call.Arguments = d.args
	}
	t := r.tool(c)
	refuse := func(format string, args ...any) (toolOutcome, bool) {
		return t.failed(call, fmt.Sprintf(format, args...)), true
	}
	switch n := r.same[key]; {
	case r.limit >= 0 && r.total > r.limit:
		o, settled = refuse("the limit of %d tool calls is reached: this call was not run", r.limit)
		o.Limit = true
		return o, settled
	case n >= refusedRepeat:
		o, settled = refuse("this call was made %d times with the same arguments: it was not run again", n)
		o.Limit = n >= lastRepeat
		return o, settled
	case d.kind == decisionDeny && d.reason == "":
		return refuse("this call was denied")
	case d.kind == decisionDeny:
		return refuse("this call was denied: %s", d.reason)
	case t == nil:
		return refuse("there is no tool %q; there are: %s", call.Name, strings.Join(r.box.names(), ", "))
	}
	if err := r.box.checkArguments(call.Name, call.Arguments); err != nil {
		return refuse("%v", err)
	}
	if r.runs[call.Name]++; t.options.MaxCalls > 0 && r.runs[call.Name] > t.options.MaxCalls {
		return refuse("the limit of %d calls of this tool is reached: this call was not run", t.options.MaxCalls)
	}
	return t.failed(call, "cancelled"), false
}

func (b *toolbox) names() []string {
	names := make([]string, len(b.tools))
	for i, t := range b.tools {
		names[i] = t.name
	}
	return names
}

// canonicalJSON returns one text for all ways to write an object that differ in spaces, order and escapes. Numbers stay as they
// are written, and so does what is no JSON.
func canonicalJSON(text json.RawMessage) string {
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	var v any
	if !json.Valid(text) || d.Decode(&v) != nil {
		return string(text)
	}
	out, err := json.Marshal(v)
	if err != nil {
		return string(text)
	}
	return string(out)
}

// start runs call i in a goroutine of its own. It reports how that ends, and, before or instead, that it took too long.
func (r *toolRunner) start(ctx context.Context, i int, c PendingCall, done chan<- toolReport) {
	t := r.tool(c)
	cancel := func() {}
	if limit := t.options.Timeout; limit > 0 {
		inTime, release := context.WithTimeoutCause(ctx, limit, errToolTimeout)
		abandon := time.AfterFunc(min(limit, math.MaxInt64-toolGrace)+toolGrace, func() {
			r.box.log.Warn("tool abandoned: it ignores its context", "tool", t.name, "timeout", limit)
			done <- toolReport{i, t.timedOut(c.Call)}
		})
		ctx, cancel = inTime, func() { abandon.Stop(); release() }
	}
	go func() {
		defer cancel()
		o := t.failed(c.Call, "the tool failed") // what it stays if the tool panics or ends its goroutine
		defer func() { done <- toolReport{i, o} }()
		r.call(ctx, t, c, &o)
	}()
}

// call runs a tool and sets o, unless it panics or ends its goroutine.
func (r *toolRunner) call(ctx context.Context, t *boxedTool, c PendingCall, o *toolOutcome) {
	returned := false
	defer func() {
		if !returned {
			r.box.log.Error("tool panicked", "tool", t.name, "panic", fmt.Sprint(recover()), "stack", string(debug.Stack()))
		}
	}()
	out, err := t.call(ctx, c)
	*o = t.outcome(ctx, c.Call, out, err)
	returned = true
}

// call passes the tool copies of the arguments, and waits for a Serial tool's other calls, of any Chat, to end.
func (t *boxedTool) call(ctx context.Context, c PendingCall) (json.RawMessage, error) {
	if t.options.Serial {
		select {
		case t.alone <- struct{}{}:
			defer func() { <-t.alone }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	args := slices.Clone(c.Call.Arguments)
	c.Call.Arguments = slices.Clone(args)
	return t.tool.Call(context.WithValue(ctx, toolCallKey{}, c), args)
}

// outcome reads what a tool returned.
func (t *boxedTool) outcome(ctx context.Context, call ToolCall, out json.RawMessage, err error) toolOutcome {
	switch {
	case err == nil || err == ErrStopTurn:
		return toolOutcome{Call: call, Output: toolOutput(out, t.maxOutput()), Direct: t.options.ReturnDirect, Stop: err != nil}
	case context.Cause(ctx) == errToolTimeout && !errors.Is(err, ErrStopTurn):
		return t.timedOut(call)
	}
	o := t.failed(call, err.Error())
	if errors.Is(err, ErrStopTurn) {
		o.Stop, o.Err = true, &ToolError{Call: call, Err: err}
	}
	return o
}

func (t *boxedTool) timedOut(call ToolCall) toolOutcome {
	return t.failed(call, fmt.Sprintf("timed out after %v", t.options.Timeout))
}
