package tokenizer

import (
	"unicode/utf8"
	"unsafe"

	"golang.org/x/text/unicode/norm"
)

// maxMerge is the longest text, in bytes, that is merged at once: positions are 32 bits.
const maxMerge = 1 << 28

// A model encodes valid UTF-8 without special tokens.
type model interface {
	encode(e *encoder, text string)
}

// encoder is the working memory of one call; it is pooled.
type encoder struct {
	dst    []int32
	count  int
	dry    bool // count only
	valid  []byte
	normal []byte
	marked []byte
	piece  []byte
	merger merger
	scored scored
}

func newEncoder() any { return new(encoder) }

// emit adds a token. What is no token (a byte that the vocabulary lacks) is dropped.
func (e *encoder) emit(id int32) {
	if id < 0 {
		return
	}
	e.count++
	if !e.dry {
		e.dst = append(e.dst, id)
	}
}

// clean returns text with each byte that is no UTF-8 replaced by U+FFFD.
func (e *encoder) clean(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	e.valid = e.valid[:0]
	for _, r := range text {
		e.valid = utf8.AppendRune(e.valid, r)
	}
	return view(e.valid)
}

// normalize returns text in form NFC.
func (e *encoder) normalize(text string) string {
	if n, _ := norm.NFC.SpanString(text, true); n == len(text) {
		return text
	}
	e.normal = appendNFC(e.normal[:0], text)
	return view(e.normal)
}

// view is b as a string, valid until b changes.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// fragment encodes a text that stands between special tokens.
func (e *encoder) fragment(m model, text string) {
	if text != "" {
		m.encode(e, e.clean(text))
	}
}
