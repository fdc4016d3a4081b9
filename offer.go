package llm

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"llm/internal/constrain"
	"llm/internal/dialect"
)

// offer is what a Chat offers the model: its tools, compiled once for the model's dialect. It is immutable.
type offer struct {
	box       *toolbox
	shown     []json.RawMessage // in the OpenAI form, for the template
	functions []*dialect.Function
	injected  bool // the template does not show tools: the system message does
}

func (m *Model) newOffer(d *dialect.Dialect, tools []Tool) (*offer, error) {
	box, err := newToolbox(tools)
	if err != nil {
		return nil, err
	}
	o := &offer{box: box, injected: d.Injected && len(tools) > 0}
	box.log, box.validate = m.log, o.validate
	for _, t := range box.tools {
		shown, err := json.Marshal(wireTool{"function", wireToolFunction{t.name, t.description, t.schema}})
		if err != nil {
			return nil, fmt.Errorf("tool %q: %w", t.name, err)
		}
		f, _ := m.functions.get(functionKey{d, t.name, string(t.schema)}, func() (*dialect.Function, error) {
			return d.Compile(dialect.Tool{Name: t.name, Schema: t.schema}), nil
		})
		o.shown, o.functions = append(o.shown, shown), append(o.functions, f)
	}
	if list := o.relaxed(); len(list) > 0 {
		m.log.Warn("schemas of tools are relaxed: arguments are checked when they are complete",
			"places", len(list), "tool", list[0].Tool, "pointer", list[0].Pointer, "why", list[0].Why)
	}
	return o, nil
}

// wireTool is a tool in the OpenAI form.
type wireTool struct {
	Type     string           `json:"type"`
	Function wireToolFunction `json:"function"`
}

type wireToolFunction struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Parameters  json.RawMessage `json:"parameters"`
}

// relaxed lists what the schemas of the tools do not enforce.
func (o *offer) relaxed() (out []Relaxed) {
	for i, f := range o.functions {
		out = append(out, relaxedOf(o.box.tools[i].name, f.Relaxed())...)
	}
	return out
}

// strict returns an error if the schema of any tool is relaxed.
func (o *offer) strict() error {
	for i, f := range o.functions {
		if err := strict("the schema of the tool "+o.box.tools[i].name, f.Relaxed()); err != nil {
			return err
		}
	}
	return nil
}

// validate checks arguments to the letter. The error is for the model to read: it says where they are wrong, and what belongs there.
func (o *offer) validate(name string, args json.RawMessage) error {
	for i, t := range o.box.tools {
		if t.name == name {
			if err := o.functions[i].Validate(args); err != nil {
				return fmt.Errorf("arguments: %w", err)
			}
			return nil
		}
	}
	return fmt.Errorf("no tool is called %q", name)
}

// choose returns the tools that a choice leaves. Names that are not offered are an error.
func (o *offer) choose(c ToolChoice) (chosen []*dialect.Function, err error) {
	if c.mode == toolRequired && len(o.box.tools) == 0 {
		return nil, errNoTools
	}
	if c.mode == toolNone {
		return nil, nil
	}
	if len(c.names) == 0 {
		return o.functions, nil
	}
	for _, name := range c.names {
		i := slices.IndexFunc(o.box.tools, func(t *boxedTool) bool { return t.name == name })
		if i < 0 {
			return nil, fmt.Errorf("ToolChoice names %q, which is not offered; there are: %s", name, strings.Join(o.box.names(), ", "))
		}
		chosen = append(chosen, o.functions[i])
	}
	return chosen, nil
}

// functionKey is what a compiled tool depends on.
type functionKey struct {
	dialect      *dialect.Dialect
	name, schema string
}

// ruleKey is what the automaton of a turn depends on.
type ruleKey struct {
	dialect        *dialect.Dialect
	opening, tools string
	required       bool
	single         bool
	noReasoning    bool
	final          *constrain.Constraint
}

// What a Model keeps for its Chats. The masks of a rule are computed once, and take up to 32 MiB.
const (
	maxTemplates = 8
	maxFunctions = 512
	maxRules     = 16
)

// rule returns the automaton of a turn, nil if it may be any text.
func (c *Chat) rule(t dialect.Turn) (*constrain.Constraint, error) {
	if len(c.tools.box.tools) == 0 && t.Final == nil {
		return nil, nil
	}
	var tools strings.Builder
	for _, f := range t.Tools {
		fmt.Fprintf(&tools, "%q %s\n", f.Name(), f.Schema())
	}
	key := ruleKey{c.dialect, t.Prefix, tools.String(), t.Required, t.Single, t.NoReasoning, t.Final}
	return c.m.rules.get(key, func() (*constrain.Constraint, error) {
		rule, err := c.dialect.Constraint(t)
		if err != nil {
			return nil, schemaError(err, "")
		}
		return rule, nil
	})
}

// inject writes tools, calls and results into the texts of a conversation, for a template that knows none of them. The tools are
// told in the first message of a role, a new one if the conversation does not begin so.
func inject(messages []Message, tools []json.RawMessage, role Role) []Message {
	out := make([]Message, 0, len(messages)+1)
	results := false // the last of out is made of results
	for _, m := range messages {
		text := m.Text()
		if m.Role == RoleTool {
			text = dialect.InjectedResult(text)
			if results { // one message: many templates want the roles to alternate
				out[len(out)-1] = UserMessage(out[len(out)-1].Text() + "\n" + text)
			} else {
				out = append(out, UserMessage(text))
			}
			results = true
			continue
		}
		results = false
		for _, call := range m.Calls {
			if text != "" {
				text += "\n"
			}
			text += dialect.InjectedCall(call.Name, call.Arguments)
		}
		if len(m.Calls) > 0 {
			m.Content, m.Calls = AssistantMessage(text).Content, nil
		}
		out = append(out, m)
	}
	if len(tools) == 0 {
		return out
	}
	how := dialect.Instructions(tools)
	switch first := textMessage(role, how); {
	case len(out) == 0 || out[0].Role != role:
		return append([]Message{first}, out...)
	case role == RoleSystem: // what the program says comes first
		out[0] = textMessage(role, out[0].Text()+"\n\n"+how)
	default:
		out[0] = textMessage(role, how+"\n\n"+out[0].Text())
	}
	return out
}
