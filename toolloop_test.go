package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"llm/internal/constrain"
)

type lookup struct {
	Word string `json:"word" llm:"enum=red|green|blue"`
	N    int    `json:"n" llm:"min=0,max=99"`
}

// lookupTool counts its calls and echoes.
func lookupTool(t testing.TB, name string, calls *atomic.Int64) Tool {
	tool, err := NewTool(name, "looks a word up", func(ctx context.Context, in lookup) (string, error) {
		calls.Add(1)
		call, _, ok := ToolCallFrom(ctx)
		if !ok || call.Name != name {
			return "", errors.New("no call in the context")
		}
		return fmt.Sprintf("%s %d", in.Word, in.N), nil
	})
	require.NoError(t, err)
	return tool
}

// seeded draws with a seed. Tokens of blanks alone, which the tiny model likes best of all, are made rare.
func seeded(m *Model, seed int, p Params) Params {
	p.Sampling = &Sampling{Temperature: 1.5, Seed: uint64(seed + 1), LogitBias: map[Token]float32{}}
	for id := range m.Info().Vocabulary {
		if text := m.tok.AppendText(nil, Token(id)); len(text) > 0 && len(bytes.TrimSpace(text)) == 0 {
			p.Sampling.LogitBias[Token(id)] = -8
		}
	}
	if p.MaxTokens == 0 {
		p.MaxTokens = 700
	}
	return p
}

// A call runs its tool, the result goes to the model, and events, result and history say the same.
func TestChatRunsTools(t *testing.T) {
	m := tiny(t, WithContext(4096))
	var calls atomic.Int64
	tool := lookupTool(t, "lookup", &calls)
	for seed := range 8 {
		c := newChat(t, m, WithTools(tool), WithMaxSteps(2))
		calls.Store(0)
		stream := c.Send(context.Background(), "Look up red", seeded(m, seed, Params{ToolChoice: ToolRequired.Single()}))
		var text, args strings.Builder
		var pointer *ToolCall
		var kinds []EventKind
		for e, err := range stream.Events() {
			require.NoError(t, err)
			if n := len(kinds); n == 0 || kinds[n-1] != e.Kind {
				kinds = append(kinds, e.Kind)
			}
			switch e.Kind {
			case EventText:
				text.WriteString(e.Text)
			case EventToolStart:
				pointer = e.Call
			case EventToolArgs:
				args.WriteString(e.Text)
				require.Same(t, pointer, e.Call)
			case EventToolCall, EventToolResult:
				require.Same(t, pointer, e.Call)
			}
		}
		r, err := stream.Result()
		require.NoError(t, err)
		require.Equal(t, EventUsage, kinds[len(kinds)-1])
		require.Equal(t, text.String(), r.Text)
		require.Len(t, r.Calls, 1)
		require.EqualValues(t, 1, calls.Load())
		require.JSONEq(t, args.String(), string(r.Calls[0].Arguments))
		require.Equal(t, 2, r.Steps)
		var in lookup
		require.NoError(t, json.Unmarshal(r.Calls[0].Arguments, &in))
		want := fmt.Sprintf("%s %d", in.Word, in.N)
		require.Len(t, r.Messages, 4)
		require.Equal(t, r.Calls, r.Messages[1].Calls)
		require.Equal(t, ToolMessage(r.Calls[0].ID, "lookup", want), r.Messages[2])
		require.Equal(t, r.Messages, c.Messages())
		require.Contains(t, r.Raw, "<tool_call>")
		require.Len(t, r.Tokens, r.Usage.Generated)
		// The conversation goes on in another chat, from its JSON.
		data, err := json.Marshal(c.Messages())
		require.NoError(t, err)
		var again []Message
		require.NoError(t, json.Unmarshal(data, &again))
		other := newChat(t, m, WithTools(tool), WithHistory(again...))
		p := short
		p.ToolChoice = ToolNone
		a, err := c.Send(context.Background(), "Thanks", p).Result()
		require.NoError(t, err)
		b, err := other.Send(context.Background(), "Thanks", p).Result()
		require.NoError(t, err)
		require.Equal(t, b.Tokens, a.Tokens)
	}
}

func TestToolChoices(t *testing.T) {
	m := tiny(t, WithContext(4096))
	var calls atomic.Int64
	a, b := lookupTool(t, "alpha", &calls), lookupTool(t, "beta", &calls)
	c := newChat(t, m, WithTools(a, b), WithMaxSteps(2))
	for seed := range 6 {
		f, err := c.Fork()
		require.NoError(t, err)
		r, err := f.Send(context.Background(), "x", seeded(m, seed, Params{ToolChoice: ToolNamed("beta").Single()})).Result()
		require.NoError(t, err)
		require.Len(t, r.Calls, 1)
		require.Equal(t, "beta", r.Calls[0].Name)
		require.NoError(t, f.Close())

		f, err = c.Fork()
		require.NoError(t, err)
		r, err = f.Send(context.Background(), "x", seeded(m, seed, Params{ToolChoice: ToolNone})).Result()
		require.NoError(t, err)
		require.Empty(t, r.Calls)
		require.Equal(t, 1, r.Steps)
		require.NoError(t, f.Close())
	}
	_, err := c.Send(context.Background(), "x", Params{ToolChoice: ToolAmong("beta", "gamma")}).Result()
	require.ErrorContains(t, err, "gamma")
	require.Empty(t, c.Messages())
}

// Tools together with a final schema: a call that is required, then an answer that fits.
func TestToolsAndAFormat(t *testing.T) {
	m := tiny(t, WithContext(4096))
	var calls atomic.Int64
	f, err := Schema(json.RawMessage(`{"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"],"additionalProperties":false}`))
	require.NoError(t, err)
	for seed := range 6 {
		c := newChat(t, m, WithTools(lookupTool(t, "lookup", &calls)), WithMaxSteps(2))
		r, err := c.Send(context.Background(), "x", seeded(m, seed, Params{ToolChoice: ToolRequired.Single(), Format: f})).Result()
		require.NoError(t, err)
		require.NotEmpty(t, r.Calls)
		if r.Reason == ReasonStop {
			last := r.Messages[len(r.Messages)-1].Text()
			require.NoError(t, f.constraint().Validate(last), "%q", last)
		}
	}
}

func TestGuard(t *testing.T) {
	m := tiny(t, WithContext(4096))
	ctx := context.Background()
	var calls atomic.Int64
	tool := lookupTool(t, "lookup", &calls)
	p := seeded(m, 1, Params{ToolChoice: ToolRequired.Single()})
	guarded := func(d Decision) (*Chat, Result) {
		calls.Store(0)
		c := newChat(t, m, WithTools(tool), WithMaxSteps(2), WithGuard(func(_ context.Context, batch []PendingCall) ([]Decision, error) {
			require.Len(t, batch, 1)
			require.Equal(t, "lookup", batch[0].Call.Name)
			return []Decision{d}, nil
		}))
		r, err := c.Send(ctx, "x", p).Result()
		require.NoError(t, err)
		return c, r
	}
	_, r := guarded(Allow)
	require.EqualValues(t, 1, calls.Load())
	want := r.Tokens

	_, r = guarded(Deny("not today"))
	require.Zero(t, calls.Load())
	require.Contains(t, r.Messages[2].Text(), "not today")

	_, r = guarded(Edit(json.RawMessage(`{"word":"blue","n":7}`)))
	require.EqualValues(t, 1, calls.Load())
	require.Equal(t, "blue 7", r.Messages[2].Text())
	require.JSONEq(t, `{"word":"blue","n":7}`, string(r.Messages[1].Calls[0].Arguments))

	c, r := guarded(Defer)
	require.Zero(t, calls.Load())
	require.Equal(t, ReasonPending, r.Reason)
	require.Len(t, c.Pending(), 1)
	_, err := c.Send(ctx, "y", p).Result()
	require.ErrorIs(t, err, ErrPending)
	// In another process: messages and pending calls travel as JSON.
	data, err := json.Marshal(c.Messages())
	require.NoError(t, err)
	var history []Message
	require.NoError(t, json.Unmarshal(data, &history))
	other := newChat(t, m, WithTools(tool), WithMaxSteps(2), WithHistory(history...))
	require.Equal(t, c.Pending()[0].Call, other.Pending()[0].Call)
	_, err = other.Resume(ctx, nil, p).Result()
	require.Error(t, err)
	p.ToolChoice = ToolNone
	resumed, err := other.Resume(ctx, []Decision{Allow}, p).Result()
	require.NoError(t, err)
	require.EqualValues(t, 1, calls.Load())
	require.Empty(t, other.Pending())
	require.Equal(t, want, append(r.Tokens, resumed.Tokens...), "as if it had been allowed at once")

	broken := newChat(t, m, WithTools(tool), WithGuard(func(context.Context, []PendingCall) ([]Decision, error) { return nil, errors.New("no") }))
	_, err = broken.Send(ctx, "x", seeded(m, 1, Params{ToolChoice: ToolRequired})).Result()
	require.ErrorContains(t, err, "no")
	require.Empty(t, broken.Messages())
}

// The limit of time cuts an answer as a limit of tokens does: what there is of it is kept. A guard that waits is cut too.
func TestWallLimitCuts(t *testing.T) {
	m := tiny(t, WithContext(8192))
	endless, err := Grammar("root ::= [a-z ]{100000}")
	require.NoError(t, err)
	limits := WithLimits(Limits{Wall: 30 * time.Millisecond})
	c := newChat(t, m, limits)
	r, err := c.Send(context.Background(), "x", seeded(m, 1, Params{Format: endless, MaxTokens: 8000})).Result()
	require.NoError(t, err)
	require.Equal(t, ReasonToolLimit, r.Reason)
	require.Equal(t, []Message{UserMessage("x"), AssistantMessage(r.Text)}, c.Messages())

	var calls atomic.Int64
	wait := func(ctx context.Context, _ []PendingCall) ([]Decision, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	c = newChat(t, m, WithTools(lookupTool(t, "lookup", &calls)), WithLimits(Limits{Wall: time.Second}), WithGuard(wait))
	r, err = c.Send(context.Background(), "x", seeded(m, 1, Params{ToolChoice: ToolRequired.Single()})).Result()
	require.NoError(t, err)
	require.Equal(t, ReasonToolLimit, r.Reason)
	require.Zero(t, calls.Load())
	require.Empty(t, c.Pending())
}

// What a decision changes in a call is seen in the conversation that it is made in, and only there, once the answer is whole.
func TestEditedCallsStayInTheirChat(t *testing.T) {
	m := tiny(t, WithContext(4096))
	ctx := context.Background()
	var calls atomic.Int64
	wait := func(_ context.Context, p []PendingCall) ([]Decision, error) { return make([]Decision, len(p)), nil }
	c := newChat(t, m, WithTools(lookupTool(t, "lookup", &calls)), WithGuard(wait))
	_, err := c.Send(ctx, "x", seeded(m, 1, Params{ToolChoice: ToolRequired.Single()})).Result()
	require.NoError(t, err)
	before := c.Messages()
	edit := []Decision{Edit(json.RawMessage(`{"word":"green","n":7}`))}

	fork, err := c.Fork()
	require.NoError(t, err)
	defer fork.Close()
	_, err = fork.Resume(ctx, edit, seeded(m, 1, Params{MaxTokens: 5, ToolChoice: ToolNone})).Result()
	require.NoError(t, err)
	require.JSONEq(t, `{"word":"green","n":7}`, string(fork.Messages()[1].Calls[0].Arguments))
	require.Equal(t, before, c.Messages())

	for e := range c.Resume(ctx, edit, seeded(m, 1, Params{MaxTokens: 5})).Events() {
		if e.Kind == EventStep {
			break
		}
	}
	require.Equal(t, before, c.Messages())
}

// Declared tools are run by the caller.
func TestDeclaredTools(t *testing.T) {
	m := tiny(t, WithContext(4096))
	ctx := context.Background()
	tools, err := ParseTools([]byte(`[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{"b":{"type":"boolean"}},"required":["b"],"additionalProperties":false}}},{"name":"g"}]`))
	require.NoError(t, err)
	require.Equal(t, "g", tools[1].Name())
	c := newChat(t, m, WithTools(tools...))
	r, err := c.Send(ctx, "x", seeded(m, 2, Params{ToolChoice: ToolNamed("f").Single()})).Result()
	require.NoError(t, err)
	require.Equal(t, ReasonCalls, r.Reason)
	require.Len(t, r.Calls, 1)
	require.Equal(t, r.Calls[0], c.Pending()[0].Call)
	_, err = c.SendMessages(ctx, Params{}, ToolMessage("other", "f", "1")).Result()
	require.ErrorIs(t, err, ErrPending)
	r, err = c.SendMessages(ctx, seeded(m, 2, Params{ToolChoice: ToolNone, MaxTokens: 10}), ToolMessage(r.Calls[0].ID, "f", "1")).Result()
	require.NoError(t, err)
	require.Empty(t, c.Pending())
}

func TestParseToolsErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{"type":"function"}`:       "want a JSON list",
		`[{"type":"function"}]`:     "tool 0 has no name",
		`[{"name":"f"},"g"]`:        "tool 1: the value at byte 3 is string",
		`[{"name":"f"},{"name":`:    "unexpected end",
		`[{"function":{"name":1}}]`: "function.name",
	} {
		_, err := ParseTools([]byte(text))
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "struct", text)
	}
	tools, err := ParseTools([]byte(`[{"name":"f","parameters":null}]`)) // as OpenAI has it for a function without any
	require.NoError(t, err)
	require.JSONEq(t, `{"type":"object","properties":{}}`, string(tools[0].Schema()))
}

func TestLimitsOfTheLoop(t *testing.T) {
	m := tiny(t, WithContext(4096))
	ctx := context.Background()
	var calls atomic.Int64
	again := lookupTool(t, "lookup", &calls)
	required := seeded(m, 3, Params{ToolChoice: ToolRequired.Single()})

	// The last step has no tools, whatever the model would like.
	for steps := 1; steps < 4; steps++ {
		c := newChat(t, m, WithTools(again), WithMaxSteps(steps))
		r, err := c.Send(ctx, "x", required).Result()
		require.NoError(t, err)
		require.LessOrEqual(t, r.Steps, max(steps, 2))
		require.LessOrEqual(t, len(r.Calls), max(steps-1, 1))
		if steps <= 2 { // what is required comes, and an answer to it
			require.Equal(t, 2, r.Steps)
			require.Len(t, r.Calls, 1)
		}
	}

	c := newChat(t, m, WithTools(again), WithLimits(Limits{ToolCalls: -1, Tokens: 30}))
	r, err := c.Send(ctx, "x", seeded(m, 3, Params{MaxTokens: 500, ToolChoice: ToolNone})).Result()
	require.NoError(t, err)
	require.LessOrEqual(t, r.Usage.Generated, 30)
	if r.Usage.Generated == 30 {
		require.Equal(t, ReasonToolLimit, r.Reason)
	}

	slow, err := NewTool("slow", "", func(ctx context.Context, in struct{}) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	})
	require.NoError(t, err)
	c = newChat(t, m, WithTools(slow), WithLimits(Limits{Wall: 300 * time.Millisecond}))
	r, err = c.Send(ctx, "x", required).Result()
	require.NoError(t, err)
	require.Equal(t, ReasonToolLimit, r.Reason)
	require.Empty(t, c.Pending()) // the conversation can go on
	require.Contains(t, c.Messages()[2].Text(), "time limit")
	_, err = c.Send(ctx, "y", seeded(m, 1, Params{MaxTokens: 3, ToolChoice: ToolNone})).Result()
	require.NoError(t, err)

	// A cancelled context ends a tool too, and leaves the conversation as it was.
	c = newChat(t, m, WithTools(slow))
	cancelled, cancel := context.WithCancel(ctx)
	for e, err := range c.Send(cancelled, "x", required).Events() {
		if e.Kind == EventToolCall {
			cancel()
		}
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
	}
	cancel()
	require.Empty(t, c.Messages())
}

// A tool's result whose keys and values would exceed the memory limit is not lost either, and there may be memory later.
func TestToolResultBeyondTheMemoryLimit(t *testing.T) {
	probe := tiny(t)
	m := tiny(t, WithContext(8000), WithMemoryLimit(16*int64(probe.runner.PageBytes(0))))
	ctx := context.Background()
	tool, err := NewTool("f", "", func(context.Context, struct{}) (string, error) { return strings.Repeat("a longer story, ", 60), nil })
	require.NoError(t, err)
	other, err := m.NewSession()
	require.NoError(t, err)
	_, err = other.Generate(ctx, strings.Repeat("Hello ", 150), Params{MaxTokens: 1}).Result()
	require.NoError(t, err)

	c := newChat(t, m, WithTools(tool))
	_, err = c.Send(ctx, "x", seeded(m, 4, Params{ToolChoice: ToolRequired.Single(), MaxTokens: 300})).Result()
	require.ErrorIs(t, err, ErrMemoryLimit)
	list := c.Messages()
	require.Len(t, list, 3)
	require.Equal(t, list[1].Calls[0].ID, list[2].CallID)
	require.Equal(t, strings.Repeat("a longer story, ", 60), list[2].Text())
	require.Empty(t, c.Pending())

	require.NoError(t, other.Close())
	r, err := c.SendMessages(ctx, seeded(m, 1, Params{ToolChoice: ToolNone, MaxTokens: 1})).Result()
	require.NoError(t, err)
	require.Equal(t, 1, r.Usage.Generated)
}

// A tool's result that does not fit ends the answer, and is not lost: the conversation goes on once it is shorter.
func TestToolResultThatDoesNotFit(t *testing.T) {
	m := tiny(t, WithContext(1024))
	ctx := context.Background()
	ran := 0
	tool, err := NewTool("f", "", func(context.Context, struct{}) (string, error) {
		ran++
		return strings.Repeat("a longer story, ", 1000), nil
	})
	require.NoError(t, err)
	required := seeded(m, 4, Params{ToolChoice: ToolRequired.Single(), MaxTokens: 300})
	sizes := func(err error) (n, fit int) {
		_, text, _ := strings.Cut(err.Error(), `"f" has `)
		_, scanned := fmt.Sscanf(text, "%d tokens where %d fit", &n, &fit)
		require.NoError(t, scanned, "%v", err)
		return n, fit
	}
	check := func(c *Chat, r Result, err error) {
		t.Helper()
		require.ErrorIs(t, err, ErrContextFull)
		var full *ContextError
		require.ErrorAs(t, err, &full)
		require.Greater(t, full.Need, full.Have)
		require.Equal(t, 1024, full.Have)
		require.Equal(t, ReasonError, r.Reason)
		require.Equal(t, 1, ran)
		list := c.Messages()
		require.Len(t, list, 3)
		require.Len(t, list[1].Calls, 1)
		require.Equal(t, list[1].Calls[0].ID, list[2].CallID)
		require.Equal(t, strings.Repeat("a longer story, ", 1000), list[2].Text())
		require.Empty(t, c.Pending())
		n, fit := sizes(err)
		require.Equal(t, m.Tokenizer().Count(list[2].Text()), n)
		require.Equal(t, full.Need-full.Have, n-fit)
		require.ErrorContains(t, err, "ToolOptions.MaxOutput")
	}
	c := newChat(t, m, WithTools(tool))
	r, err0 := c.Send(ctx, "x", required).Result()
	check(c, r, err0)
	require.Equal(t, c.Messages(), r.Messages)

	// The same Chat refuses more, and stays as it is.
	before := c.Messages()
	_, err = c.Send(ctx, "y", required).Result()
	require.ErrorIs(t, err, ErrContextFull)
	require.Equal(t, before, c.Messages())

	// With as much of the result as fits it goes on.
	_, fit := sizes(err0)
	answer := seeded(m, 1, Params{ToolChoice: ToolNone, MaxTokens: 1})
	tokens := m.Tokenizer().Append(nil, before[2].Text())
	shorter := append(before[:2:2], ToolMessage(before[2].CallID, "f", string(m.Tokenizer().AppendText(nil, tokens[:fit]...))))
	c = newChat(t, m, WithTools(tool), WithHistory(shorter...))
	r, err = c.SendMessages(ctx, answer).Result()
	require.NoError(t, err)
	require.Equal(t, 1, r.Usage.Generated)
	require.Equal(t, 1024-1, r.Usage.Prompt)

	// A call that was waiting for a decision is no longer.
	ran = 0
	deferred := func(_ context.Context, p []PendingCall) ([]Decision, error) { return make([]Decision, len(p)), nil }
	c = newChat(t, m, WithTools(tool), WithGuard(deferred))
	_, err = c.Send(ctx, "x", required).Result()
	require.NoError(t, err)
	require.Len(t, c.Pending(), 1)
	r, err = c.Resume(ctx, []Decision{Allow}, answer).Result()
	check(c, r, err)

	// Bounded, it fits.
	bounded := WithToolOptions(tool, ToolOptions{MaxOutput: 200})
	c = newChat(t, m, WithTools(bounded), WithMaxSteps(2))
	_, err = c.Send(ctx, "x", required).Result()
	require.NoError(t, err)
	require.LessOrEqual(t, len(c.Messages()[2].Text()), 200)
	require.Contains(t, c.Messages()[2].Text(), "[cut: the beginning of 16000 bytes]")
	for _, n := range []int{-1, 1, minToolOutput - 1} {
		_, err = m.NewChat(WithTools(WithToolOptions(tool, ToolOptions{MaxOutput: n})))
		require.ErrorContains(t, err, "MaxOutput")
	}
}

func TestToolsThatEndTheAnswer(t *testing.T) {
	m := tiny(t, WithContext(4096))
	ctx := context.Background()
	p := seeded(m, 4, Params{ToolChoice: ToolRequired.Single()})
	say := func(fn func() (string, error), o ToolOptions) (*Chat, Tool) {
		tool, err := NewTool("f", "", func(context.Context, struct{}) (string, error) { return fn() })
		require.NoError(t, err)
		tool = WithToolOptions(tool, o)
		return newChat(t, m, WithTools(tool)), tool
	}
	c, _ := say(func() (string, error) { return "the answer", nil }, ToolOptions{ReturnDirect: true})
	r, err := c.Send(ctx, "x", p).Result()
	require.NoError(t, err)
	require.Equal(t, "the answer", r.Text)
	require.Equal(t, ReasonStop, r.Reason)
	require.Equal(t, AssistantMessage("the answer"), r.Messages[3])

	c, _ = say(func() (string, error) { return "bye", ErrStopTurn }, ToolOptions{})
	r, err = c.Send(ctx, "x", p).Result()
	require.NoError(t, err)
	require.Equal(t, 1, r.Steps)
	require.Equal(t, "bye", r.Messages[2].Text())

	c, _ = say(func() (string, error) { return "", fmt.Errorf("fire: %w", ErrStopTurn) }, ToolOptions{})
	_, err = c.Send(ctx, "x", p).Result()
	var failed *ToolError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, "f", failed.Call.Name)

	c, _ = say(func() (string, error) { panic("ouch") }, ToolOptions{})
	r, err = c.Send(ctx, "x", p).Result()
	require.NoError(t, err)
	require.Contains(t, r.Messages[2].Text(), "failed")
	require.NotContains(t, r.Messages[2].Text(), "ouch")

	c, _ = say(func() (string, error) { return "ran", nil }, ToolOptions{NeedsApproval: true})
	r, err = c.Send(ctx, "x", p).Result()
	require.NoError(t, err)
	require.Contains(t, r.Messages[2].Text(), "approval")
}

// A schema that cannot be enforced to the letter is reported, and arguments are checked before the tool runs.
func TestRelaxedToolSchemas(t *testing.T) {
	m := tiny(t, WithContext(4096))
	ctx := context.Background()
	tool := DeclareTool("f", "", json.RawMessage(`{"type":"object","properties":{"l":{"type":"array","items":{"type":"integer","minimum":0,"maximum":3},"uniqueItems":true,"minItems":3,"maxItems":4}},"required":["l"],"additionalProperties":false}`))
	c := newChat(t, m, WithTools(tool))
	list := c.Relaxed()
	require.NotEmpty(t, list)
	require.Equal(t, "f", list[0].Tool)
	require.Contains(t, list[0].Pointer, "uniqueItems")
	_, err := c.Send(ctx, "x", Params{Strict: true}).Result()
	require.ErrorIs(t, err, ErrSchema)
	require.ErrorContains(t, err, "f")

	// The model is told where its arguments are wrong, the guard's author too.
	ran := funcTool{name: "f", schema: string(tool.Schema()), fn: func(context.Context, json.RawMessage) (json.RawMessage, error) { panic("must not run") }}
	c = newChat(t, m, WithTools(ran))
	wrong := ToolCall{ID: "1", Name: "f", Arguments: json.RawMessage(`{"l":[1,2,1]}`)}
	out, _ := runAll(ctx, c.tools.box.runner(Limits{}), wrong)
	require.JSONEq(t, `{"error":"arguments: invalid: /l/2: an item is there twice: 1"}`, string(out[0].Output))
	edit := func(_ context.Context, p []PendingCall) ([]Decision, error) {
		return []Decision{Edit(json.RawMessage(`{"l":[1,2,7]}`))}, nil
	}
	_, err = newChat(t, m, WithTools(ran), WithGuard(edit)).Send(ctx, "x", seeded(m, 1, Params{ToolChoice: ToolRequired.Single()})).Result()
	require.ErrorContains(t, err, "/l/2: at most 3 expected, 7 found")
}

func TestModeratedChat(t *testing.T) {
	m := tiny(t, WithContext(4096))
	ctx := context.Background()
	free, err := newChat(t, m).Send(ctx, "Hello", seeded(m, 5, Params{MaxTokens: 60})).Result()
	require.NoError(t, err)
	words := strings.FieldsFunc(free.Text, func(r rune) bool { return !(r >= 'a' && r <= 'z') })
	word := ""
	for _, w := range words {
		if len(w) > len(word) && strings.Index(free.Text, w) > 10 {
			word = w
		}
	}
	require.NotEmpty(t, word, "%q", free.Text)
	mod, err := PatternModerator(map[string][]string{"secret": {word}, "rude": {"damn"}})
	require.NoError(t, err)
	c := newChat(t, m, WithModerator(mod))
	before := m.Stats()
	var seen strings.Builder
	stream := c.Send(ctx, "Hello", seeded(m, 5, Params{MaxTokens: 60}))
	for text, err := range stream.Text() {
		require.NoError(t, err)
		seen.WriteString(text)
	}
	r, err := stream.Result()
	require.NoError(t, err)
	require.Equal(t, ReasonFiltered, r.Reason)
	require.Equal(t, "secret", r.Filtered.Category)
	cut := strings.Index(strings.ToLower(free.Text), strings.ToLower(word))
	require.Equal(t, free.Text[:cut], r.Text)
	require.Equal(t, r.Text, seen.String())
	for _, part := range []string{r.Text, r.Raw, r.Reasoning, c.Messages()[1].Text()} {
		require.NotContains(t, strings.ToLower(part), strings.ToLower(word))
	}
	require.Empty(t, r.Tokens)

	r, err = c.Send(ctx, "Damn!", short).Result()
	require.NoError(t, err)
	require.Equal(t, ReasonFiltered, r.Reason)
	require.Equal(t, "rude", r.Filtered.Category)
	require.Zero(t, r.Usage.Generated)
	after := m.Stats()
	require.EqualValues(t, 2, after.Filtered-before.Filtered)
	require.EqualValues(t, 2, after.Requests-before.Requests)

	seen.Reset()
	stream = newChat(t, m, WithModerator(mod)).Send(ctx, "Hello", short)
	for text, err := range stream.Text() {
		require.NoError(t, err)
		seen.WriteString(text)
	}
	harmless, err := stream.Result()
	require.NoError(t, err)
	require.Equal(t, harmless.Text, seen.String())
	plain, err := newChat(t, m).Send(ctx, "Hello", short).Result()
	require.NoError(t, err)
	require.Equal(t, plain.Text, harmless.Text)
}

// The end of an answer is judged as all of it is, and what was not judged when it is broken off does not pass.
func TestModeratedToTheEnd(t *testing.T) {
	m := tiny(t, WithContext(4096))
	ctx := context.Background()
	for n := 5; n < 40; n += 5 {
		free, err := newChat(t, m).Send(ctx, "Hello", seeded(m, 5, Params{MaxTokens: n})).Result()
		require.NoError(t, err)
		end := free.Text[len(free.Text)-4:]
		mod, err := PatternModerator(map[string][]string{"end": {regexp.QuoteMeta(end)}})
		require.NoError(t, err)
		r, err := newChat(t, m, WithModerator(mod)).Send(ctx, "Hello", seeded(m, 5, Params{MaxTokens: n})).Result()
		require.NoError(t, err)
		require.Equal(t, ReasonFiltered, r.Reason)
		require.NotContains(t, r.Text, end)
	}

	wide, err := PatternModerator(map[string][]string{"wide": {"damn.{0,100}damn"}})
	require.NoError(t, err)
	endless, err := Grammar("root ::= [a-z ]{100000}")
	require.NoError(t, err)
	cancelled, cancel := context.WithCancel(ctx)
	stream := newChat(t, m, WithModerator(wide)).Send(cancelled, "Hello", seeded(m, 5, Params{MaxTokens: 3000, Format: endless}))
	var seen strings.Builder
	for e, err := range stream.Events() {
		if e.Kind == EventText {
			seen.WriteString(e.Text)
			cancel()
		}
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
	}
	cancel()
	r, err := stream.Result()
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, seen.String(), r.Text)
	require.Equal(t, r.Text, r.Raw)
	require.Empty(t, r.Tokens)
}

// A budget ends the reasoning, by the marker's own tokens, and the answer follows.
func TestThinkBudget(t *testing.T) {
	m := tiny(t, WithContext(4096))
	const template = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n" +
		"{% if enable_thinking is not defined or enable_thinking %}<think>\n{% else %}<think></think>{% endif %}"
	c := newChat(t, m, WithTemplate(template))
	marker := len(m.tok.t.AppendSpecial(nil, "</think>"))
	for _, budget := range []int{0, 1, 7, 20} {
		f, err := c.Fork()
		require.NoError(t, err)
		r, err := f.Send(context.Background(), "Hello", seeded(m, budget, Params{MaxTokens: 60, Thinking: ThinkBudget(budget)})).Result()
		require.NoError(t, err)
		require.LessOrEqual(t, r.Usage.Reasoning, budget+marker+4) // a character may have to end first
		require.Contains(t, r.Raw, "</think>")
		require.NotEmpty(t, r.Text)
		require.NoError(t, f.Close())
	}
	_, err := newChat(t, m, WithTemplate("{% for m in messages %}{{ m.content }}{% endfor %}{{ tools }}>>>")).
		Send(context.Background(), "x", Params{Thinking: ThinkBudget(3)}).Result()
	require.ErrorIs(t, err, ErrUnsupported)
}

// A model that calls the same again and again is stopped, and still answers. A template without tools or a system message is told of
// them in the user's.
func TestRepeatsEndInAnAnswer(t *testing.T) {
	m := tiny(t, WithContext(4096))
	source, err := os.ReadFile(filepath.Join(shared(t, filepath.Join("fixtures", "templates")), "google-gemma-2-2b-it.jinja"))
	require.NoError(t, err)
	runs := 0
	tool, err := NewTool("f", "does it", func(context.Context, struct{}) (string, error) { runs++; return "again", nil })
	require.NoError(t, err)
	c := newChat(t, m, WithTools(tool), WithTemplate(string(source)), WithLimits(Limits{ToolCalls: 1}))
	p := seeded(m, 1, Params{ToolChoice: ToolRequired.Single(), MaxTokens: 100})
	r, err := c.Send(context.Background(), "Do it", p).Result()
	require.NoError(t, err)
	require.Equal(t, 1, runs)
	require.NotEqual(t, ReasonError, r.Reason)
	require.Contains(t, string(m.Tokenizer().AppendText(nil, c.Session().Tokens()...)), "<tools>")
}

// Chats of one kind share what was compiled, and those of another kind get their own.
func TestChatsShareRules(t *testing.T) {
	m := tiny(t)
	tool := func(name, schema string) Tool { return DeclareTool(name, "", json.RawMessage(schema)) }
	rule := func(tools ...Tool) *constrain.Constraint {
		c := newChat(t, m, WithTools(tools...))
		l := &loop{c: c}
		held, err := l.held("x")
		require.NoError(t, err)
		r, err := c.rule(held)
		require.NoError(t, err)
		return r
	}
	a, b := tool("a", `{"type":"object"}`), tool("b", `{"type":"object"}`)
	require.Same(t, rule(a, b), rule(a, b))
	require.Same(t, rule(a, b), rule(tool("a", `{"type":"object"}`), b))
	for _, other := range []*constrain.Constraint{rule(a), rule(b), rule(b, a), rule(tool("a", `{}`), b)} {
		require.NotSame(t, rule(a, b), other)
	}
	require.Nil(t, rule())
}

// A model that can reason in several messages cannot go on in the next one once the budget is spent.
func TestThinkBudgetOfMessages(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(shared(t, filepath.Join("fixtures", "templates")), "openai-gpt-oss-120b.jinja"))
	require.NoError(t, err)
	m := tiny(t, WithContext(8192))
	final, err := Schema(json.RawMessage(`{"type":"object","properties":{"a":{"enum":[1,2]}},"required":["a"],"additionalProperties":false}`))
	require.NoError(t, err)
	again := 0
	for seed := range 12 {
		c := newChat(t, m, WithTemplate(string(source)))
		r, err := c.Send(context.Background(), "x", seeded(m, seed, Params{Format: final, Thinking: ThinkBudget(5), MaxTokens: 300})).Result()
		require.NoError(t, err)
		thoughts := strings.Split(r.Raw, "<|channel|>analysis<|message|>")
		for _, late := range thoughts[min(2, len(thoughts)):] {
			again++
			text, _, ended := strings.Cut(late, "<|end|>")
			require.Less(t, len(text), 24, "%q", r.Raw) // a character, or a token, may have to end first
			require.True(t, ended || r.Reason == ReasonLength, "%q", r.Raw)
		}
		require.NoError(t, c.Close())
	}
	require.NotZero(t, again)
}

var callSeeds = flag.Int("seeds", 1, "seeds of TestCallsCannotComeOutWrong; more than one: for every template, else for one of each dialect")

// Random weights at high temperature, in every dialect: each call that comes out names an offered tool and has
// valid arguments, required calls come, formats hold, and a limit is no error.
func TestCallsCannotComeOutWrong(t *testing.T) {
	m := tiny(t, WithContext(8192))
	paths, err := filepath.Glob(filepath.Join(shared(t, filepath.Join("fixtures", "templates")), "*.jinja"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	seeds, seen := *callSeeds, map[string]bool{}
	if testing.Short() {
		paths = paths[:len(paths)/4]
	}
	final, err := Schema(json.RawMessage(`{"type":"object","properties":{"answer":{"enum":["a","b"]}},"required":["answer"],"additionalProperties":false}`))
	require.NoError(t, err)
	var calls atomic.Int64
	tools := []Tool{lookupTool(t, "lookup", &calls), lookupTool(t, "get_word", &calls)}
	stopped, made := 0, 0
	for _, path := range paths {
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		c, err := m.NewChat(WithTools(tools...), WithTemplate(string(source)), WithMaxSteps(2))
		require.NoError(t, err, path)
		if seen[c.dialect.Name] && seeds == 1 {
			require.NoError(t, c.Close())
			continue
		}
		seen[c.dialect.Name] = true
		for seed := range seeds {
			for name, p := range map[string]Params{
				"auto": {}, "required": {ToolChoice: ToolRequired}, "named": {ToolChoice: ToolNamed("get_word")},
				"single": {ToolChoice: ToolRequired.Single()}, "format": {ToolChoice: ToolNone, Format: final}, "both": {Format: final},
			} {
				what := fmt.Sprintf("%s, %s, seed %d", filepath.Base(path), name, seed)
				f, err := c.Fork()
				require.NoError(t, err)
				p = seeded(m, seed, p)
				p.Sampling.Temperature, p.MaxTokens = 2, 250
				r, err := f.Send(context.Background(), "Look up red", p).Result()
				var template *TemplateError
				if errors.As(err, &template) && r.Usage.Generated == 0 { // it needs other messages
					require.NoError(t, f.Close())
					continue
				}
				if errors.As(err, &template) { // it cannot show calls
					require.NoError(t, f.Close())
					continue
				}
				require.NoError(t, err, what)
				require.Contains(t, []Reason{ReasonStop, ReasonLength, ReasonToolLimit}, r.Reason, what)
				if r.Reason != ReasonLength { // a call that is cut off is one worth
					require.Empty(t, r.Warnings, "%s: %q", what, r.Raw)
				}
				for _, call := range r.Calls {
					var in lookup
					require.Contains(t, []string{"lookup", "get_word"}, call.Name, what)
					require.NoError(t, json.Unmarshal(call.Arguments, &in), "%s: %s", what, call.Arguments)
					require.NoError(t, f.tools.validate(call.Name, call.Arguments), what)
					made++
				}
				if r.Reason == ReasonStop {
					stopped++
					switch name {
					case "required", "named", "single":
						require.NotEmpty(t, r.Calls, what)
					case "format":
						require.NoError(t, final.constraint().Validate(r.Text), "%s: %q", what, r.Text)
					}
				}
				if name == "single" {
					require.LessOrEqual(t, len(r.Calls), 1, what)
				}
				require.NoError(t, f.Close())
			}
		}
		require.NoError(t, c.Close())
	}
	t.Logf("%d templates, %d dialects, %d answers ended by themselves, %d calls", len(paths), len(seen), stopped, made)
	require.NotZero(t, made)
}
