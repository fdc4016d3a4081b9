package llm

import (
	"encoding/json"
	"fmt"
)

// Format is what an answer must be. It is made by JSON, Schema, Grammar and Regexp, is immutable and safe for concurrent use.
// Nil is free text. Requests with a Format return ErrUnsupported so far.
type Format interface {
	// Relaxed lists where the Format lets more through than was asked for. Params.Strict makes an error of it.
	Relaxed() []Relaxed

	format() // only this package makes Formats
}

// Relaxed is a part of a schema that is not enforced to the letter.
type Relaxed struct {
	Pointer string `json:"pointer"` // JSON Pointer into the schema
	Keyword string `json:"keyword"`
	Why     string `json:"why"`
}

type jsonFormat struct{}

func (jsonFormat) Relaxed() []Relaxed { return nil }
func (jsonFormat) format()            {}

// JSON is any JSON value.
func JSON() Format { return jsonFormat{} }

// Schema is JSON that is valid under a JSON Schema. It returns ErrUnsupported so far.
func Schema(s json.RawMessage) (Format, error) {
	return nil, fmt.Errorf("%w: formats by schema", ErrUnsupported)
}

// Grammar is text of a grammar in GBNF, the notation of llama.cpp. It returns ErrUnsupported so far.
func Grammar(gbnf string) (Format, error) {
	return nil, fmt.Errorf("%w: formats by grammar", ErrUnsupported)
}

// Regexp is text that a regular expression matches as a whole. It returns ErrUnsupported so far.
func Regexp(expr string) (Format, error) {
	return nil, fmt.Errorf("%w: formats by regular expression", ErrUnsupported)
}
