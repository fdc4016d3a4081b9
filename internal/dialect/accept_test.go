package dialect

import (
	"llm/internal/constrain"
	"testing"
)

func TestRenderingsAreLetThrough(t *testing.T) {
	c := readCorpus(t)
	type key struct{ template, prefix string }
	byDialect := map[string][2]int{}
	turns := map[key]*constrain.Constraint{}
	for _, x := range c.fixtures {
		d := c.dialects[x.Template]
		if unreadable.MatchString(x.ID) || (x.Expect.Finished != nil && !*x.Expect.Finished) || x.Expect.Warnings == "some" {
			continue
		}
		k := key{x.Template, x.Prefix}
		if turns[k] == nil {
			var fs []*Function
			for _, tool := range ToolsOf(c.tools) {
				fs = append(fs, d.Compile(tool))
			}
			var err error
			if turns[k], err = d.Constraint(Turn{Prefix: x.Prefix, Tools: fs}); err != nil {
				t.Fatal(err)
			}
		}
		n := byDialect[d.Name]
		at, ok := turns[k].Match(x.Raw)
		n[0]++
		if ok {
			n[1]++
		} else {
			t.Logf("%s %s: at %d: %.100q ··· %.60q", d.Name, x.ID, at, x.Raw[max(0, at-100):at], x.Raw[at:])
		}
		byDialect[d.Name] = n
	}
	for n, v := range byDialect {
		t.Logf("%s %d of %d", n, v[1], v[0])
	}
}
