package llm

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// The forms that the OpenAI chat completions reference shows, and what they mean.
var wireForms = []struct {
	name, wire string
	want       Message
}{
	{"system", `{"role":"system","content":"Be brief."}`, SystemMessage("Be brief.")},
	{"user", `{"role":"user","content":"Hello"}`, UserMessage("Hello")},
	{"empty", `{"role":"user","content":""}`, Message{Role: RoleUser}},
	{"other role", `{"role":"developer","content":"Be brief."}`, Message{Role: "developer", Content: []Part{{Text: "Be brief."}}}},
	{"named", `{"role":"user","content":"Hello","name":"ada"}`, Message{Role: RoleUser, Content: []Part{{Text: "Hello"}}, Name: "ada"}},
	{"parts", `{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":""}]}`,
		Message{Role: RoleUser, Content: []Part{{Text: "a"}, {}}}},
	{"image", `{"role":"user","content":[{"type":"text","text":"What is it?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw=="}}]}`,
		Message{Role: RoleUser, Content: []Part{{Text: "What is it?"}, {Data: []byte("\x89PNG"), MIME: "image/png"}}}},
	{"sound", `{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}}]}`,
		Message{Role: RoleUser, Content: []Part{{Data: []byte("RIFF"), MIME: "audio/wav"}}}},
	{"file", `{"role":"user","content":[{"type":"file","file":{"file_data":"data:application/pdf;base64,JVBERg=="}}]}`,
		Message{Role: RoleUser, Content: []Part{{Data: []byte("%PDF"), MIME: "application/pdf"}}}},
	{"reasoning", `{"role":"assistant","content":"4","reasoning_content":"2+2"}`,
		Message{Role: RoleAssistant, Content: []Part{{Text: "4"}}, Reasoning: "2+2"}},
	{"calls", `{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}}]}`,
		Message{Role: RoleAssistant, Calls: []ToolCall{{"call_1", "weather", json.RawMessage(`{"city":"Oslo"}`)}}}},
	{"broken arguments", `{"role":"assistant","content":"","tool_calls":[{"type":"function","function":{"name":"f","arguments":"{\"a"}}]}`,
		Message{Role: RoleAssistant, Calls: []ToolCall{{"", "f", json.RawMessage(`{"a`)}}}},
	{"tool", `{"role":"tool","content":"{\"celsius\":3}","tool_call_id":"call_1","name":"weather"}`,
		ToolMessage("call_1", "weather", `{"celsius":3}`)},
	{"unicode", `{"role":"user","content":"<|im_end|> \"ü\" \u2028 𝄞"}`, UserMessage("<|im_end|> \"ü\" \u2028 𝄞")},
}

func TestMessageReadsTheOpenAIForm(t *testing.T) {
	for _, c := range wireForms {
		t.Run(c.name, func(t *testing.T) {
			var got Message
			require.NoError(t, json.Unmarshal([]byte(c.wire), &got))
			require.Equal(t, c.want, got)
		})
	}
}

func TestMessageWritesTheOpenAIForm(t *testing.T) {
	for _, c := range wireForms {
		t.Run(c.name, func(t *testing.T) {
			got, err := json.Marshal(c.want)
			require.NoError(t, err)
			if c.name != "broken arguments" { // content "" and null are the same to us, and null is usual beside calls
				require.JSONEq(t, c.wire, string(got))
			}
			var back Message
			require.NoError(t, json.Unmarshal(got, &back))
			require.Equal(t, c.want, back)
		})
	}
}

// Variants that others write and that mean the same.
func TestMessageReadsVariants(t *testing.T) {
	var m Message
	require.NoError(t, json.Unmarshal([]byte(`{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":{"a":1}}}]}`), &m))
	require.JSONEq(t, `{"a":1}`, string(m.Calls[0].Arguments))
	require.NoError(t, json.Unmarshal([]byte(`{"role":"user"}`), &m))
	require.Equal(t, Message{Role: RoleUser}, m)
}

func TestMessageRefuses(t *testing.T) {
	for name, wire := range map[string]string{
		"no role":         `{"content":"x"}`,
		"number":          `{"role":"user","content":3}`,
		"object":          `{"role":"user","content":{"text":"x"}}`,
		"unknown part":    `{"role":"user","content":[{"type":"video"}]}`,
		"part without":    `{"role":"user","content":[{"type":"text"}]}`,
		"image elsewhere": `{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://example.org/a.png"}}]}`,
		"broken base64":   `{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,!"}}]}`,
		"call, no name":   `{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"arguments":"{}"}}]}`,
	} {
		var m Message
		require.Error(t, json.Unmarshal([]byte(wire), &m), name)
	}
	_, err := json.Marshal(Message{Role: RoleUser, Content: []Part{{Text: "a", Data: []byte("b"), MIME: "image/png"}}})
	require.Error(t, err)
}

func TestMessageText(t *testing.T) {
	require.Equal(t, "ab", Message{Content: []Part{{Text: "a"}, {Text: "b"}}}.Text())
	require.Equal(t, "", Message{}.Text())
}

func FuzzMessage(f *testing.F) {
	for _, c := range wireForms {
		f.Add([]byte(c.wire))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var m Message
		if json.Unmarshal(data, &m) != nil {
			return
		}
		wire, err := json.Marshal(m)
		require.NoError(t, err)
		var back Message
		require.NoError(t, json.Unmarshal(wire, &back))
		again, err := json.Marshal(back)
		require.NoError(t, err)
		require.JSONEq(t, string(wire), string(again))
	})
}

func TestEventKindsHaveNames(t *testing.T) {
	for k := EventText; k <= EventUsage; k++ {
		text, err := k.MarshalText()
		require.NoError(t, err)
		var back EventKind
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, k, back)
	}
	var k EventKind
	require.Error(t, k.UnmarshalText([]byte("nothing")))
	require.Equal(t, "EventKind(99)", EventKind(99).String())
}
