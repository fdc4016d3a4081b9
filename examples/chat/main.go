// Chat talks with the embedded model: the question is the command line, or one line after another from standard input.
//
//	go run ./examples/chat "What is the capital of France?"
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"llm"
	"llm/models/smolmoe"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, strings.Join(os.Args[1:], " ")); err != nil {
		fmt.Fprintln(os.Stderr, "chat:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, question string) error {
	m, err := llm.Open(ctx, smolmoe.Source())
	if err != nil {
		return err
	}
	defer m.Close()
	chat, err := m.NewChat()
	if err != nil {
		return err
	}
	defer chat.Close()
	if question != "" {
		return answer(ctx, chat, question)
	}
	for in := bufio.NewScanner(os.Stdin); ; {
		fmt.Print("> ")
		if !in.Scan() {
			return in.Err()
		}
		if err := answer(ctx, chat, in.Text()); err != nil {
			return err
		}
	}
}

// answer prints the answer as it comes. Greedy sampling: the same question has the same answer on every machine.
func answer(ctx context.Context, chat *llm.Chat, question string) error {
	for text, err := range chat.Send(ctx, question, llm.Params{MaxTokens: 512, Sampling: &llm.Sampling{}}).Text() {
		if err != nil {
			return err
		}
		fmt.Print(text)
	}
	fmt.Println()
	return nil
}
