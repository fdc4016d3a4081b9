package dialect

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

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
	tools = append(tools[5:], tools[5:10]...)
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
