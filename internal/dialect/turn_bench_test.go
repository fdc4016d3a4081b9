package dialect

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"llm/internal/constrain"

	"github.com/stretchr/testify/require"
)

// thirtyTools are 25 real schemas and five that mean harm.
func thirtyTools(t testing.TB) []Tool {
	var tools []Tool
	for _, hostile := range []bool{true, false} {
		for _, c := range schemaCases(t) {
			if strings.Contains(c.id, "/hostile/") == hostile && (hostile || strings.HasPrefix(c.id, "real/Glaive")) && len(tools) < map[bool]int{true: 5, false: 30}[hostile] {
				tools = append(tools, Tool{fmt.Sprintf("tool_%d", len(tools)), json.RawMessage(c.schema)})
			}
		}
	}
	require.Len(t, tools, 30)
	return tools
}

// BenchmarkCompile measures the compilation of thirty tools of which none means harm, and of the turn they are offered in.
func BenchmarkCompile(b *testing.B) {
	tools := thirtyTools(b)
	tools = tools[5:]
	for _, t := range tools[:5] {
		tools = append(tools, Tool{t.Name + "_again", t.Schema})
	}
	for _, d := range []*Dialect{&hermes, &qwenXML, &harmony, &gemma4, &miniMaxM3, &deepSeekV32, &llama4Pythonic} {
		b.Run(d.Name+"/tools", func(b *testing.B) {
			for b.Loop() {
				for _, t := range tools {
					d.Compile(t)
				}
			}
		})
		var fs []*Function
		for _, t := range tools {
			fs = append(fs, d.Compile(t))
		}
		b.Run(d.Name+"/turn", func(b *testing.B) {
			for b.Loop() {
				_, err := d.Constraint(Turn{Tools: fs})
				require.NoError(b, err)
			}
		})
	}
}

// BenchmarkFreeText measures a mask and a step in free text while thirty tools are offered.
func BenchmarkFreeText(b *testing.B) {
	v := sharedVocabulary(b, "qwen3")
	trie := constrain.NewTrie(v)
	for _, tokens := range []bool{true, false} {
		b.Run(map[bool]string{true: "markers are tokens", false: "markers are text"}[tokens], func(b *testing.B) {
			d := hermes
			if tokens {
				d.ids = v.Marker
			}
			var fs []*Function
			for _, t := range thirtyTools(b) {
				fs = append(fs, d.Compile(t))
			}
			k, err := d.Constraint(Turn{Tools: fs})
			require.NoError(b, err)
			x := constrain.NewMatcher(k, trie)
			ids := v.Append(nil, "The weather in Paris is 12 < 13 degrees, so <b>take</b> a coat. ")
			mask := make([]uint64, x.Words())
			for b.Loop() {
				for _, id := range ids {
					x.Mask(mask)
					if err := x.Advance(id); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(ids)), "ns/token")
		})
	}
}

// BenchmarkCall measures masks along a call while thirty tools are offered: in a turn that is new, and in one whose masks are known.
func BenchmarkCall(b *testing.B) {
	for _, x := range []struct {
		d          *Dialect
		vocabulary string
		text       string
	}{
		{&hermes, "qwen3", "I'll look.\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Oslo, the capital of Norway\", \"days\": 3}}\n</tool_call>"},
		{&qwenXML, "qwen35", "I'll look.\n\n<tool_call>\n<function=weather>\n<parameter=city>\nOslo, the capital of Norway\n</parameter>\n<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>"},
		{&gemma4, "gemma-4", "I'll look.<|tool_call>call:weather{city:<|\"|>Oslo, the capital of Norway<|\"|>,days:3}<tool_call|>"},
		{&harmony, "gpt-oss", "<|channel|>analysis<|message|>I'll look.<|end|><|start|>assistant<|channel|>commentary to=functions.weather <|constrain|>json<|message|>{\"city\": \"Oslo, the capital of Norway\", \"days\": 3}"},
	} {
		v := sharedVocabulary(b, x.vocabulary)
		trie := constrain.NewTrie(v)
		d := *x.d
		d.ids = v.Marker
		fs := functions(&d, append(thirtyTools(b)[1:], weather)...)
		ids := v.AppendSpecial(nil, x.text)
		var k *constrain.Constraint
		for _, fresh := range []bool{true, false} {
			b.Run(d.Name+map[bool]string{true: "/new", false: "/known"}[fresh], func(b *testing.B) {
				var worst, sum time.Duration
				for b.Loop() {
					if fresh {
						b.StopTimer()
						var err error
						k, err = d.Constraint(Turn{Tools: fs, Prefix: prefixesOf(&d)[0]})
						require.NoError(b, err)
						b.StartTimer()
					}
					m := constrain.NewMatcher(k, trie)
					mask := make([]uint64, m.Words())
					for _, id := range ids {
						start := time.Now()
						m.Mask(mask)
						took := time.Since(start)
						worst, sum = max(worst, took), sum+took
						if err := m.Advance(id); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(sum.Microseconds())/float64(b.N*len(ids)), "µs/mask")
				b.ReportMetric(float64(worst.Microseconds()), "µs/worst")
			})
		}
	}
}
