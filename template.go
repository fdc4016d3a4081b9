package llm

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"llm/internal/dialect"
	"llm/internal/jinja"
	"llm/internal/prompt"
	"llm/internal/tokenizer"
)

const keyTemplate = "tokenizer.chat_template"

// spoken is a chat template and the dialect that it teaches.
type spoken struct {
	template *prompt.Template
	dialect  *dialect.Dialect
	injected *dialect.Dialect // for a Chat with tools, where the template does not show them; else dialect
}

// template returns the chat template, the checkpoint's own unless source is given, and the dialect of a Chat with or without tools.
func (m *Model) template(source *string, tools bool) (*prompt.Template, *dialect.Dialect, error) {
	if m.closed.Load() {
		return nil, nil, ErrClosed
	}
	if err := m.tok.t.Err(); err != nil {
		return nil, nil, err
	}
	if source == nil {
		text, err := m.file.Str(keyTemplate, "")
		if err != nil {
			return nil, nil, err
		}
		if text == "" {
			return nil, nil, ErrNoTemplate
		}
		source = &text
	}
	s, err := m.templates.get(*source, func() (*spoken, error) { return m.readTemplate(*source) })
	switch {
	case err != nil:
		return nil, nil, err
	case tools:
		return s.template, s.injected, nil
	}
	return s.template, s.dialect, nil
}

func (m *Model) readTemplate(source string) (*spoken, error) {
	t, err := prompt.Parse(source, m.tok.text(m.tok.t.BOS()), m.tok.text(m.tok.t.EOS()))
	if err != nil {
		return nil, templateError(err)
	}
	d, how := dialect.Detect(source, m.tok.t.Marker)
	m.log.Debug("dialect of tool calls and reasoning", "name", d.Name, "because", how)
	s := &spoken{t, d, d}
	if !t.OffersTools() {
		s.injected = d.Inject()
	}
	return s, nil
}

// render renders messages with the prompt for an answer.
func (c *Chat) render(messages []Message, think Thinking) (prompt.Rendered, error) {
	if !c.tools.injected {
		return c.renderAs(messages, c.tools.shown, think)
	}
	r, err := c.renderAs(inject(messages, c.tools.shown, RoleSystem), nil, think)
	if refused, ok := errors.AsType[*TemplateError](err); ok && refused.Message != "" { // some know no system messages
		if again, err := c.renderAs(inject(messages, c.tools.shown, RoleUser), nil, think); err == nil {
			return again, nil
		}
	}
	return r, err
}

// renderAs renders messages as they are.
func (c *Chat) renderAs(messages []Message, tools []json.RawMessage, think Thinking) (prompt.Rendered, error) {
	conv := prompt.Conversation{Tools: tools}
	for i, m := range messages {
		pm, err := promptMessage(m)
		if err != nil {
			return prompt.Rendered{}, fmt.Errorf("message %d: %w", i, err)
		}
		conv.Messages = append(conv.Messages, pm)
	}
	var err error
	if conv.Thinking, err = think.ask(); err != nil {
		return prompt.Rendered{}, err
	}
	r, err := c.template.Render(conv)
	if think.mode == thinkBudget && errors.Is(err, prompt.ErrNoSwitch) && c.dialect.ReasoningEnd() != "" {
		conv.Thinking = prompt.Thinking{} // it reasons without being asked
		r, err = c.template.Render(conv)
	}
	return r, templateError(err)
}

// ask translates into what a template is asked.
func (t Thinking) ask() (ask prompt.Thinking, err error) {
	on, off := true, false
	switch t.mode {
	case thinkOn:
		ask.Switch = &on
	case thinkOff:
		ask.Switch = &off
	case thinkEffort:
		if t.effort == "" {
			return ask, errors.New("ThinkEffort needs a level")
		}
		ask.Effort = t.effort
	case thinkBudget:
		if t.budget < 0 {
			return ask, fmt.Errorf("ThinkBudget of %d tokens: must not be negative", t.budget)
		}
		ask.Switch = &on
	}
	return ask, nil
}

// promptMessage checks a message and joins its parts.
func promptMessage(m Message) (prompt.Message, error) {
	out := prompt.Message{Role: string(m.Role), Content: m.Text(), Reasoning: m.Reasoning, CallID: m.CallID, Name: m.Name}
	for _, p := range m.Content {
		if !p.isText() {
			return out, fmt.Errorf("%w: content of type %q", ErrUnsupported, p.MIME)
		}
	}
	for _, s := range []string{out.Role, out.Content, out.Reasoning, out.CallID, out.Name} {
		if !utf8.ValidString(s) {
			return out, errors.New("text is not UTF-8")
		}
	}
	for _, c := range m.Calls {
		if !json.Valid(c.Arguments) {
			return out, fmt.Errorf("arguments of the call of %q are not JSON", c.Name)
		}
		out.Calls = append(out.Calls, prompt.Call(c))
	}
	return out, nil
}

// templateError makes a TemplateError of an error of the template engine.
func templateError(err error) error {
	var raised *jinja.RaiseError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, prompt.ErrNoSwitch):
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	case errors.As(err, &raised):
		return &TemplateError{Message: raised.Message, Err: err}
	}
	return &TemplateError{Err: err}
}

// rendered returns the tokens of a rendered prompt. Where the checkpoint wants a BOS it comes first, unless the template has
// written it.
func (t *Tokenizer) rendered(r prompt.Rendered) []Token {
	spans := make(tokenizer.Spans, len(r.Trusted))
	for i, s := range r.Trusted {
		spans[i] = tokenizer.Span(s)
	}
	out := t.t.AppendMixed(nil, r.Text, spans)
	if bos, _ := t.t.BOS(); t.t.AddsBOS() && (len(out) == 0 || out[0] != bos) {
		out = append([]int32{bos}, out...)
	}
	return tokens(out)
}

// text returns the written form of a token that may not exist.
func (t *Tokenizer) text(id int32, exists bool) string {
	if !exists {
		return ""
	}
	return string(t.t.AppendText(nil, true, id))
}
