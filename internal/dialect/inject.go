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

// Inject returns the dialect for a template that does not show tools to the model: calls are written in Hermes's form, which
// the prompt has to teach. Reasoning and the end of the turn are the model's own.
func (d *Dialect) Inject() *Dialect {
	out := *d
	out.calls, out.Injected = hermes.calls, true
	if d.headers != nil {
		h := *d.headers
		h.tools = false
		out.headers = &h
	}
	return &out
}

// InjectedCall is a call as an injected dialect writes it.
func InjectedCall(name string, args json.RawMessage) string {
	quoted, err := json.Marshal(name)
	if err != nil {
		quoted = []byte(`""`) // strings can be marshalled
	}
	return "<tool_call>\n{\"name\": " + string(quoted) + ", \"arguments\": " + string(args) + "}\n</tool_call>"
}

// InjectedResult is the result of a call as Hermes's templates write it.
func InjectedResult(text string) string { return "<tool_response>\n" + text + "\n</tool_response>" }
