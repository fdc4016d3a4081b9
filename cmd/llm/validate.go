package main

import (
	"fmt"
	"io"
	"os"

	"llm/internal/constrain"
)

func validateVerb() *verb {
	return &verb{
		name: "validate", args: "(--schema FILE | --grammar FILE | --regex EXPR) [-m MODEL] [--any-order] [--batch] [--json] < TEXT", run: validate,
		summary: "check a text against a schema, grammar or regular expression",
		help: `
The text is standard input, all of it. It is accepted if masks would let it through token by token, and then the end; the tokens
are those of the checkpoint, single bytes without one. What of a schema masks cannot hold is listed, and checked afterwards. Of a text
that is not valid the first place that is wrong is told, as a JSON Pointer into the text, and what was expected there.

--batch reads JSON lines, {"schema" or "grammar" or "regex": …, "any_order": false, "texts": […]}, and answers each with one.`,
	}
}

func validate(c *call) error {
	fs := c.flagSet()
	model := c.modelFlag()
	schema := fs.String("schema", "", "`file` with a JSON Schema")
	grammar := fs.String("grammar", "", "`file` with a GBNF grammar")
	regex := fs.String("regex", "", "regular `expression`")
	anyOrder := fs.Bool("any-order", false, "properties of objects come in any order")
	batch := fs.Bool("batch", false, "JSON lines in and out")
	if _, err := c.parse(0); err != nil {
		return helped(err)
	}
	var vocabulary constrain.Vocabulary = constrain.Bytewise{}
	if model.path != "" {
		t, file, err := model.vocabulary()
		if err != nil {
			return err
		}
		defer file.Close()
		vocabulary = t
	}
	if *batch {
		return constrain.Serve(c.stdin, c.stdout, vocabulary)
	}
	constraint, err := c.constraint(*schema, *grammar, *regex, constrain.Options{AnyOrder: *anyOrder})
	if err != nil {
		return err
	}
	text, err := io.ReadAll(c.stdin)
	if err != nil {
		return err
	}
	v := constraint.Judge(constrain.NewTrie(vocabulary), vocabulary, string(text))
	if err := c.printVerdict(v, constraint.Relaxed()); err != nil {
		return err
	}
	if !v.Accepted {
		return errAnswered
	}
	return nil
}

// constraint compiles the one constraint that the flags name.
func (c *call) constraint(schema, grammar, regex string, o constrain.Options) (*constrain.Constraint, error) {
	given := 0
	for _, s := range []string{schema, grammar, regex} {
		if s != "" {
			given++
		}
	}
	if given != 1 {
		return nil, c.usage("give one of --schema, --grammar and --regex")
	}
	if regex != "" {
		return constrain.CompileRegexp(regex)
	}
	text, err := os.ReadFile(schema + grammar)
	if err != nil {
		return nil, err
	}
	if schema != "" {
		return constrain.CompileSchema(string(text), o)
	}
	return constrain.CompileGrammar(string(text))
}

func (c *call) printVerdict(v constrain.Verdict, relaxed []constrain.Relaxed) error {
	if c.json {
		return printJSON(c.stdout, v)
	}
	answer := "accepted"
	if !v.Accepted {
		answer = fmt.Sprintf("refused at byte %d", v.At)
	} else if !v.Valid {
		answer = "let through by the masks, but not valid"
	}
	switch {
	case v.Pointer != "":
		answer += fmt.Sprintf("\nat %q: %s", v.Pointer, v.Why)
	case v.Why != "":
		answer += "\n" + v.Why
	}
	for _, r := range relaxed {
		answer += fmt.Sprintf("\nnot held by masks: %s %s: %s", r.Pointer, r.Keyword, r.Why)
	}
	_, err := fmt.Fprintln(c.stdout, answer)
	return err
}
