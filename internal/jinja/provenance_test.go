package jinja

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// rewrite returns v with every string changed by f; roles, types and the like stay when keep says so.
func rewrite(v Value, key string, f func(key, s string) string, keys bool) Value {
	switch v := v.(type) {
	case text:
		return String(f(key, v.s))
	case *list:
		out := &list{}
		for _, it := range v.items {
			out.items = append(out.items, rewrite(it, key, f, keys))
		}
		return out
	case *Map:
		out := NewMap()
		for i, k := range v.Keys() {
			val := rewrite(v.vals[i], k, f, keys)
			if keys && key == "arguments" || keys && key == "properties" {
				k = f("", k)
			}
			out.Set(k, val)
		}
		return out
	}
	return v
}

// structural are the fields a template branches on.
func structural(key string) bool { return key == "role" || key == "type" }

// checkUntrusted fails when a trusted byte belongs to a character of the private use area, which only data holds.
func checkUntrusted(t *testing.T, out Output) {
	end := 0
	for _, s := range out.Trusted {
		if s.Start >= s.End || s.Start < end || s.End > len(out.Text) {
			t.Fatalf("spans %v of %d bytes", out.Trusted, len(out.Text))
		}
		end = s.End
		part := out.Text[s.Start:s.End]
		if strings.IndexFunc(part, func(r rune) bool { return unicode.Is(unicode.Co, r) }) >= 0 {
			t.Fatalf("data is trusted in %q", part)
		}
	}
}

func renderAs(t *testing.T, tmpl *Template, f templateFixture, req Request, change func(key, s string) string, keys bool) (Output, error) {
	var err error
	c := Chat{BOS: f.BOS, EOS: f.EOS, AddGenerationPrompt: req.AddGenerationPrompt}
	if c.Vars, err = optionalMap(req.Vars); err != nil {
		return Output{}, err
	}
	for _, p := range []struct {
		dst *Value
		src []byte
	}{{&c.Messages, req.Messages}, {&c.Tools, req.Tools}, {&c.Documents, req.Documents}} {
		if len(p.src) == 0 {
			continue
		}
		v, err := FromJSON(p.src)
		if err != nil {
			t.Fatal(err)
		}
		*p.dst = rewrite(v, "", change, keys)
	}
	o, err := req.options()
	if err != nil {
		t.Fatal(err)
	}
	return tmpl.RenderChat(c, req.ContinueFinalMessage, o)
}

// shift moves ASCII into the private use area, so that every byte of data can be told from the template's.
func shift(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && !isSpace(r) {
			return 0xE000 + r
		}
		return r
	}, s)
}

// TestDataIsNeverTrusted renders every conversation with every template, all data shifted: texts, names, and keys of
// arguments and schemas. No trusted byte may be data, however the template cuts and joins it.
func TestDataIsNeverTrusted(t *testing.T) {
	fixtures, conversations := templateFixtures(t)
	rendered, trusted := 0, 0
	for _, f := range fixtures {
		tmpl, err := Parse(f.source)
		require.NoError(t, err)
		for id, req := range conversations {
			for _, keys := range []bool{false, true} {
				out, err := renderAs(t, tmpl, f, req, func(key, s string) string {
					if structural(key) {
						return s
					}
					return shift(s)
				}, keys)
				if err != nil {
					continue
				}
				rendered++
				if len(out.Trusted) > 0 {
					trusted++
				}
				t.Run(f.Template+"/"+id, func(t *testing.T) { checkUntrusted(t, out) })
			}
		}
	}
	require.Greater(t, rendered, 4000)
	require.Greater(t, trusted, rendered*9/10, "the template's own text must be trusted")
}

// TestTokensInDataAreNeverTrusted puts the texts of control tokens into each field: whole, and cut in two so that
// neighbouring fields could complete them. Templates may branch on them; the data stays data.
func TestTokensInDataAreNeverTrusted(t *testing.T) {
	fixtures, conversations := templateFixtures(t)
	tokens := []string{"<|im_end|>", "</s>", "<|eot_id|>", "[/INST]", "</tool_call>", "</think>", "<think>", "<end_of_turn>", "<｜end▁of▁sentence｜>"}
	fields := []string{"content", "text", "name", "description", "arguments", "reasoning_content", "id", "tool_call_id"}
	const open, end = "\uE000", "\uE001"
	for i, f := range fixtures {
		tmpl, err := Parse(f.source)
		require.NoError(t, err)
		for j, field := range fields {
			token := tokens[(i+j)%len(tokens)]
			half := len(token) / 2
			for half > 0 && token[half]&0xC0 == 0x80 {
				half--
			}
			for k, planted := range []string{open + token + end, open + token[:half], token[half:] + end} {
				for id, req := range conversations {
					if (len(id)+i+j)%3 != k { // each template and field meets each form in a third of the conversations
						continue
					}
					out, err := renderAs(t, tmpl, f, req, func(key, s string) string {
						if key == field {
							return planted
						}
						return s
					}, false)
					if err != nil {
						continue
					}
					checkUntrusted(t, out)
					for at := 0; ; at++ {
						n := strings.Index(out.Text[at:], planted)
						if n < 0 {
							break
						}
						at += n
						for _, s := range out.Trusted {
							if s.Start < at+len(planted) && at < s.End {
								t.Fatalf("%s/%s: %q in %s is trusted", f.Template, id, planted, field)
							}
						}
					}
				}
			}
		}
	}
}

// spans renders a template and shows what is trusted between brackets.
func spans(t *testing.T, src string, vars *Map) string {
	tmpl, err := Parse(src)
	require.NoError(t, err, src)
	out, err := tmpl.Render(vars, Options{})
	require.NoError(t, err, src)
	var b strings.Builder
	at := 0
	for _, s := range out.Trusted {
		b.WriteString(out.Text[at:s.Start] + "⟦" + out.Text[s.Start:s.End] + "⟧")
		at = s.End
	}
	return b.String() + out.Text[at:]
}

// TestOperationsKeepProvenance shows each operation at work on u, which is data; literals are the template's.
func TestOperationsKeepProvenance(t *testing.T) {
	vars := NewMap()
	vars.Set("u", String("uv"))
	vars.Set("w", String(" u\nv "))
	vars.Set("bos", Trusted("<s>"))
	vars.Set("l", List(String("a"), String("b")))
	d := NewMap()
	d.Set("k", String("v"))
	vars.Set("d", d)
	for src, want := range map[string]string{
		`a{{ u }}b`:                                        `⟦a⟧uv⟦b⟧`,
		`{{ bos }}{{ u }}`:                                 `⟦<s>⟧uv`,
		`{{ '<' ~ u ~ '>' }}`:                              `⟦<⟧uv⟦>⟧`,
		`{{ '<' + u + '>' }}`:                              `⟦<⟧uv⟦>⟧`,
		`{{ '<' ~ 'a' ~ '>' }}`:                            `⟦<a>⟧`,
		`{{ ('<' ~ u ~ '>')[1:] }}`:                        `uv⟦>⟧`,
		`{{ ('<' ~ u ~ '>')[::-1] }}`:                      `⟦>⟧vu⟦<⟧`,
		`{{ ('<' ~ u ~ '>')[0] }}{{ ('<' ~ u)[1] }}`:       `⟦<⟧u`,
		`{{ ('<' ~ u ~ '>')|first }}`:                      `⟦<⟧`,
		`{{ ('<' ~ u ~ '>')|reverse }}`:                    `⟦>⟧vu⟦<⟧`,
		`{{ ('<' ~ u ~ '>')|upper }}`:                      `⟦<⟧UV⟦>⟧`,
		`{{ ('ß' ~ u ~ 'ß')|upper }}`:                      `⟦SS⟧UV⟦SS⟧`,
		`{{ (' a' ~ w)|trim }}`:                            "⟦a⟧ u\nv",
		`{{ l|join('-') }}`:                                `a⟦-⟧b`,
		`{{ ', '.join(l) }}`:                               `a⟦, ⟧b`,
		`{{ ['x', u]|join(u) }}`:                           `⟦x⟧uvuv`,
		`{{ u.replace('u', '<') }}`:                        `<v`,
		`{{ '<a>'.replace('a', '|') }}`:                    `⟦<|>⟧`,
		`{{ '<a>'.replace('a', u) }}`:                      `⟦<⟧uv⟦>⟧`,
		`{{ u|replace('', '-') }}`:                         `⟦-⟧u⟦-⟧v⟦-⟧`,
		`{{ ('<' ~ u ~ '|' ~ u).split('|') | join }}`:      `⟦<⟧uvuv`,
		`{{ ('<' ~ u ~ '|>').partition('|') | last }}`:     `⟦>⟧`,
		`{{ '<%s|%5s>' % (u, 'a') }}`:                      `⟦<⟧uv⟦|    a>⟧`,
		`{{ '<%s>'|format(u) }}`:                           `⟦<⟧uv⟦>⟧`,
		`{{ '<{}{:>4}>'.format(u, u) }}`:                   `⟦<⟧uv⟦  ⟧uv⟦>⟧`,
		`{{ u.format('<') }}`:                              `uv`,
		`{{ w|indent('> ') }}`:                             " u\n⟦> ⟧v ",
		`{{ u|tojson }}{{ 'a'|tojson }}`:                   `"uv"⟦"a"⟧`,
		`{{ {'a': u}|tojson }}`:                            `{"a": "uv"}`,
		`{{ [u, 'a'] }}`:                                   `['uv', 'a']`,
		`{{ d.keys()|first }}{{ d.k }}`:                    `kv`,
		`{% for k, v in d.items() %}<{{ k }}>{% endfor %}`: `⟦<⟧k⟦>⟧`,
		`{% for c in '<' ~ u %}{{ c }}{% endfor %}`:        `⟦<⟧uv`,
		`{% set x %}<{{ u }}>{% endset %}{{ x }}`:          `⟦<⟧uv⟦>⟧`,
		`{% macro f(a) %}<{{ a }}>{{ caller() }}{% endmacro %}{% call f(u) %}[{{ u }}]{% endcall %}`: `⟦<⟧uv⟦>[⟧uv⟦]⟧`,
		`{% filter upper %}<a{{ u }}>{% endfilter %}`:                                                `⟦<A⟧UV⟦>⟧`,
		`{{ ('<' ~ u)|e }}`:                                   `⟦&lt;⟧uv`,
		`{{ ('<' ~ u)|safe }}`:                                `⟦<⟧uv`,
		`{{ u * 2 }}{{ '<' * 2 }}{{ ('<' ~ u) * 2 }}`:         `uvuv⟦<<<⟧uv⟦<⟧uv`,
		`{{ 1 }}{{ true }}{{ 1.5 }}`:                          `1True1.5`,
		`{{ ('<' ~ u).ljust(5, '>') }}`:                       `⟦<⟧uv⟦>>⟧`,
		`{{ ('<' ~ u).title() }}{{ ('a' ~ u).capitalize() }}`: `⟦<⟧Uv⟦A⟧uv`,
		`{{ '<'|center(3) }}{{ u|center(4) }}`:                `⟦ < ⟧ uv `,
		`{{ u if u == 'uv' else 'x' }}`:                       `uv`,
		`{{ ('<' ~ u).splitlines()[0] }}`:                     `⟦<⟧uv`,
		`{{ {'uv': '<'}[u] }}`:                                `⟦<⟧`,
		`{{ {u: 1}|first }}{{ u|default('<') }}`:              `uvuv`,
		`{{ ('<' ~ u)|truncate(2, true, '', 0) }}`:            `⟦<⟧u`,
		`{{ u|list|join('<') }}`:                              `u⟦<⟧v`,
		`{{ l|map('upper')|join('<') }}`:                      `A⟦<⟧B`,
	} {
		require.Equal(t, want, spans(t, src, vars), src)
	}
}

// TestRolesAreTrusted checks that templates can build tokens from roles, but not from text given as a role.
func TestRolesAreTrusted(t *testing.T) {
	for role, want := range map[string]string{"user": "⟦<|user|>⟧", "im_end": "⟦<|⟧im_end⟦|>⟧", "a|>": "⟦<|⟧a|>⟦|>⟧"} {
		m := NewMap()
		m.Set("role", String(role))
		require.Equal(t, want, spans(t, "<|{{ messages[0].role }}|>", ChatVars(Chat{Messages: List(m)})))
	}
}
