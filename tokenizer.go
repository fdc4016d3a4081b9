package llm

import (
	"unsafe"

	"llm/internal/tokenizer"
)

// Tokenizer turns text into tokens and back, by the rules of the checkpoint's vocabulary. Safe for concurrent use.
type Tokenizer struct{ t *tokenizer.Tokenizer }

// Append appends the tokens of user text: nothing in it becomes a control token, however it is written.
func (t *Tokenizer) Append(dst []Token, text string) []Token {
	return tokens(t.t.Append(ids(dst), text))
}

// AppendSpecial appends the tokens of template text: control tokens written in it are parsed.
func (t *Tokenizer) AppendSpecial(dst []Token, text string) []Token {
	return tokens(t.t.AppendSpecial(ids(dst), text))
}

// AppendText appends the text of tokens, control tokens written out. A token may hold part of a character only; ids
// outside the vocabulary add nothing.
func (t *Tokenizer) AppendText(dst []byte, list ...Token) []byte {
	return t.t.AppendText(dst, true, ids(list)...)
}

// Count returns the number of tokens of user text.
func (t *Tokenizer) Count(text string) int { return t.t.Count(text) }

// BOS returns the token that the checkpoint wants in front of a prompt, and false if it wants none.
func (t *Tokenizer) BOS() (Token, bool) {
	id, ok := t.t.BOS()
	return Token(id), ok && t.t.AddsBOS()
}

// Size returns the number of tokens in the vocabulary.
func (t *Tokenizer) Size() int { return t.t.Size() }

// ids and tokens are the same memory: a Token is an int32.
func ids(t []Token) []int32 {
	return unsafe.Slice((*int32)(unsafe.SliceData(t)), cap(t))[:len(t)]
}

func tokens(t []int32) []Token {
	return unsafe.Slice((*Token)(unsafe.SliceData(t)), cap(t))[:len(t)]
}

// prompt returns the tokens of a raw prompt, read as template text; with what the checkpoint adds in front and behind if
// it begins a sequence.
func (t *Tokenizer) prompt(text string, begins bool) ([]Token, error) {
	out, err := t.t.Encode(text, true, begins)
	return tokens(out), err
}

// control reports whether a token is markup: it ends the turn or is hidden in answers.
func (t *Tokenizer) control(id int32) bool {
	return t.t.Kind(id) == tokenizer.Control || t.t.IsEOG(id)
}
