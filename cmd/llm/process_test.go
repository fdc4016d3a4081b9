package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The test program is the command when this is set, so that tests see what only a process has.
const asCommand = "LLM_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

func process(t *testing.T, program string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	return cmd
}

func thisProgram(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	return path
}

// A verb that waits for standard input ends at once.
func TestInterruptedProcessIs130(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals between processes")
	}
	cmd := process(t, thisProgram(t), "tokenize", "-m", tinyModel, "--batch")
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = in.Write([]byte(`{"text":"a"}` + "\n"))
	require.NoError(t, err)
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "ids")
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	_ = cmd.Wait()
	require.Equal(t, statusInterrupted, cmd.ProcessState.ExitCode())
}

func TestPackedProgramOpensItself(t *testing.T) {
	packed := filepath.Join(t.TempDir(), "packed.exe")
	ok(t, "", "pack", thisProgram(t), tinyModel, packed)
	const text = "Hello"
	for _, args := range [][]string{
		{"inspect", "-m", "MODEL", "--json"},
		{"tokenize", "-m", "MODEL", "--json"},
		{"logits", "-m", "MODEL", "--ids", "1,2", "--json"},
		{"generate", "-m", "MODEL", "-p", text, "-n", "4", "--temp", "0"},
		{"chat", "-m", "MODEL", "-p", text, "-n", "4", "--temp", "0"},
	} {
		at := func(model string) []string {
			return strings.Split(strings.ReplaceAll(strings.Join(args, "\x00"), "MODEL", model), "\x00")
		}
		cmd := process(t, packed, at("self")...)
		cmd.Stdin = strings.NewReader(text)
		got, err := cmd.Output()
		require.NoError(t, err, "%s", args[0])
		require.Equal(t, ok(t, text, at(tinyModel)...), string(got), "%s", args[0])
	}
	r := command("", "generate", "-m", "self", "-p", "x")
	require.Equal(t, statusFailed, r.status)
	require.Contains(t, r.err, "no model")
}

func TestNullDeviceIsNoTerminal(t *testing.T) {
	f, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer f.Close()
	require.False(t, terminal(f))
}
