package dialect

import (
	"encoding/json"
	"strings"

	"llm/internal/jinja"
)

const (
	probeName  = "zq_probe"
	probeKey   = "zq_key"
	probeValue = "zq value 7"
)

var probeTool = Tool{Name: probeName, Schema: json.RawMessage(`{"type":"object","properties":{"` + probeKey + `":{"type":"string","description":"k"}},"required":["` + probeKey + `"]}`)}

// probe renders a call and returns the dialect that reads it back, nil if none does.
func probe(template string) *Dialect {
	return readBack(template, probed)
}

// readBack renders a call and returns the first of some dialects that reads it back.
func readBack(template string, among []*Dialect) *Dialect {
	t, err := jinja.Parse(template)
	if err != nil {
		return nil
	}
	without := render(t, "")
	for _, arguments := range []string{`{"` + probeKey + `":"` + probeValue + `"}`, `"{\"` + probeKey + `\": \"` + probeValue + `\"}"`} {
		with := render(t, `,{"role":"assistant","content":"","tool_calls":[{"id":"call00001","type":"function","function":{"name":"`+probeName+`","arguments":`+arguments+`}}]}`)
		with = with[shared(with, without):]
		if !strings.Contains(with, probeName) {
			continue
		}
		for _, d := range among {
			if d.reads(with) {
				return d
			}
		}
	}
	return nil
}

// probed are the dialects that a rendering may show, those with a marker first.
var probed = func() (all []*Dialect) {
	seen := map[*Dialect]bool{}
	for _, s := range signs {
		if !s.dialect.calls.bare && !seen[s.dialect] {
			seen[s.dialect] = true
			all = append(all, s.dialect)
		}
	}
	return append(all, &bareJSON, &llama3JSON, &llama4Pythonic)
}()

func render(t *jinja.Template, turn string) string {
	tool := `[{"type":"function","function":{"name":"` + probeName + `","description":"d","parameters":` + string(probeTool.Schema) + `}}]`
	out, err := jinja.Request{
		Messages: json.RawMessage(`[{"role":"user","content":"zq question"}` + turn + `]`), Tools: json.RawMessage(tool),
		AddGenerationPrompt: turn == "", Now: "2025-01-01T00:00:00",
	}.RenderWith(t)
	if err != nil {
		return ""
	}
	return out.Text
}

// shared returns how many bytes two texts have in common at their beginnings.
func shared(a, b string) int {
	return common([]byte(a), b)
}

// reads reports whether the dialect finds the probe's call in a text.
func (d *Dialect) reads(text string) bool {
	found := false
	p := d.NewParser([]Tool{probeTool}, "")
	emit := func(e Event) bool {
		if e.Kind == ToolCall && e.Call.Name == probeName {
			var args map[string]any
			found = found || json.Unmarshal(e.Call.Arguments, &args) == nil && args[probeKey] == probeValue
		}
		return true
	}
	p.Push(text, -1, false, emit)
	p.Flush(emit)
	return found
}
