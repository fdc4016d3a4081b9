package dialect

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a rendered call shows must be what the template's text shows.
func TestRenderedCallsAgreeWithSigns(t *testing.T) {
	dir := sharedPath(t, "fixtures", "templates")
	files, err := filepath.Glob(filepath.Join(dir, "*.jinja"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	agree, silent := 0, 0
	for _, file := range files {
		if filepath.Base(file) == "vllm-phi4_mini.jinja" {
			continue // its prompt asks for functools[…], and it writes past calls otherwise
		}
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		var bySign *Dialect
		if s := signOf(string(source)); s != nil {
			bySign = s.dialect
		}
		byProbe := probe(string(source))
		switch {
		case byProbe == nil:
			silent++
		case bySign == nil:
			t.Logf("%s: no sign, a call renders as %s", filepath.Base(file), byProbe.Name)
		case bySign != byProbe && readBack(string(source), []*Dialect{bySign}) == nil:
			t.Errorf("%s: sign of %s, a call renders as %s", filepath.Base(file), bySign.Name, byProbe.Name)
		default:
			agree++
		}
	}
	t.Logf("%d agree, %d render no call", agree, silent)
}

func TestVocabularyDecidesWhereTheTemplateIsSilent(t *testing.T) {
	plain := "{% for m in messages %}{{ m.content }}{% endfor %}"
	d, how := Detect(plain, nil)
	require.Equal(t, []string{"hermes", "none found"}, []string{d.Name, how})
	d, how = Detect(plain, func(text string) (int32, bool) { return 7, text == "[TOOL_CALLS]" })
	require.Equal(t, []string{"mistral", "vocabulary has [TOOL_CALLS]"}, []string{d.Name, how})
	d, how = Detect("{% for m in messages %}{% for c in m.tool_calls %}<|tool_call_start|>[{{ c.function.name }}({% for k, v in c.function.arguments.items() %}{{ k }}={{ v | tojson }}{% endfor %})]<|tool_call_end|>{% endfor %}{% endfor %}", nil)
	require.Equal(t, "lfm2", d.Name)
	require.NotEmpty(t, how)
	d, how = Detect("{% for m in messages %}{% for c in m.tool_calls %}[{{ c.function | tojson }}]{% endfor %}{% endfor %}", nil)
	require.Equal(t, []string{"json", "a call rendered with the template"}, []string{d.Name, how})
}
