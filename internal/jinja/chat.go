package jinja

import "strings"

// Chat is what a chat template is given. Nil values are none, as transformers passes them.
type Chat struct {
	Messages            Value // list of maps
	Tools               Value // list of maps, or nil
	Documents           Value // list of maps, or nil
	AddGenerationPrompt bool
	BOS, EOS            string // from the vocabulary: trusted
	Vars                *Map   // further variables; they cannot replace the ones above
}

// ChatVars returns the variables of a chat template as transformers' apply_chat_template builds them: messages lose the
// keys whose value is null, and reasoning goes by each of its names. A role that is a word of letters counts as trusted,
// since templates build tokens of it; all other text is data.
func ChatVars(c Chat) *Map {
	vars := NewMap()
	if c.Vars != nil {
		vars = c.Vars.clone()
	}
	vars.Set("messages", chatMessages(c.Messages))
	vars.Set("tools", orNone(c.Tools))
	vars.Set("documents", orNone(c.Documents))
	vars.Set("add_generation_prompt", Bool(c.AddGenerationPrompt))
	vars.Set("bos_token", Trusted(c.BOS))
	vars.Set("eos_token", Trusted(c.EOS))
	return vars
}

func orNone(v Value) Value {
	if v == nil {
		return None()
	}
	return v
}

func chatMessages(v Value) Value {
	l, ok := v.(*list)
	if !ok {
		return orNone(v)
	}
	out := &list{items: make([]Value, len(l.items))}
	for i, msg := range l.items {
		out.items[i] = chatMessage(msg)
	}
	return out
}

func chatMessage(v Value) Value {
	msg, ok := v.(*Map)
	if !ok {
		return v
	}
	out := NewMap()
	for i, k := range msg.keys {
		name, ok := k.(text)
		if _, null := msg.vals[i].(none); null || !ok {
			continue
		}
		out.put(name.s, name, msg.vals[i])
	}
	if role, ok := out.Get("role"); ok {
		if t, ok := role.(text); ok && isWord(t.s) {
			out.Set("role", Trusted(t.s))
		}
	}
	for _, from := range reasoningKeys {
		v, ok := out.Get(from)
		if !ok {
			continue
		}
		for _, to := range reasoningKeys {
			if _, ok := out.Get(to); !ok {
				out.Set(to, v)
			}
		}
		break
	}
	return out
}

var reasoningKeys = [...]string{"reasoning_content", "thinking"}

func isWord(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

const continueTag = "CONTINUE_FINAL_MESSAGE_TAG "

// RenderChat renders a chat. With continueFinal the text ends where the content of the last message ends, so that the
// model goes on with it; that excludes AddGenerationPrompt.
func (t *Template) RenderChat(c Chat, continueFinal bool, o Options) (Output, error) {
	if !continueFinal {
		return t.Render(ChatVars(c), o)
	}
	if c.AddGenerationPrompt {
		return Output{}, failf("continue_final_message and add_generation_prompt are not compatible")
	}
	messages, final, err := tagFinal(c.Messages)
	if err != nil {
		return Output{}, err
	}
	c.Messages = messages
	out, err := t.Render(ChatVars(c), o)
	if err != nil {
		return out, err
	}
	at := strings.LastIndex(out.Text, strings.TrimSpace(continueTag))
	if at < 0 || !strings.Contains(out.Text, strings.TrimFunc(final, isSpace)) {
		return Output{}, failf("continue_final_message is set but the final message does not appear in the chat after applying the chat template")
	}
	end := at
	if !strings.HasPrefix(out.Text[at:], continueTag) {
		end = len(strings.TrimRightFunc(out.Text[:at], isSpace))
	}
	return out.cut(end), nil
}

// tagFinal returns the messages with a tag after the text of the last one, and that text.
func tagFinal(messages Value) (Value, string, error) {
	l, ok := messages.(*list)
	if !ok || len(l.items) == 0 {
		return nil, "", failf("continue_final_message needs a final message")
	}
	last, ok := l.items[len(l.items)-1].(*Map)
	if !ok {
		return nil, "", failf("the final message is no object")
	}
	last = last.clone()
	content, _ := last.Get("content")
	var final string
	switch c := content.(type) {
	case text:
		final = c.s
		last.Set("content", tagged(c))
	case *list:
		parts := &list{items: append([]Value(nil), c.items...)}
		i := len(parts.items) - 1
		for ; i >= 0; i-- {
			if part, ok := parts.items[i].(*Map); ok {
				if v, ok := part.Get("text"); ok {
					t, ok := v.(text)
					if !ok {
						return nil, "", failf("the text of the final message is no string")
					}
					final = t.s
					part = part.clone()
					part.Set("text", tagged(t))
					parts.items[i] = part
					break
				}
			}
		}
		if i < 0 {
			return nil, "", failf("continue_final_message is set but there is no text to continue in the final message")
		}
		last.Set("content", parts)
	default:
		return nil, "", failf("continue_final_message is set but the final message has no text")
	}
	items := append([]Value(nil), l.items...)
	items[len(items)-1] = last
	return &list{items: items}, final, nil
}

// tagged appends the tag; text that is about to be continued counts as data.
func tagged(t text) text { return plain(t.s + continueTag) }

// cut keeps the first n bytes.
func (o Output) cut(n int) Output {
	out := Output{Text: o.Text[:n]}
	for _, s := range o.Trusted {
		if s.Start < n {
			out.Trusted = append(out.Trusted, Span{s.Start, min(s.End, n)})
		}
	}
	return out
}
