package llm

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// DeclareTool returns a tool that the caller of the Chat runs itself, such as one of a client behind a server. When the model calls
// it the answer ends with ReasonCalls; the calls are in Result.Calls and Chat.Pending. Go on with SendMessages of their results,
// one ToolMessage each. The schema is a JSON Schema of the arguments, an object.
func DeclareTool(name, description string, schema json.RawMessage) Tool {
	return declaredTool{name, description, slices.Clone(schema)}
}

// ParseTools reads a JSON list of tools in the OpenAI form, {"type": "function", "function": {"name", "description", "parameters"}}, or
// of bare functions, as declared tools. The schema may also be called inputSchema or input_schema, as others do.
func ParseTools(data []byte) ([]Tool, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("tools: want a JSON list: %w", plainJSONError(err))
	}
	tools := make([]Tool, len(list))
	for i, item := range list {
		var t struct {
			Function *wireToolFunction `json:"function"`
			wireToolFunction
			InputSchema  json.RawMessage `json:"inputSchema"`
			InputSchema2 json.RawMessage `json:"input_schema"`
		}
		if err := json.Unmarshal(item, &t); err != nil {
			return nil, fmt.Errorf("tool %d: %w", i, plainJSONError(err))
		}
		f := t.Function
		if f == nil {
			f = &t.wireToolFunction
		}
		if f.Name == "" {
			return nil, fmt.Errorf("tool %d has no name", i)
		}
		for _, schema := range []json.RawMessage{t.InputSchema, t.InputSchema2} {
			if f.Parameters == nil {
				f.Parameters = schema
			}
		}
		if f.Parameters == nil || string(f.Parameters) == "null" {
			f.Parameters = json.RawMessage(`{"type": "object", "properties": {}}`)
		}
		tools[i] = DeclareTool(f.Name, f.Description, f.Parameters)
	}
	return tools, nil
}

// plainJSONError leaves the names of Go types out of an error about JSON of the wrong kind.
func plainJSONError(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s at byte %d is %s", cmp.Or(e.Field, "the value"), e.Offset, e.Value)
	}
	return err
}

type declaredTool struct {
	name, description string
	schema            json.RawMessage
}

func (t declaredTool) Name() string            { return t.name }
func (t declaredTool) Description() string     { return t.description }
func (t declaredTool) Schema() json.RawMessage { return t.schema }

// Call is never used by a Chat.
func (t declaredTool) Call(context.Context, json.RawMessage) (json.RawMessage, error) {
	return nil, fmt.Errorf("%w: the tool %q is run by the caller", ErrUnsupported, t.name)
}

// declared reports whether the caller runs the tool.
func (t *boxedTool) declared() bool {
	_, ok := t.tool.(declaredTool)
	return ok
}
