package dialect

import (
	"encoding/json"
	"fmt"
	"testing"

	"llm/internal/constrain"
	"llm/internal/tokenizer"

	"github.com/stretchr/testify/require"
)

func functions(d *Dialect, tools ...Tool) (fs []*Function) {
	for _, t := range tools {
		fs = append(fs, d.Compile(t))
	}
	return fs
}

var weather = Tool{"weather", json.RawMessage(`{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city"],"additionalProperties":false}`)}

// TestTurnsByHand holds what turns of several kinds allow.
func TestTurnsByHand(t *testing.T) {
	number, err := constrain.CompileSchema(`{"type":"integer"}`, constrain.Options{})
	require.NoError(t, err)
	const call = `<tool_call>` + "\n" + `{"name": "weather", "arguments": {"city": "Oslo"}}` + "\n</tool_call>"
	const open, closed = "<think>\n", "<think>\n\n</think>\n\n"
	for _, c := range []struct {
		name    string
		d       *Dialect
		turn    Turn
		yes, no []string
	}{
		{"auto", &hermes, Turn{}, []string{"", "Hi.", call, "Hi.\n" + call, call + "\n" + call, "<think>\nhm\n</think>\n\nHi.", "<think>hm</think>" + call, call + "\nDone."},
			[]string{"<think>hm", "<tool_call>\n", `<tool_call>{"name": "other", "arguments": {}}</tool_call>`, `<tool_call>{"name": "weather", "arguments": {}}</tool_call>`}},
		{"required", &hermes, Turn{Required: true}, []string{call, "\n" + call + "\n", "<think>hm</think>\n" + call}, []string{"", "Hi.", "Hi." + call, "<think>hm</think>", call + "Hi."}},
		{"single", &hermes, Turn{Required: true, Single: true}, []string{call}, []string{call + call}},
		{"thinking is open", &hermes, Turn{Required: true, Prefix: open}, []string{"hm</think>" + call, "</think>" + call, "<tool_call></think>" + call}, []string{call, "hm", "hm</think>"}},
		{"thinking is closed", &hermes, Turn{Prefix: closed}, []string{"Hi.", call}, []string{"<think>hm</think>Hi."}},
		{"no thinking", &hermes, Turn{NoReasoning: true}, []string{"Hi."}, []string{"<think>hm</think>Hi."}},
		{"final", &hermes, Turn{Final: number}, []string{"7", call, "<think>hm</think>\n7", "<think>hm</think>" + call}, []string{"", "x", "<think>7", "7" + call}},
		{"final in open thought", &hermes, Turn{Final: number, Prefix: open}, []string{"7</think>7"}, []string{"7", "7</think>"}},
		{"harmony", &harmony, Turn{Prefix: "<|start|>assistant"},
			[]string{"<|channel|>final<|message|>Hi.", "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Hi.<|return|>",
				"<|channel|>commentary to=functions.weather <|constrain|>json<|message|>{\"city\":\"Oslo\"}<|call|>", " to=functions.weather<|channel|>commentary json<|message|>{\"city\":\"Oslo\"}"},
			[]string{"", "Hi.", "<|channel|>analysis<|message|>hm", "<|channel|>commentary to=functions.other<|message|>{}"}},
		{"harmony's answer", &harmony, Turn{Final: number, Prefix: "<|start|>assistant"},
			[]string{"<|channel|>final<|message|>7", "<|channel|>final <|constrain|>json<|message|>7", "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>7"},
			[]string{"7", "<|channel|>final<|message|>x", "<|channel|>commentary<|message|>7"}},
		{"bare", &llama3JSON, Turn{}, []string{"Hi.", "Hi {", `{"name": "weather", "parameters": {"city": "Oslo"}}`, `[weather(city='Oslo')]`, "<|python_tag|>[weather(city=\"Oslo\")]"},
			[]string{"{", "[1] Hi.", " {}", `{"name": "weather", "parameters": {}}`}},
		{"values as they are", &qwenXML, Turn{}, []string{"<tool_call>\n<function=weather>\n<parameter=city>\na \"b\"\n\nc\n</parameter>\n<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>"},
			[]string{"<tool_call>\n<function=weather>\n<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>",
				"<tool_call>\n<function=weather>\n<parameter=city>\nx\n</parameter>\n<parameter=days>\nthree\n</parameter>\n</function>\n</tool_call>",
				"<tool_call>\n<function=weather>\n<parameter=city>\nx\n</parameter>\n<parameter=city>\ny\n</parameter>\n</function>\n</tool_call>"}},
		{"quotes without escapes", &gemma4, Turn{}, []string{`<|tool_call>call:weather{city:<|"|>a "b"<|"|>,days:3}<tool_call|>`, `<|tool_call>call:weather{days:3,city:<|"|><|"|>}<tool_call|>`},
			[]string{`<|tool_call>call:weather{city:"x"}<tool_call|>`, `<|tool_call>call:weather{}<tool_call|>`}},
		{"elements", &miniMaxM3, Turn{}, []string{treeSign + "<tool_call>\n" + treeSign + `<invoke name="weather">` + treeSign + "<city>Oslo" + treeSign + "</city>" + treeSign + "<days>3" + treeSign + "</days>" + treeSign + "</invoke>\n" + treeSign + "</tool_call>"},
			[]string{treeSign + "<tool_call>\n" + treeSign + `<invoke name="weather">` + treeSign + "<city>Oslo" + treeSign + "</days>"}},
		{"recipients", &functionaryV32, Turn{Prefix: ">>>"}, []string{"all\nHi.", "weather\n{\"city\": \"Oslo\"}", "all\nHi.\n>>>weather\n{\"city\": \"Oslo\"}"}, []string{"Hi.", "other\n{}"}},
	} {
		c.turn.Tools = functions(c.d, weather)
		k, err := c.d.Constraint(c.turn)
		require.NoError(t, err, c.name)
		for _, text := range c.yes {
			at, ok := k.Match(text)
			require.True(t, ok, "%s: refused at %d: %q", c.name, at, text)
		}
		for _, text := range c.no {
			_, ok := k.Match(text)
			require.False(t, ok, "%s: %q", c.name, text)
		}
	}
	_, err = hermes.Constraint(Turn{Required: true})
	require.Error(t, err, "a call is required and there is no tool")
	for _, fs := range [][]*Function{{nil}, functions(&gemma4, weather), functions(&hermes, weather, weather)} {
		_, err = hermes.Constraint(Turn{Tools: fs})
		require.Error(t, err)
	}
	for _, name := range []string{`a"b`, "a b", "é<&>", `\`} {
		k, err := hermes.Constraint(Turn{Tools: functions(&hermes, Tool{Name: name}), Required: true})
		require.NoError(t, err)
		b := string(append(appendEscaped([]byte(`<tool_call>{"name": "`), []byte(name)), `", "arguments": {}}</tool_call>`...))
		_, ok := k.Match(b)
		require.True(t, ok, b)
	}
}

// TestMarkersInText holds that the text of a marker is text where its token is the marker.
func TestMarkersInText(t *testing.T) {
	d := hermes
	v := newMarkerVocabulary(&d, tokenizer.UserDefined)
	d.ids = v.Marker
	k, err := d.Constraint(Turn{Tools: functions(&d, weather)})
	require.NoError(t, err)
	x := constrain.NewMatcher(k, constrain.NewTrie(v))
	say := func(text string) {
		for i := range len(text) {
			require.NoError(t, x.Advance(int32(text[i])), "%d of %s", i, text)
		}
	}
	say(`write <tool_call>{"name"} or </think>.`)
	require.True(t, x.CanEnd())
	open, ok := v.Marker("<tool_call>")
	require.True(t, ok)
	require.NoError(t, x.Advance(open))
	require.False(t, x.CanEnd())
	require.False(t, x.Accepts('x'), "a call has begun")
	say(`{"name": "weather", "arguments": {"city": "</tool_call>"}}`)
	require.False(t, x.Accepts('<'), "the closer is a token")
	closer, ok := v.Marker("</tool_call>")
	require.True(t, ok)
	require.NoError(t, x.Advance(closer))
	require.True(t, x.CanEnd())

	think, _ := v.Marker("<think>")
	x = constrain.NewMatcher(k, constrain.NewTrie(v))
	require.True(t, x.Accepts(think))
	say("Hi")
	require.False(t, x.Accepts(think), "only at the beginning")
}

// TestAnswerIsText holds that what must be an answer is read as one, whatever it says.
func TestAnswerIsText(t *testing.T) {
	final, err := constrain.CompileSchema(`{"type":"string"}`, constrain.Options{})
	require.NoError(t, err)
	for _, d := range allDialects() {
		turn := Turn{Final: final, Tools: functions(d, weather)}
		f := &fold{}
		p := d.NewTurnParser(turn)
		raw, answer := "", `"<think> </think> <tool_call>{} [TOOL_CALLS] <|im_end|> >>>weather <|end|>"`
		switch {
		case d.headers != nil && d.headers.tools:
			raw = "<|channel|>final<|message|>"
		case d.headers != nil:
			raw = " to=user<|message|>"
		case d.calls.content != "":
			raw = ">>>all\n"
		}
		k, err := d.Constraint(turn)
		require.NoError(t, err)
		at, ok := k.Match(raw + answer)
		require.True(t, ok, "%s: refused at %d", d.Name, at)
		p.Push(raw+answer, -1, false, f.emit)
		p.Flush(f.emit)
		text := ""
		for _, e := range f.events {
			if e.Kind == Text {
				text += e.Text
			}
		}
		require.Equal(t, answer, text, d.Name)
	}
}

// TestHostileTools holds that schemas that mean harm are relaxed and reported, and harm no other tool.
func TestHostileTools(t *testing.T) {
	tools := thirtyTools(t)
	for _, d := range []*Dialect{&hermes, &qwenXML, &gemma4, &miniMaxM3, &llama4Pythonic, &harmony} {
		fs := functions(d, tools...)
		exact := 0
		for i, f := range fs {
			if i >= 5 {
				require.Equal(t, f.Relaxed(), d.Compile(tools[i]).Relaxed())
				if len(f.Relaxed()) == 0 {
					exact++
				}
			}
			for _, args := range []string{`[]`, `7`, `null`, `"x"`, `{`} {
				require.Error(t, f.Validate(json.RawMessage(args)), "%s of %s", args, f.Name())
			}
		}
		require.GreaterOrEqual(t, exact, 23, "%s: tools that are exact beside five that mean harm", d.Name)
		_, err := d.Constraint(Turn{Tools: fs})
		require.NoError(t, err)
	}
	fs := functions(&hermes, tools...)
	k, err := hermes.Constraint(Turn{Tools: fs, Required: true})
	require.NoError(t, err)
	for i, f := range fs {
		_, ok := k.Match(fmt.Sprintf(`<tool_call>{"name": %q, "arguments": {}}</tool_call>`, f.Name()))
		require.Equal(t, f.Validate(json.RawMessage(`{}`)) == nil || i < 5 && len(f.Relaxed()) > 0, ok, "%s: %v", f.tool.Schema[:min(200, len(f.tool.Schema))], f.Relaxed())
	}
}

// TestInvalidSchemas holds what is left of a tool with an invalid schema: any object, and a word about it.
func TestInvalidSchemas(t *testing.T) {
	for _, schema := range []string{`{"type":`, `7`, `{"type":"strin"}`, `{"$ref":"https://example.com/x.json"}`, `{"type":"string"}`, `false`} {
		for _, d := range allDialects() {
			f := d.Compile(Tool{"f", json.RawMessage(schema)})
			require.NotEmpty(t, f.Relaxed(), "%s: %s", d.Name, schema)
			require.Contains(t, f.Relaxed()[0].Why, "the whole schema")
			_, err := d.Constraint(Turn{Tools: []*Function{f}, Required: true})
			require.NoError(t, err, "%s: %s", d.Name, schema)
		}
	}
	f := hermes.Compile(Tool{"f", json.RawMessage(`{"type":`)})
	require.NoError(t, f.Validate(json.RawMessage(`{"a":1}`)))
	require.Error(t, hermes.Compile(Tool{"f", json.RawMessage(`{"type":"string"}`)}).Validate(json.RawMessage(`{}`)))
}
