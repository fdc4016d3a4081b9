package dialect

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"llm/internal/constrain"
	"llm/internal/tokenizer"

	"github.com/stretchr/testify/require"
)

var walks = flag.Int("walks", 0, "turns of every dialect and kind that are walked at random; 0: a few")

// allDialects are the formats that there are.
func allDialects() []*Dialect {
	var all []*Dialect
	for _, s := range signs {
		if !slices.Contains(all, s.dialect) {
			all = append(all, s.dialect)
		}
	}
	return append(all, &bareJSON)
}

// markerVocabulary is every byte, some pieces, the markers of a dialect where they are tokens, and an end.
type markerVocabulary struct {
	pieces  [][]byte
	markers int // index of the first
	kind    tokenizer.Kind
}

func newMarkerVocabulary(d *Dialect, kind tokenizer.Kind) *markerVocabulary {
	v := &markerVocabulary{kind: kind}
	for b := range 256 {
		v.pieces = append(v.pieces, []byte{byte(b)})
	}
	for _, s := range []string{`": "`, `", "`, `"}`, "}}", "\n\n", "</", "tool", "é", "日", "\xe6\x97", "<|", "|>", `<|"`, " a", "ing", "<parameter=", "></", "12", `\n`, "'", "Action:"} {
		v.pieces = append(v.pieces, []byte(s))
	}
	v.markers = len(v.pieces)
	if kind != 0 {
		for _, t := range append(newCutter(d).texts, `<|"|>`) {
			if !slices.ContainsFunc(v.pieces[v.markers:], func(p []byte) bool { return string(p) == t }) {
				v.pieces = append(v.pieces, []byte(t))
			}
		}
	}
	v.pieces = append(v.pieces, []byte("<|the end|>"))
	return v
}

func (v *markerVocabulary) Size() int             { return len(v.pieces) }
func (v *markerVocabulary) Bytes(id int32) []byte { return v.pieces[id] }
func (v *markerVocabulary) EOG() []int32          { return []int32{int32(len(v.pieces) - 1)} }
func (v *markerVocabulary) Append(dst []int32, text string) []int32 {
	return constrain.Bytewise{}.Append(dst, text)
}

func (v *markerVocabulary) Kind(id int32) tokenizer.Kind {
	switch {
	case int(id) < v.markers:
		return tokenizer.Normal
	case int(id) == len(v.pieces)-1:
		return tokenizer.Control
	}
	return v.kind
}

func (v *markerVocabulary) marker(text string) (int32, bool) {
	for i := v.markers; i < len(v.pieces)-1; i++ {
		if string(v.pieces[i]) == text {
			return int32(i), true
		}
	}
	return 0, false
}

// schemaCase is a schema of the shared test data.
type schemaCase struct{ id, schema string }

// schemaCases returns the schemas of the shared test data, in a fixed order that mixes them.
func schemaCases(t testing.TB) []schemaCase {
	var out []schemaCase
	for _, name := range []string{"hand.jsonl.gz", "real.jsonl.gz"} {
		f, err := os.Open(sharedPath(t, "fixtures", "constrain", name))
		require.NoError(t, err)
		z, err := gzip.NewReader(f)
		require.NoError(t, err)
		lines := bufio.NewScanner(z)
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			var c struct {
				ID, Kind   string
				Schema     json.RawMessage
				SchemaText *string `json:"schema_text"`
			}
			require.NoError(t, json.Unmarshal(lines.Bytes(), &c))
			if c.Kind == "grammar" || c.Kind == "regex" {
				continue
			}
			text := string(c.Schema)
			if c.SchemaText != nil {
				text = *c.SchemaText
			}
			out = append(out, schemaCase{c.ID, text})
		}
		require.NoError(t, lines.Err())
		require.NoError(t, f.Close())
	}
	r := rand.New(rand.NewPCG(5, 5))
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// turnWalk is one turn written at random as its constraint lets it.
type turnWalk struct {
	r     *rand.Rand
	v     *markerVocabulary
	m     *constrain.Matcher
	hints []string
	ids   []int32
	mask  []uint64
}

// hintsOf are texts that a random walk would hardly write.
func hintsOf(d *Dialect) []string {
	all := []string{`"`, `}`, `]`, `"}`, `")`, "null", "0", "{", "[", "'", ")", "<think>", " "}
	add := func(texts ...string) {
		for _, t := range texts {
			if t != "" {
				all = append(all, strings.ReplaceAll(t, gap, "\n"))
			}
		}
	}
	for _, m := range d.markersOf() {
		add(m.text)
	}
	add(d.calls.open...)
	add(d.calls.open...)
	add(d.calls.close...)
	for _, p := range d.calls.call {
		if add(p.text, p.args.quote); p.param != nil {
			add(p.param.open, p.param.close, p.param.end, p.param.close, p.param.end)
		}
	}
	return all
}

func (w *turnWalk) take(t *testing.T, id int32) {
	require.NoError(t, w.m.Advance(id))
	w.ids = append(w.ids, id)
}

// hint writes as much of a text as is let through.
func (w *turnWalk) hint(t *testing.T, text string) {
	for text != "" {
		id, n := int32(-1), 0
		for i := w.v.markers; i < len(w.v.pieces)-1; i++ {
			if p := string(w.v.pieces[i]); strings.HasPrefix(text, p) && len(p) > n {
				id, n = int32(i), len(p)
			}
		}
		if id < 0 || !w.m.Accepts(id) {
			id, n = int32(text[0]), 1
		}
		if !w.m.Accepts(id) {
			return
		}
		w.take(t, id)
		text = text[n:]
	}
}

// run writes at most so many tokens and reports whether the turn came to its end.
func (w *turnWalk) run(t *testing.T, most int) bool {
	w.mask = make([]uint64, w.m.Words())
	var legal []int32
	for len(w.ids) < most {
		if late := len(w.ids) > most/3; w.m.CanEnd() && (late || w.r.IntN(6) == 0) {
			return true
		} else if w.r.IntN(4) == 0 || late && w.r.IntN(2) == 0 {
			w.hint(t, w.hints[w.r.IntN(len(w.hints))])
			continue
		}
		w.m.Mask(w.mask)
		legal = legal[:0]
		var quiet []int32 // bytes that do not lead far away
		for id := range int32(w.v.Size() - 1) {
			if w.mask[id>>6]>>(id&63)&1 != 0 {
				legal = append(legal, id)
				if id >= ' ' && id < 0x7f {
					quiet = append(quiet, id)
				}
			}
		}
		if len(legal) == 0 {
			require.True(t, w.m.CanEnd(), "a dead end after %q", w.text())
			return true
		}
		if len(quiet) > 0 && w.r.IntN(8) > 0 {
			legal = quiet
		}
		w.take(t, legal[w.r.IntN(len(legal))])
	}
	return w.m.CanEnd()
}

func (w *turnWalk) text() string {
	var b strings.Builder
	for _, id := range w.ids {
		b.Write(w.v.Bytes(id))
	}
	return b.String()
}

// parse feeds tokens to a parser as a generation does.
func (w *turnWalk) parse(p *Parser, ids []int32) *fold {
	f := &fold{}
	for _, id := range ids {
		p.Push(string(w.v.Bytes(id)), id, w.v.Kind(id) == tokenizer.Control, f.emit)
	}
	p.Flush(f.emit)
	return f
}

// prefixesOf are how prompts of a dialect end.
func prefixesOf(d *Dialect) []string {
	switch {
	case d.headers != nil:
		return []string{d.headers.start + "assistant"}
	case d.calls.content != "":
		return []string{"", d.calls.open[0]}
	case d.think.open != "":
		return []string{"", "", d.think.open + "\n", d.think.open + "\n\n" + d.think.close + "\n\n"}
	}
	return []string{""}
}

var finals = []string{
	`{"type":"object","properties":{"answer":{"type":"string"},"n":{"type":"integer"}},"required":["answer"],"additionalProperties":false}`,
	`{"type":"array","items":{"enum":["<tool_call>","a","</think>","[TOOL_CALLS]"]},"maxItems":4}`,
}

// TestTurnsAreReadBack walks the constraints of turns at random and reads what was written with the parser: every call is of a
// tool that was offered, with arguments that are valid wherever the mask is exact, and nothing is amiss.
func TestTurnsAreReadBack(t *testing.T) {
	cases := schemaCases(t)
	perKind := *walks
	if perKind == 0 {
		if perKind = 12; testing.Short() {
			perKind = 2
		}
	}
	for _, plain := range allDialects() {
		t.Run(plain.Name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(len(plain.Name))))
			ended, called := 0, 0
			for i := range perKind {
				for k, kind := range []tokenizer.Kind{0, tokenizer.Control, tokenizer.UserDefined} {
					d := *plain
					v := newMarkerVocabulary(&d, kind)
					if kind != 0 {
						d.ids = v.marker
					}
					trie := constrain.NewTrie(v)
					var fs []*Function
					for n := range 1 + r.IntN(3) {
						c := cases[(5*(3*i+k)+r.IntN(5))%len(cases)]
						fs = append(fs, d.Compile(Tool{fmt.Sprintf("tool_%d", n), json.RawMessage(c.schema)}))
					}
					final, err := constrain.CompileSchema(finals[r.IntN(len(finals))], constrain.Options{})
					require.NoError(t, err)
					prefixes := prefixesOf(&d)
					for _, turn := range []Turn{
						{}, {Tools: fs}, {Tools: fs, Required: true}, {Tools: fs[:1], Required: true, Single: true}, {Tools: fs, Single: true, NoReasoning: true},
						{Final: final}, {Final: final, Tools: fs},
					} {
						turn.Prefix = prefixes[r.IntN(len(prefixes))]
						w := &turnWalk{r: r, v: v, hints: hintsOf(&d)}
						k, err := d.Constraint(turn)
						require.NoError(t, err)
						w.m = constrain.NewMatcher(k, trie)
						whole := w.run(t, 3000)
						if whole {
							ended++
						}
						called += checkTurn(t, &d, turn, w, whole)
					}
				}
			}
			require.Greater(t, ended, perKind*3*7*3/4, "walks that came to an end")
			t.Logf("%d of %d turns ended, %d calls", ended, perKind*3*7, called)
		})
	}
}

// checkTurn reads a turn back and returns how many calls there were.
func checkTurn(t *testing.T, d *Dialect, turn Turn, w *turnWalk, whole bool) int {
	t.Helper()
	raw := w.text()
	about := fmt.Sprintf("%s: %d tools, required %v, single %v, final %v, prefix %q: %q", d.Name, len(turn.Tools), turn.Required, turn.Single, turn.Final != nil, turn.Prefix, raw)
	cut := w.parse(d.NewTurnParser(turn), w.ids[:w.r.IntN(len(w.ids)+1)])
	require.True(t, strings.HasPrefix(raw, cut.raw()), about)
	f := w.parse(d.NewTurnParser(turn), w.ids)
	require.Equal(t, raw, f.raw(), about)
	content := ""
	for _, e := range f.events {
		switch {
		case e.Kind == Text:
			content += e.Text
		case e.Kind == Warning && whole:
			t.Fatalf("%s\nwarning: %s", about, e.Text)
		}
	}
	for _, call := range f.calls {
		i := slices.IndexFunc(turn.Tools, func(f *Function) bool { return f.Name() == call.Name })
		require.GreaterOrEqual(t, i, 0, about)
		if g := turn.Tools[i]; len(g.Relaxed()) == 0 {
			require.NoError(t, g.Validate(call.Arguments), "%s\n%s\nschema %s", about, call.Arguments, g.tool.Schema)
		}
	}
	if !whole {
		return len(f.calls)
	}
	if turn.Required {
		require.NotEmpty(t, f.calls, about)
		require.Empty(t, strings.TrimSpace(content), about)
	}
	if turn.Single {
		require.LessOrEqual(t, len(f.calls), 1, about)
	}
	if turn.Final != nil && len(f.calls) == 0 {
		require.NoError(t, turn.Final.Validate(content), "%s\ncontent %q", about, content)
	}
	return len(f.calls)
}
