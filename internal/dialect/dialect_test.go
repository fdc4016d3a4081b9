package dialect

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sharedPath returns a path below the shared test data, and skips the test where there is none.
func sharedPath(t testing.TB, elem ...string) string {
	t.Helper()
	root := os.Getenv("LLM_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	path := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no shared test data: %s", filepath.Join(elem...))
	}
	return path
}

type expectation struct {
	Content   *string `json:"content"`
	Reasoning *string `json:"reasoning"`
	ToolCalls *[]struct {
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"`
	} `json:"tool_calls"`
	Pending  *AnswerPending `json:"pending"`
	Finished *bool          `json:"finished"`
	Loose    bool           `json:"loose"`
	Warnings string         `json:"warnings"`
	Contains []string       `json:"content_contains"`
	AnyOf    []expectation  `json:"any_of"`
}

type fixture struct {
	ID       string      `json:"id"`
	Template string      `json:"template"`
	Raw      string      `json:"raw"`
	Prefix   string      `json:"prefix"`
	Expect   expectation `json:"expect"`
}

// corpus is the published cases with their dialects.
type corpus struct {
	tools    []json.RawMessage
	fixtures []fixture
	dialects map[string]*Dialect // by template
}

func readCorpus(t testing.TB) *corpus {
	dir := sharedPath(t, "fixtures", "dialects")
	c := &corpus{dialects: map[string]*Dialect{}}
	data, err := os.ReadFile(filepath.Join(dir, "tools.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &c.tools))
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	require.NoError(t, err)
	for _, name := range files {
		f, err := os.Open(name)
		require.NoError(t, err)
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var x fixture
			require.NoError(t, json.Unmarshal(lines.Bytes(), &x))
			c.fixtures = append(c.fixtures, x)
			if c.dialects[x.Template] == nil {
				source, err := os.ReadFile(sharedPath(t, "fixtures", "templates", x.Template))
				require.NoError(t, err)
				c.dialects[x.Template], _ = Detect(string(source), nil)
			}
		}
		require.NoError(t, lines.Err())
		require.NoError(t, f.Close())
	}
	return c
}

func (c *corpus) parse(x fixture, chunk int) Answer {
	return c.dialects[x.Template].Parse(Request{Tools: c.tools, Prefix: x.Prefix, Raw: x.Raw}, chunk)
}

var spaces = regexp.MustCompile(`\s+`)

// meets says why an answer is not what is expected, "" if it is.
func (e expectation) meets(a Answer) string {
	same := func(want *string, got string) bool {
		switch {
		case want == nil || *want == "*":
			return true
		case e.Loose:
			return spaces.ReplaceAllString(*want, "") == spaces.ReplaceAllString(got, "")
		}
		return strings.TrimSpace(*want) == strings.TrimSpace(got)
	}
	switch {
	case !same(e.Content, a.Content):
		return "content"
	case !same(e.Reasoning, a.Reasoning):
		return "reasoning"
	case e.Finished != nil && *e.Finished != a.Finished:
		return "finished"
	case e.Finished != nil && !reflect.DeepEqual(e.Pending, a.Pending):
		return "pending"
	case e.Warnings == "some" && len(a.Warnings) == 0:
		return "no warning"
	}
	for _, text := range e.Contains {
		if !strings.Contains(a.Content, text) {
			return "content lost " + text
		}
	}
	if e.ToolCalls != nil {
		if len(*e.ToolCalls) != len(a.ToolCalls) {
			return "number of calls"
		}
		for i, want := range *e.ToolCalls {
			var x, y any
			if json.Unmarshal(want.Arguments, &x) != nil || json.Unmarshal(a.ToolCalls[i].Arguments, &y) != nil || want.Name != a.ToolCalls[i].Name || !reflect.DeepEqual(x, y) {
				return "call of " + want.Name
			}
		}
	}
	return ""
}

func (e expectation) meetsAny(a Answer) string {
	why := e.meets(a)
	for _, other := range e.AnyOf {
		if why == "" || other.meets(a) == "" {
			return ""
		}
		if other.Content == nil && other.Finished != nil && !*other.Finished && other.ToolCalls != nil && len(*other.ToolCalls) == 0 && (!a.Finished || a.Content != "") {
			return ""
		}
	}
	return why
}

// Renderings that say nothing about what a model writes: the beginning of the turn was cut off together with the prompt that
// it shares bytes with, the end with an end marker that is part of it, or the template turns content into reasoning.
var unreadable = regexp.MustCompile(`^rt-(NVIDIA-Nemotron-Nano-v2|Qwen-QwQ-32B|deepseek-ai-DeepSeek-R1-Distill-Qwen-32B|Cohere2MoE|openbmb-MiniCPM5-1B|vllm-alpaca)-|^rt-Apriel-1.6-15b-Thinker-fixed-(reason|reasoncall|all)$|^rt-MiniMax-M3-types$|^rt-(llm-jp-llm-jp-4.1-8b-thinking|openai-gpt-oss-120b)-before$`)

func TestFixturesInPiecesOfEverySize(t *testing.T) {
	c := readCorpus(t)
	passed, cut := 0, 0
	for _, x := range c.fixtures {
		whole := c.parse(x, 0)
		for _, chunk := range []int{1, 2, 3, 5, 7, 64} {
			require.Equal(t, whole, c.parse(x, chunk), "%s in pieces of %d", x.ID, chunk)
		}
		switch why := x.Expect.meetsAny(whole); {
		case why == "":
			passed++
		case unreadable.MatchString(x.ID):
			cut++
		default:
			t.Errorf("%s (%s): %s: %+v", x.ID, c.dialects[x.Template].Name, why, whole)
		}
	}
	t.Logf("%d of %d cases, %d renderings that are cut off", passed, len(c.fixtures), cut)
}
