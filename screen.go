package llm

import (
	"context"
	"errors"
	"strings"
)

// errFiltered ends an answer that the moderator stops.
var errFiltered = errors.New("stopped by the moderator")

// screen stands between an answer and its reader and lets through what the moderator does not object to. Text, reasoning and
// arguments are looked at each for itself.
type screen struct {
	ctx       context.Context
	moderator Moderator // nil: all passes
	emit      func(Event) bool
	filters   [3]*outputFilter // of screened kinds
	log       [3][]TokenLogprob
	passed    [3]strings.Builder
	step      int
	call      *ToolCall
	calls     []ToolCall
	violation Violation
	err       error // errFiltered, or the moderator's
}

// screened are the kinds of events whose texts are looked at.
var screened = [3]EventKind{EventText, EventReasoning, EventToolArgs}

func (c *Chat) newScreen(ctx context.Context, emit func(Event) bool) *screen {
	s := &screen{ctx: ctx, moderator: c.moderate, emit: emit}
	if s.moderator != nil {
		for i := range s.filters {
			s.filters[i] = newOutputFilter(ctx, s.moderator)
		}
	}
	return s
}

// input checks what the user says.
func (s *screen) input(msgs []Message) error {
	if s.moderator == nil {
		return nil
	}
	for _, m := range msgs {
		v, err := firstViolation(s.ctx, s.moderator, m.Text(), 0, true)
		if err != nil {
			return err
		}
		if v != nil {
			s.violation, s.err = *v, errFiltered
			return s.err
		}
	}
	return nil
}

// pass passes an event on, or keeps its text back until it is known to be harmless. It returns false when the answer has to end.
func (s *screen) pass(e Event) bool {
	if s.moderator == nil {
		return s.emit(e)
	}
	s.step = e.Step
	for i, kind := range screened {
		if e.Kind != kind {
			continue
		}
		s.log[i] = append(s.log[i], e.Logprobs...)
		if kind == EventToolArgs {
			s.call = e.Call
		}
		out, v, err := s.filters[i].push(e.Text)
		return s.release(i, out, v, err)
	}
	if !s.flush() {
		return false
	}
	if e.Kind == EventToolCall {
		s.calls = append(s.calls, *e.Call)
	}
	return s.emit(e)
}

// flush releases what is held back: nothing follows it that could belong to it.
func (s *screen) flush() bool {
	if s.moderator == nil {
		return true
	}
	for i, f := range s.filters {
		out, v, err := f.flush()
		if !s.release(i, out, v, err) {
			return false
		}
	}
	return true
}

// release emits text of a screened kind, then ends the answer if there is a violation or an error.
func (s *screen) release(i int, text string, v *Violation, err error) bool {
	if text != "" {
		s.passed[i].WriteString(text)
		e := Event{Kind: screened[i], Text: text, Step: s.step, Logprobs: s.log[i]}
		if e.Kind == EventToolArgs {
			e.Call = s.call
		}
		s.log[i] = nil
		if !s.emit(e) {
			return false
		}
	}
	switch {
	case err != nil:
		s.err = err
	case v != nil:
		s.violation, s.err = *v, errFiltered
	}
	return s.err == nil
}

// filtered makes the result of an answer that the moderator has stopped: what was blocked is in none of its fields.
func (l *loop) filtered() {
	s, r := l.shown, &l.res
	r.Reason, r.Filtered = ReasonFiltered, &s.violation
	l.onlyShown()
	l.c.m.counters.filtered.Add(1)
	if r.Steps == 0 { // it was the input
		l.c.m.counters.requests.Add(1)
	}
	if text := strings.TrimPrefix(r.Text, l.saidBefore()); text != "" || l.step > 0 {
		l.all = append(l.all, AssistantMessage(text))
	}
}

// onlyShown takes out of a moderated result what has not passed the moderator.
func (l *loop) onlyShown() {
	s, r := l.shown, &l.res
	if s.moderator == nil {
		return
	}
	r.Text, r.Reasoning, r.Calls = s.passed[0].String(), s.passed[1].String(), s.calls
	r.Raw, r.Tokens, r.Logprobs = r.Text, nil, nil
}

// saidBefore is the text of the steps that are complete.
func (l *loop) saidBefore() string {
	var b strings.Builder
	for _, m := range l.all[len(l.c.messages):] {
		if m.Role == RoleAssistant {
			b.WriteString(m.Text())
		}
	}
	return b.String()
}
