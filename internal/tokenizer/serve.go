package tokenizer

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// request is a line that Serve reads: text, as such or in base64, or ids.
type request struct {
	Text    *string `json:"text"`
	Base64  *[]byte `json:"base64"`
	IDs     []int32 `json:"ids"`
	Special bool    `json:"special"`
	BOS     bool    `json:"bos"`
}

type encoded struct {
	IDs []int32 `json:"ids"`
}

type decoded struct {
	Base64 string   `json:"base64"`
	Pieces []string `json:"pieces"`
}

type failed struct {
	Error string `json:"error"`
}

// Serve answers JSON lines from r with JSON lines to w, one each, in order, until r ends:
//
//	{"text": "…", "special": false, "bos": false}   or "base64" in place of "text"   -> {"ids": […]}
//	{"ids": […], "special": true}                                                    -> {"base64": "…", "pieces": ["…", …]}
//
// special tells template text from user text; with ids, whether control tokens are written out. bos adds what the metadata adds
// to a prompt. pieces is what a stream emits after each id, and a last one for the flush. A line that fails gives {"error": "…"}.
// The error is of r or w. Answers are flushed when no further request is waiting.
func Serve(r io.Reader, w io.Writer, t *Tokenizer) error {
	in, out := bufio.NewReaderSize(r, 64<<10), bufio.NewWriterSize(w, 64<<10)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return errors.Join(err, out.Flush())
		}
		if err == nil || len(bytes.TrimSpace(line)) > 0 {
			if err := enc.Encode(t.answer(line)); err != nil {
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

// answer returns the answer to one line.
func (t *Tokenizer) answer(line []byte) any {
	var q request
	if err := json.Unmarshal(line, &q); err != nil {
		return failed{err.Error()}
	}
	switch {
	case q.Text != nil && q.Base64 == nil && q.IDs == nil:
		return t.answerText(*q.Text, q)
	case q.Base64 != nil && q.Text == nil && q.IDs == nil:
		return t.answerText(string(*q.Base64), q)
	case q.IDs != nil && q.Text == nil && q.Base64 == nil:
		return t.answerIDs(q)
	}
	return failed{`a request has one of "text", "base64" and "ids"`}
}

func (t *Tokenizer) answerText(text string, q request) any {
	ids, err := t.Encode(text, q.Special, q.BOS)
	if err != nil {
		return failed{err.Error()}
	}
	return encoded{ids}
}

// Encode returns the tokens of a text that is template text (special) or user text as a whole; whole adds BOS, EOS and SEP as the
// metadata says, whatever the text itself begins with. It never returns nil without an error.
func (t *Tokenizer) Encode(text string, special, whole bool) ([]int32, error) {
	if err := t.Err(); err != nil {
		return nil, err
	}
	var trusted Spans
	if special {
		trusted = Spans{{0, len(text)}}
	}
	if whole {
		return t.appendWhole([]int32{}, text, trusted), nil
	}
	return t.AppendMixed([]int32{}, text, trusted), nil
}

func (t *Tokenizer) answerIDs(q request) any {
	d := t.NewDecoder(q.Special)
	pieces := make([]string, 0, len(q.IDs)+1)
	for _, id := range q.IDs {
		if !t.vocab.valid(id) {
			return failed{fmt.Sprintf("id %d in a vocabulary of %d tokens", id, t.Size())}
		}
		pieces = append(pieces, d.Push(id))
	}
	pieces = append(pieces, d.Flush())
	return decoded{base64.StdEncoding.EncodeToString(t.AppendText(nil, q.Special, q.IDs...)), pieces}
}
