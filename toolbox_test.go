package llm

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// funcTool is a Tool of a name and a function. Its schema is an object with no conditions, or schema.
type funcTool struct {
	name, schema string
	fn           func(ctx context.Context, args json.RawMessage) (json.RawMessage, error)
}

func (t funcTool) Name() string        { return t.name }
func (t funcTool) Description() string { return "does " + t.name }
func (t funcTool) Schema() json.RawMessage {
	if t.schema == "" {
		return json.RawMessage(`{"type":"object"}`)
	}
	return json.RawMessage(t.schema)
}
func (t funcTool) Call(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
	return t.fn(ctx, args)
}

// panickyTool does not even say what it is called.
type panickyTool struct{ funcTool }

func (panickyTool) Name() string { panic("ouch") }

func newBox(t testing.TB, tools ...Tool) *toolbox {
	t.Helper()
	b, err := newToolbox(tools)
	require.NoError(t, err)
	return b
}

func pendingCalls(calls ...ToolCall) []PendingCall {
	pending := make([]PendingCall, len(calls))
	for i, c := range calls {
		pending[i] = PendingCall{Call: c}
	}
	return pending
}

func TestToolboxRefuses(t *testing.T) {
	ok := funcTool{name: "ok"}
	for want, tools := range map[string][]Tool{
		"nil":             {nil},
		"it is nil":       {WithToolOptions(WithToolOptions(nil, ToolOptions{}), ToolOptions{Serial: true})},
		"0 bytes":         {funcTool{}},
		"65 bytes":        {funcTool{name: strings.Repeat("a", 65)}},
		"letters":         {funcTool{name: "two words"}},
		`"ä"`:             {funcTool{name: "ä"}},
		`"ok" is taken`:   {ok, WithToolOptions(ok, ToolOptions{Serial: true})},
		"no JSON object":  {funcTool{name: "a", schema: "true"}},
		`schema of "a"`:   {funcTool{name: "a", schema: "{"}},
		"-1ns":            {WithToolOptions(ok, ToolOptions{Timeout: -1})},
		"0: panic: ouch":  {panickyTool{}},
		"0: panic: value": {(*funcTool)(nil)},
		"panic: value":    {WithToolOptions((*funcTool)(nil), ToolOptions{Serial: true})},
		"-1 calls":        {WithToolOptions(ok, ToolOptions{MaxCalls: -1})},
	} {
		_, err := newToolbox(tools)
		require.ErrorContains(t, err, want)
	}
}

func TestToolboxKeepsOrderAndOutermostOptions(t *testing.T) {
	inner := WithToolOptions(funcTool{name: "b"}, ToolOptions{Serial: true, MaxCalls: 3})
	b := newBox(t, funcTool{name: "z.1"}, WithToolOptions(inner, ToolOptions{MaxCalls: 5}), funcTool{name: "A-_9"})
	require.Equal(t, []string{"z.1", "b", "A-_9"}, b.names())
	require.Equal(t, ToolOptions{MaxCalls: 5}, b.byName["b"].options)
	require.IsType(t, funcTool{}, b.byName["b"].tool)
	require.Equal(t, "does b", b.byName["b"].description)
	require.JSONEq(t, `{"type":"object"}`, string(b.byName["b"].schema))
}

func TestWithoutAGuardOnlyWhatNeedsApprovalIsDenied(t *testing.T) {
	b := newBox(t, funcTool{name: "read"}, WithToolOptions(funcTool{name: "write"}, ToolOptions{NeedsApproval: true}))
	d, err := b.decide(t.Context(), nil, pendingCalls(ToolCall{Name: "read"}, ToolCall{Name: "write"}, ToolCall{Name: "unknown"}))
	require.NoError(t, err)
	require.Equal(t, []Decision{Allow, Deny("this tool needs approval, and nobody is there to give it"), Allow}, d)
}

func TestGuardSeesTheBatchAndCannotChangeIt(t *testing.T) {
	b := newBox(t, WithToolOptions(funcTool{name: "a"}, ToolOptions{NeedsApproval: true}))
	pending := pendingCalls(ToolCall{ID: "1", Name: "a", Arguments: json.RawMessage(`{"n":1}`)}, ToolCall{ID: "2", Name: "a"})
	pending[1].Step = 3
	var kept []Decision
	guard := func(_ context.Context, calls []PendingCall) ([]Decision, error) {
		require.Equal(t, pending, calls)
		copy(calls[0].Call.Arguments, `{"n":9}`)
		calls[1].Call.Name = "b"
		kept = []Decision{Allow, Deny("no")}
		return kept, nil
	}
	d, err := b.decide(t.Context(), guard, pending)
	require.NoError(t, err)
	require.Equal(t, []Decision{Allow, Deny("no")}, d)
	require.Equal(t, `{"n":1}`, string(pending[0].Call.Arguments))
	require.Equal(t, "a", pending[1].Call.Name)
	kept[1] = Allow
	require.Equal(t, Deny("no"), d[1])

	d, err = b.decide(t.Context(), func(context.Context, []PendingCall) ([]Decision, error) { panic("asked about nothing") }, nil)
	require.NoError(t, err)
	require.Empty(t, d)
}

func TestGuardMistakesAreErrors(t *testing.T) {
	b := newBox(t, funcTool{name: "a"})
	odd := errors.New("odd")
	b.validate = func(name string, args json.RawMessage) error {
		require.Equal(t, "a", name)
		if strings.Contains(string(args), "odd") {
			return odd
		}
		return nil
	}
	says := func(d []Decision, err error) Guard {
		return func(context.Context, []PendingCall) ([]Decision, error) { return d, err }
	}
	call := pendingCalls(ToolCall{Name: "a"})
	for _, c := range []struct {
		guard Guard
		want  string
	}{
		{says(nil, nil), "0 decisions about 1 calls"},
		{says([]Decision{Allow, Allow}, nil), "2 decisions about 1 calls"},
		{says([]Decision{Edit(json.RawMessage(`[]`))}, nil), "no JSON object"},
		{says([]Decision{Edit(nil)}, nil), "no JSON object"},
		{says([]Decision{Edit(json.RawMessage(`{"odd":`))}, nil), "no JSON object"},
		{says([]Decision{Edit(json.RawMessage(`{"odd":1}`))}, nil), `edited call 0 of tool "a": odd`},
		{func(context.Context, []PendingCall) ([]Decision, error) { panic("boom") }, "guard: panic: boom"},
	} {
		d, err := b.decide(t.Context(), c.guard, call)
		require.ErrorContains(t, err, c.want)
		require.Nil(t, d)
	}
	_, err := b.decide(t.Context(), says([]Decision{Allow}, odd), call)
	require.ErrorIs(t, err, odd)
	_, err = b.decide(t.Context(), says([]Decision{Edit(json.RawMessage(` {"even":1}`))}, nil), call)
	require.NoError(t, err)
}
