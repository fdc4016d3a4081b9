package dialect

import "encoding/json"

// Kind says what an Event is.
type Kind int

// Kinds of events. The Text of all Text, Reasoning and Markup events together, in order, is exactly what was pushed.
const (
	Text      Kind = iota // a piece of the answer
	Reasoning             // a piece of the reasoning
	Markup                // what belongs to the wire format: markers, the white space at them, calls as they were written
	ToolStart             // Call: the name is known
	ToolArgs              // Call, Text: a piece of the arguments, as JSON
	ToolCall              // Call: complete
	Warning               // Text; with a Call that was started: it is none, and what was written follows as text
)

// Event is something that the parser understood.
type Event struct {
	Kind Kind
	Text string
	Call *Call // the same pointer for all events of one call
}

// Call is a tool call.
type Call struct {
	ID        string          // as the model wrote it; "" where the format has none
	Name      string          // as the model wrote it
	Arguments json.RawMessage // from ToolCall on: a JSON object, white space between its parts left out
}

// Tool is a tool that was offered to the model.
type Tool struct {
	Name   string
	Schema json.RawMessage // JSON Schema of the arguments: gives untyped values their types
}
