package prompt

import (
	"strings"

	"llm/internal/jinja"
)

// form is how messages are written for a template.
type form struct {
	parts bool // content as a list of parts
	tools bool // an empty list for no tools
	text  bool // arguments of calls as text
}

// render renders a conversation in one form, with the prompt for an answer.
func (t *Template) render(c Conversation, f form, vars *jinja.Map) (Rendered, error) {
	chat, err := t.chat(c, f, vars)
	if err != nil {
		return Rendered{}, err
	}
	return t.write(chat)
}

// write renders a conversation as templates see it.
func (t *Template) write(chat jinja.Chat) (Rendered, error) {
	out, err := t.t.RenderChat(chat, false, jinja.Options{})
	if err != nil {
		return Rendered{}, err
	}
	r := Rendered{Text: out.Text, Trusted: make([]Span, len(out.Trusted))}
	for i, s := range out.Trusted {
		r.Trusted[i] = Span{s.Start, s.End}
	}
	return r, nil
}

// opening returns what the prompt for an answer adds, or where that cannot be told what the template wrote last.
func (t *Template) opening(r Rendered, chat jinja.Chat) string {
	end := r.trustedEnd()
	chat.AddGenerationPrompt = false
	out, err := t.t.RenderChat(chat, false, jinja.Options{})
	if err != nil {
		return end
	}
	added, ok := strings.CutPrefix(r.Text, out.Text)
	if !ok || added == "" || len(added) > len(end) {
		return end
	}
	return added
}

// chat returns a conversation as templates see it.
func (t *Template) chat(c Conversation, f form, vars *jinja.Map) (jinja.Chat, error) {
	chat := jinja.Chat{AddGenerationPrompt: true, BOS: t.bos, EOS: t.eos, Vars: vars}
	list := make([]jinja.Value, len(c.Messages))
	for i, m := range c.Messages {
		v, err := t.message(m, f)
		if err != nil {
			return chat, err
		}
		list[i] = v
	}
	chat.Messages = jinja.List(list...)
	if !f.tools && len(c.Tools) == 0 {
		return chat, nil
	}
	tools := make([]jinja.Value, len(c.Tools))
	for i, raw := range c.Tools {
		v, err := jinja.FromJSON(raw)
		if err != nil {
			return chat, err
		}
		tools[i] = v
	}
	chat.Tools = jinja.List(tools...)
	return chat, nil
}

// message returns a message as transformers has it. Content is never null: templates add to it.
func (t *Template) message(m Message, f form) (jinja.Value, error) {
	v := jinja.NewMap()
	v.Set("role", jinja.String(t.role(m.Role)))
	v.Set("content", jinja.String(m.Content))
	if f.parts {
		part := jinja.NewMap()
		part.Set("type", jinja.String("text"))
		part.Set("text", jinja.String(m.Content))
		v.Set("content", jinja.List(part))
	}
	for _, x := range []struct{ key, value string }{
		{"reasoning_content", m.Reasoning}, {"tool_call_id", m.CallID}, {"name", m.Name},
	} {
		if x.value != "" {
			v.Set(x.key, jinja.String(x.value))
		}
	}
	if len(m.Calls) == 0 {
		return v, nil
	}
	calls := make([]jinja.Value, len(m.Calls))
	for i, c := range m.Calls {
		call, err := c.value(f)
		if err != nil {
			return nil, err
		}
		calls[i] = call
	}
	v.Set("tool_calls", jinja.List(calls...))
	return v, nil
}

func (c Call) value(f form) (jinja.Value, error) {
	args := jinja.String(string(c.Arguments))
	if !f.text {
		var err error
		if args, err = jinja.FromJSON(c.Arguments); err != nil {
			return nil, err
		}
	}
	function := jinja.NewMap()
	function.Set("name", jinja.String(c.Name))
	function.Set("arguments", args)
	v := jinja.NewMap()
	if c.ID != "" {
		v.Set("id", jinja.String(c.ID))
	}
	v.Set("type", jinja.String("function"))
	v.Set("function", function)
	return v, nil
}

// role returns the role as the template knows it: system for developer unless it names that.
func (t *Template) role(role string) string {
	if role == "developer" && !t.names("developer") {
		return "system"
	}
	return role
}
