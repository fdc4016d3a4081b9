package prompt

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"

	"llm/internal/jinja"
)

// ErrNoSwitch: the template has no variable for what is asked about reasoning.
var ErrNoSwitch = errors.New("the chat template has no switch for this kind of thinking")

// Template is a chat template and what messages must look like for it. Safe for concurrent use.
type Template struct {
	t        *jinja.Template
	source   string
	bos, eos string

	parts     bool // content is a list of parts
	tools     bool // tools must be a list even if there are none
	arguments func() bool
	offers    func() bool
	switches  func() switches
}

// switches are the variables about reasoning that make a difference.
type switches struct {
	onOff  []string
	effort bool
}

// Parse reads a template. bos and eos are the written forms of those tokens, empty if the vocabulary has none. Errors are
// those of jinja.Parse.
func Parse(source, bos, eos string) (*Template, error) {
	parsed, err := jinja.Parse(source)
	if err != nil {
		return nil, err
	}
	t := &Template{t: parsed, source: source, bos: bos, eos: eos}
	t.probeContent()
	t.arguments = sync.OnceValue(t.probeArguments)
	t.offers = sync.OnceValue(t.probeTools)
	t.switches = sync.OnceValue(t.probeSwitches)
	return t, nil
}

// Render renders a conversation with the prompt for an answer. Errors: *jinja.RaiseError if the template refuses it, others
// of jinja, ErrNoSwitch.
func (t *Template) Render(c Conversation) (Rendered, error) {
	vars, err := t.thinking(c.Thinking)
	if err != nil {
		return Rendered{}, err
	}
	form := form{parts: t.parts, tools: t.tools}
	for _, m := range c.Messages {
		if len(m.Calls) > 0 {
			form.text = t.arguments()
			break
		}
	}
	chat, err := t.chat(c, form, vars)
	if err != nil {
		return Rendered{}, err
	}
	r, err := t.write(chat)
	if err == nil {
		r.Opening = t.opening(r, chat)
	}
	return r, err
}

// thinking returns the variables that ask for it.
func (t *Template) thinking(ask Thinking) (*jinja.Map, error) {
	if ask == (Thinking{}) {
		return nil, nil
	}
	s, vars := t.switches(), jinja.NewMap()
	if ask.Effort != "" {
		if !s.effort {
			return nil, ErrNoSwitch
		}
		vars.Set("reasoning_effort", jinja.String(ask.Effort))
	} else if len(s.onOff) == 0 {
		return nil, ErrNoSwitch
	}
	for _, name := range s.onOff {
		vars.Set(name, jinja.Bool(ask.Switch == nil || *ask.Switch))
	}
	return vars, nil
}

// needle is a word that no template contains.
const needle = "Qzvx7jk"

func (t *Template) has(messages []Message, f form) bool {
	return t.shows(Conversation{Messages: messages}, f)
}

func (t *Template) shows(c Conversation, f form) bool {
	r, err := t.render(c, f, nil)
	return err == nil && strings.Contains(r.Text, needle)
}

// probeContent finds the form of content and of absent tools in which a message comes through.
func (t *Template) probeContent() {
	probe := []Message{{Role: "user", Content: needle}}
	for _, f := range []form{{}, {tools: true}, {parts: true}, {parts: true, tools: true}} {
		if t.has(probe, f) {
			t.parts, t.tools = f.parts, f.tools
			return
		}
	}
}

// OffersTools reports whether the template tells the model of tools.
func (t *Template) OffersTools() bool { return t.offers() }

func (t *Template) probeTools() bool {
	tool := `{"type": "function", "function": {"name": "` + needle + `", "description": "d", "parameters": {"type": "object", "properties": {}}}}`
	c := Conversation{Messages: []Message{{Role: "user", Content: "x"}}, Tools: []json.RawMessage{json.RawMessage(tool)}}
	return t.names("tools") && t.shows(c, form{parts: t.parts, tools: t.tools})
}

// probeArguments reports whether the arguments of calls must be text: where a map does not come through and text does.
func (t *Template) probeArguments() bool {
	probe := []Message{
		{Role: "user", Content: "x"},
		{Role: "assistant", Calls: []Call{{ID: "call00001", Name: "f", Arguments: []byte(`{"a":"` + needle + `"}`)}}},
		{Role: "tool", Content: "y", CallID: "call00001", Name: "f"},
	}
	f := form{parts: t.parts, tools: t.tools}
	if t.has(probe, f) {
		return false
	}
	f.text = true
	return t.has(probe, f)
}

// probeSwitches finds out which variables change the rendering.
func (t *Template) probeSwitches() (s switches) {
	for _, name := range []string{"enable_thinking", "thinking"} {
		if t.differs(name, jinja.Bool(true), jinja.Bool(false)) {
			s.onOff = append(s.onOff, name)
		}
	}
	s.effort = t.differs("reasoning_effort", jinja.String("low"), jinja.String("high"))
	return s
}

// names reports whether a word occurs in the template.
func (t *Template) names(word string) bool { return strings.Contains(t.source, word) }

// differs reports whether two values of a variable are rendered differently, in any of a few conversations.
func (t *Template) differs(name string, a, b jinja.Value) bool {
	if !t.names(name) {
		return false
	}
	user := Message{Role: "user", Content: "x"}
	for _, probe := range [][]Message{{user}, {{Role: "system", Content: "s"}, user}} {
		f := form{parts: t.parts, tools: t.tools}
		ra, errA := t.render(Conversation{Messages: probe}, f, one(name, a))
		rb, errB := t.render(Conversation{Messages: probe}, f, one(name, b))
		if errA == nil && errB == nil && ra.Text != rb.Text {
			return true
		}
	}
	return false
}

func one(name string, v jinja.Value) *jinja.Map {
	vars := jinja.NewMap()
	vars.Set(name, v)
	return vars
}
