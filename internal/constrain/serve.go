package constrain

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"time"
)

// request is a line that Serve reads.
type request struct {
	ID       json.RawMessage `json:"id"`
	Schema   *string         `json:"schema"`
	Grammar  *string         `json:"grammar"`
	Regex    *string         `json:"regex"`
	AnyOrder bool            `json:"any_order"`
	Texts    []string        `json:"texts"`
}

// answer is what Serve writes for a line.
type answer struct {
	ID        json.RawMessage `json:"id,omitempty"`
	Error     any             `json:"error"`
	Relaxed   []relaxedAt     `json:"relaxed,omitempty"`
	CompileMS float64         `json:"compile_ms"`
	Results   []Verdict       `json:"results,omitempty"`
	MaskUS    *maskTimes      `json:"mask_us,omitempty"`
}

type relaxedAt struct {
	At      string `json:"at"`
	Keyword string `json:"keyword"`
	Why     string `json:"why"`
}

type errorAnswer struct {
	Kind    ErrorKind `json:"kind"`
	Message string    `json:"message"`
}

type maskTimes struct {
	N   int     `json:"n"`
	Avg float64 `json:"avg"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Serve answers JSON lines from r with JSON lines to w, one each, in order, until r ends:
//
//	{"id": "…", "schema": "<text>" | "grammar": "…" | "regex": "…", "any_order": false, "texts": ["…", …]}
//	{"id": "…", "error": null | {"kind": "invalid" | "unsatisfiable" | "unsupported" | "limit", "message": "…"},
//	 "relaxed": [{"at": "/…", "keyword": "…", "why": "…"}], "compile_ms": 1.2,
//	 "results": [{"accepted": true, "at": 12, "valid": true}, {"accepted": false, "at": 3, "valid": false, "pointer": "/n", "why": "…"}, …],
//	  "mask_us": {"n": 5, "avg": 1.0, "p99": 3.0, "max": 3.0}}
//
// A line that is no request gives {"error": "…"}. The error is of r or w. Answers are flushed when no further request is waiting.
func Serve(r io.Reader, w io.Writer, v Vocabulary) error {
	t := NewTrie(v)
	in, out := bufio.NewReaderSize(r, 64<<10), bufio.NewWriterSize(w, 64<<10)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return errors.Join(err, out.Flush())
		}
		if err == nil || len(bytes.TrimSpace(line)) > 0 {
			if err := enc.Encode(respond(line, v, t)); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return out.Flush()
		}
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}

func respond(line []byte, v Vocabulary, t *Trie) any {
	var q request
	if err := json.Unmarshal(line, &q); err != nil {
		return map[string]string{"error": err.Error()}
	}
	start := time.Now()
	c, err := q.compile()
	a := answer{ID: q.ID, CompileMS: float64(time.Since(start).Microseconds()) / 1e3}
	if err != nil {
		e := &Error{Kind: Invalid}
		errors.As(err, &e)
		a.Error = errorAnswer{e.Kind, err.Error()}
		return a
	}
	for _, x := range c.Relaxed() {
		a.Relaxed = append(a.Relaxed, relaxedAt{x.Pointer, x.Keyword, x.Why})
	}
	var took []float64
	for _, text := range q.Texts {
		a.Results = append(a.Results, c.judge(t, v, text, &took))
	}
	a.MaskUS = summary(took)
	return a
}

func (q *request) compile() (*Constraint, error) {
	switch {
	case q.Schema != nil && q.Grammar == nil && q.Regex == nil:
		return CompileSchema(*q.Schema, Options{AnyOrder: q.AnyOrder})
	case q.Grammar != nil && q.Schema == nil && q.Regex == nil:
		return CompileGrammar(*q.Grammar)
	case q.Regex != nil && q.Schema == nil && q.Grammar == nil:
		return CompileRegexp(*q.Regex)
	}
	return nil, failf(Invalid, "", `a request has one of "schema", "grammar" and "regex"`)
}

func summary(took []float64) *maskTimes {
	if len(took) == 0 {
		return nil
	}
	slices.Sort(took)
	s := &maskTimes{N: len(took), Max: took[len(took)-1], P99: took[min(len(took)-1, len(took)*99/100)]}
	for _, x := range took {
		s.Avg += x / float64(len(took))
	}
	return s
}
