package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"llm"
)

func chatVerb() *verb {
	return &verb{
		name: "chat", args: "-m MODEL [-p TEXT] [--system S] [--messages FILE] [--json]", run: chat,
		summary: "talk with a model",
		help: `
Without -p, each line of standard input is a message. On a terminal, Ctrl-C ends an answer, and the chat when there is
none; so do /exit and Ctrl-D. -p asks once; -p - takes all of standard input as one message. --messages reads a
conversation in the OpenAI form, a JSON list; if its last message is not the assistant's it is answered, and without a
terminal or -p nothing else is asked. --json prints one event a line.

--tools reads tools in the OpenAI form, a JSON list. When the model calls one, the call is printed and the next line of
standard input is taken as its result. --calculator adds a tool that is run here.`,
	}
}

// chatRun is a conversation on the command line.
type chatRun struct {
	*call
	m      *llm.Model
	chat   *llm.Chat
	params llm.Params
}

func chat(c *call) error {
	fs := c.flagSet()
	model := c.runFlags()
	answer := c.answerFlags()
	ctxSize := fs.Int("ctx", 0, "`tokens` of context (default: what the model was trained for)")
	prompt := fs.String("p", "", "message `text`, - for standard input")
	system := fs.String("system", "", "system `message`")
	messages := fs.String("messages", "", "`file` with a conversation, - for standard input")
	template := fs.String("template", "", "`file` with a chat template, in place of the checkpoint's")
	think := fs.String("think", "", "reasoning: on, off, a number of tokens at most, or a `level` that the template knows")
	tools := fs.String("tools", "", "`file` with tools that the model may call, - for standard input")
	calculator := fs.Bool("calculator", false, "offer a calculator to the model")
	choice := fs.String("choice", "", "calls: auto, none, required or the `name` of a tool that must be called")
	if _, err := c.parse(0); err != nil {
		return helped(err)
	}
	if *prompt == "-" && *messages == "-" {
		return c.usage("-p and --messages both want standard input")
	}
	history, err := c.readMessages(*messages)
	if err != nil {
		return err
	}
	opts, err := c.chatOptions(*system, *template)
	if err != nil {
		return err
	}
	opts, err = c.toolOptions(opts, *tools, *calculator)
	if err != nil {
		return err
	}
	ask, history := splitQuestion(history)
	if c.given("p") {
		text, err := c.text("p", *prompt)
		if err != nil {
			return err
		}
		ask = append(ask, llm.UserMessage(text))
	}
	r := &chatRun{call: c}
	ctx, stop := c.cancelled()
	err = r.open(ctx, model, *ctxSize, append(opts, llm.WithHistory(history...)))
	interrupted := stop()
	if err != nil {
		return err
	}
	defer r.m.Close()
	defer r.chat.Close()
	if interrupted != nil {
		return interrupted
	}
	if r.params, err = answer.params(r.m); err != nil {
		return err
	}
	r.params.Thinking, r.params.ToolChoice = thinking(*think), toolChoice(*choice)
	return r.converse(ask, c.given("p") || *messages == "-" || *messages != "" && len(ask) > 0 && !terminal(c.stdin))
}

func (r *chatRun) open(ctx context.Context, model *modelFlags, size int, opts []llm.ChatOption) (err error) {
	var more []llm.Option
	if r.given("ctx") {
		more = append(more, llm.WithContext(size))
	}
	if r.m, err = model.open(ctx, more...); err != nil {
		return err
	}
	if r.chat, err = r.m.NewChat(opts...); err != nil {
		r.m.Close()
		return err
	}
	for _, x := range r.chat.Relaxed() {
		fmt.Fprintf(r.stderr, "llm: warning: tool %s: the model is not held to %s: %s\n", x.Tool, cmp.Or(x.Pointer, "its schema"), x.Why)
	}
	return nil
}

func (c *call) readMessages(path string) (list []llm.Message, err error) {
	if path == "" {
		return nil, nil
	}
	data, err := c.readAll(path)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

func (c *call) chatOptions(system, template string) (opts []llm.ChatOption, err error) {
	if c.given("system") {
		opts = append(opts, llm.WithSystem(system))
	}
	if template != "" {
		data, err := c.readAll(template)
		if err != nil {
			return nil, err
		}
		opts = append(opts, llm.WithTemplate(string(data)))
	}
	return opts, nil
}

// splitQuestion takes what wants an answer off the end of a conversation: a last message that is not the assistant's.
func splitQuestion(list []llm.Message) (ask, history []llm.Message) {
	n := len(list)
	if n == 0 || list[n-1].Role == llm.RoleAssistant {
		return nil, list
	}
	return list[n-1:], list[:n-1]
}

// toolOptions adds the tools that the command line offers.
func (c *call) toolOptions(opts []llm.ChatOption, file string, calculator bool) ([]llm.ChatOption, error) {
	var tools []llm.Tool
	if file != "" {
		data, err := c.readAll(file)
		if err != nil {
			return nil, err
		}
		if tools, err = llm.ParseTools(data); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	if calculator {
		tools = append(tools, llm.Calculator())
	}
	return append(opts, llm.WithTools(tools...)), nil
}

func toolChoice(word string) llm.ToolChoice {
	switch word {
	case "", "auto":
		return llm.ToolAuto
	case "none":
		return llm.ToolNone
	case "required":
		return llm.ToolRequired
	}
	return llm.ToolNamed(word)
}

func thinking(word string) llm.Thinking {
	if n, err := strconv.Atoi(word); err == nil {
		return llm.ThinkBudget(n)
	}
	switch word {
	case "":
		return llm.Thinking{}
	case "on":
		return llm.ThinkOn
	case "off":
		return llm.ThinkOff
	}
	return llm.ThinkEffort(word)
}

// converse answers ask, if there is any, and then, unless once, the lines of standard input.
func (r *chatRun) converse(ask []llm.Message, once bool) error {
	if len(ask) > 0 || once {
		if err := r.answer(ask); err != nil && (once || !errors.Is(err, errInterrupted)) {
			return err
		}
		if once {
			return nil
		}
	}
	tty := terminal(r.stdin)
	lines := readLines(r.stdin)
	defer lines.stop()
	for {
		if tty {
			fmt.Fprint(r.stderr, "> ")
		}
		select {
		case <-r.interrupts:
			return r.left(tty)
		case line, ok := <-lines.next:
			text := strings.TrimSpace(line.text)
			switch {
			case !ok || line.err != nil && line.err != io.EOF:
				return line.err
			case text == "/exit":
				return nil
			case text == "":
				continue
			}
			err := r.answer([]llm.Message{r.message(line.text)})
			if err != nil && !(tty && errors.Is(err, errInterrupted)) {
				return err
			}
		}
	}
}

// message is a line of standard input: the result of a call, if one waits for it, else what the user says.
func (r *chatRun) message(text string) llm.Message {
	if open := r.chat.Pending(); len(open) > 0 {
		return llm.ToolMessage(open[0].Call.ID, open[0].Call.Name, text)
	}
	return llm.UserMessage(text)
}

// left ends a chat that was interrupted between answers: on a terminal that is the way out.
func (r *chatRun) left(tty bool) error {
	if !tty {
		return errInterrupted
	}
	fmt.Fprintln(r.stderr)
	return nil
}

// answer prints the answer to messages. An interrupt ends it.
func (r *chatRun) answer(ask []llm.Message) error {
	ctx, stop := r.cancelled()
	err := r.print(r.chat.SendMessages(ctx, r.params, ask...))
	return cmp.Or(err, stop())
}

func (r *chatRun) print(stream *llm.Stream) error {
	if r.json {
		for e, err := range stream.Events() {
			if err != nil {
				return err
			}
			if err := printJSON(r.stdout, e); err != nil {
				return err
			}
		}
		return nil
	}
	if err := r.printAnswer(stream); err != nil {
		return err
	}
	res, err := stream.Result()
	r.printCut(res, r.params.Format)
	r.printSpeed(res)
	return err
}

// lineReader reads lines in the background: a read cannot be interrupted, but waiting for one can.
type lineReader struct {
	next chan line
	quit chan struct{}
}

type line struct {
	text string
	err  error // io.EOF behind a last line without an end
}

func readLines(r io.Reader) *lineReader {
	l := &lineReader{next: make(chan line), quit: make(chan struct{})}
	go func() {
		defer close(l.next)
		for in := bufio.NewReader(r); ; {
			text, err := in.ReadString('\n')
			if err == io.EOF && text == "" {
				return
			}
			select {
			case l.next <- line{strings.TrimRight(text, "\r\n"), err}:
			case <-l.quit:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return l
}

func (l *lineReader) stop() { close(l.quit) }
