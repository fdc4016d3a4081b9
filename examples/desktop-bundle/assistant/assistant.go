// Package assistant is the program itself. It does not know where its model came from.
package assistant

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"llm"
)

// Main answers the question on the command line, or one question a line from standard input.
func Main(model llm.Source) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, model, strings.Join(os.Args[1:], " "), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "assistant:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, model llm.Source, question string, in io.Reader, out io.Writer) error {
	m, err := llm.Open(ctx, model)
	if err != nil {
		return err
	}
	defer m.Close()
	chat, err := m.NewChat(llm.WithSystem("You answer in one or two short sentences."))
	if err != nil {
		return err
	}
	defer chat.Close()
	if question != "" {
		return answer(ctx, chat, question, out)
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if err := answer(ctx, chat, lines.Text(), out); err != nil {
			return err
		}
	}
	return lines.Err()
}

func answer(ctx context.Context, chat *llm.Chat, question string, out io.Writer) error {
	for text, err := range chat.Send(ctx, question, llm.Params{MaxTokens: 128, Sampling: &llm.Sampling{}}).Text() {
		if err != nil {
			return err
		}
		if _, err := io.WriteString(out, text); err != nil {
			return err
		}
	}
	_, err := io.WriteString(out, "\n")
	return err
}
