package main

import (
	"fmt"
	"io"
	"strings"

	"llm/internal/tokenizer"
)

func tokenizeVerb() *verb {
	return &verb{
		name: "tokenize", args: "-m MODEL [--special] [--bos] [--batch] [--json] < TEXT", run: tokenize,
		summary: "turn text into token ids",
		help: `
The text is standard input, all of it. Without --special it is user text: control tokens written in it stay text.
A file with a vocabulary only is enough.

--batch reads JSON lines and answers each with one:
  {"text" or "base64": …, "special": false, "bos": false}   {"ids": […]}
  {"ids": […], "special": true}                             {"base64": …, "pieces": […]}`,
	}
}

func tokenize(c *call) error {
	fs := c.flagSet()
	model := c.modelFlag()
	special := fs.Bool("special", false, "template text: parse control tokens")
	bos := fs.Bool("bos", false, "with what the checkpoint adds to a prompt")
	batch := fs.Bool("batch", false, "JSON lines in and out")
	if _, err := c.parse(0); err != nil {
		return helped(err)
	}
	t, file, err := model.vocabulary()
	if err != nil {
		return err
	}
	defer file.Close()
	if *batch {
		return tokenizer.Serve(c.stdin, c.stdout, t)
	}
	text, err := io.ReadAll(c.stdin)
	if err != nil {
		return err
	}
	ids, err := t.Encode(string(text), *special, *bos)
	switch {
	case err != nil:
		return err
	case c.json:
		return printJSON(c.stdout, map[string]any{"ids": ids})
	}
	var b strings.Builder
	for _, id := range ids {
		fmt.Fprintf(&b, "%d\t%q\n", id, t.AppendText(nil, true, id))
	}
	_, err = io.WriteString(c.stdout, b.String())
	return err
}
