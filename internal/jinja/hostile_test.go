package jinja

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// hostile are templates that try to use up time, memory or the stack. Each must end in an error.
var hostile = map[string]string{
	"macro recursion":        `{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}`,
	"mutual recursion":       `{% macro f() %}{{ g() }}{% endmacro %}{% macro g() %}{{ f() }}{% endmacro %}{{ f() }}`,
	"caller recursion":       `{% macro f() %}{% call f() %}x{% endcall %}{{ caller() }}{% endmacro %}{% call f() %}{% endcall %}`,
	"default recursion":      `{% macro f(a=f()) %}{% endmacro %}{{ f() }}`,
	"loop recursion":         `{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}`,
	"block recursion":        `{% block b %}{{ self.b() }}{% endblock %}`,
	"range 10^9":             `{% for x in range(1000000000) %}{% endfor %}`,
	"nested ranges":          `{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{% endfor %}{% endfor %}{% endfor %}`,
	"printing loops":         `{% for a in range(99999) %}{% for b in range(99999) %}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{% endfor %}{% endfor %}`,
	"doubling by ~":          `{% set n = namespace(x='aaaa') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}`,
	"doubling by +":          `{% set n = namespace(x='aaaa') %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}`,
	"doubling lists":         `{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}`,
	"doubling by format":     `{% set n = namespace(x='aaaa') %}{% for i in range(60) %}{% set n.x = '%s%s' % (n.x, n.x) %}{% endfor %}`,
	"doubling by str.format": `{% set n = namespace(x='aaaa') %}{% for i in range(60) %}{% set n.x = '{0}{0}'.format(n.x) %}{% endfor %}`,
	"doubling by join":       `{% set n = namespace(x='aaaa') %}{% for i in range(60) %}{% set n.x = [n.x, n.x]|join %}{% endfor %}`,
	"doubling by replace":    `{% set n = namespace(x='aaaa') %}{% for i in range(60) %}{% set n.x = n.x.replace('a', 'aa') %}{% endfor %}`,
	"doubling by set block":  `{% set n = namespace(x='aaaa') %}{% for i in range(60) %}{% set y %}{{ n.x }}{{ n.x }}{% endset %}{% set n.x = y %}{% endfor %}`,
	"doubling by macro":      `{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% else %}aaaa{% endif %}{% endmacro %}{{ f(60) }}`,
	"doubling output":        `{% macro f(n) %}{% if n %}{% set x = f(n-1) %}{{ x }}{{ x }}{% else %}aaaa{% endif %}{% endmacro %}{{ f(60) }}`,
	"repeat":                 `{{ 'a' * 1000000000 }}`,
	"repeat reversed":        `{{ 1000000000 * 'a' }}`,
	"repeat overflow":        `{{ 'aaaaaaaaaaaaaaaa' * 9223372036854775807 }}`,
	"repeat list":            `{{ [1, 2] * 9000000000000000000 }}`,
	"repeat empty":           `{{ ([] * 9000000000000000000)[5].x }}`,
	"center":                 `{{ 'a'|center(1000000000) }}`,
	"ljust":                  `{{ 'a'.ljust(9223372036854775807) }}`,
	"zfill":                  `{{ 'a'.zfill(1000000000) }}`,
	"expandtabs":             `{{ 'a\tb'.expandtabs(1000000000) }}`,
	"percent width":          `{{ '%999999999d' % 1 }}`,
	"percent star":           `{{ '%*d' % (999999999, 1) }}`,
	"percent precision":      `{{ '%.999999999f' % 1.5 }}`,
	"format width":           `{{ '{:999999999}'.format(1) }}`,
	"format precision":       `{{ '{:.999999999f}'.format(1.5) }}`,
	"format width nested":    `{{ '{:{}}'.format(1, 999999999) }}`,
	"indent width":           `{{ 'a\nb'|indent(1000000000) }}`,
	"indent many":            `{{ ('a\n' * 100000)|indent(100000) }}`,
	"tojson indent":          `{{ [1]|tojson(indent=1000000000) }}`,
	"tojson indent many":     `{{ ([1] * 100000)|tojson(indent=100000) }}`,
	"replace empty":          `{{ ('a' * 100000)|replace('', 'b' * 100000) }}`,
	"join long":              `{{ range(99999)|join('a' * 100000) }}`,
	"batch fill":             `{{ [1]|batch(1000000000, 'x')|list }}`,
	"slice many":             `{{ [1]|slice(1000000000)|list }}`,
	"power":                  `{{ 10 ** 1000000000 }}`,
	"power tower":            `{{ 9 ** 9 ** 9 ** 9 ** 9 }}`,
	"multiply":               `{% set n = namespace(x=3) %}{% for i in range(60) %}{% set n.x = n.x * n.x %}{% endfor %}`,
	"integer to text":        `{{ 10 ** 10000 }}`,
	"to_bytes":               `{{ (1).to_bytes(1000000000, 'big') }}`,
	"shared lists as text":   `{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}`,
	"shared lists as JSON":   `{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x|tojson }}`,
	"shared lists compared":  `{% set n = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% set n.y = [n.y, n.y] %}{% endfor %}{{ n.x == n.y }}`,
	"shared tuples as keys":  `{% set n = namespace(x=(1,)) %}{% for i in range(60) %}{% set n.x = (n.x, n.x) %}{% endfor %}{{ {n.x: 1} }}`,
	"deep list as text":      `{% set n = namespace(x=[1]) %}{% for i in range(9999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x }}`,
	"deep list as JSON":      `{% set n = namespace(x=[1]) %}{% for i in range(9999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x|tojson }}`,
	"deep lists compared":    `{% set n = namespace(x=[1], y=[1]) %}{% for i in range(9999) %}{% set n.x = [n.x] %}{% set n.y = [n.y] %}{% endfor %}{{ n.x == n.y }}`,
	"deep generators":        `{% set n = namespace(x=[1]) %}{% for i in range(9999) %}{% set n.x = n.x|map('string') %}{% endfor %}{{ n.x|list }}`,
	"deep batches":           `{% set n = namespace(x=[1]) %}{% for i in range(9999) %}{% set n.x = n.x|batch(1) %}{% endfor %}{{ n.x|list }}`,
	"list within itself":     `{% set x = [1] %}{% set _ = x.append(x) %}{{ x }}`,
	"dict within itself":     `{% set x = {} %}{% set _ = x.update(a=x) %}{{ x|tojson }}`,
	"growing while looping":  `{% set x = [1] %}{% for y in x %}{% set _ = x.append(1) %}{% endfor %}`,
	"list extends itself":    `{% set x = [1] %}{% for i in range(60) %}{% set _ = x.extend(x) %}{% endfor %}`,
	"many set names":         `{% macro f(n) %}{% for i in range(99999) %}{% set a = [i, i, i, i] %}{% for j in range(99) %}{% set b = [a, a] %}{% endfor %}{% endfor %}{% endmacro %}{{ f(1) }}`,
	"keeping everything":     `{% set n = namespace(x=[]) %}{% for i in range(99999) %}{% set n.x = [n.x, 'a' * 1000] %}{% endfor %}`,
	"keeping entries":        `{% set d = {} %}{% for i in range(99999) %}{% for j in range(99) %}{% set _ = d.update({(i, j): 1}) %}{% endfor %}{% endfor %}`,
	"sorting":                `{% for i in range(99999) %}{{ range(99999)|sort|length }}{% endfor %}`,
	"counting again":         `{% set s = 'aé' * 50000 %}{% for i in range(99999) %}{% if s|length + s[49999]|length %}{% endif %}{% endfor %}`,
	"searching again":        `{% set s = 'a' * 1000000 %}{% for i in range(99999) %}{% if 'ab' in s %}{% endif %}{% endfor %}`,
	"runs":                   `{% set n = namespace(x='') %}{% for i in range(50000) %}{% set n.x = n.x ~ 'a' ~ i %}{% endfor %}{% for i in range(99999) %}{% set y = n.x[1:-1] %}{% endfor %}`,
	"upper again":            `{% set s = 'é' * 100000 %}{% for i in range(99999) %}{% set y = s|upper %}{% endfor %}`,
	"sigmas":                 `{{ ('Σ' ~ '.' * 100) * 100000 }}{% for i in range(99999) %}{% set y = ('Σ.' * 10000)|lower %}{% endfor %}`,
	"wordwrap":               `{% for i in range(99999) %}{% set y = ('ab-cd ' * 10000)|wordwrap(1) %}{% endfor %}`,
	"striptags":              `{% for i in range(99999) %}{% set y = ('<' * 100000)|striptags %}{% endfor %}`,
	"keyword flood":          `{% macro f() %}{{ kwargs }}{% endmacro %}{% set d = {} %}{% for i in range(9999) %}{% set _ = d.update({i|string: i}) %}{% endfor %}{{ f(**d) }}`,
	"strftime":               `{% for i in range(99999) %}{{ strftime_now('%c' * 100000) }}{% endfor %}`,
	"escape":                 `{% for i in range(99999) %}{% set y = ('<' * 100000)|e %}{% endfor %}`,
	"unique":                 `{% for i in range(99999) %}{{ range(99999)|unique|list|length }}{% endfor %}`,
}

func TestHostileTemplates(t *testing.T) {
	for name, src := range hostile {
		t.Run(name, func(t *testing.T) {
			tmpl, err := Parse(src)
			require.NoError(t, err)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			out, err := tmpl.Render(nil, Options{})
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			require.Error(t, err, "rendered %d bytes", len(out.Text))
			allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
			t.Logf("%v, %d MiB in all: %v", took, allocated, err)
			require.Less(t, allocated, uint64(300), "MiB allocated in all")
			require.Less(t, took, 5*time.Second)
		})
	}
}

// TestHostileSources feeds sources whose nesting or size would overflow a stack.
func TestHostileSources(t *testing.T) {
	const n = 200_000 // a nesting's worth of stack in a parser without limit
	for name, src := range map[string]string{
		"parentheses":         "{{ " + strings.Repeat("(", n) + "1" + strings.Repeat(")", n) + " }}",
		"open parentheses":    "{{ " + strings.Repeat("(", n),
		"brackets":            "{{ " + strings.Repeat("[", n) + strings.Repeat("]", n) + " }}",
		"braces":              "{{ " + strings.Repeat("{1:", n) + "1" + strings.Repeat("}", n) + " }}",
		"not":                 "{{ " + strings.Repeat("not ", n) + "1 }}",
		"minus":               "{{ " + strings.Repeat("- ", n) + "1 }}",
		"if":                  strings.Repeat("{% if 1 %}", n/2),
		"for":                 strings.Repeat("{% for a in b %}", n/4),
		"else":                "{{ " + strings.Repeat("1 if 0 else ", n/4) + "2 }}",
		"conditions":          "{{ 1" + strings.Repeat(" if 0", n) + " }}",
		"attributes":          "{{ a" + strings.Repeat(".b", n) + " }}",
		"calls":               "{{ a" + strings.Repeat("()", n) + " }}",
		"subscripts":          "{{ a" + strings.Repeat("[0]", n) + " }}",
		"nested subscripts":   "{{ " + strings.Repeat("a[", n) + " }}",
		"filters":             "{{ a" + strings.Repeat("|e", n) + " }}",
		"block filters":       "{% filter e" + strings.Repeat("|e", n) + " %}{% endfilter %}",
		"target parentheses":  "{% set " + strings.Repeat("(", n) + "a" + strings.Repeat(")", n) + " = 1 %}",
		"filters in elif":     "{% if a" + strings.Repeat("|e", n) + " %}{% endif %}",
		"unfinished comments": strings.Repeat("{#", n),
		"unfinished raw":      "{% raw %}" + strings.Repeat("{% endraw", n/2),
		"unfinished string":   "{{ '" + strings.Repeat("\\", n),
		"long number":         "{{ " + strings.Repeat("9", n) + " }}",
		"names":               "{{ '" + strings.Repeat(`\N{X}`, n/10) + "' }}",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := Parse(src)
			require.Error(t, err)
			t.Log(time.Since(start), err)
			require.Less(t, time.Since(start), 10*time.Second)
		})
	}
	for name, src := range map[string]string{ // long, but flat
		"sums":        "{{ 1" + strings.Repeat(" + 1", n) + " }}",
		"and":         "{{ 1" + strings.Repeat(" and 1", n/2) + " }}",
		"comparisons": "{{ 1" + strings.Repeat(" == 1", n/2) + " }}",
		"strings":     "{{ 'a'" + strings.Repeat(" 'a'", n) + " }}",
		"elif":        "{% if 0 %}" + strings.Repeat("{% elif 0 %}", n/4) + "{% endif %}",
		"sets":        strings.Repeat("{% set a = 1 %}", n/10),
	} {
		t.Run(name, func(t *testing.T) {
			tmpl, err := Parse(src)
			require.NoError(t, err)
			_, err = tmpl.Render(nil, Options{})
			if err != nil {
				require.ErrorIs(t, err, ErrLimit)
			}
		})
	}
}

// TestBudgetsAreKept checks the counters themselves: no error comes later than one operation after the limit.
func TestBudgetsAreKept(t *testing.T) {
	for name, src := range hostile {
		tmpl, err := Parse(src)
		require.NoError(t, err)
		b := &budget{limits: Limits{}.resolve(0)}
		m := &machine{budget: b, t: tmpl, vars: NewMap(), root: &scope{}, out: newBuilder(b), now: time.Now}
		m.out.limit = b.limits.Output
		_, err = m.exec(tmpl.body, m.root)
		require.Error(t, err, name)
		require.LessOrEqual(t, b.memory, b.limits.Memory, name)
		require.LessOrEqual(t, b.steps, b.limits.Steps+b.limits.Memory/bytesPerStep+1<<20, name)
		require.LessOrEqual(t, int64(m.out.buf.Len()), b.limits.Output, name)
	}
}

// TestLongChatRenders checks that the default budgets leave room for a megabyte of conversation.
func TestLongChatRenders(t *testing.T) {
	tmpl, err := Parse(`{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content|trim }}<|im_end|>
{% endfor %}{{ messages|tojson|length }}`)
	require.NoError(t, err)
	for _, size := range []int{100, 100_000} {
		var msgs []Value
		for i := range 1_000_000 / size {
			m := NewMap()
			m.Set("role", String([]string{"user", "assistant"}[i%2]))
			m.Set("content", String(strings.Repeat("x", size)))
			msgs = append(msgs, m)
		}
		out, err := tmpl.Render(ChatVars(Chat{Messages: List(msgs...)}), Options{})
		require.NoError(t, err)
		require.Greater(t, len(out.Text), 1_000_000)
	}
}

func TestLimitErrorsAreTyped(t *testing.T) {
	tmpl, err := Parse(`{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}`)
	require.NoError(t, err)
	for what, l := range map[string]Limits{"steps": {Steps: 100}, "memory": {Memory: 1000}, "output": {Output: 10}} {
		_, err := tmpl.Render(nil, Options{Limits: l})
		var limit *LimitError
		require.True(t, errors.As(err, &limit), fmt.Sprint(err))
		require.Equal(t, what, limit.What)
		require.ErrorIs(t, err, ErrLimit)
	}
}
