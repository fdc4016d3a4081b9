package prompt

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/internal/gguf"
	"llm/internal/source"
	"llm/internal/tokenizer"
)

// shared returns a folder of the reference data, which lies beside the repository.
func shared(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("LLM_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	dir := filepath.Join(root, name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("%s is absent: needs the reference data", dir)
	}
	return dir
}

// vocabulary is a tokenizer and what user text must not write.
type vocabulary struct {
	name     string
	tok      *tokenizer.Tokenizer
	specials []string
	guarded  map[int32]bool
	bos, eos string
}

func vocabularies(t testing.TB) (out []vocabulary) {
	paths, err := filepath.Glob(filepath.Join(shared(t, filepath.Join("fixtures", "tokenizers")), "*.gguf.gz"))
	require.NoError(t, err)
	for _, path := range paths {
		f, err := os.Open(path)
		require.NoError(t, err)
		z, err := gzip.NewReader(f)
		require.NoError(t, err)
		data, err := io.ReadAll(z)
		require.NoError(t, err)
		f.Close()
		file, err := gguf.OpenHeader(source.Bytes(data))
		require.NoError(t, err)
		tok, err := tokenizer.New(file)
		if err != nil { // bert and its kin have no chat
			continue
		}
		out = append(out, newVocabulary(filepath.Base(path), tok))
	}
	require.NotEmpty(t, out)
	return out
}

func newVocabulary(name string, tok *tokenizer.Tokenizer) vocabulary {
	v := vocabulary{name: name, tok: tok, guarded: map[int32]bool{}}
	for id := range int32(tok.Size()) {
		if k := tok.Kind(id); k != tokenizer.Control && k != tokenizer.UserDefined {
			continue
		}
		text := string(tok.AppendText(nil, true, id))
		if slices.Equal(tok.AppendSpecial(nil, text), []int32{id}) && !slices.Equal(tok.Append(nil, text), []int32{id}) {
			v.guarded[id] = true
			if len(v.guarded) <= 100 || strings.ContainsAny(text, "<[") && len(v.specials) < 150 {
				v.specials = append(v.specials, text)
			}
		}
	}
	text := func(id int32, ok bool) string {
		if !ok {
			return ""
		}
		return string(tok.AppendText(nil, true, id))
	}
	v.bos, v.eos = text(tok.BOS()), text(tok.EOS())
	return v
}

// control returns the control tokens of a prompt, in order.
func (v vocabulary) control(r Rendered) (out []int32) {
	spans := make(tokenizer.Spans, len(r.Trusted))
	for i, s := range r.Trusted {
		spans[i] = tokenizer.Span(s)
	}
	for _, id := range v.tok.AppendMixed(nil, r.Text, spans) {
		if v.guarded[id] {
			out = append(out, id)
		}
	}
	return out
}

// offered returns a tool that says a text in every place: as its name, description, property and choice.
func offered(text string) []json.RawMessage {
	quoted, _ := json.Marshal(text)
	q := string(quoted)
	return []json.RawMessage{json.RawMessage(`{"type":"function","function":{"name":` + q + `,"description":` + q +
		`,"parameters":{"type":"object","properties":{` + q + `:{"type":"string","description":` + q + `,"enum":[` + q + `]}},"required":[` + q + `]}}}`)}
}

// fields are the places that a program fills with what it was given.
var fields = []struct {
	name  string
	tools bool
	set   func(c []Message, text string)
}{
	{"system", false, func(c []Message, s string) { c[0].Content = s }},
	{"user", false, func(c []Message, s string) { c[1].Content, c[len(c)-1].Content = s, s }},
	{"assistant", false, func(c []Message, s string) { c[2].Content = s }},
	{"beside a call", true, func(c []Message, s string) { c[4].Content = s }},
	{"reasoning", false, func(c []Message, s string) { c[2].Reasoning = s }},
	{"call", true, func(c []Message, s string) {
		quoted, _ := json.Marshal(s)
		c[4].Calls[0].Arguments = json.RawMessage(`{"a":` + string(quoted) + `,` + string(quoted) + `:[` + string(quoted) + `]}`)
		c[4].Calls[0].Name = s
	}},
	{"tool", true, func(c []Message, s string) { c[5].Content, c[5].Name = s, s }},
}

// conversation returns a conversation with every kind of message. Short ones leave the tool turns out, which some
// templates refuse.
func conversation(short bool) []Message {
	c := []Message{
		{Role: "system", Content: "hm"},
		{Role: "user", Content: "hm"},
		{Role: "assistant", Content: "hm", Reasoning: "hm"},
		{Role: "user", Content: "hm"},
		{Role: "assistant", Content: "hm", Calls: []Call{{ID: "abcdefghi", Name: "hm", Arguments: json.RawMessage(`{"a":"hm","hm":["hm"]}`)}}},
		{Role: "tool", Content: "hm", Name: "hm", CallID: "abcdefghi"},
		{Role: "assistant", Content: "hm"},
		{Role: "user", Content: "hm"},
	}
	if short {
		return c[:4]
	}
	return c
}

// Law 6 over the whole path: whatever users, tools and the history say, the control tokens of the prompt are those of
// the same conversation with harmless text.
func TestDataNeverBecomesAControlToken(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(shared(t, filepath.Join("fixtures", "templates")), "*.jinja"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	all := vocabularies(t)
	compared := 0
	for i, path := range paths {
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		for k, v := range all {
			if (k+i)%3 != 0 { // each template with a third of the vocabularies
				continue
			}
			tmpl, err := Parse(string(source), v.bos, v.eos)
			require.NoError(t, err)
			compared += compare(t, filepath.Base(path)+" with "+v.name, tmpl, v)
		}
	}
	t.Logf("%d prompts compared", compared)
	require.Greater(t, compared, 5000)
}

// compare attacks every field and returns how many prompts it has seen.
func compare(t *testing.T, name string, tmpl *Template, v vocabulary) (n int) {
	short := false
	want, err := tmpl.Render(Conversation{Messages: conversation(short)})
	if err != nil {
		short = true
		if want, err = tmpl.Render(Conversation{Messages: conversation(short)}); err != nil {
			return 0
		}
	}
	for _, hostile := range hostileTexts(v) {
		for _, f := range fields {
			c := conversation(short)
			if f.tools && short {
				continue
			}
			f.set(c, hostile)
			got, err := tmpl.Render(Conversation{Messages: c})
			if err != nil { // some look into the text
				continue
			}
			n++
			require.Equal(t, v.control(want), v.control(got), "%s, %s", name, f.name)
		}
		n += compareTools(t, name, tmpl, v, hostile)
	}
	return n
}

// compareTools attacks through the tools that are offered.
func compareTools(t *testing.T, name string, tmpl *Template, v vocabulary, hostile string) int {
	render := func(text string) (Rendered, error) {
		return tmpl.Render(Conversation{Messages: conversation(true)[:2], Tools: offered(text)})
	}
	want, err := render("hm")
	if err != nil {
		return 0
	}
	got, err := render(hostile)
	if err != nil {
		return 0
	}
	require.Equal(t, v.control(want), v.control(got), "%s, tools", name)
	return 1
}

// hostileTexts are all special strings in one text, and one that is cut at both ends.
//
// The word /think is left out of the second: a switch of the user's in templates of Nemotron 3.
func hostileTexts(v vocabulary) []string {
	whole := strings.Join(v.specials, "")
	r := []rune(whole)
	return []string{whole, strings.ReplaceAll(string(r[min(1, len(r)):max(1, len(r)-1)]), "/think", "/thunk")}
}
