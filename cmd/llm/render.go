package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"llm/internal/jinja"
)

func renderVerb() *verb {
	return &verb{
		name: "render", args: "-m MODEL | --template FILE --bos S --eos S [--now T] [--batch] [--json] < REQUEST", run: render,
		summary: "render a chat template",
		help: `
Standard input is JSON: a list of messages in the OpenAI form, or an object with "messages", "tools", "documents",
"add_generation_prompt", "continue_final_message" and "vars". Without "messages" the template sees "vars" alone. --json
prints {"text"} or {"error"}.

--batch reads one object a line, each with its own "template", "bos", "eos" and "now", and answers each with one line.`,
	}
}

func render(c *call) error {
	fs := c.flagSet()
	model := c.modelFlag()
	template := fs.String("template", "", "`file` with a template, in place of the checkpoint's")
	bos := fs.String("bos", "", "`text` of bos_token (default: the checkpoint's)")
	eos := fs.String("eos", "", "`text` of eos_token (default: the checkpoint's)")
	now := fs.String("now", "", "`time` that the template sees, 2006-01-02T15:04:05 or RFC 3339 (default: the clock's)")
	batch := fs.Bool("batch", false, "JSON lines in and out")
	if _, err := c.parse(0); err != nil {
		return helped(err)
	}
	if *batch {
		return jinja.Serve(c.stdin, c.stdout)
	}
	req, err := c.renderRequest()
	if err != nil {
		return err
	}
	if model.path != "" {
		if err := model.fillTemplate(&req); err != nil {
			return err
		}
	}
	req.Now = *now
	if c.given("bos") {
		req.BOS = *bos
	}
	if c.given("eos") {
		req.EOS = *eos
	}
	if *template != "" {
		text, err := os.ReadFile(*template)
		if err != nil {
			return err
		}
		req.Template = string(text)
	} else if model.path == "" {
		return c.usage("no template: give one with --template or -m")
	}
	return c.printRendered(req)
}

// renderRequest reads what to render from standard input.
func (c *call) renderRequest() (req jinja.Request, err error) {
	data, err := io.ReadAll(c.stdin)
	if err != nil {
		return req, err
	}
	if data = bytes.TrimSpace(data); len(data) > 0 && data[0] == '[' {
		req.Messages, req.AddGenerationPrompt = data, true
		return req, nil
	}
	if err := json.Unmarshal(data, &req); err != nil {
		return req, fmt.Errorf("request on standard input: %w", err)
	}
	return req, nil
}

// fillTemplate takes the template and the texts of its tokens from the checkpoint.
func (f *modelFlags) fillTemplate(req *jinja.Request) error {
	t, file, err := f.vocabulary()
	if err != nil {
		return err
	}
	defer file.Close()
	text := func(id int32, exists bool) string {
		if !exists {
			return ""
		}
		return string(t.AppendText(nil, true, id))
	}
	req.BOS, req.EOS = text(t.BOS()), text(t.EOS())
	req.Template, err = file.Str("tokenizer.chat_template", "")
	if err == nil && req.Template == "" && !f.call.given("template") {
		return fmt.Errorf("%s has no chat template", f.path)
	}
	return err
}

func (c *call) printRendered(req jinja.Request) error {
	out, err := req.Render()
	if !c.json {
		if err != nil {
			return err
		}
		_, err = io.WriteString(c.stdout, out.Text)
		return err
	}
	if werr := jinja.WriteAnswer(c.stdout, out, err); werr != nil {
		return werr
	}
	if err != nil {
		return errAnswered
	}
	return nil
}
