package jinja

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"time"
)

// Request is a rendering asked for as JSON, as `llm render` reads it.
type Request struct {
	ID                   json.RawMessage `json:"id"`
	Template             string          `json:"template"`
	BOS                  string          `json:"bos"`
	EOS                  string          `json:"eos"`
	Now                  string          `json:"now"` // local time, 2006-01-02T15:04:05 or RFC 3339; empty for the clock
	Messages             json.RawMessage `json:"messages"`
	Tools                json.RawMessage `json:"tools"`
	Documents            json.RawMessage `json:"documents"`
	AddGenerationPrompt  bool            `json:"add_generation_prompt"`
	ContinueFinalMessage bool            `json:"continue_final_message"`
	Vars                 json.RawMessage `json:"vars"`
}

// Render carries out the request. Without messages the template sees Vars alone.
func (r Request) Render() (Output, error) {
	t, err := Parse(r.Template)
	if err != nil {
		return Output{}, err
	}
	return r.RenderWith(t)
}

// RenderWith carries out the request with a template already parsed.
func (r Request) RenderWith(t *Template) (Output, error) {
	o, err := r.options()
	if err != nil {
		return Output{}, err
	}
	vars, err := optionalMap(r.Vars)
	if err != nil {
		return Output{}, err
	}
	if len(r.Messages) == 0 {
		return t.Render(vars, o)
	}
	c := Chat{AddGenerationPrompt: r.AddGenerationPrompt, BOS: r.BOS, EOS: r.EOS, Vars: vars}
	for dst, src := range map[*Value]json.RawMessage{&c.Messages: r.Messages, &c.Tools: r.Tools, &c.Documents: r.Documents} {
		if len(src) == 0 {
			continue
		}
		if *dst, err = FromJSON(src); err != nil {
			return Output{}, err
		}
	}
	return t.RenderChat(c, r.ContinueFinalMessage, o)
}

func optionalMap(data json.RawMessage) (*Map, error) {
	if len(data) == 0 {
		return nil, nil
	}
	v, err := FromJSON(data)
	if err != nil {
		return nil, err
	}
	if _, null := v.(none); null {
		return nil, nil
	}
	vars, ok := v.(*Map)
	if !ok {
		return nil, failf("vars must be an object")
	}
	return vars, nil
}

func (r Request) options() (Options, error) {
	if r.Now == "" {
		return Options{}, nil
	}
	now, err := time.Parse("2006-01-02T15:04:05", r.Now)
	if err != nil {
		if now, err = time.Parse(time.RFC3339Nano, r.Now); err != nil {
			return Options{}, failf("now must look like 2006-01-02T15:04:05")
		}
	}
	return Options{Now: func() time.Time { return now }}, nil
}

// answer is a line of output.
type answer struct {
	ID    json.RawMessage `json:"id,omitempty"`
	Text  *string         `json:"text,omitempty"`
	Error string          `json:"error,omitempty"`
}

// WriteAnswer writes {"text"} or {"error"} as one line.
func WriteAnswer(w io.Writer, out Output, err error) error { return writeAnswer(w, nil, out, err) }

func writeAnswer(w io.Writer, id json.RawMessage, out Output, err error) error {
	a := answer{ID: id, Text: &out.Text}
	if err != nil {
		a.Text, a.Error = nil, err.Error()
		if a.Error == "" {
			a.Error = "refused"
		}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(a)
}

// Serve answers requests, one JSON object a line, in order, until r ends. A line that cannot be read is answered with an
// error; only a failure to read or write ends it early.
func Serve(r io.Reader, w io.Writer) error {
	in := bufio.NewReader(r)
	out := bufio.NewWriter(w)
	var last string
	var parsed *Template
	for {
		line, readErr := in.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var req Request
			var text Output
			err := json.Unmarshal(line, &req)
			if err == nil && (parsed == nil || req.Template != last) {
				last = req.Template
				parsed, err = Parse(last)
			}
			if err == nil {
				text, err = req.RenderWith(parsed)
			}
			if err := writeAnswer(out, req.ID, text, err); err != nil {
				return err
			}
			if err := out.Flush(); err != nil {
				return err
			}
		}
		if readErr == io.EOF {
			return nil
		}
		if readErr != nil {
			return readErr
		}
	}
}
