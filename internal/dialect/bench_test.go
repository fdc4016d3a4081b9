package dialect

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var writeFile = []Tool{{"write_file", json.RawMessage(`{"type":"object","properties":{"path":{"type":"string"},"text":{"type":"string"},"rows":{"type":"array"}}}`)}}

// longCalls are calls with an argument of n tokens, in each of the readers.
func longCalls(n int) map[*Dialect]string {
	text := strings.Repeat("word ", n)
	rows := strings.Repeat("123, ", n) + "1"
	return map[*Dialect]string{
		&hermes:         `<tool_call>` + "\n" + `{"name": "write_file", "arguments": {"path": "a", "text": "` + text + `"}}` + "\n</tool_call>",
		&qwenXML:        "<tool_call>\n<function=write_file>\n<parameter=text>\n" + text + "\n</parameter>\n</function>\n</tool_call>",
		&glm:            "<tool_call>write_file<arg_key>rows</arg_key><arg_value>[" + rows + "]</arg_value></tool_call>",
		&deepSeekV32:    `<｜DSML｜function_calls>` + "\n" + `<｜DSML｜invoke name="write_file"><｜DSML｜parameter name="text" string="true">` + text + `</｜DSML｜parameter></｜DSML｜invoke></｜DSML｜function_calls>`,
		&harmony:        `<|channel|>commentary to=functions.write_file <|constrain|>json<|message|>{"rows":[` + rows + `]}<|call|>`,
		&gemma4:         `<|tool_call>call:write_file{text:<|"|>` + text + `<|"|>}<tool_call|>`,
		&llama4Pythonic: `[write_file(rows=[` + rows + `])]`,
		&miniMaxM3:      treeSign + "<tool_call>" + treeSign + `<invoke name="write_file">` + treeSign + "<text>" + text + treeSign + "</text>" + treeSign + "</invoke>" + treeSign + "</tool_call>",
		&kimiK2:         `<|tool_calls_section_begin|><|tool_call_begin|>functions.write_file:0<|tool_call_argument_begin|>{"text": "` + text + `"}<|tool_call_end|><|tool_calls_section_end|>`,
	}
}

func readTokens(d *Dialect, raw string) (calls int) {
	p := d.NewParser(writeFile, "")
	emit := func(e Event) bool {
		if e.Kind == ToolCall {
			calls++
		}
		return true
	}
	for raw != "" {
		n := min(5, len(raw))
		p.Push(raw[:n], -1, false, emit)
		raw = raw[n:]
	}
	p.Flush(emit)
	return calls
}

func TestLongArgumentsAreReadWhole(t *testing.T) {
	for d, raw := range longCalls(50_000) {
		require.Equal(t, 1, readTokens(d, raw), d.Name)
	}
}

// Linear reading has about the same speed at every length.
func BenchmarkLongArguments(b *testing.B) {
	for _, n := range []int{5_000, 50_000} {
		for d, raw := range longCalls(n) {
			b.Run(fmt.Sprintf("%s/%d", d.Name, n), func(b *testing.B) {
				b.SetBytes(int64(len(raw)))
				for b.Loop() {
					readTokens(d, raw)
				}
			})
		}
	}
}

// What a hostile model could write to make a reader look at the same bytes again and again.
// 2 MB are nothing for a linear reader; one that is not runs into the time limit of all tests.
func TestHostileTextsAreReadInLinearTime(t *testing.T) {
	n := 2_000_000
	if testing.Short() {
		n /= 20
	}
	fill := func(s string) string { return strings.Repeat(s, n/len(s)) }
	for name, raw := range map[string]string{
		"brackets":    fill("<"),
		"half marker": fill("<tool_call"),
		"markers":     fill("<tool_call>"),
		"space":       "x" + fill(" "),
		"ends":        "x<|im_end|>" + fill(" "),
		"many ends":   fill("<|im_end|>"),
		"closers":     "<tool_call>\n<function=write_file>\n<parameter=text>\n" + fill("</parameter>\n"),
		"half closer": "<tool_call>\n<function=write_file>\n<parameter=text>\n" + fill("</parameter> x"),
		"deep":        `<tool_call>{"name": "write_file", "arguments": {"rows": ` + fill("["),
		"escapes":     `<tool_call>{"name": "write_file", "arguments": {"text": "` + fill(`\u0000`),
		"long name":   `<tool_call>{"name": "` + fill("a"),
		"long number": `<tool_call>{"name": "write_file", "arguments": {"rows": ` + fill("1"),
		"thoughts":    fill("<think>") + fill("</think>"),
		"headers":     fill("<|start|>assistant"),
		"channels":    fill("<|channel|>analysis to="),
		"elements":    treeSign + "<tool_call>" + treeSign + `<invoke name="write_file">` + fill(treeSign+"<a>"),
		"quotes":      "[write_file(text='" + fill(`\'`),
		"objects":     fill(`{"name": `),
	} {
		for _, d := range []*Dialect{&hermes, &qwenXML, &harmony, &miniMaxM3, &llama4Pythonic, &gemma4, &glm} {
			t.Log(d.Name, name, readTokens(d, raw))
		}
	}
}

func TestSteadyTextAllocatesOnlyWhatIsEmitted(t *testing.T) {
	count := 0
	emit := func(Event) bool { count++; return true }
	for _, c := range []struct {
		what, before, piece string
		d                   *Dialect
		most                float64
	}{
		{"text that passes whole", "Hello", " word", &hermes, 0},
		{"text with held space", "Hello", "word ", &hermes, 1},
		{"reasoning", "<think>x", " word", &hermes, 0},
		{"JSON arguments", `<tool_call>{"name": "write_file", "arguments": {"text": "`, " word", &hermes, 1},
		{"XML arguments", "<tool_call>\n<function=write_file>\n<parameter=text>\nx", " word", &qwenXML, 1},
		{"Gemma's arguments", `<|tool_call>call:write_file{text:<|"|>`, " word", &gemma4, 1},
		{"Python arguments", `[write_file(text='`, " word", &llama4Pythonic, 1},
		{"harmony's text", "<|channel|>final<|message|>Hello", " word", &harmony, 0},
	} {
		p := c.d.NewParser(writeFile, "")
		p.Push(c.before, -1, false, emit)
		for range 20_000 { // what grows has grown
			p.Push(c.piece, -1, false, emit)
		}
		p.wire, p.args = append(make([]byte, 0, 1<<20), p.wire...), append(make([]byte, 0, 1<<20), p.args...)
		got := testing.AllocsPerRun(1000, func() { p.Push(c.piece, -1, false, emit) })
		require.LessOrEqual(t, got, c.most, c.what)
	}
	require.Positive(t, count)
}

func BenchmarkParser(b *testing.B) {
	for d, raw := range longCalls(50_000) {
		b.Run(d.Name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				readTokens(d, raw)
			}
		})
	}
}
