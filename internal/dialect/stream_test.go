package dialect

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// fold joins neighbouring events of a kind: what is left does not depend on how the text was cut.
type fold struct {
	events []Event
	calls  []Call
}

func (f *fold) emit(e Event) bool {
	if e.Kind == ToolCall {
		f.calls = append(f.calls, *e.Call)
	}
	if n := len(f.events) - 1; n >= 0 && e.Kind <= ToolArgs && e.Kind != ToolStart && f.events[n].Kind == e.Kind && f.events[n].Call == e.Call {
		f.events[n].Text += e.Text
	} else {
		f.events = append(f.events, e)
	}
	return true
}

func (f *fold) raw() string {
	var b strings.Builder
	for _, e := range f.events {
		if e.Kind <= Markup {
			b.WriteString(e.Text)
		}
	}
	return b.String()
}

// same compares without the identity of calls.
func (f *fold) same(g *fold) bool {
	if len(f.events) != len(g.events) {
		return false
	}
	for i, e := range f.events {
		o := g.events[i]
		if e.Kind != o.Kind || e.Text != o.Text || (e.Call == nil) != (o.Call == nil) || e.Call != nil && (e.Call.Name != o.Call.Name || e.Call.ID != o.Call.ID) {
			return false
		}
	}
	return true
}

func read(d *Dialect, tools []Tool, prefix, raw string, chunk int) (*fold, *Parser) {
	f := &fold{}
	p := d.NewParser(tools, prefix)
	for raw != "" {
		n := len(raw)
		if chunk > 0 {
			n = min(chunk, n)
		}
		p.Push(raw[:n], -1, false, f.emit)
		raw = raw[n:]
	}
	p.Flush(f.emit)
	return f, p
}

// sound checks what holds for any text.
func sound(t testing.TB, d *Dialect, tools []Tool, prefix, raw string, chunks ...int) {
	whole, p := read(d, tools, prefix, raw, 0)
	require.Equal(t, raw, whole.raw(), "%s: bytes are lost or made up", d.Name)
	args := map[*Call]string{}
	for _, e := range whole.events {
		switch e.Kind {
		case ToolArgs:
			args[e.Call] += e.Text
		case ToolCall:
			require.Equal(t, string(e.Call.Arguments), args[e.Call], "%s: %q", d.Name, raw)
			require.True(t, json.Valid(e.Call.Arguments) && e.Call.Arguments[0] == '{', "%s: %q gives %s", d.Name, raw, e.Call.Arguments)
			require.NotEmpty(t, e.Call.Name)
		}
	}
	name, pending := p.Pending()
	if pending {
		require.False(t, p.Finished())
	}
	for _, n := range chunks {
		cut, q := read(d, tools, prefix, raw, n)
		require.True(t, whole.same(cut), "%s: %q in pieces of %d:\n%+v\n%+v", d.Name, raw, n, whole.events, cut.events)
		other, also := q.Pending()
		require.Equal(t, []any{name, pending, p.Finished()}, []any{other, also, q.Finished()})
		if utf8.ValidString(raw) {
			for _, e := range cut.events {
				require.True(t, utf8.ValidString(e.Text))
			}
		}
	}
}

func TestFixturesLoseNothing(t *testing.T) {
	c := readCorpus(t)
	tools := ToolsOf(c.tools)
	for _, x := range c.fixtures {
		sound(t, c.dialects[x.Template], tools, x.Prefix, x.Raw, 1, 2, 3, 4, 5, 6, 7)
	}
}

// mutate changes a text as a bad model, a bad network or somebody who means harm would.
func mutate(r *rand.Rand, text string, others []fixture) string {
	at := func() int { return r.IntN(len(text) + 1) }
	const bytes = "{}[]()<>\"'\\,:=|/\n \x00\xffn0"
	for range 1 + r.IntN(3) {
		if text == "" {
			text = others[r.IntN(len(others))].Raw
		}
		i, j := at(), at()
		if i > j {
			i, j = j, i
		}
		switch r.IntN(8) {
		case 0: // cut off
			text = text[:i]
		case 1: // beginning lost
			text = text[i:]
		case 2: // doubled
			text = text[:j] + text[i:]
		case 3: // a piece lost
			text = text[:i] + text[j:]
		case 4: // pieces in another order
			k := j + r.IntN(len(text)-j+1)
			text = text[:i] + text[j:k] + text[i:j] + text[k:]
		case 5: // a byte
			k := r.IntN(len(bytes))
			text = text[:i] + bytes[k:k+1] + text[i:]
		case 6: // a piece of another dialect
			o := others[r.IntN(len(others))].Raw
			k := r.IntN(len(o) + 1)
			text = text[:i] + o[k:min(len(o), k+40)] + text[i:]
		case 7: // the text inside a string of itself
			q, _ := json.Marshal(text[i:j])
			text = text[:i] + string(q) + text[i:]
		}
	}
	return text[:min(len(text), 3000)]
}

func TestMutationsLoseNothing(t *testing.T) {
	c := readCorpus(t)
	tools := ToolsOf(c.tools)
	n := 100_000
	if testing.Short() {
		n = 5_000
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range n {
		x := c.fixtures[r.IntN(len(c.fixtures))]
		sound(t, c.dialects[x.Template], tools, x.Prefix, mutate(r, x.Raw, c.fixtures), 1, 2+r.IntN(6))
	}
}

func FuzzParser(f *testing.F) {
	all := []*Dialect{}
	for _, s := range signs {
		all = append(all, s.dialect)
	}
	tools := []Tool{{"f", json.RawMessage(`{"properties":{"a":{"type":"string"},"b":{"type":["integer","null"]},"c":{"items":{"type":"string"}}}}`)}, probeTool}
	for i, text := range []string{
		"<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": \"\\u00e9\"}}\n</tool_call>", "[f(a='x', b=None)]", "{\"name\": \"f\", \"parameters\": {}}",
		"<tool_call>\n<function=f>\n<parameter=a>\nx\n</parameter>\n</function>\n</tool_call>", "<|tool_call>call:f{a:<|\"|>x<|\"|>}<tool_call|>",
		"<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}<|call|>", "<tool_call>f<arg_key>a</arg_key><arg_value>x</arg_value></tool_call>",
		"]<]minimax[>[<tool_call>\n]<]minimax[>[<invoke name=\"f\">]<]minimax[>[<c>]<]minimax[>[<item>x]<]minimax[>[</item>]<]minimax[>[</c>]<]minimax[>[</invoke>\n]<]minimax[>[</tool_call>",
	} {
		f.Add(uint8(i), "", text, uint8(1))
	}
	f.Fuzz(func(t *testing.T, which uint8, prefix, raw string, chunk uint8) {
		if len(raw) > 1<<12 || len(prefix) > 64 {
			return
		}
		sound(t, all[int(which)%len(all)], tools, prefix, raw, max(1, int(chunk)))
	})
}
