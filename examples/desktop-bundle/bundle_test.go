// Package bundle_test ships both programs and uses them as their users would.
package bundle_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

const (
	root = "../.."
	tiny = root + "/testdata/smolmoe-tiny-Q8_0.gguf"
)

func TestEmbedded(t *testing.T) {
	if testing.Short() {
		t.Skip("builds 130 MB")
	}
	program := filepath.Join(t.TempDir(), "assistant"+suffix())
	build(t, program, "./embedded")
	got := ship(t, program, "What is the capital of France?")
	if !strings.Contains(got, "Paris") {
		t.Errorf("answer is %q", got)
	}
}

func TestPacked(t *testing.T) {
	dir := t.TempDir()
	plain, packer, packed := filepath.Join(dir, "plain"+suffix()), filepath.Join(dir, "llm"+suffix()), filepath.Join(dir, "assistant"+suffix())
	build(t, plain, "./packed")
	build(t, packer, root+"/cmd/llm")
	command(t, exec.Command(packer, "pack", plain, tiny, packed))
	first := ship(t, packed, "Hello")
	if strings.TrimSpace(first) == "" {
		t.Error("no answer")
	}
	if again := ship(t, packed, "Hello"); again != first {
		t.Errorf("answers are %q and %q", first, again)
	}
	out, err := exec.Command(plain, "Hello").CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("llm pack")) {
		t.Errorf("without a model: %v, %q; want an error that says how to get one", err, out)
	}
}

func suffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

func build(t *testing.T, out, pkg string) {
	t.Helper()
	c := exec.Command("go", "build", "-o", out, pkg)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	command(t, c)
}

// ship copies a program into an empty directory and runs it there without an environment: no Go, no PATH, no home.
func ship(t *testing.T, program, question string) string {
	t.Helper()
	dir := t.TempDir()
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(dir, filepath.Base(program))
	if err := os.WriteFile(copied, data, 0o755); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(copied, question)
	c.Dir, c.Env = dir, []string{}
	if runtime.GOOS == "windows" { // its loader needs to know where the system is
		c.Env = append(c.Env, "SYSTEMROOT="+os.Getenv("SYSTEMROOT"))
	}
	return command(t, c)
}

func command(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	var problems bytes.Buffer
	c.Stderr = &problems
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", c, err, problems.String())
	}
	return string(out)
}
