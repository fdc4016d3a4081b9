package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"llm/internal/dialect"
)

// loop is one answer of a Chat: turns of the model, and the tools between them.
type loop struct {
	c        *Chat
	p        Params
	emit     func(Event) bool
	left     bool      // the reader has
	all      []Message // the conversation with what the answer has added
	runner   *toolRunner
	shown    *screen              // what the moderator lets through
	pointers map[string]*ToolCall // of the events, by id
	limited  bool                 // a limit of calls was reached: one more answer, without tools
	overfull bool                 // the results of tools do not fit, or their cache: they are kept, without an answer
	res      Result
	step     int
}

var errWall = errors.New("limit of the tool loop: wall time")

// converse answers the conversation with msgs added, and keeps both. decided are decisions about the open calls.
func (c *Chat) converse(ctx context.Context, p Params, msgs []Message, decided []Decision, emit func(Event) bool) (Result, error) {
	l := &loop{c: c, p: p, all: slices.Concat(c.messages, msgs), runner: c.tools.box.runner(c.limits), pointers: map[string]*ToolCall{}}
	l.emit = func(e Event) bool {
		l.left = l.left || !emit(e)
		return !l.left
	}
	l.shown = c.newScreen(ctx, l.emit)
	if c.limits.Wall > 0 {
		limited, cancel := context.WithTimeoutCause(ctx, c.limits.Wall, errWall)
		defer cancel()
		ctx = limited
	}
	err := l.run(ctx, msgs, decided)
	if outOfTime(ctx, err) {
		l.res.Reason, err = ReasonToolLimit, nil
		l.settle()
	}
	if errors.Is(err, errFiltered) {
		l.filtered()
		err = nil
	}
	if err != nil || l.res.Reason == ReasonCancelled {
		l.onlyShown()
		if err != nil && l.res.Reason != ReasonCancelled {
			l.res.Reason = ReasonError
		}
		if l.overfull {
			l.keep()
		}
		return l.res, err
	}
	l.keep()
	u := l.res.Usage
	emit(Event{Kind: EventUsage, Usage: &u, Step: l.step})
	return l.res, nil
}

// keep makes what the answer has added part of the conversation.
func (l *loop) keep() {
	l.res.Messages = cloneMessages(l.all[len(l.c.messages):])
	l.c.messages = l.all
}

// outOfTime reports whether err is the limit of time, as ctx or as a guard that watches it tells.
func outOfTime(ctx context.Context, err error) bool {
	return errors.Is(err, errWall) || errors.Is(err, context.DeadlineExceeded) && context.Cause(ctx) == errWall
}

// settle gives the calls that the limit of time leaves open a result, so that the conversation can go on.
func (l *loop) settle() {
	for _, p := range openCalls(l.all) {
		l.all = append(l.all, ToolMessage(p.Call.ID, p.Call.Name, string(errorOutput("cancelled: the time limit is reached", maxToolOutput))))
	}
}

// run goes on until the model stops asking for tools. What the answer is lies in res and all.
func (l *loop) run(ctx context.Context, msgs []Message, decided []Decision) error {
	if err := l.check(); err != nil {
		return err
	}
	if err := l.shown.input(msgs); err != nil {
		return err
	}
	if decided != nil {
		if ended, err := l.call(ctx, openCalls(l.c.messages), decided); ended || err != nil {
			return err
		}
		l.step++
	}
	for {
		if l.step > 0 && !l.emit(Event{Kind: EventStep, Step: l.step}) {
			l.res.Reason = ReasonCancelled
			return nil
		}
		calls, err := l.turn(ctx)
		if l.limited && err == nil && l.res.Reason == ReasonStop {
			l.res.Reason = ReasonToolLimit
		}
		if err != nil || l.res.Reason != ReasonStop || len(calls) == 0 {
			return err
		}
		pending := make([]PendingCall, len(calls))
		for i, call := range calls {
			pending[i] = PendingCall{Call: call, Step: l.step}
		}
		if ended, err := l.call(ctx, pending, nil); ended || err != nil {
			return err
		}
		l.step++
	}
}

func (l *loop) check() error {
	if err := l.p.check(); err != nil || !l.p.Strict {
		return err
	}
	return l.c.tools.strict()
}

// lastStep reports whether the step is the last that the limits allow: it has no tools, so that there is an answer.
func (l *loop) lastStep() bool {
	return l.limited || l.c.limits.Steps > 0 && l.step >= l.c.limits.Steps-1
}

// choice is the choice of tools in this step. What is required is required once.
func (l *loop) choice() ToolChoice {
	choice := l.p.ToolChoice
	if l.step > 0 && choice.mode == toolRequired {
		choice.mode = toolAuto
	}
	if l.lastStep() && choice.mode == toolAuto {
		choice = ToolNone
	}
	return choice
}

// held returns what the model is held to in this step.
func (l *loop) held(opening string) (dialect.Turn, error) {
	choice := l.choice()
	functions, err := l.c.tools.choose(choice)
	t := dialect.Turn{
		Prefix: opening, Tools: functions, Required: choice.mode == toolRequired, Single: choice.single,
		NoReasoning: l.p.Thinking == ThinkOff,
	}
	if l.p.Format != nil && !t.Required { // else the answer comes after the call
		t.Final = l.p.Format.constraint()
	}
	return t, err
}

// guide returns how the turn is held to that.
func (l *loop) guide(held dialect.Turn) (g guide, err error) {
	c := l.c
	if g.rule, err = c.rule(held); err != nil {
		return g, err
	}
	if held.Final != nil {
		g.hold(held.Final)
	}
	if l.p.Thinking.mode == thinkBudget {
		if c.dialect.ReasoningEnd() == "" {
			return g, fmt.Errorf("%w: ThinkBudget: the model does not reason", ErrUnsupported)
		}
		g.budget = c.newThoughtBudget(held, l.p.Thinking.budget)
	}
	g.continues = func(id int32) bool { return c.dialect.Continues(c.m.tok.text(id, true)) }
	return g, nil
}

// turn has the model say something, and returns the calls that it makes.
func (l *loop) turn(ctx context.Context) ([]ToolCall, error) {
	c, p := l.c, l.p
	rendered, err := c.render(l.all, p.Thinking)
	if err != nil {
		return nil, err
	}
	held, err := l.held(rendered.Opening)
	if err != nil {
		return nil, err
	}
	g, err := l.guide(held)
	if err != nil {
		return nil, err
	}
	tokens := c.m.tok.rendered(rendered)
	if need := len(tokens) + 1; need > c.m.context {
		return nil, l.full(&ContextError{Need: need, Have: c.m.context})
	}
	n, err := c.session.reuse(tokens)
	if err != nil {
		return nil, err
	}
	reader := c.newTurn(held, l.callsSoFar())
	g.turn = reader
	p.Thinking = Thinking{}
	if left := c.limits.Tokens - l.res.Usage.Generated; c.limits.Tokens > 0 && (p.MaxTokens == 0 || left < p.MaxTokens) {
		p.MaxTokens = max(left, 1)
	}
	if l.res.Seed != 0 {
		p.Sampling = l.sameSeed()
	}
	res, err := c.session.generate(ctx, tokens[n:], p, g, l.event)
	res.Usage.Reasoning = reader.thoughts(res.Tokens)
	if res.Reason == ReasonLength && c.limits.Tokens > 0 && l.res.Usage.Generated+res.Usage.Generated >= c.limits.Tokens {
		res.Reason = ReasonToolLimit
	}
	late := outOfTime(ctx, err)
	if err == nil && res.Reason != ReasonCancelled || late {
		l.shown.flush() // nothing follows what is held back
	}
	if l.left {
		res.Reason = ReasonCancelled
	}
	l.add(res)
	if l.shown.err != nil {
		return nil, l.shown.err
	}
	if !late && (err != nil || res.Reason == ReasonCancelled) {
		l.overfull = errors.Is(err, ErrMemoryLimit) && l.step > 0
		return nil, err
	}
	said := AssistantMessage(res.Text)
	said.Reasoning = res.Reasoning
	if res.Reason == ReasonStop { // calls that are not run would stay open
		said.Calls = slices.Clone(res.Calls)
	}
	l.all = append(l.all, said)
	return res.Calls, err
}

// full returns the error of a conversation that does not fit. If it is because of what tools have said, that is not lost.
func (l *loop) full(e *ContextError) error {
	if l.step == 0 {
		return e
	}
	l.overfull = true
	var name string
	most := -1
	for i := len(l.all) - 1; i >= 0 && l.all[i].Role == RoleTool; i-- {
		if n := l.c.m.tok.Count(l.all[i].Text()); n > most {
			name, most = l.all[i].Name, n
		}
	}
	return fmt.Errorf("%w: the result of the tool %q has %d tokens where %d fit; the messages are kept: go on with shorter ones (WithHistory), "+
		"and bound results with ToolOptions.MaxOutput", e, name, most, max(0, most-(e.Need-e.Have)))
}

// sameSeed is the sampling of the first step, with the seed that was drawn there.
func (l *loop) sameSeed() *Sampling {
	s := l.c.m.DefaultSampling()
	if l.p.Sampling != nil {
		s = *l.p.Sampling
	}
	s.Seed = l.res.Seed
	return &s
}

func (l *loop) callsSoFar() (n int) {
	for _, m := range l.all {
		n += len(m.Calls)
	}
	return n
}

// event passes an event of a turn on. The usage comes once, at the end of the answer.
func (l *loop) event(e Event) bool {
	if e.Kind == EventUsage {
		return true
	}
	if e.Kind == EventToolStart {
		l.pointers[e.Call.ID] = e.Call
	}
	e.Step = l.step
	return l.shown.pass(e)
}

// add adds the result of a turn.
func (l *loop) add(r Result) {
	t := &l.res
	if t.Seed == 0 {
		t.Seed = r.Seed
		t.Usage.Queue, t.Usage.Prefill, t.Usage.FirstToken = r.Usage.Queue, r.Usage.Prefill, r.Usage.FirstToken
	}
	t.Text, t.Reasoning, t.Raw = t.Text+r.Text, t.Reasoning+r.Reasoning, t.Raw+r.Raw
	t.Calls, t.Tokens = append(t.Calls, r.Calls...), append(t.Tokens, r.Tokens...)
	t.Logprobs, t.Warnings = append(t.Logprobs, r.Logprobs...), append(t.Warnings, r.Warnings...)
	t.Usage.Prompt += r.Usage.Prompt
	t.Usage.Cached += r.Usage.Cached
	t.Usage.Generated += r.Usage.Generated
	t.Usage.Reasoning += r.Usage.Reasoning
	t.Usage.Total += r.Usage.Total
	t.Reason, t.Steps = r.Reason, l.step+1
}

// call decides about calls, runs those that may, and adds their results. It reports whether the answer ends with them.
func (l *loop) call(ctx context.Context, pending []PendingCall, decided []Decision) (ended bool, err error) {
	if decided, err = l.decide(ctx, pending, decided); err != nil {
		return false, err
	}
	outcomes := l.runner.run(ctx, pending, decided, func(i int, o toolOutcome) bool {
		return l.emit(Event{Kind: EventToolResult, Call: l.pointer(pending[i].Call), Output: o.Output, Step: l.step})
	})
	if err := context.Cause(ctx); err != nil {
		return false, err
	}
	if l.left {
		l.res.Reason = ReasonCancelled
		return true, nil
	}
	return l.results(outcomes)
}

// decide returns a decision for each call: the caller's, else the guard's. Calls of declared tools are left to the caller.
func (l *loop) decide(ctx context.Context, pending []PendingCall, decided []Decision) ([]Decision, error) {
	box := l.c.tools.box
	if decided != nil {
		return decided, box.checkDecisions(pending, decided)
	}
	decided = make([]Decision, len(pending)) // Defer
	var ours []PendingCall
	var at []int
	for i, p := range pending {
		if t := box.byName[p.Call.Name]; t == nil || !t.declared() {
			ours, at = append(ours, p), append(at, i)
		}
	}
	said, err := box.decide(ctx, l.c.guard, ours)
	for i, d := range said {
		decided[at[i]] = d
	}
	return decided, err
}

// results adds the results of calls to the conversation. It reports whether the answer ends with them.
func (l *loop) results(outcomes []toolOutcome) (ended bool, err error) {
	asked := l.lastCalls()
	var direct []string
	for _, o := range outcomes {
		t := l.c.tools.box.byName[o.Call.Name]
		switch {
		case o.Err != nil:
			return true, o.Err
		case o.Deferred && t != nil && t.declared():
			l.res.Reason, ended = ReasonCalls, true
			continue
		case o.Deferred:
			if l.res.Reason != ReasonCalls {
				l.res.Reason = ReasonPending
			}
			ended = true
			continue
		}
		text := resultText(o.Output)
		l.all = append(l.all, ToolMessage(o.Call.ID, o.Call.Name, text))
		if at := slices.IndexFunc(asked, func(c ToolCall) bool { return c.ID == o.Call.ID }); at >= 0 {
			asked[at].Arguments = o.Call.Arguments // the guard may have edited them
		}
		if o.Direct {
			direct = append(direct, text)
		}
		l.limited = l.limited || o.Limit
		ended = ended || o.Stop
	}
	if len(direct) > 0 && !ended {
		return true, l.say(strings.Join(direct, "\n"))
	}
	return ended, nil
}

// lastCalls returns the calls of the last answer, to be changed: they are no longer those of the Chat, or of a fork.
func (l *loop) lastCalls() []ToolCall {
	for i := len(l.all) - 1; i >= 0; i-- {
		if l.all[i].Role != RoleTool {
			l.all[i].Calls = slices.Clone(l.all[i].Calls)
			return l.all[i].Calls
		}
	}
	return nil
}

// say makes text the answer, as if the model had said it.
func (l *loop) say(text string) error {
	l.res.Text += text
	l.all = append(l.all, AssistantMessage(text))
	if !l.shown.pass(Event{Kind: EventText, Text: text, Step: l.step}) || !l.shown.flush() {
		if l.shown.err != nil {
			return l.shown.err
		}
		l.res.Reason = ReasonCancelled
	}
	return nil
}

// resultText is a result as a message: text as it is, all else as JSON.
func resultText(out json.RawMessage) string {
	var text string
	if len(out) > 0 && out[0] == '"' && json.Unmarshal(out, &text) == nil {
		return text
	}
	return string(out)
}

// pointer returns the call as the events so far had it.
func (l *loop) pointer(call ToolCall) *ToolCall {
	if p := l.pointers[call.ID]; p != nil {
		return p
	}
	return &call
}
