package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"llm"
)

func generateVerb() *verb {
	return &verb{
		name: "generate", args: "-m MODEL -p TEXT [-n N] [--temp T] [--seed S] [--json]", run: generate,
		summary: "continue a text, without a chat template",
		help: `
The prompt is read as template text: control tokens written in it count. -p - reads it from standard input. The answer is
printed as it comes; --json prints it at the end, as {"text", "tokens", "reason", "seed", "usage", …}.`,
	}
}

func generate(c *call) error {
	fs := c.flagSet()
	model := c.runFlags()
	answer := c.answerFlags()
	prompt := fs.String("p", "", "prompt `text`, - for standard input")
	if _, err := c.parse(0); err != nil {
		return helped(err)
	}
	text, err := c.text("p", *prompt)
	if err != nil {
		return err
	}
	ctx, stop := c.cancelled()
	defer stop()
	m, err := model.open(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	p, err := answer.params(m)
	if err != nil {
		return err
	}
	stream := m.Generate(ctx, text, p)
	if c.json {
		r, err := stream.Result()
		if err != nil {
			return err
		}
		return printJSON(c.stdout, r)
	}
	if err := c.printAnswer(stream); err != nil {
		return err
	}
	r, err := stream.Result()
	c.printCut(r, p.Format)
	c.printSpeed(r)
	return err
}

// text is the value of a flag, or standard input for "-".
func (c *call) text(name, value string) (string, error) {
	switch {
	case !c.given(name):
		return "", c.usage("no text: give one with -%s", name)
	case value != "-":
		return value, nil
	}
	data, err := io.ReadAll(c.stdin)
	return strings.TrimSuffix(string(data), "\n"), err
}

// printAnswer prints the text of an answer as it comes, on a terminal with the reasoning before it in grey, and calls of
// tools on standard error. It ends the line, unless an error is all there is.
func (c *call) printAnswer(stream *llm.Stream) error {
	begun := false
	err := c.printEvents(stream, &begun)
	if err != nil && !begun {
		return err
	}
	_, end := fmt.Fprintln(c.stdout)
	return cmp.Or(err, end)
}

func (c *call) printEvents(stream *llm.Stream, begun *bool) error {
	tty, shown, grey := terminal(c.stderr), false, false
	clear := func() {
		if shown {
			fmt.Fprint(c.stderr, "\r\x1b[K")
			shown = false
		}
	}
	defer clear()
	for e, err := range stream.Events() {
		if e.Kind != llm.EventProgress || err != nil {
			clear()
		}
		if grey && (err != nil || e.Kind != llm.EventReasoning) {
			fmt.Fprint(c.stderr, "\x1b[0m\n")
			grey = false
		}
		switch {
		case err != nil:
			return err
		case e.Kind == llm.EventText:
			*begun = true
			if _, err := io.WriteString(c.stdout, e.Text); err != nil {
				return err
			}
		case e.Kind == llm.EventReasoning && tty:
			if !grey {
				fmt.Fprint(c.stderr, "\x1b[90m")
				grey = true
			}
			fmt.Fprint(c.stderr, e.Text)
		case e.Kind == llm.EventToolCall:
			fmt.Fprintf(c.stderr, "llm: call %s(%s)\n", e.Call.Name, e.Call.Arguments)
		case e.Kind == llm.EventToolResult:
			fmt.Fprintf(c.stderr, "llm: result of %s: %s\n", e.Call.Name, e.Output)
		case e.Kind == llm.EventWarning:
			fmt.Fprintln(c.stderr, "llm: warning:", e.Text)
		case e.Kind == llm.EventProgress && tty && e.Total > 512:
			fmt.Fprintf(c.stderr, "\rreading the prompt: %d of %d tokens\x1b[K", e.Done, e.Total)
			shown = true
		}
	}
	return nil
}

// printCut says that an answer is not what it was to be: one that is cut off by a limit of the tool loop, or has a format.
func (c *call) printCut(r llm.Result, format llm.Format) {
	if r.Reason == llm.ReasonToolLimit || r.Reason == llm.ReasonLength && format != nil {
		fmt.Fprintln(c.stderr, "llm: warning: the answer is not whole: it was ended by", r.Reason)
	}
}

// printSpeed prints, on a terminal, how fast an answer was.
func (c *call) printSpeed(r llm.Result) {
	if !terminal(c.stderr) || r.Usage.Generated == 0 {
		return
	}
	u := r.Usage
	line := fmt.Sprintf("%d tokens", u.Generated)
	if decode := (u.Total - u.FirstToken).Seconds(); u.Generated > 1 && decode > 0 {
		line += fmt.Sprintf(", %.1f a second", float64(u.Generated-1)/decode)
	}
	if fresh := u.Prompt - u.Cached; fresh > 0 && u.Prefill > 0 {
		line += fmt.Sprintf("; prompt %d tokens, %.0f a second", fresh, float64(fresh)/u.Prefill.Seconds())
	}
	if r.Reason != llm.ReasonStop {
		line += "; ended by " + string(r.Reason)
	}
	fmt.Fprintf(c.stderr, "\x1b[90m[%s]\x1b[0m\n", line)
}

func parseFloat(s string) (float32, error) {
	x, err := strconv.ParseFloat(s, 32)
	if err != nil {
		return 0, errors.New("not a number")
	}
	return float32(x), nil
}
