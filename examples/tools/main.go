// Tools lets the embedded model call Go functions: two typed ones and the calculator that comes with the package.
//
//	go run ./examples/tools "What's the weather in Paris?"
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"llm"
	"llm/models/smolmoe"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	question := strings.Join(os.Args[1:], " ")
	if question == "" {
		question = "What's the weather in Paris?"
	}
	if err := run(ctx, os.Stdout, question); err != nil {
		fmt.Fprintln(os.Stderr, "tools:", err)
		os.Exit(1)
	}
}

// place is what the weather tool is asked. Its schema comes from the type: the model cannot leave the city out or misspell it.
type place struct {
	City string `json:"city" jsonschema:"City name"`
}

type weather struct {
	Temperature int    `json:"temperature"` // °C
	Condition   string `json:"condition"`
}

// forecasts stand in for a service.
var forecasts = map[string]weather{"paris": {18, "cloudy"}, "oslo": {-3, "snow"}, "cairo": {34, "sunny"}}

func getWeather(_ context.Context, in place) (weather, error) {
	w, ok := forecasts[strings.ToLower(in.City)]
	if !ok {
		return weather{}, fmt.Errorf("no forecast for %q", in.City) // the model is told
	}
	return w, nil
}

func run(ctx context.Context, out io.Writer, question string) error {
	m, err := llm.Open(ctx, smolmoe.Source())
	if err != nil {
		return err
	}
	defer m.Close()
	tool, err := llm.NewTool("get_weather", "Get the current weather for a city", getWeather)
	if err != nil {
		return err
	}
	chat, err := m.NewChat(llm.WithTools(tool, llm.Calculator()))
	if err != nil {
		return err
	}
	defer chat.Close()
	for e, err := range chat.Send(ctx, question, llm.Params{MaxTokens: 256, Sampling: &llm.Sampling{}}).Events() {
		if err != nil {
			return err
		}
		switch e.Kind {
		case llm.EventText:
			fmt.Fprint(out, e.Text)
		case llm.EventToolCall:
			fmt.Fprintf(out, "→ %s(%s)\n", e.Call.Name, e.Call.Arguments)
		case llm.EventToolResult:
			fmt.Fprintf(out, "← %s\n", e.Output)
		}
	}
	fmt.Fprintln(out)
	return nil
}
