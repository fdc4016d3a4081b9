package tokenizer

import "strings"

// rawBPE is BPE by ranks over characters, with spaces as spaceMark (Gemma 4, Sarvam). Only newlines separate words.
type rawBPE struct {
	vocab   *vocab
	words   *words
	merges  *mergeTable
	newline bool // a run of newlines that is a token is taken whole
	unknown int32
}

func (m *rawBPE) encode(e *encoder, text string) {
	for len(text) > 0 {
		end, _ := lines(text, 0)
		m.line(e, text[:end])
		text = text[end:]
	}
}

// line encodes a run of newlines or of anything else.
func (m *rawBPE) line(e *encoder, text string) {
	if m.newline && text[0] == '\n' && len(text) <= m.vocab.longest {
		if id := m.vocab.normal(text); id >= 0 {
			e.emit(id)
			return
		}
	}
	if strings.IndexByte(text, ' ') >= 0 {
		e.marked = appendMarked(e.marked[:0], text)
		text = view(e.marked)
	}
	e.mergeWords(text, m.vocab, m.words, m.merges, m.unknown)
}
