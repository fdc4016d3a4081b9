// Extract reads facts out of a text into a Go struct, and shows the value as it is written.
//
//	go run ./examples/extract "Maria Lopez, 34, works as a nurse in Madrid."
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"llm"
	"llm/models/smolmoe"
)

// Person is what the answer is held to: whatever the model wants to say, it decodes.
type Person struct {
	Name string `json:"name"`
	Age  int    `json:"age" llm:"min=0,max=130"`
	Job  string `json:"job"`
	City string `json:"city"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	text := strings.Join(os.Args[1:], " ")
	if text == "" {
		text = "Maria Lopez, 34, works as a nurse in Madrid."
	}
	if err := run(ctx, os.Stdout, text); err != nil {
		fmt.Fprintln(os.Stderr, "extract:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, text string) error {
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
	var last llm.Partial[Person]
	for p, err := range llm.ExtractStream[Person](ctx, chat, "Who is this? "+text, llm.Params{MaxTokens: 200, Sampling: &llm.Sampling{}}) {
		if err != nil {
			return err
		}
		if len(p.Complete) > len(last.Complete) {
			fmt.Fprintf(out, "… %s\n", p.Complete[len(p.Complete)-1])
		}
		last = p
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(last.Value)
}
