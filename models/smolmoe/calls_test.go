package smolmoe

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"llm"
)

// toolTurn is a recorded turn of a chat with tools: greedy, and not held to any schema.
type toolTurn struct {
	Name     string          `json:"name"`
	Messages []llm.Message   `json:"messages"`
	Tools    json.RawMessage `json:"tools"`
	Answer   string          `json:"answer"`
}

// call returns the recorded call, nil if the turn is none.
func (t *toolTurn) call(tb testing.TB) *llm.ToolCall {
	text, ok := strings.CutPrefix(t.Answer, "<tool_call>\n")
	if !ok {
		return nil
	}
	var c struct {
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"`
	}
	require.NoError(tb, json.Unmarshal([]byte(strings.TrimSuffix(text, "\n</tool_call>")), &c))
	return &llm.ToolCall{Name: c.Name, Arguments: c.Arguments}
}

// schema returns the schema of a tool's arguments.
func (t *toolTurn) schema(tb testing.TB, name string) llm.Format {
	tools, err := llm.ParseTools(t.Tools)
	require.NoError(tb, err)
	for _, tool := range tools {
		if tool.Name() == name {
			f, err := llm.Schema(tool.Schema())
			require.NoError(tb, err)
			return f
		}
	}
	tb.Fatalf("no tool %q", name)
	return nil
}

// Recorded calls that fit their schemas come out again; the others come out as calls that fit. The cache is f32, as in the record: one
// choice of a tool is a near tie.
func TestRecordedCalls(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(sharedRoot(), "models", "transcript.jsonl"))
	if err != nil {
		t.Skipf("needs the reference data: %v", err)
	}
	m, err := llm.Open(context.Background(), Source(), llm.WithKVType("f32"))
	require.NoError(t, err)
	defer m.Close()
	same, repaired := 0, 0
	for line := range bytes.Lines(data) {
		var turn toolTurn
		require.NoError(t, json.Unmarshal(line, &turn))
		want := turn.call(t)
		if turn.Tools == nil || want == nil {
			continue
		}
		r := answer(t, m, &turn)
		require.Len(t, r.Calls, 1, turn.Name)
		got := r.Calls[0]
		if fits(turn.schema(t, want.Name), want.Arguments) {
			require.Equal(t, want.Name, got.Name, turn.Name)
			require.JSONEq(t, string(want.Arguments), string(got.Arguments), turn.Name)
			same++
			continue
		}
		require.True(t, fits(turn.schema(t, got.Name), got.Arguments), "%s: %s", turn.Name, got.Arguments)
		t.Logf("%s: %s became %s", turn.Name, want.Arguments, got.Arguments)
		repaired++
	}
	t.Logf("%d calls as recorded, %d repaired", same, repaired)
	require.Greater(t, same, 3)
	require.NotZero(t, repaired)
}

func answer(t *testing.T, m *llm.Model, turn *toolTurn) llm.Result {
	tools, err := llm.ParseTools(turn.Tools)
	require.NoError(t, err)
	last := len(turn.Messages) - 1
	for i := range turn.Messages { // the recorded ones have no ids
		for k := range turn.Messages[i].Calls {
			turn.Messages[i].Calls[k].ID = "recorded1"
			turn.Messages[i+1].CallID = "recorded1"
		}
	}
	chat, err := m.NewChat(llm.WithTools(tools...), llm.WithHistory(turn.Messages[:last]...))
	require.NoError(t, err)
	defer chat.Close()
	r, err := chat.SendMessages(context.Background(), llm.Params{MaxTokens: 200, Sampling: &llm.Sampling{}}, turn.Messages[last]).Result()
	require.NoError(t, err)
	return r
}

func fits(f llm.Format, args json.RawMessage) bool {
	return f.Validate(string(args)) == nil
}
