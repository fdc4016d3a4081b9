package prompt

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/internal/jinja"
)

func parse(t testing.TB, source string) *Template {
	t.Helper()
	tmpl, err := Parse(source, "<s>", "</s>")
	require.NoError(t, err)
	return tmpl
}

func render(t testing.TB, source string, messages ...Message) string {
	t.Helper()
	r, err := parse(t, source).Render(Conversation{Messages: messages})
	require.NoError(t, err)
	return r.Text
}

func user(text string) Message { return Message{Role: "user", Content: text} }

func TestRenderGivesTheTemplateWhatItKnows(t *testing.T) {
	const source = `{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}{{ tools is none }}`
	require.Equal(t, "<s>[user]a[assistant]True", render(t, source, user("a")))
}

// What templates want differs: the form that lets a message through is found out.
func TestRenderFindsTheForm(t *testing.T) {
	call := Message{Role: "assistant", Calls: []Call{{ID: "c1", Name: "f", Arguments: []byte(`{"b":1,"a":"x"}`)}}}
	for _, c := range []struct{ name, source, want string }{
		{"parts", `{% for m in messages %}{% for p in m.content %}{% if p.type == 'text' %}{{ p.text }}{% endif %}{% endfor %}{% endfor %}`, "Hi"},
		{"tools as a list", `{% for x in tools %}{{ x }}{% endfor %}{% for m in messages %}{{ m.content }}{% endfor %}`, "Hi"},
		{"both", `{% for x in tools %}{{ x }}{% endfor %}{% for m in messages %}{{ m.content[0].text }}{% endfor %}`, "Hi"},
		{"arguments as a map", `{% for m in messages %}{{ m.content }}{% for c in m.tool_calls %}{{ c.function.arguments | tojson }}{% endfor %}{% endfor %}`, `Hi{"b": 1, "a": "x"}`},
		{"arguments as text", `{% for m in messages %}{{ m.content }}{% for c in m.tool_calls %}{{ 'args ' + c.function.arguments }}{% endfor %}{% endfor %}`, `Hiargs {"b":1,"a":"x"}`},
		{"content is never null", `{% for m in messages %}{{ m.content + '.' }}{% endfor %}`, "Hi.."},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, render(t, c.source, user("Hi"), call)) })
	}
}

func TestRenderDeveloperIsSystemUnlessNamed(t *testing.T) {
	m := Message{Role: "developer", Content: "x"}
	require.Equal(t, "system", render(t, `{% for m in messages %}{{ m.role }}{% endfor %}`, m))
	require.Equal(t, "developer", render(t, `{% for m in messages %}{{ 'developer' if m.role == 'developer' }}{% endfor %}`, m))
}

func TestRenderErrors(t *testing.T) {
	_, err := Parse("{% if %}", "", "")
	var syntax *jinja.SyntaxError
	require.ErrorAs(t, err, &syntax)

	tmpl := parse(t, `{% for m in messages %}{% if m.role != 'user' %}{{ raise_exception('only users') }}{% endif %}{{ m.content }}{% endfor %}`)
	_, err = tmpl.Render(Conversation{Messages: []Message{{Role: "system", Content: "x"}}})
	var raised *jinja.RaiseError
	require.ErrorAs(t, err, &raised)
	require.Equal(t, "only users", raised.Message)

	endless := parse(t, `{% for m in messages %}{{ m.content }}{% endfor %}{% if messages | length > 1 %}{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}{% endif %}`)
	_, err = endless.Render(Conversation{Messages: []Message{user("a"), user("b")}})
	require.ErrorIs(t, err, jinja.ErrLimit)
}

// Switches of published templates, as their model cards describe them.
func TestSwitchesOfPublishedTemplates(t *testing.T) {
	dir := shared(t, filepath.Join("fixtures", "templates"))
	on, off := true, false
	for _, c := range []struct {
		template string
		ask      Thinking
		end      string // of the prompt; "" means that there is no such switch
	}{
		{"Qwen-Qwen3-0.6B.jinja", Thinking{Switch: &off}, "<think>\n\n</think>\n\n"},
		{"Qwen-Qwen3-0.6B.jinja", Thinking{Switch: &on}, "<|im_start|>assistant\n"},
		{"Qwen-Qwen3-0.6B.jinja", Thinking{Effort: "low"}, ""},
		{"GLM-4.7-Flash.jinja", Thinking{Switch: &off}, "</think>"},
		{"deepseek-ai-DeepSeek-V3.1.jinja", Thinking{Switch: &on}, "<think>"},
		{"deepseek-ai-DeepSeek-V3.1.jinja", Thinking{Switch: &off}, "</think>"},
		{"openai-gpt-oss-120b.jinja", Thinking{Effort: "high"}, "<|start|>assistant"},
		{"openai-gpt-oss-120b.jinja", Thinking{Switch: &off}, ""},
		{"Qwen-Qwen2.5-7B-Instruct.jinja", Thinking{Switch: &off}, ""},
	} {
		source, err := os.ReadFile(filepath.Join(dir, c.template))
		require.NoError(t, err)
		r, err := parse(t, string(source)).Render(Conversation{Messages: []Message{user("Hi")}, Thinking: c.ask})
		if c.end == "" {
			require.ErrorIs(t, err, ErrNoSwitch, c.template)
			continue
		}
		require.NoError(t, err, c.template)
		require.True(t, strings.HasSuffix(r.Text, c.end), "%s: %q", c.template, r.Text)
		if c.ask.Effort != "" {
			require.Contains(t, r.Text, "Reasoning: "+c.ask.Effort)
		}
	}
}

// Published templates render a plain chat and one with a call wherever they do so in transformers, which gives them the
// conversation as it is or, in these fixtures, with an empty list of tools.
func TestPublishedTemplatesRenderChats(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(shared(t, filepath.Join("fixtures", "templates")), "*.jinja"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		tmpl, rendered := parse(t, string(source)), renderedCases(t, path)
		r, err := tmpl.Render(Conversation{Messages: []Message{user("Umbrella?")}})
		if err != nil {
			require.False(t, rendered["user_only"] || rendered["tools_empty_user"], "%s: %v", path, err)
			continue
		}
		require.Contains(t, r.Text, "Umbrella?", path)
		for _, s := range r.Trusted {
			require.NotContains(t, r.Text[s.Lo:s.Hi], "Umbrella?", path)
		}
		if _, err = tmpl.Render(Conversation{Messages: conversation(false)[3:6]}); err != nil {
			require.False(t, rendered["one_call"], "%s: %v", path, err)
		}
	}
}

// renderedCases returns which conversations of the fixtures a template renders in transformers.
func renderedCases(t *testing.T, template string) map[string]bool {
	f, err := os.Open(strings.TrimSuffix(template, ".jinja") + ".json.gz")
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	var fixture struct {
		Cases map[string]struct{ Text *string }
	}
	require.NoError(t, json.NewDecoder(z).Decode(&fixture))
	out := map[string]bool{}
	for id, c := range fixture.Cases {
		out[id] = c.Text != nil
	}
	return out
}
