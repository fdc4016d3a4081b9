package dialect

import (
	"regexp"
	"testing"

	"llm/internal/constrain"

	"github.com/stretchr/testify/require"
)

// Well-formed turns of the published cases that masks do not let through, and why. Everything else a template renders, or a model was
// seen to write, must pass.
var leftOut = regexp.MustCompile(`-cut-half-marker$|-json-reordered$|-arguments-as-string$|-parameters-key$|-id-without-prefix$` + // ways to write calls
	`|-none-spelled-None$|-trailing-comma$|^llama4_pythonic-spaces$|-semicolon-two$|^lfm2-(apostrophe|escapes)$` + // that no template teaches
	`|^minimax_m3-call-types$` + // an object of names that are not declared is JSON
	`|^(gigachat3|gigachat30|granite3|firefunction_v2|mistral_array)-garbage-after$` + // text where nothing says that the calls are over
	`|-json-that-is-no-call$|-markdown-list$` + // what looks like a call has to be one
	`|^harmony-.*parallel|^harmony-content-tail-end$|^rt-llm-jp.*-(two|three)$` + // a call ends the turn in harmony
	`|^rt-vllm-deepseekv31-`) // the template writes the role into the turn

// TestRenderingsAreLetThrough holds that a turn with tools allows what templates render and models write.
func TestRenderingsAreLetThrough(t *testing.T) {
	c := readCorpus(t)
	type key struct{ template, prefix string }
	turns := map[key]*constrain.Constraint{}
	passed, left := 0, 0
	for _, x := range c.fixtures {
		d := c.dialects[x.Template]
		if unreadable.MatchString(x.ID) || x.Expect.Finished != nil && !*x.Expect.Finished || x.Expect.Warnings == "some" {
			continue
		}
		k := key{x.Template, x.Prefix}
		if turns[k] == nil {
			var fs []*Function
			for _, tool := range ToolsOf(c.tools) {
				fs = append(fs, d.Compile(tool))
			}
			turn, err := d.Constraint(Turn{Prefix: x.Prefix, Tools: fs})
			require.NoError(t, err)
			turns[k] = turn
		}
		switch at, ok := turns[k].Match(x.Raw); {
		case ok:
			passed++
		case leftOut.MatchString(x.ID):
			left++
		default:
			t.Errorf("%s %s: refused at %d: %.100q ··· %.60q", d.Name, x.ID, at, x.Raw[max(0, at-100):at], x.Raw[at:])
		}
	}
	t.Logf("%d turns pass, %d are left out", passed, left)
}
