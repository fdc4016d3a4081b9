package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var tinyModel = filepath.Join("..", "..", "testdata", "smolmoe-tiny-Q8_0.gguf")

// outcome is what a run of the program has left.
type outcome struct {
	status   int
	out, err string
}

func command(stdin string, args ...string) outcome {
	return interruptible(strings.NewReader(stdin), nil, args...)
}

func interruptible(stdin io.Reader, interrupts <-chan os.Signal, args ...string) outcome {
	var out, err bytes.Buffer
	status := run(args, &env{stdin: stdin, stdout: &out, stderr: &err, interrupts: interrupts})
	return outcome{status, out.String(), err.String()}
}

// ok runs the program, which must succeed, and returns its standard output.
func ok(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	r := command(stdin, args...)
	require.Equal(t, 0, r.status, r.err)
	return r.out
}

// object reads a JSON object.
func object(t *testing.T, text string) (v map[string]any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(text), &v), text)
	return v
}

func ints(list any) (out []int) {
	for _, x := range list.([]any) {
		out = append(out, int(x.(float64)))
	}
	return out
}

func TestExitStatus(t *testing.T) {
	for _, c := range []struct {
		status int
		want   string // in the output
		args   []string
	}{
		{2, "llm help VERB", nil},
		{0, "llm help VERB", []string{"help"}},
		{0, "llm help VERB", []string{"--help"}},
		{2, "no verb", []string{"sing"}},
		{2, "no verb", []string{"help", "sing"}},
		{2, "no such flag", []string{"inspect", "--loud", tinyModel}},
		{2, "invalid value", []string{"generate", "-m", tinyModel, "-p", "x", "-n", "many"}},
		{2, "no model", []string{"inspect"}},
		{2, "no model", []string{"tokenize"}},
		{2, "two models", []string{"inspect", "-m", "a", "b"}},
		{2, "do not know", []string{"generate", "-m", tinyModel, "-p", "x", "y"}},
		{2, "no text", []string{"generate", "-m", tinyModel}},
		{2, "no tokens", []string{"logits", "-m", tinyModel}},
		{2, "is no token", []string{"logits", "-m", tinyModel, "--ids", "1,x"}},
		{2, "--batch 1 to", []string{"bench", "-m", tinyModel, "--batch", "1000000000"}},
		{1, "context", []string{"bench", "-m", tinyModel, "-p", "99999999999"}},
		{2, "needs PROGRAM", []string{"pack", "a"}},
		{2, "want sample or quants", []string{"debug", "all"}},
		{2, "give one of", []string{"validate"}},
		{2, "no template", []string{"parse", "--json"}},
		{1, "not supported yet", []string{"quantize", "a", "b", "Q4_K"}},
		{1, "nowhere", []string{"inspect", "nowhere.gguf"}},
		{1, "built-in", []string{"inspect", "default"}},
		{1, "not supported", []string{"generate", "-m", tinyModel, "-p", "x", "--device", "cuda"}},
		{1, "vocabulary", []string{"logits", "-m", tinyModel, "--ids", "99999"}},
		{1, "cache type", []string{"logits", "-m", tinyModel, "--ids", "1", "--kv", "q3"}},
		{1, "too few", []string{"perplexity", "-m", tinyModel, "-f", tinyModel + ".md"}},
	} {
		if len(c.args) > 0 && c.args[0] == "perplexity" {
			path := filepath.Join(t.TempDir(), "short.txt")
			require.NoError(t, os.WriteFile(path, []byte("short"), 0o600))
			c.args[4] = path
		}
		r := command("", c.args...)
		require.Equal(t, c.status, r.status, "%q: %s", c.args, r.err)
		require.Contains(t, r.out+r.err, c.want, "%q", c.args)
	}
}

func TestEveryVerbHasHelp(t *testing.T) {
	for _, v := range verbs() {
		out := ok(t, "", "help", v.name)
		require.Contains(t, out, "llm "+v.name)
		if !v.hidden {
			require.Contains(t, out, "Flags:")
			require.Equal(t, out, ok(t, "", v.name, "--help"))
		}
	}
}

func TestInspect(t *testing.T) {
	info := object(t, ok(t, "", "inspect", tinyModel, "--json"))
	require.Equal(t, "granitemoe", info["architecture"])
	require.EqualValues(t, 512, info["vocabulary"])
	tensors := info["tensors"].([]any)
	require.NotEmpty(t, tensors)
	for _, key := range []string{"name", "type", "shape", "bytes"} {
		require.Contains(t, tensors[0], key)
	}
	for _, key := range []string{"name", "parameters", "active_parameters", "context"} {
		require.Contains(t, info, key)
	}
	require.Contains(t, ok(t, "", "inspect", "--tensors", "-m", tinyModel), "token_embd.weight")
}

func TestTokenize(t *testing.T) {
	const text = "Hello <|im_start|>\n"
	user := ints(object(t, ok(t, text, "tokenize", "-m", tinyModel, "--json"))["ids"])
	special := ints(object(t, ok(t, text, "tokenize", "-m", tinyModel, "--special", "--json"))["ids"])
	require.Greater(t, len(user), len(special))
	batch := ok(t, `{"text":"Hello <|im_start|>\n"}`+"\n"+`{"text":"Hello <|im_start|>\n","special":true}`+"\n", "tokenize", "-m", tinyModel, "--batch")
	first, second, _ := strings.Cut(batch, "\n")
	require.Equal(t, user, ints(object(t, first)["ids"]))
	require.Equal(t, special, ints(object(t, second)["ids"]))
	require.Contains(t, ok(t, "Hello", "tokenize", "-m", tinyModel), "\t")
}

func TestLogits(t *testing.T) {
	one := ok(t, "", "logits", "-m", tinyModel, "--ids", "1, 2,3", "--json", "--threads", "1")
	got := object(t, one)
	require.EqualValues(t, 512, got["n_vocab"])
	rows := got["logits"].([]any)
	require.Len(t, rows, 3)
	for _, row := range rows {
		require.Len(t, row, 512)
	}
	require.Equal(t, one, ok(t, "", "logits", "-m", tinyModel, "--ids", "1,2,3", "--json", "-t", "2", "--ubatch", "1"))
	require.Len(t, strings.Split(strings.TrimSpace(ok(t, "", "logits", "-m", tinyModel, "--ids", "1,2")), "\n"), 2)
}

// JSON has no word for what is no number.
func TestRowsThatAreNoNumbers(t *testing.T) {
	row := appendRow(nil, 0, []float32{1.5, float32(math.NaN()), float32(math.Inf(-1))})
	require.Equal(t, "[1.5,null,null]", string(row))
}

func TestGenerate(t *testing.T) {
	args := []string{"generate", "-m", tinyModel, "-p", "Once", "-n", "12", "--temp", "0.9", "--seed", "7"}
	got := object(t, ok(t, "", append(args, "--json")...))
	require.EqualValues(t, 7, got["seed"])
	require.Len(t, ints(got["tokens"]), int(got["usage"].(map[string]any)["generated"].(float64)))
	require.Contains(t, []any{"length", "stop"}, got["reason"])
	require.Equal(t, got["text"].(string)+"\n", ok(t, "", args...))

	args[4] = "-"
	require.Equal(t, got["text"].(string)+"\n", ok(t, "Once\n", args...))
}

// interrupter is standard input that interrupts the program as soon as it is read.
type interrupter chan os.Signal

func (i interrupter) Read(p []byte) (int, error) {
	i <- os.Interrupt
	return copy(p, "word "), io.EOF
}

func TestInterruptedGenerationIs130(t *testing.T) {
	interrupts := make(interrupter, 1)
	r := interruptible(interrupts, interrupts, "generate", "-m", tinyModel, "-p", "-", "--seed", "2") // goes on for 508 tokens
	require.Equal(t, 130, r.status, r.err)
	require.Contains(t, r.err, "interrupted")
}

func TestPerplexity(t *testing.T) {
	path := filepath.Join(t.TempDir(), "text.txt")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("The quick brown fox jumps over the lazy dog. ", 40)), 0o600))
	r := command("", "perplexity", "-m", tinyModel, "-f", path, "--ctx", "64", "--chunks", "3", "--json")
	require.Equal(t, 0, r.status, r.err)
	got := object(t, r.out)
	require.EqualValues(t, 3*31, got["tokens"])
	require.Greater(t, got["ppl"], 1.0)
	require.Contains(t, r.err, "chunk 3 of 3")
}

func TestBench(t *testing.T) {
	got := object(t, ok(t, "", "bench", "-m", tinyModel, "-p", "8", "-n", "4", "-r", "2", "--depth", "3", "--batch", "2", "-t", "1", "--json"))
	require.EqualValues(t, 1, got["threads"])
	tests := got["tests"].([]any)
	require.Len(t, tests, 2)
	for i, name := range []string{"pp8", "tg4@d3@b2"} {
		test := tests[i].(map[string]any)
		require.Equal(t, name, test["test"])
		require.Len(t, test["tokens_per_second"], 2)
	}
	require.Contains(t, ok(t, "", "bench", "-m", tinyModel, "-p", "0", "-n", "2", "-r", "1"), "tg2")
}

func TestPack(t *testing.T) {
	program, err := os.Executable()
	require.NoError(t, err)
	out := filepath.Join(t.TempDir(), "packed")
	got := object(t, ok(t, "", "pack", "--json", program, tinyModel, out))
	packed, err := os.ReadFile(out)
	require.NoError(t, err)
	require.EqualValues(t, len(packed), got["bytes"])
	at := int(got["offset"].(float64))
	require.Equal(t, "GGUF", string(packed[at:at+4]))
}

func TestValidate(t *testing.T) {
	schema := filepath.Join(t.TempDir(), "schema.json")
	require.NoError(t, os.WriteFile(schema, []byte(`{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"],"additionalProperties":false}`), 0o600))
	for _, model := range [][]string{nil, {"-m", tinyModel}} {
		args := append([]string{"validate", "--schema", schema, "--json"}, model...)
		require.Equal(t, true, object(t, ok(t, `{"n": 12}`, args...))["accepted"])
		r := command(`{"n": "x"}`, args...)
		require.Equal(t, 1, r.status)
		v := object(t, r.out)
		require.Equal(t, false, v["accepted"])
		require.EqualValues(t, 6, v["at"])
		require.Equal(t, "/n", v["pointer"])
		require.Equal(t, "integer expected, string found", v["why"])
	}
	require.Equal(t, "refused at byte 6\nat \"/n\": integer expected, string found\n", command(`{"n": "x"}`, "validate", "--schema", schema).out)
	require.Equal(t, "refused at byte 1\nproperty \"n\" is missing\n", command(`{}`, "validate", "--schema", schema).out)
	require.Contains(t, ok(t, "abab", "validate", "--regex", "(ab)+"), "accepted")
	require.Equal(t, 1, command("", "validate", "--schema", "absent").status)
	lines := ok(t, `{"regex":"a+","texts":["aa","b"]}`+"\nnonsense\n", "validate", "--batch")
	require.Equal(t, 2, strings.Count(lines, "\n"))
	require.Contains(t, lines, "error")
}

func TestParse(t *testing.T) {
	raw := `Let me look.
<tool_call>
{"name": "weather", "arguments": {"city": "Oslo"}}
</tool_call>`
	for _, chunk := range []string{"0", "1", "7"} {
		v := object(t, ok(t, raw, "parse", "-m", tinyModel, "--chunk", chunk, "--json"))
		require.Equal(t, "Let me look.", strings.TrimSpace(v["content"].(string)))
		calls := v["tool_calls"].([]any)
		require.Len(t, calls, 1)
		require.Equal(t, "weather", calls[0].(map[string]any)["name"])
		require.Equal(t, true, v["finished"])
	}
	require.Equal(t, 1, command("", "parse", "--template", "absent").status)
}

func TestDebug(t *testing.T) {
	got := object(t, ok(t, `{"id":"a","logits":[1,3,2],"history":[],"sampling":{"temperature":0,"seed":"1"},"position":0,"count":1}`+"\n", "debug", "sample", "--batch", "--json"))
	require.Equal(t, []int{1}, ints(got["tokens"]))
	require.Contains(t, ok(t, `{"id":1,"op":"dequantize","type":"none"}`+"\n", "debug", "quants"), strconv.Quote("error"))
}

func TestRender(t *testing.T) {
	template := filepath.Join(t.TempDir(), "t.jinja")
	require.NoError(t, os.WriteFile(template, []byte("{{ bos_token }}{% for m in messages %}{{ m.content }}{% if m.content == '!' %}{{ raise_exception('no') }}{% endif %}{% endfor %}{{ strftime_now('%Y') if year }}"), 0o600))
	args := []string{"render", "--template", template, "--bos", "<s>", "--eos", "</s>", "--now", "2026-03-14T09:26:53"}
	require.Equal(t, "<s>Hi", ok(t, `[{"role":"user","content":"Hi"}]`, args...))
	require.JSONEq(t, `{"text":"<s>Hi2026"}`, ok(t, `{"messages":[{"role":"user","content":"Hi"}],"vars":{"year":true}}`, append(args, "--json")...))
	r := command(`[{"role":"user","content":"!"}]`, append(args, "--json")...)
	require.Equal(t, 1, r.status)
	require.JSONEq(t, `{"error":"no"}`, r.out)
	require.Equal(t, 1, command(`[`, args...).status)
	require.Equal(t, 2, command(`[]`, "render").status)
	require.Equal(t, 1, command(`[]`, "render", "-m", "nowhere.gguf").status)

	require.Contains(t, ok(t, `[{"role":"user","content":"Hi"}]`, "render", "-m", tinyModel), "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
	require.JSONEq(t, `{"id":1,"text":"2"}`, ok(t, `{"id":1,"template":"{{ 1 + 1 }}"}`, "render", "--batch"))
}

// full is standard output that takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestOutputThatFailsIs1(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text.txt")
	require.NoError(t, os.WriteFile(text, []byte(strings.Repeat("word ", 100)), 0o600))
	for _, c := range []struct {
		stdin string
		args  []string
	}{
		{"", []string{"inspect"}},
		{"", []string{"inspect", "--json"}},
		{"x", []string{"tokenize"}},
		{`{"text":"x"}` + "\n", []string{"tokenize", "--batch"}},
		{"", []string{"logits", "--ids", "1"}},
		{"", []string{"logits", "--ids", "1", "--json"}},
		{"", []string{"generate", "-p", "x", "-n", "4", "--json"}},
		{"", []string{"generate", "-p", "x", "-n", "4"}},
		{"", []string{"perplexity", "-f", text, "--ctx", "16", "--chunks", "1"}},
		{"", []string{"bench", "-p", "1", "-n", "1", "-r", "1", "--json"}},
		{"", []string{"bench", "-p", "1", "-n", "1", "-r", "1"}},
		{`[{"role":"user","content":"x"}]`, []string{"render"}},
		{`[{"role":"user","content":"x"}]`, []string{"render", "--json"}},
		{"", []string{"chat", "-p", "x", "-n", "4", "--json"}},
		{"", []string{"chat", "-p", "x", "-n", "4"}},
	} {
		var errs bytes.Buffer
		args := append([]string{c.args[0], "-m", tinyModel}, c.args[1:]...)
		status := run(args, &env{stdin: strings.NewReader(c.stdin), stdout: full{}, stderr: &errs})
		require.Equal(t, statusFailed, status, "%q", args)
		require.Contains(t, errs.String(), io.ErrShortWrite.Error(), "%q", args)
	}
}
