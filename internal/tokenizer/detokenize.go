package tokenizer

import (
	"slices"
	"strings"
)

// AppendText appends the bytes of tokens to dst: the plain concatenation, with no clean-up of spaces and no first space removed.
// With special false, CONTROL and UNKNOWN tokens give nothing. An id out of range gives nothing. A character may lie across
// tokens; use a Decoder for a stream.
func (t *Tokenizer) AppendText(dst []byte, special bool, ids ...int32) []byte {
	for _, id := range ids {
		if k := t.Kind(id); special || k != Control && k != Unknown {
			dst = t.appendBytes(dst, id)
		}
	}
	return dst
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
