package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// NewTool makes a Tool of a function. In, a struct, a pointer to one or a map, gives the schema: see SchemaOf. Call decodes the
// arguments into In, with unknown fields disallowed, and returns Out as JSON: a string as a JSON string, nil as null. What the
// function returns as an error is returned as it is, with ErrStopTurn alone beside the result.
//
// The name is of 1 to 64 letters, digits, _, - and dots. The description is for the model: what the tool does and when to use it. It is
// an error if the name is none, if fn is nil, or if In is no object or has no schema. The Tool is as safe for concurrent use as fn.
func NewTool[In, Out any](name, description string, fn func(context.Context, In) (Out, error)) (Tool, error) {
	if err := checkToolName(name); err != nil {
		return nil, fmt.Errorf("tool: %w", err)
	}
	if fn == nil {
		return nil, fmt.Errorf("tool %q: no function", name)
	}
	schema, err := SchemaOf[In]()
	if err != nil {
		return nil, fmt.Errorf("tool %q: %w", name, err)
	}
	var top struct{ Type any }
	if err := json.Unmarshal(schema, &top); err != nil || top.Type != "object" {
		var in In
		return nil, fmt.Errorf("tool %q: arguments must be a struct or a map, not %T", name, in)
	}
	return &function[In, Out]{name, description, schema, fn}, nil
}

// function is a Tool made of a Go function.
type function[In, Out any] struct {
	name, description string
	schema            json.RawMessage
	fn                func(context.Context, In) (Out, error)
}

func (f *function[In, Out]) Name() string            { return f.name }
func (f *function[In, Out]) Description() string     { return f.description }
func (f *function[In, Out]) Schema() json.RawMessage { return bytes.Clone(f.schema) }

func (f *function[In, Out]) Call(ctx context.Context, args json.RawMessage) (json.RawMessage, error) {
	var in In
	if err := decodeArguments(args, &in); err != nil {
		return nil, err
	}
	out, err := f.fn(ctx, in)
	if err != nil && err != ErrStopTurn {
		return nil, err
	}
	result, failed := encode(out)
	if failed != nil {
		return nil, fmt.Errorf("result: %w", failed)
	}
	return result, err
}

// decodeArguments decodes one JSON object and nothing else.
func decodeArguments(args json.RawMessage, in any) error {
	if text := bytes.TrimSpace(args); len(text) == 0 || text[0] != '{' {
		return errors.New("arguments: not a JSON object")
	}
	d := json.NewDecoder(bytes.NewReader(args))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil {
		return fmt.Errorf("arguments: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("arguments: more than one JSON value")
	}
	return nil
}
