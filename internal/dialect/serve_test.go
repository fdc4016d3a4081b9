package dialect

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServeAnswersEveryLine(t *testing.T) {
	in := `{"id": 1, "template": "<tool_call>", "tools": [{"type": "function", "function": {"name": "f"}}], "prefix": "", "raw": "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": \"<b>\"}}</tool_call>"}

no JSON
{"id": "x", "template": "<tool_call>", "raw": "<tool_call>{\"name\": \"f"}
{"template": "{{", "raw": "text"}`
	for _, chunk := range []int{0, 1} {
		var out bytes.Buffer
		require.NoError(t, Serve(strings.NewReader(in), &out, chunk, nil))
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		require.Len(t, lines, 4)
		require.Equal(t, `{"id":1,"content":"","reasoning":"","tool_calls":[{"name":"f","arguments":{"a":"<b>"}}],"pending":null,"finished":true,"warnings":[]}`, lines[0])
		require.Contains(t, lines[1], `{"error":`)
		var a Answer
		require.NoError(t, json.Unmarshal([]byte(lines[2]), &a))
		require.Equal(t, &AnswerPending{}, a.Pending)
		require.False(t, a.Finished)
		require.Contains(t, lines[3], `"content":"text"`)
	}
	var out bytes.Buffer
	require.NoError(t, ServeOne(strings.NewReader("<think>a</think>b"), &out, Request{}, 2, &hermes))
	require.Contains(t, out.String(), `"content":"b","reasoning":"a"`)
}

func TestGenerationGoesOnAfterEndsInsideTheTurn(t *testing.T) {
	require.True(t, gigaChat30.Continues("<|message_sep|>"))
	require.False(t, gigaChat31.Continues("<|message_sep|>"))
	require.True(t, harmony.Continues("<|end|>"))
	require.False(t, harmony.Continues("<|call|>"))
	require.False(t, hermes.Continues("<|im_end|>"))
}
