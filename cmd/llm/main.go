// Command llm runs language models from the command line: llm help.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit statuses.
const (
	statusDone        = 0
	statusFailed      = 1
	statusUsage       = 2
	statusInterrupted = 130
)

// env is the outside world of one run.
type env struct {
	stdin      io.Reader
	stdout     io.Writer
	stderr     io.Writer
	interrupts <-chan os.Signal
	late       bool // an interrupt came when the work it was meant for had just ended
}

func main() {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	os.Exit(run(os.Args[1:], &env{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, interrupts: interrupts}))
}

// errInterrupted is the cause of a context that the user ended.
var errInterrupted = errors.New("interrupted")

// run runs one command line and returns the exit status.
func run(args []string, e *env) int {
	err := dispatch(args, e)
	var usage *usageError
	switch {
	case err == nil:
		return statusDone
	case errors.Is(err, errNoVerb):
		printHelp(e.stderr)
		return statusUsage
	case errors.As(err, &usage):
		fmt.Fprintf(e.stderr, "llm: %v\n%s\n", usage, usage.hint())
		return statusUsage
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		fmt.Fprintln(e.stderr, "llm: interrupted")
		return statusInterrupted
	case errors.Is(err, errAnswered):
		return statusFailed
	}
	fmt.Fprintln(e.stderr, "llm:", err)
	return statusFailed
}

var errNoVerb = errors.New("no verb given")

// errAnswered: the work failed and the answer on standard output says so.
var errAnswered = errors.New("failed")

func dispatch(args []string, e *env) error {
	if len(args) == 0 {
		return errNoVerb
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		return help(args[1:], e.stdout)
	}
	v := find(args[0])
	if v == nil {
		return &usageError{msg: fmt.Sprintf("no verb %q", args[0])}
	}
	return v.run(&call{env: e, verb: v, args: args[1:]})
}

// cancelled returns a context that an interrupt ends, with errInterrupted as its cause. Stop must be called.
func (e *env) cancelled() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	if e.wasInterrupted() {
		cancel(errInterrupted)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-e.interrupts:
			e.late = ctx.Err() != nil
			cancel(errInterrupted)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil); <-done }
}

// wasInterrupted reports, once, an interrupt that came too late.
func (e *env) wasInterrupted() bool {
	late := e.late
	e.late = false
	return late
}

// terminal reports whether a stream is one.
func terminal(s any) bool {
	f, ok := s.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}
