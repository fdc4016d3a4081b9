package prompt

import "encoding/json"

// Message is one turn of a conversation, text only.
type Message struct {
	Role      string
	Content   string
	Reasoning string
	Calls     []Call
	CallID    string
	Name      string
}

// Call is a tool call of an assistant. Arguments are a JSON object.
type Call struct {
	ID, Name  string
	Arguments json.RawMessage
}

// Conversation is what a template renders.
type Conversation struct {
	Messages []Message
	Tools    []json.RawMessage // in the OpenAI form
	Thinking Thinking
}

// Thinking is what the template is asked to do about reasoning. The zero value asks nothing.
type Thinking struct {
	Switch *bool  // on or off
	Effort string // a word of the template's own
}

// Rendered is a prompt. Trusted are the ranges that the template wrote, in order, not touching; all else is data. Opening is
// what the template wrote to begin the answer: it may have opened or closed the reasoning.
type Rendered struct {
	Text    string
	Trusted []Span
	Opening string
}

// Span is a range of bytes.
type Span struct{ Lo, Hi int }

// trustedEnd returns what the template wrote last.
func (r Rendered) trustedEnd() string {
	n := len(r.Trusted)
	if n == 0 || r.Trusted[n-1].Hi != len(r.Text) {
		return ""
	}
	return r.Text[r.Trusted[n-1].Lo:]
}
