package llm

import (
	"encoding/json"
	"errors"
	"fmt"

	"llm/internal/constrain"
)

// Format is what an answer must be. It is made by JSON, Schema, Grammar and Regexp, is immutable and safe for concurrent use;
// make it once and use it for all requests. Nil is free text.
//
// Tokens that the Format does not allow are never drawn, so an answer that ends with ReasonStop is valid by construction; one
// that ends with ReasonLength is the beginning of a valid one. What the model knows of the Format is up to the prompt: a
// Format does not tell it (Extract does).
type Format interface {
	// Relaxed lists where the Format lets more through than was asked for. The finished answer is checked to the letter: one
	// that fails comes with a *SchemaError. Params.Strict makes an error of any relaxation before the work begins.
	Relaxed() []Relaxed

	// Validate checks a whole text to the letter, in whatever order properties come. The error is a *SchemaError with the text, a
	// JSON Pointer to what is wrong first in a value, and what was expected there.
	Validate(text string) error

	constraint() *constrain.Constraint // only this package makes Formats
}

// Relaxed is a part of a schema that is not enforced while an answer is written, only checked when it is complete.
type Relaxed struct {
	Tool    string `json:"tool,omitempty"` // whose schema it is; "" for a Format
	Pointer string `json:"pointer"`        // JSON Pointer into the schema
	Keyword string `json:"keyword"`
	Why     string `json:"why"`
}

type format struct{ c *constrain.Constraint }

func (f format) constraint() *constrain.Constraint { return f.c }

func (f format) Relaxed() []Relaxed { return relaxedOf("", f.c.Relaxed()) }

func (f format) Validate(text string) error {
	if err := f.c.Validate(text); err != nil {
		return schemaError(err, text)
	}
	return nil
}

// relaxedOf says of which tool, if any, relaxations are.
func relaxedOf(tool string, list []constrain.Relaxed) (out []Relaxed) {
	for _, r := range list {
		out = append(out, Relaxed{Tool: tool, Pointer: r.Pointer, Keyword: r.Keyword, Why: r.Why})
	}
	return out
}

// JSON is any JSON value.
func JSON() Format {
	c, err := constrain.CompileJSON()
	if err != nil {
		panic(err) // a constant
	}
	return format{c}
}

// Schema is JSON that is valid under a JSON Schema: drafts 4 to 2020-12 as $schema says, 2020-12 without it. Properties come in
// the order in which the schema declares them. It must not depend on other documents. Errors are *SchemaError; those for what
// is valid but not supported are ErrUnsupported too.
func Schema(s json.RawMessage) (Format, error) {
	return newFormat(constrain.CompileSchema(string(s), constrain.Options{}))
}

// Grammar is text of a grammar in GBNF, the notation of llama.cpp (grammars/README.md there), beginning with the rule root.
// Left recursion is ErrUnsupported. Errors are *SchemaError.
func Grammar(gbnf string) (Format, error) { return newFormat(constrain.CompileGrammar(gbnf)) }

// Regexp is text that a regular expression, in the syntax of package regexp, matches as a whole. Errors are *SchemaError.
func Regexp(expr string) (Format, error) { return newFormat(constrain.CompileRegexp(expr)) }

func newFormat(c *constrain.Constraint, err error) (Format, error) {
	if err != nil {
		return nil, schemaError(err, "")
	}
	return format{c}, nil
}

// schemaError makes a SchemaError of an error of package constrain.
func schemaError(err error, text string) error {
	out := &SchemaError{Text: text, Err: err}
	if e, ok := errors.AsType[*constrain.Error](err); ok {
		out.Pointer = e.Pointer
	}
	return out
}

// strict returns an error if anything was relaxed.
func strict(what string, list []constrain.Relaxed) error {
	if len(list) == 0 {
		return nil
	}
	r := list[0]
	more := ""
	if len(list) > 1 {
		more = fmt.Sprintf(", and %d more", len(list)-1)
	}
	return &SchemaError{Pointer: r.Pointer, Err: fmt.Errorf("%s is relaxed, and the request is strict: %s: %s%s", what, r.Keyword, r.Why, more)}
}
