package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"time"

	"llm/internal/partial"
	"llm/internal/schemaof"
)

// Extract asks for an answer that is a T: it says text as the user, with the schema of T (see SchemaOf) as an instruction after
// it, and holds the answer to that schema. Params.Format must be nil. The question and the answer stay in the conversation; Fork
// it before to leave no trace.
//
// Errors: those of SendMessages and SchemaOf; ErrIncomplete if a limit cut the answer off, or it ended in another way than by a
// value, with what there is in the Result.
func Extract[T any](ctx context.Context, c *Chat, text string, p Params) (value T, r Result, err error) {
	stream, format, err := extract[T](ctx, c, text, p)
	if err != nil {
		return value, Result{Reason: ReasonError}, err
	}
	if r, err = stream.Result(); err != nil {
		return value, r, err
	}
	err = decodeAnswer(&r, format, &value)
	return value, r, err
}

// extract returns the answer to text, and the schema of T that it is held to.
func extract[T any](ctx context.Context, c *Chat, text string, p Params) (*Stream, Format, error) {
	if p.Format != nil {
		return nil, nil, errors.New("Extract has a format of its own: Params.Format must be nil")
	}
	s, err := SchemaOf[T]()
	if err != nil {
		return nil, nil, err
	}
	if p.Format, err = Schema(s); err != nil {
		return nil, nil, err
	}
	return c.Send(ctx, text+extractInstruction+string(s), p), p.Format, nil
}

const extractInstruction = "\n\nAnswer with JSON only, by this JSON Schema:\n"

// decodeAnswer decodes the last thing that the model said, or a tool in its place.
func decodeAnswer(r *Result, format Format, value any) error {
	if r.Reason != ReasonStop {
		return fmt.Errorf("%w: it ended with reason %q", ErrIncomplete, r.Reason)
	}
	text := r.Text
	if n := len(r.Messages); n > 0 {
		text = r.Messages[n-1].Text()
	}
	err := json.Unmarshal([]byte(text), value)
	if err == nil {
		return nil
	}
	if placed := format.Validate(text); placed != nil { // that says where
		return placed
	}
	return &SchemaError{Text: text, Err: err}
}

// Partial is a value that is being written. Strings may still grow; numbers, words such as true, and strings of an enumeration or
// a format are set only when they are complete.
type Partial[T any] struct {
	Value    T
	Done     bool     // it is whole: the last one
	Complete []string // JSON Pointers of the parts that are finished, in the order in which they were
}

// partialEvery is how often a value is decoded while nothing in it is finished.
const partialEvery = time.Second / 20

// ExtractStream is Extract with the value as it grows: whenever a part of it is finished, and in between at most 20 times a
// second. The last value is Done. Leaving the loop cancels the work. At most one error is yielded, last.
func ExtractStream[T any](ctx context.Context, c *Chat, text string, p Params) iter.Seq2[Partial[T], error] {
	return func(yield func(Partial[T], error) bool) {
		stream, format, err := extract[T](ctx, c, text, p)
		if err != nil {
			yield(Partial[T]{}, err)
			return
		}
		whole := func(path []string) bool { return schemaof.Whole(reflect.TypeFor[T](), path) }
		doc := &partial.Document{Whole: whole}
		var shown time.Time
		for e, err := range stream.Events() {
			switch {
			case err != nil:
				yield(Partial[T]{}, err)
				return
			case e.Kind == EventStep:
				doc = &partial.Document{Whole: whole}
			case e.Kind != EventText:
				continue
			}
			finished := len(doc.Complete())
			if _, err := doc.Write([]byte(e.Text)); err != nil || doc.Done() {
				continue // the end decides
			}
			if now := time.Now(); len(doc.Complete()) > finished || now.Sub(shown) >= partialEvery {
				shown = now
				if v, ok := partialValue[T](doc); ok && !yield(v, nil) {
					return
				}
			}
		}
		r, _ := stream.Result()
		last := Partial[T]{Done: true}
		if err := decodeAnswer(&r, format, &last.Value); err != nil {
			yield(Partial[T]{}, err)
			return
		}
		doc.Close()
		last.Complete = doc.Complete()
		yield(last, nil)
	}
}

// partialValue decodes what there is of a value, if T can be that.
func partialValue[T any](doc *partial.Document) (p Partial[T], ok bool) {
	text, ok := doc.Value()
	if !ok || json.Unmarshal(text, &p.Value) != nil {
		return Partial[T]{}, false
	}
	complete := doc.Complete()
	p.Complete = complete[:len(complete):len(complete)]
	return p, true
}
