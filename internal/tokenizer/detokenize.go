package tokenizer

import (
	"slices"
	"strings"
)

// AppendText appends the bytes of tokens to dst: the plain concatenation, with no clean-up of spaces and no first space removed.
// With special false, hidden tokens give nothing (see Hidden). An id out of range gives nothing. A character may lie across
// tokens; use a Decoder for a stream.
func (t *Tokenizer) AppendText(dst []byte, special bool, ids ...int32) []byte {
	for _, id := range ids {
		if special || !t.Hidden(id) {
			dst = t.appendBytes(dst, id)
		}
	}
	return dst
}

// Hidden reports whether a token is no part of an answer's text: CONTROL and UNKNOWN ones but for harmony's markers, and the
// user-defined ones that end a generation.
func (t *Tokenizer) Hidden(id int32) bool {
	switch t.Kind(id) {
	case Control, Unknown:
		return !slices.Contains(t.shown, id)
	case UserDefined:
		return t.IsEOG(id)
	}
	return false
}

// Bytes returns the bytes that a token stands for, CONTROL and UNKNOWN ones included, which may be no whole UTF-8; nil for an id
// out of range.
func (t *Tokenizer) Bytes(id int32) []byte { return t.appendBytes(nil, id) }

func (t *Tokenizer) appendBytes(dst []byte, id int32) []byte {
	if !t.vocab.valid(id) {
		return dst
	}
	text := t.vocab.piece(id)
	switch t.vocab.kinds[id] {
	case Normal:
		if t.byteLevel {
			return appendRuneBytes(dst, text)
		}
		return appendUnmarked(dst, text)
	case Byte:
		b, _ := parseByteToken(text)
		return append(dst, b)
	case Unused:
		return dst
	}
	return append(dst, text...)
}

// appendUnmarked appends text with each spaceMark as a space.
func appendUnmarked(dst []byte, text string) []byte {
	const mark = string(spaceMark)
	dst = slices.Grow(dst, len(text))
	for {
		i := strings.Index(text, mark)
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(append(dst, text[:i]...), ' ')
		text = text[i+len(mark):]
	}
}
