package jinja

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fixtureDir is where the rendered templates are: outside the repository, for their text is other people's.
func fixtureDir(t testing.TB) string {
	shared := os.Getenv("LLM_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	dir := filepath.Join(shared, "fixtures", "templates")
	if _, err := os.Stat(filepath.Join(dir, "jinja.json")); err != nil {
		t.Skip("template fixtures are absent: ", dir)
	}
	return dir
}

func readFixture(t testing.TB, path string, into any) {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		r, err = gzip.NewReader(f)
		require.NoError(t, err)
	}
	require.NoError(t, json.NewDecoder(r).Decode(into))
}

type fixtureCase struct {
	Text  *string `json:"text"`
	Error string  `json:"error"`
	May   bool    `json:"may"`
}

type templateFixture struct {
	Template, BOS, EOS, Now string
	Cases                   map[string]fixtureCase
	source                  string
}

// templateFixtures returns all templates with their cases, and the conversations.
func templateFixtures(t testing.TB) ([]templateFixture, map[string]Request) {
	dir := fixtureDir(t)
	var c struct{ Conversations map[string]Request }
	readFixture(t, filepath.Join(dir, "conversations.json"), &c)
	paths, err := filepath.Glob(filepath.Join(dir, "*.json.gz"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	var all []templateFixture
	for _, p := range paths {
		var f templateFixture
		readFixture(t, p, &f)
		src, err := os.ReadFile(filepath.Join(dir, f.Template))
		require.NoError(t, err)
		f.source = string(src)
		all = append(all, f)
	}
	return all, c.Conversations
}

func (c fixtureCase) check(t *testing.T, out Output, err error) {
	switch {
	case c.May && err != nil:
	case c.Text == nil && !c.May:
		require.Error(t, err, "%s was expected, got %q", c.Error, out.Text)
	case c.Text != nil:
		require.NoError(t, err)
		require.Equal(t, *c.Text, out.Text)
	}
}

func TestTemplatesRenderAsInTransformers(t *testing.T) {
	fixtures, conversations := templateFixtures(t)
	for _, f := range fixtures {
		tmpl, err := Parse(f.source)
		require.NoError(t, err, f.Template)
		for id, c := range f.Cases {
			t.Run(f.Template+"/"+id, func(t *testing.T) {
				req := conversations[id]
				req.BOS, req.EOS, req.Now = f.BOS, f.EOS, f.Now
				out, err := req.RenderWith(tmpl)
				c.check(t, out, err)
			})
		}
	}
}

func TestExpressionsRenderAsInJinja(t *testing.T) {
	var f struct {
		Now         string
		DefaultVars json.RawMessage `json:"default_vars"`
		Cases       []struct {
			ID, Template string
			Vars         json.RawMessage
			fixtureCase
		}
	}
	readFixture(t, filepath.Join(fixtureDir(t), "jinja.json"), &f)
	for _, c := range f.Cases {
		t.Run(c.ID, func(t *testing.T) {
			req := Request{Template: c.Template, Vars: c.Vars, Now: f.Now}
			if req.Vars == nil {
				req.Vars = f.DefaultVars
			}
			out, err := req.Render()
			c.check(t, out, err)
		})
	}
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
