package dialect

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var someTools = []Tool{
	{"f", json.RawMessage(`{"type":"object","properties":{
		"s":{"type":"string"}, "i":{"type":"integer"}, "o":{"$ref":"#/$defs/o"}, "sn":{"type":["string","null"]},
		"si":{"anyOf":[{"type":"string"},{"type":"integer"}]}, "e":{"enum":["a","b"]}},
		"$defs":{"o":{"type":"object","properties":{"s":{"type":"string"}}}}}`)},
	{"g", nil},
}

func answerOf(d *Dialect, raw string) Answer {
	a := Answer{ToolCalls: []AnswerCall{}}
	f, p := read(d, someTools, "", raw, 0)
	for _, e := range f.events {
		switch e.Kind {
		case Text:
			a.Content += e.Text
		case Reasoning:
			a.Reasoning += e.Text
		case Warning:
			a.Warnings = append(a.Warnings, e.Text)
		}
	}
	for _, c := range f.calls {
		a.ToolCalls = append(a.ToolCalls, AnswerCall{c.Name, c.Arguments})
	}
	a.Finished = p.Finished()
	return a
}

// Reports against other engines, each as a case: what they lost must be there.
func TestReportsAgainstOthers(t *testing.T) {
	for _, c := range []struct {
		report  string
		d       *Dialect
		raw     string
		content string
		args    []string // of the calls, all of f
		warned  bool
	}{
		{"a doubled closer costs the turn (llama-swap 856)", &qwenXML,
			"<tool_call>\n<function=f>\n<parameter=s>\nx\n</parameter>\n</parameter>\n</function>\n</tool_call>", "", []string{`{"s":"x"}`}, false},
		{"a closer inside a value truncates it (vllm 45439)", &qwenXML,
			"<tool_call>\n<function=f>\n<parameter=s>\nsay </parameter> and </function> here\n</parameter>\n</function>\n</tool_call>", "", []string{`{"s":"say </parameter> and </function> here"}`}, false},
		{"a call without its section (Qwen3 Coder)", &qwenXML,
			"Sure.\n<function=f>\n<parameter=s>\nx\n</parameter>\n</function>", "Sure.", []string{`{"s":"x"}`}, false},
		{"JSON where XML is expected", &qwenXML,
			"<tool_call>\n{\"name\": \"f\", \"arguments\": {\"s\": \"x\"}}\n</tool_call>", "", []string{`{"s":"x"}`}, false},
		{"values on one line", &qwenXML,
			"<tool_call><function=f><parameter=s>x</parameter><parameter=i>7</parameter></function></tool_call>", "", []string{`{"s":"x","i":7}`}, false},
		{"a brace inside a string ends the call (ollama 12017)", &hermes,
			`<tool_call>{"name": "f", "arguments": {"s": "a } b"}}</tool_call>`, "", []string{`{"s":"a } b"}`}, false},
		{"a stray bracket after the arguments (ollama 17638)", &harmony,
			`<|channel|>commentary to=functions.f <|constrain|>json<|message|>{"s":"x"}]<|call|>`, "]", []string{`{"s":"x"}`}, false},
		{"a stray bracket inside the envelope", &hermes,
			`<tool_call>{"name": "f", "arguments": {"s":"x"}]}</tool_call>`, "]}</tool_call>", []string{`{"s":"x"}`}, true},
		{"text after a call is dropped (vllm 56263)", &hermes,
			`<tool_call>{"name": "f", "arguments": {}}</tool_call> and more`, "and more", []string{`{}`}, false},
		{"no closer, then another call", &hermes,
			`<tool_call>{"name": "f", "arguments": {"i":1}}<tool_call>{"name": "f", "arguments": {"i":2}}</tool_call>`, "", []string{`{"i":1}`, `{"i":2}`}, true},
		{"plain JSON quotes and = in Gemma's objects (vllm 48678)", &gemma4,
			`<|tool_call>call:f{o:{"s":"x"},i=1}<tool_call|>`, "", []string{`{"o":{"s":"x"},"i":1}`}, false},
		{"quotes inside Gemma's strings (vllm 39069)", &gemma4,
			`<|tool_call>call:f{s:<|"|>a "b" <| c<|"|>}<tool_call|>`, "", []string{`{"s":"a \"b\" <| c"}`}, false},
		{"a call without arguments is dropped (vllm 45915)", &glm, `<tool_call>f</tool_call>`, "", []string{`{}`}, false},
		{"optional strings mangled (vllm 40197)", &glm,
			`<tool_call>f<arg_key>sn</arg_key><arg_value>12</arg_value><arg_key>si</arg_key><arg_value>7</arg_value><arg_key>e</arg_key><arg_value>a</arg_value></tool_call>`, "", []string{`{"sn":"12","si":"7","e":"a"}`}, false},
		{"null where it is allowed", &glm, `<tool_call>f<arg_key>sn</arg_key><arg_value>null</arg_value></tool_call>`, "", []string{`{"sn":null}`}, false},
		{"[ARGS] missing (vllm 30651)", &mistral, `[TOOL_CALLS]f{"i":1}`, "", []string{`{"i":1}`}, false},
		{"JSON where Python is expected (vllm 46863)", &llama4Pythonic, `[{"name": "f", "parameters": {"i":1}}]`, "", []string{`{"i":1}`}, false},
		{"Kimi's singular section (llama.cpp 17376)", &kimiK2,
			`<|tool_call_section_begin|><|tool_call_begin|>f:3<|tool_call_argument_begin|>{"i":1}<|tool_call_end|><|tool_call_section_end|>`, "", []string{`{"i":1}`}, false},
		{"the answer lost to a trailing tag (llama.cpp 27733)", &hermes, "Done.\n<think>", "Done.\n<think>", nil, false},
		{"an answer that is JSON", &llama3JSON, `{"name": "f", "age": 3}`, `{"name": "f", "age": 3}`, nil, false},
		{"an answer that is JSON with other names", &llama3JSON, `{"name": "Ann", "parameters": {}}`, `{"name": "Ann", "parameters": {}}`, nil, true},
		{"Llama's built-in tools", &llama3JSON, `<|python_tag|>f.call(s="x")`, "", []string{`{"s":"x"}`}, false},
		{"line ends in a JSON string", &hermes, "<tool_call>{\"name\": \"f\", \"arguments\": {\"s\": \"a\nb\"}}</tool_call>", "", []string{`{"s":"a\nb"}`}, false},
		{"two calls in an object of Apertus", &apertus, `<|tools_prefix|>[{"f": {"i":1}, "f": {"i":2}}]<|tools_suffix|>`, "", []string{`{"i":1}`, `{"i":2}`}, false},
		{"an object with names from Apertus", &apertus, `<|tools_prefix|>[{"name": "f", "arguments": {"i":1}}]<|tools_suffix|>`, "", []string{`{"i":1}`}, false},
		{"MiroThinker's calls", &mcpXML, "<use_mcp_tool>\n<server_name>s</server_name>\n<tool_name>f</tool_name>\n<arguments>\n{\n\"i\": 1\n}\n</arguments>\n</use_mcp_tool>", "", []string{`{"i":1}`}, false},
		{"the tag in prose", &hermes, "Write <tool_call> around it.", "Write <tool_call> around it.", nil, true},
	} {
		a := answerOf(c.d, c.raw)
		require.Equal(t, c.content, a.Content, c.report)
		require.Len(t, a.ToolCalls, len(c.args), c.report)
		for i, want := range c.args {
			require.Equal(t, "f", a.ToolCalls[i].Name, c.report)
			require.Equal(t, want, string(a.ToolCalls[i].Arguments), c.report)
		}
		require.Equal(t, c.warned, len(a.Warnings) > 0, "%s: %q", c.report, a.Warnings)
	}
}

// tokens of a made-up vocabulary, by text.
var vocabulary = map[string]int32{"<tool_call>": 1, "</tool_call>": 2, "<think>": 3, "</think>": 4, "<|im_end|>": 5, "<|other|>": 6}

func lookUp(text string) (int32, bool) {
	id, ok := vocabulary[text]
	return id, ok
}

// Text that only spells a marker is no marker where the vocabulary has it as a token.
func TestMarkersAreTokensWhereTheVocabularyHasThem(t *testing.T) {
	d, _ := Detect("<think></think><tool_call>", lookUp)
	type token struct {
		text    string
		control bool
	}
	run := func(all ...token) (*fold, *Parser) {
		f, p := &fold{}, d.NewParser(someTools, "")
		for _, tok := range all {
			id, ok := vocabulary[tok.text]
			if !ok {
				id = 99
			}
			p.Push(tok.text, id, tok.control, f.emit)
		}
		p.Flush(f.emit)
		return f, p
	}
	body := token{text: `{"name": "f", "arguments": {}}`}
	kinds := func(f *fold) (text, reasoning string) {
		for _, e := range f.events {
			switch e.Kind {
			case Text:
				text += e.Text
			case Reasoning:
				reasoning += e.Text
			}
		}
		return
	}

	f, p := run(token{text: "<tool_call>"}, body, token{text: "</tool_call>"}, token{text: "<|im_end|>", control: true})
	require.Len(t, f.calls, 1)
	require.True(t, p.Finished())

	f, _ = run(token{text: "<tool"}, token{text: "_call>"}, body, token{text: "</tool"}, token{text: "_call>"})
	text, _ := kinds(f)
	require.Empty(t, f.calls)
	require.Equal(t, "<tool_call>"+body.text+"</tool_call>", text)

	f, p = run(token{text: "<think>"}, token{text: "hm"}, token{text: "<tool_call>"}, body, token{text: "</tool_call>"})
	_, reasoning := kinds(f)
	require.Len(t, f.calls, 1, "the token ends the reasoning")
	require.Equal(t, "hm", reasoning)
	require.True(t, p.Finished())

	f, p = run(token{text: "<think>"}, token{text: "hm</thi"}, token{text: "nk>"}, token{text: "<tool"}, token{text: "_call>"}, body)
	_, reasoning = kinds(f)
	require.Empty(t, f.calls)
	require.Equal(t, "hm</think><tool_call>"+body.text, reasoning)
	require.False(t, p.Finished())

	f, _ = run(token{text: "a"}, token{text: "<|other|>", control: true}, token{text: "b"}, token{text: "<think>"}, token{text: "c"}, token{text: "</think>"}, token{text: "d"})
	text, reasoning = kinds(f)
	require.Equal(t, "abd", text, "control tokens are never shown")
	require.Equal(t, "c", reasoning, "the token may come later")
	require.Equal(t, "a<|other|>b<think>c</think>d", f.raw())
}

func TestTheReaderMayLeave(t *testing.T) {
	for _, raw := range []string{"Hello there <tool_call>{\"name\": \"f\", \"arguments\": {\"s\": \"x\"}}</tool_call> and more", "<think>a</think>b"} {
		all, _ := read(&hermes, someTools, "", raw, 1)
		for n := range len(all.events) {
			p, left := hermes.NewParser(someTools, ""), n
			emit := func(Event) bool { left--; return left >= 0 }
			ok := true
			for i := 0; ok && i < len(raw); i++ {
				ok = p.Push(raw[i:i+1], -1, false, emit)
			}
			if ok {
				ok = p.Flush(emit)
			}
			require.False(t, ok)
			require.Equal(t, -1, left, "nothing is emitted after the reader has left")
		}
	}
}

func TestArgumentsStreamAsTheyCome(t *testing.T) {
	for d, raw := range longCalls(50) {
		if strings.Contains(raw, "<arg_value>") {
			continue // of a list: read as a whole, since it may turn out to be none
		}
		deltas := 0
		p := d.NewParser(writeFile, "")
		for i := range len(raw) {
			p.Push(raw[i:i+1], -1, false, func(e Event) bool {
				if e.Kind == ToolArgs {
					deltas++
				}
				return true
			})
		}
		require.Greater(t, deltas, 50, d.Name)
	}
}
