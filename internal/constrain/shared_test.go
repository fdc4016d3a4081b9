package constrain

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"llm/internal/gguf"
	"llm/internal/source"
	"llm/internal/tokenizer"

	"github.com/stretchr/testify/require"
)

// fixtures returns the folder of a kind of fixtures, or skips the test.
func fixtures(t testing.TB, kind string) string {
	root := os.Getenv("LLM_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	dir := filepath.Join(root, "fixtures", kind)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("fixtures %s are not here: %v", kind, err)
	}
	return dir
}

func open(t testing.TB, path string) io.Reader {
	f, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	if !strings.HasSuffix(path, ".gz") {
		return f
	}
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	return z
}

// fixtureVocabulary opens a vocabulary of the fixtures.
func fixtureVocabulary(t testing.TB, name string) *tokenizer.Tokenizer {
	b, err := io.ReadAll(open(t, filepath.Join(fixtures(t, "tokenizers"), name+".gguf.gz")))
	require.NoError(t, err)
	f, err := gguf.Open(context.Background(), source.Bytes(b), nil)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	tok, err := tokenizer.New(f)
	require.NoError(t, err)
	return tok
}

// fixtureCase is a line of the fixtures of constraints.
type fixtureCase struct {
	ID         string
	Kind       string
	Schema     json.RawMessage
	SchemaText *string `json:"schema_text"`
	Grammar    string
	Regex      string
	Need       string
	Expect     string
	TightOK    bool `json:"tight_ok"`
	Texts      []fixtureText
}

type fixtureText struct {
	T     string
	V     string
	At    *int
	Order string
	Why   string
}

// compile compiles the case.
func (c *fixtureCase) compile(o Options) (*Constraint, error) {
	switch {
	case c.Kind == "grammar":
		return CompileGrammar(c.Grammar)
	case c.Kind == "regex":
		return CompileRegexp(c.Regex)
	case c.SchemaText != nil:
		return CompileSchema(*c.SchemaText, o)
	}
	return CompileSchema(string(c.Schema), o)
}

// fixtureFiles are those of the fixtures of constraints.
var fixtureFiles = []string{"gbnf.jsonl.gz", "hand.jsonl.gz", "pattern.jsonl", "real.jsonl.gz", "regex.jsonl", "suite.jsonl.gz", "suite_optional.jsonl.gz"}

func fixtureCases(t testing.TB, file string) []fixtureCase {
	r := bufio.NewReaderSize(open(t, filepath.Join(fixtures(t, "constrain"), file)), 1<<16)
	var out []fixtureCase
	for {
		line, err := r.ReadBytes('\n')
		if len(line) > 1 {
			var c fixtureCase
			require.NoError(t, json.Unmarshal(line, &c))
			out = append(out, c)
		}
		if err != nil {
			require.ErrorIs(t, err, io.EOF)
			return out
		}
	}
}
