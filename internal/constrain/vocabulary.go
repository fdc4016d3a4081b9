package constrain

import "llm/internal/tokenizer"

// Vocabulary is what masks need to know of a model's tokens. *tokenizer.Tokenizer is one.
type Vocabulary interface {
	Size() int                      // ids are 0 to Size-1
	Bytes(id int32) []byte          // what a token stands for
	Kind(id int32) tokenizer.Kind   // which kind it is
	EOG() []int32                   // what ends a generation
	Append([]int32, string) []int32 // tokens of user text
}

// writes reports whether a token may be part of constrained text: normal and byte tokens, and the user-defined ones that plain
// text yields (runs of spaces), not those that frame something.
func writes(v Vocabulary, id int32, text []byte) bool {
	switch v.Kind(id) {
	case tokenizer.Normal, tokenizer.Byte:
		return true
	case tokenizer.UserDefined:
		for _, got := range v.Append(nil, string(text)) {
			if got == id {
				return true
			}
		}
	}
	return false
}

// Bytewise is the vocabulary of the 256 bytes, each its own token, and one more that ends a text.
type Bytewise struct{}

// Size returns 257.
func (Bytewise) Size() int { return 257 }

// Bytes returns the byte that is the token.
func (Bytewise) Bytes(id int32) []byte {
	if id < 0 || id > 255 {
		return nil
	}
	return []byte{byte(id)}
}

// Kind returns tokenizer.Byte, or Control for the end.
func (Bytewise) Kind(id int32) tokenizer.Kind {
	if id > 255 {
		return tokenizer.Control
	}
	return tokenizer.Byte
}

// EOG returns the end.
func (Bytewise) EOG() []int32 { return []int32{256} }

// Append appends the bytes of text.
func (Bytewise) Append(dst []int32, text string) []int32 {
	for i := range len(text) {
		dst = append(dst, int32(text[i]))
	}
	return dst
}
