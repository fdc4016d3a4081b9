package dialect

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"llm/internal/constrain"
	"llm/internal/gguf"
	"llm/internal/source"
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

func (v *markerVocabulary) Marker(text string) (int32, bool) {
	for i := v.markers; i < len(v.pieces)-1; i++ {
		if string(v.pieces[i]) == text {
			return int32(i), true
		}
	}
	return 0, false
}

// schemaCase is a schema of the shared test data.
type schemaCase struct{ id, schema string }

// hardSchemas are schemas that notations other than JSON make hard.
var hardSchemas = []string{
	`{"type":"object","properties":{"a":{"type":["string","null"],"pattern":"^ ?(null|nul|n)? ?$"},"b":{"type":["string","null"],"enum":["null","a",null]}},"required":["a","b"],"additionalProperties":false}`,
	`{"type":"object","properties":{"a":{"type":"string","pattern":"^[<>/\\n]+$","minLength":2,"maxLength":9},"b":{"type":["string","integer"]},"c":{}},"required":["a","b","c"],"additionalProperties":false}`,
	`{"type":"object","properties":{"item":{"type":"string"},"o":{"properties":{"item":{"type":"integer"},"b":{"type":"string"}},"required":["b"],"additionalProperties":false},"e":{"type":"object","additionalProperties":false},"f":{"properties":{"x":{"type":"integer"}},"additionalProperties":false,"not":{"type":"string"}}},"required":["item","o","e","f"],"additionalProperties":false}`,
	`{"type":"object","properties":{"l":{"type":"array","items":{"type":["string","null"],"maxLength":3},"minItems":1,"maxItems":3},"m":{"type":["array","null"],"items":{"type":"array","maxItems":1}}},"required":["l","m"],"additionalProperties":false}`,
	`{"type":"object","properties":{"a":{"enum":["","\"","'","\\","</parameter>","<|\"|>","a\nb",true,null,0]},"b":{"const":{"k":["x",{}]}},"c":{"type":"boolean"}},"required":["a","b","c"],"additionalProperties":false}`,
	`{"type":"object","properties":{"a b":{"type":"string"},"c-d":{"type":"integer"},"e.f":{"type":"null"},"$g":{"type":"string","format":"date"}},"required":["c-d"],"additionalProperties":{"type":"string","maxLength":4},"minProperties":3,"maxProperties":5}`,
	`{"type":"object","$defs":{"n":{"type":"object","properties":{"s":{"type":"string","minLength":1},"n":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/n"}]}},"required":["s","n"],"additionalProperties":false}},"properties":{"n":{"$ref":"#/$defs/n"}},"required":["n"],"additionalProperties":false}`,
	`{"anyOf":[{"type":"object","properties":{"k":{"const":"x"},"v":{"type":"string"}},"required":["k","v"],"additionalProperties":false},{"type":"object","properties":{"k":{"const":1},"w":{"type":["null","string"]}},"required":["k","w"],"additionalProperties":false}]}`,
}

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

// tokens is a vocabulary with markers.
type tokens interface {
	constrain.Vocabulary
	Marker(text string) (int32, bool)
}

// turnWalk is one turn written at random as its constraint lets it.
type turnWalk struct {
	r     *rand.Rand
	v     tokens
	d     *Dialect
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
		id, n := w.d.tokenAt(text)
		if n == 0 || !w.m.Accepts(id) {
			id, n = w.spelled(text), 1
		}
		if !w.m.Accepts(id) {
			return
		}
		w.take(t, id)
		text = text[n:]
	}
}

// spelled returns the token of the first byte of a text.
func (w *turnWalk) spelled(text string) int32 {
	for _, id := range w.v.Append(nil, text[:1]) {
		if string(w.v.Bytes(id)) == text[:1] {
			return id
		}
	}
	return -1
}

// run writes at most so many tokens and reports whether the turn came to its end.
func (w *turnWalk) run(t *testing.T, most int) bool {
	w.mask = make([]uint64, w.m.Words())
	var quiet []int32 // characters that do not lead far away
	for c := byte(' '); c < 0x7f; c++ {
		quiet = append(quiet, w.spelled(string(c)))
	}
	for len(w.ids) < most {
		late := len(w.ids) > most/3
		switch {
		case w.m.CanEnd() && (late || w.r.IntN(6) == 0):
			return true
		case w.r.IntN(4) == 0 || late && w.r.IntN(2) == 0:
			w.hint(t, w.hints[w.r.IntN(len(w.hints))])
			continue
		}
		w.m.Mask(w.mask)
		id := int32(-1)
		if w.r.IntN(8) > 0 {
			id = w.any(quiet)
		}
		if id < 0 {
			id = w.anyLegal()
		}
		if id < 0 {
			require.True(t, w.m.CanEnd(), "a dead end after %q", w.text())
			return true
		}
		w.take(t, id)
	}
	return w.m.CanEnd()
}

func (w *turnWalk) legal(id int32) bool { return id >= 0 && w.mask[id>>6]>>(id&63)&1 != 0 }

// any returns one of some tokens that is in the mask, -1 if none is.
func (w *turnWalk) any(ids []int32) int32 {
	var in []int32
	for _, id := range ids {
		if w.legal(id) {
			in = append(in, id)
		}
	}
	if in == nil {
		return -1
	}
	return in[w.r.IntN(len(in))]
}

// anyLegal returns a token of the mask that does not end the turn, -1 if there is none.
func (w *turnWalk) anyLegal() int32 {
	from := w.r.IntN(w.v.Size())
	for i := range w.v.Size() {
		if id := int32((from + i) % w.v.Size()); w.legal(id) && !slices.Contains(w.v.EOG(), id) {
			return id
		}
	}
	return -1
}

func (w *turnWalk) text() string {
	var b strings.Builder
	for _, id := range w.ids {
		b.WriteString(w.written(id))
	}
	return b.String()
}

// written is a token's text, of a control token too.
func (w *turnWalk) written(id int32) string {
	if v, ok := w.v.(*tokenizer.Tokenizer); ok {
		return string(v.AppendText(nil, true, id))
	}
	return string(w.v.Bytes(id))
}

// parse feeds tokens to a parser as a generation does.
func (w *turnWalk) parse(p *Parser, ids []int32) *fold {
	f := &fold{}
	for _, id := range ids {
		p.Push(w.written(id), id, w.v.Kind(id) == tokenizer.Control, f.emit)
	}
	p.Flush(f.emit)
	return f
}

// prefixesOf are how prompts of a dialect end.
func prefixesOf(d *Dialect) []string {
	switch {
	case d.headers != nil && d.headers.tools:
		return []string{d.headers.start + "assistant", d.headers.start + "assistant" + d.headers.channel + d.headers.thinking + d.headers.message}
	case d.headers != nil:
		return []string{d.headers.start + "assistant", d.headers.start + "assistant to=" + d.headers.self + d.headers.message}
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
						d.ids = v.Marker
					}
					trie := constrain.NewTrie(v)
					var fs []*Function
					for n := range 1 + r.IntN(3) {
						schema := cases[(5*(3*i+k)+r.IntN(5))%len(cases)].schema
						if r.IntN(4) == 0 {
							schema = hardSchemas[r.IntN(len(hardSchemas))]
						}
						fs = append(fs, d.Compile(Tool{fmt.Sprintf("tool_%d", n), json.RawMessage(schema)}))
					}
					n, calls := walkTurns(t, r, &d, v, trie, fs, 3000)
					ended, called = ended+n, called+calls
				}
			}
			require.Greater(t, ended, perKind*3*turnKinds/2, "walks that came to an end")
			require.NotZero(t, called, "calls")
			t.Logf("%d of %d turns ended, %d calls", ended, perKind*3*turnKinds, called)
		})
	}
}

// turnKinds is how many turns walkTurns walks.
const turnKinds = 7

// walkTurns walks a turn of every kind, and returns how many came to their end and how many calls there were.
func walkTurns(t *testing.T, r *rand.Rand, d *Dialect, v tokens, trie *constrain.Trie, fs []*Function, most int) (ended, called int) {
	final, err := constrain.CompileSchema(finals[r.IntN(len(finals))], constrain.Options{})
	require.NoError(t, err)
	prefixes := prefixesOf(d)
	for _, turn := range [turnKinds]Turn{
		{}, {Tools: fs}, {Tools: fs, Required: true}, {Tools: fs[:1], Required: true, Single: true}, {Tools: fs, Single: true, NoReasoning: true},
		{Final: final}, {Final: final, Tools: fs},
	} {
		turn.Prefix = prefixes[r.IntN(len(prefixes))]
		k, err := d.Constraint(turn)
		require.NoError(t, err)
		w := &turnWalk{r: r, v: v, d: d, hints: hintsOf(d), m: constrain.NewMatcher(k, trie)}
		whole := w.run(t, most)
		if whole {
			ended++
		}
		called += checkTurn(t, d, turn, w, whole)
	}
	return ended, called
}

// TestTurnsOverVocabularies does the same over vocabularies of checkpoints.
func TestTurnsOverVocabularies(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	cases := schemaCases(t)
	for name, plain := range map[string]*Dialect{"qwen3": &hermes, "qwen35": &qwenXML, "gpt-oss": &harmony, "gemma-4": &gemma4, "kimi-k2": &kimiK2,
		"deepseek-v3": &deepSeekV31, "glm4": &glm, "llama-bpe": &llama3JSON, "mistral-v3-spm": &mistral, "phi-3": &llama4Pythonic} {
		t.Run(name, func(t *testing.T) {
			v := sharedVocabulary(t, name)
			trie := constrain.NewTrie(v)
			d := *plain
			d.ids = v.Marker
			r := rand.New(rand.NewPCG(3, uint64(len(name))))
			ended, called, n := 0, 0, max(3, *walks)
			for i := range n {
				var fs []*Function
				for k := range 1 + r.IntN(3) {
					fs = append(fs, d.Compile(Tool{fmt.Sprintf("tool_%d", k), json.RawMessage(cases[(7*i+k)%len(cases)].schema)}))
				}
				e, c := walkTurns(t, r, &d, v, trie, fs, 400)
				ended, called = ended+e, called+c
			}
			t.Logf("%d of %d turns ended, %d calls", ended, n*turnKinds, called)
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
	p := d.NewTurnParser(turn)
	f := w.parse(p, w.ids)
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
	require.True(t, p.Finished(), about)
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

// sharedVocabulary opens a vocabulary of the shared test data.
func sharedVocabulary(t testing.TB, name string) *tokenizer.Tokenizer {
	f, err := os.Open(sharedPath(t, "fixtures", "tokenizers", name+".gguf.gz"))
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	b, err := io.ReadAll(z)
	require.NoError(t, err)
	g, err := gguf.Open(context.Background(), source.Bytes(b), nil)
	require.NoError(t, err)
	t.Cleanup(func() { g.Close() })
	v, err := tokenizer.New(g)
	require.NoError(t, err)
	return v
}

// FuzzTurn compiles whatever it is given and walks a turn.
func FuzzTurn(f *testing.F) {
	all := allDialects()
	for i, schema := range append(hardSchemas, `{`, `{"properties":{"":true,"\n":{}," a":{"type":"string"},"</k>":{}}}`, `{"items":{"$ref":"#"},"maxProperties":1}`) {
		f.Add(uint8(i), "f", "", []byte(schema), uint64(i))
	}
	f.Fuzz(func(t *testing.T, which uint8, name, prefix string, schema []byte, seed uint64) {
		if len(schema) > 1<<10 || len(name) > 40 || len(prefix) > 40 {
			return
		}
		d := *all[int(which)%len(all)]
		v := newMarkerVocabulary(&d, []tokenizer.Kind{0, tokenizer.Control, tokenizer.UserDefined}[seed%3])
		if seed%3 != 0 {
			d.ids = v.Marker
		}
		r := rand.New(rand.NewPCG(seed, 0))
		turn := Turn{Prefix: prefix, Tools: []*Function{d.Compile(Tool{name, schema})}, Required: r.IntN(2) == 0, Single: r.IntN(2) == 0}
		k, err := d.Constraint(turn)
		if err != nil {
			return
		}
		w := &turnWalk{r: r, v: v, d: &d, hints: hintsOf(&d), m: constrain.NewMatcher(k, constrain.NewTrie(v))}
		checkTurn(t, &d, turn, w, w.run(t, 300))
	})
}
