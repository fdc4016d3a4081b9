package dialect

import (
	"encoding/json"
	"strings"
)

// Instructions is what a prompt says to teach an injected dialect, in the words of Hermes's prompt. The tools are in the
// OpenAI form, a line each.
func Instructions(tools []json.RawMessage) string {
	var b strings.Builder
	b.WriteString("You may call one or more functions to assist with the user query. " +
		"You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n")
	for _, t := range tools {
		b.Write(t)
		b.WriteByte('\n')
	}
	b.WriteString("</tools>\n\nFor each function call, return a JSON object with the function's name and its arguments " +
		"within <tool_call></tool_call> XML tags:\n<tool_call>\n" +
		`{"name": <function-name>, "arguments": <arguments-json-object>}` + "\n</tool_call>")
	return b.String()
}
