package llm

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Role says who speaks. Other words are passed on to the template, which may refuse them.
type Role string

// Roles of messages.
const (
	RoleSystem    Role = "system"
	RoleUser      Role = "user"
	RoleAssistant Role = "assistant"
	RoleTool      Role = "tool"
)

// Message is one turn of a conversation. Its JSON is the OpenAI chat form.
type Message struct {
	Role      Role
	Content   []Part
	Reasoning string     // of an assistant, before the content
	Calls     []ToolCall // of an assistant
	CallID    string     // of a tool: the call that it answers
	Name      string     // of a tool: which; of others, who speaks if the role is not enough
}

// Part is a piece of content: text, or Data of a MIME type (images, sound), which Chat refuses with ErrUnsupported so far.
type Part struct {
	Text string
	Data []byte
	MIME string
}

// ToolCall is a model's wish to call a tool. Its JSON is the OpenAI form, with the arguments as a string.
type ToolCall struct {
	ID        string
	Name      string
	Arguments json.RawMessage // a JSON object; text that is none where the model wrote such
}

// SystemMessage is an instruction.
func SystemMessage(text string) Message { return textMessage(RoleSystem, text) }

// UserMessage is what a user says.
func UserMessage(text string) Message { return textMessage(RoleUser, text) }

// AssistantMessage is what the model said.
func AssistantMessage(text string) Message { return textMessage(RoleAssistant, text) }

// ToolMessage is what a tool returned for the call callID.
func ToolMessage(callID, name, output string) Message {
	m := textMessage(RoleTool, output)
	m.CallID, m.Name = callID, name
	return m
}

func textMessage(role Role, text string) Message {
	m := Message{Role: role}
	if text != "" {
		m.Content = []Part{{Text: text}}
	}
	return m
}

// Text returns the message's text parts together.
func (m Message) Text() string {
	if len(m.Content) == 1 {
		return m.Content[0].Text
	}
	var b strings.Builder
	for _, p := range m.Content {
		b.WriteString(p.Text)
	}
	return b.String()
}

// wireMessage is the OpenAI chat form.
type wireMessage struct {
	Role      Role            `json:"role"`
	Content   json.RawMessage `json:"content"`
	Reasoning string          `json:"reasoning_content,omitempty"`
	Calls     []ToolCall      `json:"tool_calls,omitempty"`
	CallID    string          `json:"tool_call_id,omitempty"`
	Name      string          `json:"name,omitempty"`
}

// MarshalJSON writes the OpenAI chat form: content as a string, as parts if there are several or other than text, null beside
// tool calls if there is none.
func (m Message) MarshalJSON() ([]byte, error) {
	content, err := m.wireContent()
	if err != nil {
		return nil, err
	}
	return json.Marshal(wireMessage{m.Role, content, m.Reasoning, m.Calls, m.CallID, m.Name})
}

func (m Message) wireContent() (json.RawMessage, error) {
	switch {
	case len(m.Content) == 0 && len(m.Calls) > 0:
		return json.RawMessage("null"), nil
	case len(m.Content) == 0:
		return json.RawMessage(`""`), nil
	case len(m.Content) == 1 && m.Content[0].isText():
		return json.Marshal(m.Content[0].Text)
	}
	return json.Marshal(m.Content)
}

// UnmarshalJSON reads the OpenAI chat form. Content may be a string, parts or null; unknown fields are ignored.
func (m *Message) UnmarshalJSON(data []byte) error {
	var w wireMessage
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	if w.Role == "" {
		return errors.New("message has no role")
	}
	*m = Message{Role: w.Role, Reasoning: w.Reasoning, Calls: w.Calls, CallID: w.CallID, Name: w.Name}
	content := bytes.TrimSpace(w.Content)
	switch {
	case len(content) == 0 || string(content) == "null":
		return nil
	case content[0] == '[':
		return json.Unmarshal(content, &m.Content)
	}
	var text string
	if err := json.Unmarshal(content, &text); err != nil {
		return fmt.Errorf("content of a message: %w", err)
	}
	if text != "" {
		m.Content = []Part{{Text: text}}
	}
	return nil
}

func (p Part) isText() bool { return p.MIME == "" && p.Data == nil }

// wirePart is a part in the OpenAI chat form.
type wirePart struct {
	Type     string     `json:"type"`
	Text     *string    `json:"text,omitempty"`
	ImageURL *wireURL   `json:"image_url,omitempty"`
	Audio    *wireAudio `json:"input_audio,omitempty"`
	File     *wireFile  `json:"file,omitempty"`
}

type wireURL struct {
	URL string `json:"url"`
}

type wireAudio struct {
	Data   []byte `json:"data"`
	Format string `json:"format"`
}

type wireFile struct {
	Data string `json:"file_data"`
}

// MarshalJSON writes the OpenAI form of a part: text, image_url, input_audio or file, with the data inside.
func (p Part) MarshalJSON() ([]byte, error) {
	format, audio := strings.CutPrefix(p.MIME, "audio/")
	switch {
	case p.isText():
		return json.Marshal(wirePart{Type: "text", Text: &p.Text})
	case p.Text != "":
		return nil, errors.New("part has both text and data")
	case audio:
		return json.Marshal(wirePart{Type: "input_audio", Audio: &wireAudio{p.Data, format}})
	case strings.HasPrefix(p.MIME, "image/"):
		return json.Marshal(wirePart{Type: "image_url", ImageURL: &wireURL{dataURL(p)}})
	}
	return json.Marshal(wirePart{Type: "file", File: &wireFile{dataURL(p)}})
}

// UnmarshalJSON reads the OpenAI form of a part. What lies elsewhere, behind a URL, is ErrUnsupported.
func (p *Part) UnmarshalJSON(data []byte) error {
	var w wirePart
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	switch {
	case w.Type == "text" && w.Text != nil:
		*p = Part{Text: *w.Text}
		return nil
	case w.Type == "image_url" && w.ImageURL != nil:
		return p.readDataURL(w.ImageURL.URL)
	case w.Type == "file" && w.File != nil:
		return p.readDataURL(w.File.Data)
	case w.Type == "input_audio" && w.Audio != nil:
		*p = Part{Data: w.Audio.Data, MIME: "audio/" + w.Audio.Format}
		return nil
	}
	return fmt.Errorf("%w: content of type %q", ErrUnsupported, w.Type)
}

func dataURL(p Part) string {
	return "data:" + p.MIME + ";base64," + base64.StdEncoding.EncodeToString(p.Data)
}

func (p *Part) readDataURL(url string) error {
	rest, ok := strings.CutPrefix(url, "data:")
	mime, encoded, ok2 := strings.Cut(rest, ";base64,")
	if !ok || !ok2 {
		return fmt.Errorf("%w: content that is not a base64 data URL", ErrUnsupported)
	}
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return fmt.Errorf("data URL: %w", err)
	}
	*p = Part{Data: data, MIME: mime}
	return nil
}

// wireCall is a tool call in the OpenAI chat form.
type wireCall struct {
	ID       string       `json:"id,omitempty"`
	Type     string       `json:"type"`
	Function wireFunction `json:"function"`
}

type wireFunction struct {
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"`
}

// MarshalJSON writes the OpenAI form, with the arguments as a string.
func (c ToolCall) MarshalJSON() ([]byte, error) {
	args, err := json.Marshal(string(c.Arguments))
	if err != nil {
		return nil, err
	}
	return json.Marshal(wireCall{c.ID, "function", wireFunction{c.Name, args}})
}

// UnmarshalJSON reads the OpenAI form. Arguments may be a string that holds JSON, or the JSON itself.
func (c *ToolCall) UnmarshalJSON(data []byte) error {
	var w wireCall
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	if w.Function.Name == "" {
		return errors.New("tool call has no function name")
	}
	*c = ToolCall{ID: w.ID, Name: w.Function.Name, Arguments: w.Function.Arguments}
	if args := bytes.TrimSpace(w.Function.Arguments); len(args) > 0 && args[0] == '"' {
		var text string
		if err := json.Unmarshal(args, &text); err != nil {
			return err
		}
		c.Arguments = json.RawMessage(text)
	}
	return nil
}
