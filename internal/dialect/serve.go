package dialect

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"unicode/utf8"
)

// Request asks for a model's output to be read, as `llm parse` does.
type Request struct {
	ID       json.RawMessage   `json:"id"`
	Template string            `json:"template"`
	Tools    []json.RawMessage `json:"tools"` // in the OpenAI form, or bare functions
	Prefix   string            `json:"prefix"`
	Raw      string            `json:"raw"`
}

// Answer is what was read.
type Answer struct {
	ID        json.RawMessage `json:"id,omitempty"`
	Content   string          `json:"content"`
	Reasoning string          `json:"reasoning"`
	ToolCalls []AnswerCall    `json:"tool_calls"`
	Pending   *AnswerPending  `json:"pending"`
	Finished  bool            `json:"finished"`
	Warnings  []string        `json:"warnings"`
}

// AnswerCall is a complete call.
type AnswerCall struct {
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"`
}

// AnswerPending is the call that the text ends in.
type AnswerPending struct {
	Name *string `json:"name"` // nil until it is whole
}

// ToolsOf reads tools in the OpenAI form, {"type": "function", "function": {…}}, or as bare functions. What has no name is
// left out.
func ToolsOf(all []json.RawMessage) []Tool {
	type function struct {
		Name       string          `json:"name"`
		Parameters json.RawMessage `json:"parameters"`
	}
	var out []Tool
	for _, raw := range all {
		var t struct {
			function
			Function function `json:"function"`
		}
		if json.Unmarshal(raw, &t) != nil {
			continue
		}
		f := t.Function
		if f.Name == "" {
			f = t.function
		}
		if f.Name != "" {
			out = append(out, Tool{f.Name, f.Parameters})
		}
	}
	return out
}

// Parse reads a request's text in pieces of chunk bytes, whole if that is 0.
func (d *Dialect) Parse(r Request, chunk int) Answer {
	a := Answer{ID: r.ID, ToolCalls: []AnswerCall{}, Warnings: []string{}}
	var content, reasoning []byte
	emit := func(e Event) bool {
		switch e.Kind {
		case Text:
			content = append(content, e.Text...)
		case Reasoning:
			reasoning = append(reasoning, e.Text...)
		case ToolCall:
			a.ToolCalls = append(a.ToolCalls, AnswerCall{e.Call.Name, e.Call.Arguments})
		case Warning:
			a.Warnings = append(a.Warnings, e.Text)
		}
		return true
	}
	p := d.NewParser(ToolsOf(r.Tools), r.Prefix)
	for raw := r.Raw; raw != ""; {
		n := len(raw)
		if chunk > 0 {
			n = min(chunk, n)
		}
		p.Push(raw[:n], -1, false, emit)
		raw = raw[n:]
	}
	p.Flush(emit)
	a.Content, a.Reasoning, a.Finished = string(content), string(reasoning), p.Finished()
	if name, ok := p.Pending(); ok {
		a.Pending = &AnswerPending{}
		if name != "" {
			a.Pending.Name = &name
		}
	}
	return a
}

// Serve answers requests, one JSON object a line: `llm parse --batch`. Dialects are found once per template; one that is
// given, not nil, is used for all. A line that is no request is answered with {"error": …}.
func Serve(r io.Reader, w io.Writer, chunk int, given *Dialect) error {
	known := map[string]*Dialect{}
	in, out := bufio.NewReader(r), bufio.NewWriter(w)
	for {
		line, err := in.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			if err := answer(out, line, chunk, given, known); err != nil {
				return err
			}
			if err := out.Flush(); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func answer(w io.Writer, line []byte, chunk int, d *Dialect, known map[string]*Dialect) error {
	var r Request
	if err := json.Unmarshal(line, &r); err != nil {
		return write(w, map[string]string{"error": err.Error()})
	}
	if d == nil {
		if d = known[r.Template]; d == nil {
			d, _ = Detect(r.Template, nil)
			known[r.Template] = d
		}
	}
	return WriteAnswer(w, d.Parse(r, chunk))
}

// ServeOne answers a request whose text is all of r, in the dialect that is given, or the template's if that is nil: `llm parse`.
func ServeOne(r io.Reader, w io.Writer, request Request, chunk int, given *Dialect) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if request.Raw = string(raw); given == nil {
		given, _ = Detect(request.Template, nil)
	}
	return WriteAnswer(w, given.Parse(request, chunk))
}

// WriteAnswer writes an answer as a line of JSON.
func WriteAnswer(w io.Writer, a Answer) error {
	for i := range a.ToolCalls {
		if !utf8.Valid(a.ToolCalls[i].Arguments) {
			a.ToolCalls[i].Arguments = bytes.ToValidUTF8(a.ToolCalls[i].Arguments, []byte("\ufffd"))
		}
	}
	return write(w, a)
}

func write(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
