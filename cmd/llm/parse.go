package main

import (
	"encoding/json"
	"fmt"
	"os"

	"llm/internal/dialect"
)

func parseVerb() *verb {
	return &verb{
		name: "parse", args: "(-m MODEL | --template FILE) [--tools FILE] [--prefix TEXT] [--chunk BYTES] [--batch] [--json] < OUTPUT", run: parseOutput,
		summary: "split raw model output into answer, reasoning and tool calls",
		help: `
The raw output is standard input, all of it, read in the wire format that the chat template stands for. --prefix is what the
generation prompt had opened already, such as <think>.

--batch reads JSON lines, {"template", "tools", "prefix", "raw"}, and answers each with one.`,
	}
}

func parseOutput(c *call) error {
	fs := c.flagSet()
	model := c.modelFlag()
	template := fs.String("template", "", "`file` with a chat template, in place of the checkpoint's")
	tools := fs.String("tools", "", "`file` with the tools that were offered, a JSON list")
	prefix := fs.String("prefix", "", "`text` that the generation prompt opened")
	chunk := fs.Int("chunk", 0, "read the output in pieces of so many `bytes`, 0: whole")
	batch := fs.Bool("batch", false, "JSON lines in and out")
	if _, err := c.parse(0); err != nil {
		return helped(err)
	}
	if *chunk < 0 {
		return c.usage("--chunk must not be negative")
	}
	if *batch {
		return dialect.Serve(c.stdin, c.stdout, *chunk, nil)
	}
	d, err := model.dialect(*template)
	if err != nil {
		return err
	}
	req := dialect.Request{Prefix: *prefix}
	if *tools != "" {
		data, err := os.ReadFile(*tools)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(data, &req.Tools); err != nil {
			return fmt.Errorf("%s: %w", *tools, err)
		}
	}
	return dialect.ServeOne(c.stdin, c.stdout, req, *chunk, d)
}

// dialect finds the wire format of a template file, or of the checkpoint.
func (f *modelFlags) dialect(path string) (*dialect.Dialect, error) {
	if path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		d, _ := dialect.Detect(string(text), nil)
		return d, nil
	}
	if f.path == "" {
		return nil, f.call.usage("no template: give one with --template or -m")
	}
	t, file, err := f.vocabulary()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := file.Str("tokenizer.chat_template", "")
	if err != nil {
		return nil, err
	}
	d, _ := dialect.Detect(text, t.Marker)
	return d, nil
}
