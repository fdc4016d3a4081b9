package prompt

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func BenchmarkParse(b *testing.B) {
	source, err := os.ReadFile(filepath.Join(shared(b, filepath.Join("fixtures", "templates")), "openai-gpt-oss-120b.jinja"))
	require.NoError(b, err)
	for b.Loop() {
		_, err := Parse(string(source), "", "")
		require.NoError(b, err)
	}
}

func BenchmarkRender(b *testing.B) {
	source, err := os.ReadFile(filepath.Join(shared(b, filepath.Join("fixtures", "templates")), "openai-gpt-oss-120b.jinja"))
	require.NoError(b, err)
	t := parse(b, string(source))
	for b.Loop() {
		_, err := t.Render(Conversation{Messages: []Message{user("Hi")}})
		require.NoError(b, err)
	}
}
