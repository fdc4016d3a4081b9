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
}

func main() {
	interrupts, signals := make(chan os.Signal), make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go forward(signals, interrupts)
	os.Exit(run(os.Args[1:], &env{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, interrupts: interrupts}))
}

// forward passes interrupts on to the work that waits for them. Where none does, such as when a terminal is read or when
// work does not heed the first interrupt, it ends the program.
func forward(signals <-chan os.Signal, interrupts chan<- os.Signal) {
	for s := range signals {
		select {
		case interrupts <- s:
		default:
			os.Exit(statusInterrupted)
		}
	}
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

// cancelled returns a context that an interrupt ends, with errInterrupted as its cause. stop must be called when the work
// is done; it returns errInterrupted if there was an interrupt, even one that came too late for the work to heed it.
func (e *env) cancelled() (ctx context.Context, stop func() error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	outcome := make(chan error, 1)
	go func() {
		select {
		case <-e.interrupts:
		case <-ctx.Done():
			select {
			case <-e.interrupts:
			default:
				outcome <- nil
				return
			}
		}
		cancel(errInterrupted)
		outcome <- errInterrupted
	}()
	return ctx, func() error { cancel(nil); return <-outcome }
}

// terminal reports whether a stream is one. The null device, a character device too, is none.
func terminal(s any) bool {
	f, ok := s.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	if err != nil || st.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(st, null)
}
