package jinja

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestErrorsAreTyped(t *testing.T) {
	_, err := Parse("a\nb\n{% if %}")
	var syntax *SyntaxError
	require.ErrorAs(t, err, &syntax)
	require.Equal(t, 3, syntax.Line)

	tmpl, err := Parse("{# #}\n\n{{ raise_exception('no ' ~ x) }}")
	require.NoError(t, err)
	vars := NewMap()
	vars.Set("x", String("system role"))
	_, err = tmpl.Render(vars, Options{})
	var raised *RaiseError
	require.ErrorAs(t, err, &raised)
	require.Equal(t, "no system role", raised.Message)

	tmpl, err = Parse("a\n{% set x = 1 %}\n{{ 1 + 'a' }}")
	require.NoError(t, err)
	_, err = tmpl.Render(nil, Options{})
	var render *RenderError
	require.ErrorAs(t, err, &render)
	require.Equal(t, 3, render.Line)
}

func TestTemplatesAreSafeForConcurrentUse(t *testing.T) {
	tmpl, err := Parse(`{% set x = [1] %}{% set _ = x.append(2) %}{% macro f(a) %}{{ a|upper }}{% endmacro %}{% for m in messages %}{{ f(m.content) }}{{ x }}{% endfor %}`)
	require.NoError(t, err)
	m := NewMap()
	m.Set("content", String("straße"))
	vars := ChatVars(Chat{Messages: List(m)})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				out, err := tmpl.Render(vars, Options{})
				if err != nil || out.Text != "STRASSE[1, 2]" {
					t.Error(out.Text, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestValuesFromJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{"b":1,"a":1.0,"b":2}`:          `{'b': 2, 'a': 1.0}`,
		`[123456789012345678901, 1e400]`: `[123456789012345678901, inf]`,
		`[null, true, "é\ud83d"]`:        "[None, True, 'é\uFFFD']",
	} {
		v, err := FromJSON([]byte(in))
		require.NoError(t, err, in)
		tmpl, err := Parse("{{ v }}")
		require.NoError(t, err)
		vars := NewMap()
		vars.Set("v", v)
		out, err := tmpl.Render(vars, Options{})
		require.NoError(t, err)
		require.Equal(t, want, out.Text)
	}
	for _, bad := range []string{``, `{`, `[1`, `1 2`, `{"a"}`, `nul`, strings.Repeat("[", 100_000), strings.Repeat("9", 100_000)} {
		_, err := FromJSON([]byte(bad))
		require.Error(t, err)
	}
}

func TestChatVarsDropNullsAndShareReasoning(t *testing.T) {
	msgs, err := FromJSON([]byte(`[{"role":"assistant","content":null,"thinking":"hm"}]`))
	require.NoError(t, err)
	extra := NewMap()
	extra.Set("messages", String("shadow"))
	extra.Set("enable_thinking", Bool(true))
	tmpl, err := Parse(`{{ messages }}{{ tools }}{{ enable_thinking }}`)
	require.NoError(t, err)
	out, err := tmpl.Render(ChatVars(Chat{Messages: msgs, Vars: extra}), Options{})
	require.NoError(t, err)
	require.Equal(t, `[{'role': 'assistant', 'thinking': 'hm', 'reasoning_content': 'hm'}]NoneTrue`, out.Text)
}

func TestContinueFinalMessage(t *testing.T) {
	tmpl, err := Parse(`{% for m in messages %}<{{ m.role }}>{{ m.content|trim }}</>{% endfor %}`)
	require.NoError(t, err)
	msgs, err := FromJSON([]byte(`[{"role":"user","content":"q"},{"role":"assistant","content":"so  "}]`))
	require.NoError(t, err)
	out, err := tmpl.RenderChat(Chat{Messages: msgs}, true, Options{})
	require.NoError(t, err)
	require.Equal(t, "<user>q</><assistant>so", out.Text)
	require.Equal(t, []Span{{0, 6}, {7, 21}}, out.Trusted)
	_, err = tmpl.RenderChat(Chat{Messages: msgs, AddGenerationPrompt: true}, true, Options{})
	require.Error(t, err)
	for _, bad := range []Value{nil, List(), List(None()), List(NewMap()), String("x")} {
		_, err = tmpl.RenderChat(Chat{Messages: bad}, true, Options{})
		require.Error(t, err)
	}
}

func TestServeAnswersEveryLine(t *testing.T) {
	in := strings.NewReader(`{"id":1,"template":"{{ x }}","vars":{"x":"<é>"}}
not json

{"id":"b","template":"{{ strftime_now('%F') }}","now":"2026-03-14T09:26:53"}
{"id":3,"template":"{% if %}"}
{"id":4,"template":"{{ raise_exception('') }}"}`)
	var out bytes.Buffer
	require.NoError(t, Serve(in, &out))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 5)
	require.Equal(t, `{"id":1,"text":"<é>"}`, lines[0])
	require.Contains(t, lines[1], `"error"`)
	require.Equal(t, `{"id":"b","text":"2026-03-14"}`, lines[2])
	require.Contains(t, lines[3], `"id":3,"error"`)
	require.Contains(t, lines[4], `"id":4,"error"`)
}

func TestClockIsInjected(t *testing.T) {
	tmpl, err := Parse(`{{ strftime_now('%d %B %Y') }}`)
	require.NoError(t, err)
	out, err := tmpl.Render(nil, Options{Now: func() time.Time { return time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC) }})
	require.NoError(t, err)
	require.Equal(t, "29 February 2024", out.Text)
}
