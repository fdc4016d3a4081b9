package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func chatWith(stdin string, args ...string) outcome {
	return command(stdin, append([]string{"chat", "-m", tinyModel, "--temp", "0", "-n", "8"}, args...)...)
}

// events reads one event a line and returns the answers, one for each usage.
func events(t *testing.T, out string) (answers []string) {
	text := ""
	for line := range strings.Lines(out) {
		var e struct {
			Kind, Text string
			Usage      map[string]any
		}
		require.NoError(t, json.Unmarshal([]byte(line), &e), line)
		switch e.Kind {
		case "text":
			text += e.Text
		case "usage":
			require.NotNil(t, e.Usage)
			answers = append(answers, text)
			text = ""
		}
	}
	require.Empty(t, text)
	return answers
}

func TestChatLines(t *testing.T) {
	r := chatWith("Hello\n\nAgain\n/exit\nnever asked\n", "--json")
	require.Equal(t, 0, r.status, r.err)
	answers := events(t, r.out)
	require.Len(t, answers, 2)
	plain := chatWith("Hello\n\nAgain")
	require.Equal(t, 0, plain.status, plain.err)
	require.Equal(t, strings.Join(answers, "\n")+"\n", plain.out)
}

func TestChatOnce(t *testing.T) {
	want := events(t, chatWith("Hello\n", "--json").out)
	for _, r := range []outcome{
		chatWith("not read", "--json", "-p", "Hello"),
		chatWith("Hello\n", "--json", "-p", "-"),
		chatWith(`[{"role":"user","content":"Hello"}]`, "--json", "--messages", "-"),
	} {
		require.Equal(t, 0, r.status, r.err)
		require.Equal(t, want, events(t, r.out))
	}
}

func TestChatGoesOnWithMessages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.json")
	history := `[{"role":"system","content":"Be brief."},{"role":"user","content":"Hello"},{"role":"assistant","content":"Hi."}]`
	require.NoError(t, os.WriteFile(path, []byte(history), 0o600))
	r := chatWith("Again\n", "--json", "--messages", path)
	require.Equal(t, 0, r.status, r.err)
	require.Len(t, events(t, r.out), 1)

	require.NoError(t, os.WriteFile(path, []byte(`[{"role":"user","content":"Hello"}]`), 0o600))
	r = chatWith("", "--json", "--messages", path)
	require.Len(t, events(t, r.out), 1)
	require.Equal(t, 1, chatWith("", "--messages", path, "--system", "x", "--think", "on").status)
}

func TestChatErrors(t *testing.T) {
	bad, broken := filepath.Join(t.TempDir(), "bad.json"), filepath.Join(t.TempDir(), "broken.jinja")
	require.NoError(t, os.WriteFile(bad, []byte("{"), 0o600))
	require.NoError(t, os.WriteFile(broken, []byte("{% if"), 0o600))
	for _, c := range []struct {
		status int
		want   string
		args   []string
	}{
		{2, "both want standard input", []string{"-p", "-", "--messages", "-"}},
		{1, "bad.json", []string{"--messages", bad}},
		{1, "nowhere", []string{"-p", "x", "--template", "nowhere.jinja"}},
		{1, "template", []string{"-p", "x", "--template", broken}},
		{1, "thinking", []string{"-p", "x", "--think", "on"}},
		{1, "bad.json: schema", []string{"-p", "x", "--schema", bad}},
		{1, "bad.json: ", []string{"-p", "x", "--grammar", bad}},
		{1, "there are: calculator", []string{"-p", "x", "--calculator", "--choice", "calcs", "--ctx", "4096"}},
		{1, "bad.json", []string{"-p", "x", "--tools", bad}},
		{1, "context", []string{"-p", "x", "--ctx", "4"}},
	} {
		r := chatWith("", c.args...)
		require.Equal(t, c.status, r.status, "%q: %s", c.args, r.err)
		require.Contains(t, r.err, c.want, "%q", c.args)
		require.Empty(t, r.out, "%q", c.args)
	}
}

// What of a tool's schema masks cannot hold is said: a mistake in it would go unseen.
func TestChatWarnsOfRelaxedTools(t *testing.T) {
	tools := filepath.Join(t.TempDir(), "tools.json")
	require.NoError(t, os.WriteFile(tools, []byte(`[{"name":"f","parameters":{"type":"objekt"}}]`), 0o600))
	r := chatWith("", "-p", "x", "--tools", tools, "--choice", "none")
	require.Equal(t, 0, r.status, r.err)
	require.Contains(t, r.err, "tool f")
	require.Contains(t, r.err, "unknown type")
}

// An answer with a format that is cut off does not pass in silence for a whole one.
func TestCutFormatsAreSaid(t *testing.T) {
	grammar := filepath.Join(t.TempDir(), "long.gbnf")
	require.NoError(t, os.WriteFile(grammar, []byte(`root ::= [a-z]{1000}`), 0o600))
	for _, r := range []outcome{
		chatWith("", "-p", "x", "--grammar", grammar),
		command("", "generate", "-m", tinyModel, "-p", "x", "-n", "4", "--grammar", grammar),
	} {
		require.Equal(t, 0, r.status, r.err)
		require.Contains(t, r.err, "ended by length")
	}
	require.NotContains(t, chatWith("", "-p", "x").err, "ended by")
}

// waiting is standard input that interrupts the program and then has nothing to say.
type waiting struct {
	interrupts chan os.Signal
	end        chan struct{}
}

func (w waiting) Read([]byte) (int, error) {
	w.interrupts <- os.Interrupt
	<-w.end
	return 0, io.EOF
}

func TestChatInterrupted(t *testing.T) {
	in := waiting{make(chan os.Signal, 1), make(chan struct{})}
	defer close(in.end)
	r := interruptible(in, in.interrupts, "chat", "-m", tinyModel)
	require.Equal(t, 130, r.status, r.err)

	once := make(interrupter, 1)
	r = interruptible(once, once, "chat", "-m", tinyModel, "-p", "-", "--seed", "1") // goes on for 73 tokens
	require.Equal(t, 130, r.status, r.err)
}
