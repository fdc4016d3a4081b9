package prompt

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// dialectCase is what a model wrote, and what it means.
type dialectCase struct {
	ID       string
	Template string
	Raw      string
	Prefix   string
	Expect   struct {
		Content   *string
		Reasoning *string
		Calls     []any `json:"tool_calls"`
		Pending   any
	}
}

// dialectCases returns the cases without tool calls.
func dialectCases(t testing.TB) (out []dialectCase) {
	paths, err := filepath.Glob(filepath.Join(shared(t, filepath.Join("fixtures", "dialects")), "*.jsonl"))
	require.NoError(t, err)
	for _, path := range paths {
		if filepath.Base(path) == "roundtrip.jsonl" { // whole turns, with what the generation prompt writes
			continue
		}
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		for line := range bytes.Lines(data) {
			var c dialectCase
			require.NoError(t, json.Unmarshal(line, &c))
			if len(c.Expect.Calls) == 0 && c.Expect.Pending == nil && c.Expect.Content != nil {
				out = append(out, c)
			}
		}
	}
	return out
}

// controls are the forms of control tokens in these cases; what splits answers is not among them: it may be text.
var controls = regexp.MustCompile(`<[|｜][^|｜<>]+[|｜]>|<turn\|>|</s>|<end_of_\w+>|\[e~\[|<SPECIAL_12>|<seed:eos>|</assistant>`)

func asGenerated(raw string) (out []piece) {
	for raw != "" {
		at := controls.FindStringIndex(raw)
		if at == nil {
			return append(out, piece{raw, false})
		}
		if at[0] > 0 {
			out = append(out, piece{raw[:at[0]], false})
		}
		out = append(out, piece{raw[at[0]:at[1]], true})
		raw = raw[at[1]:]
	}
	return out
}

func TestDialects(t *testing.T) {
	templates := shared(t, filepath.Join("fixtures", "templates"))
	trim := func(s *string) string {
		if s == nil {
			return ""
		}
		return strings.TrimSpace(*s)
	}
	cases := dialectCases(t)
	for _, c := range cases {
		source, err := os.ReadFile(filepath.Join(templates, c.Template))
		require.NoError(t, err)
		inVocabulary := func(s string) bool { return strings.Contains(c.Prefix+c.Raw, s) }
		m := FindMarkers(string(source), inVocabulary)
		got := run(t, m.Splitter(rendered(c.Prefix)), asGenerated(c.Raw))
		if w := trim(c.Expect.Content); w != "*" && w != strings.TrimSpace(got.answer) {
			t.Errorf("%s, %s: %q after %q: answer %q, want %q", c.ID, c.Template, c.Raw, c.Prefix, got.answer, w)
		}
		if w := trim(c.Expect.Reasoning); w != "*" && w != strings.TrimSpace(got.reasoning) {
			t.Errorf("%s, %s: %q after %q: reasoning %q, want %q", c.ID, c.Template, c.Raw, c.Prefix, got.reasoning, w)
		}
	}
	t.Logf("%d cases", len(cases))
}
