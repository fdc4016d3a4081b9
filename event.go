package llm

import (
	"encoding/json"
	"fmt"
	"time"
)

// EventKind says what an Event is.
type EventKind int

// Kinds of events.
const (
	EventText       EventKind = iota // Text: a piece of the answer
	EventReasoning                   // Text: a piece of the reasoning before it
	EventToolStart                   // Call: a call whose name is known
	EventToolArgs                    // Call, Text: a piece of its arguments, raw JSON
	EventToolCall                    // Call: a call that is complete
	EventToolResult                  // Call, Output: what the tool returned
	EventStep                        // Step: another step of the tool loop begins
	EventProgress                    // Done, Total: prompt tokens computed so far
	EventWarning                     // Text: something the caller should know, also in Result.Warnings
	EventUsage                       // Usage: what it cost; the last event
)

var eventNames = [...]string{"text", "reasoning", "tool_start", "tool_args", "tool_call", "tool_result", "step", "progress", "warning", "usage"}

// String returns the kind's name in JSON, such as "text" or "tool_start".
func (k EventKind) String() string {
	if k < 0 || int(k) >= len(eventNames) {
		return fmt.Sprintf("EventKind(%d)", int(k))
	}
	return eventNames[k]
}

// MarshalText returns the kind's name.
func (k EventKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads a kind's name.
func (k *EventKind) UnmarshalText(text []byte) error {
	for i, name := range eventNames {
		if string(text) == name {
			*k = EventKind(i)
			return nil
		}
	}
	return fmt.Errorf("no event is called %q", text)
}

// Event is one thing that happens while an answer is made. Which fields are set depends on Kind. The Text of all EventText
// together is Result.Text, that of EventToolArgs of one call its arguments; nothing follows the last EventUsage.
type Event struct {
	Kind     EventKind       `json:"kind"`
	Text     string          `json:"text,omitempty"`  // a piece of valid UTF-8, safe to keep
	Call     *ToolCall       `json:"call,omitempty"`  // the same pointer in all events of one call; complete from EventToolCall on
	Output   json.RawMessage `json:"output,omitzero"` // JSON
	Usage    *Usage          `json:"usage,omitempty"`
	Step     int             `json:"step,omitempty"` // of the tool loop, from 0
	Done     int             `json:"done,omitempty"` // prompt tokens
	Total    int             `json:"total,omitempty"`
	Logprobs []TokenLogprob  `json:"logprobs,omitempty"` // of the tokens this piece completes, if Params.Logprobs asked for them
}

// Reason says why an answer ended.
type Reason string

// Reasons. A length stop is no error.
const (
	ReasonStop      Reason = "stop"       // the model ended its turn, or a stop string came
	ReasonLength    Reason = "length"     // Params.MaxTokens, or the context is full
	ReasonCalls     Reason = "calls"      // the model asks for tools that the caller runs
	ReasonToolLimit Reason = "tool_limit" // Limits of the tool loop
	ReasonPending   Reason = "pending"    // the guard deferred calls: see Chat.Pending
	ReasonFiltered  Reason = "filtered"   // a moderator stopped it: see Result.Filtered
	ReasonCancelled Reason = "cancelled"  // the reader left, or the context ended
	ReasonError     Reason = "error"
)

// Usage is what an answer cost.
type Usage struct {
	Prompt     int           `json:"prompt"`         // tokens of the prompt, Cached included
	Cached     int           `json:"cached"`         // of them found in the session's cache
	Generated  int           `json:"generated"`      // tokens, control tokens included
	Reasoning  int           `json:"reasoning"`      // of them reasoning
	Queue      time.Duration `json:"queue_ns"`       // from the call to the first work
	Prefill    time.Duration `json:"prefill_ns"`     // from there to the first token
	FirstToken time.Duration `json:"first_token_ns"` // from the call to the first token
	Total      time.Duration `json:"total_ns"`       // from the call to the end
}

// TokenLogprob is a token and how probable it was: the natural logarithm of its probability after logit bias and masks,
// before penalties and filters, at temperature 1.
type TokenLogprob struct {
	Token   Token          `json:"token"`
	Text    string         `json:"text"` // may be part of a character
	Logprob float64        `json:"logprob"`
	Top     []TokenLogprob `json:"top,omitempty"` // the most probable ones, in descending order; the drawn one may be among them
}

// logprob describes a drawn token.
func (m *Model) logprob(d drawn) TokenLogprob {
	piece := func(id int32) string { return string(m.tok.t.AppendText(nil, true, id)) }
	out := TokenLogprob{Token: Token(d.id), Text: piece(d.id), Logprob: d.logprob.Logprob}
	for _, t := range d.top {
		out.Top = append(out.Top, TokenLogprob{Token: Token(t.ID), Text: piece(t.ID), Logprob: t.Logprob})
	}
	return out
}

// Result is a whole answer, or as much of it as there was when it ended.
type Result struct {
	Text      string         `json:"text"`
	Reasoning string         `json:"reasoning,omitempty"`
	Raw       string         `json:"raw"`                // everything generated, markers and stop strings included; nothing is ever discarded
	Calls     []ToolCall     `json:"calls,omitempty"`    // all that were made
	Messages  []Message      `json:"messages,omitempty"` // all turns that a Chat added, ready for WithHistory
	Tokens    []Token        `json:"tokens"`             // everything generated
	Reason    Reason         `json:"reason"`
	Seed      uint64         `json:"seed"` // repeats the answer, as Sampling.Seed
	Usage     Usage          `json:"usage"`
	Steps     int            `json:"steps,omitempty"` // of the tool loop
	Logprobs  []TokenLogprob `json:"logprobs,omitempty"`
	Warnings  []string       `json:"warnings,omitempty"`
	Filtered  *Violation     `json:"filtered,omitempty"` // with ReasonFiltered: what the moderator found. It is in none of the other fields
}
