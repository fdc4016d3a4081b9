package tokenizer

import (
	"math"
	"unicode/utf8"
)

// spaceMark stands for a space in SentencePiece vocabularies.
const spaceMark = '▁'

// sentencePiece is BPE by scores: symbols are characters, the pair that makes the token of highest score merges first. No
// words: a text is merged as a whole.
type sentencePiece struct {
	vocab   *vocab
	words   *words
	prefix  bool  // a space goes before each text
	unknown int32 // for characters without a token when bytes are missing, -1 for none
}

func (m *sentencePiece) encode(e *encoder, text string) {
	e.marked = e.marked[:0]
	if m.prefix {
		e.marked = append(e.marked, string(spaceMark)...)
	}
	e.marked = appendMarked(e.marked, text)
	e.scored = scored{vocab: m.vocab}
	e.mergeWords(view(e.marked), m.vocab, m.words, &e.scored, m.unknown)
}

// appendMarked appends text with each space as a spaceMark.
func appendMarked(dst []byte, text string) []byte {
	for i := range len(text) {
		if text[i] == ' ' {
			dst = append(dst, string(spaceMark)...)
		} else {
			dst = append(dst, text[i])
		}
	}
	return dst
}

// mergeWords merges text from its characters and emits what is left: tokens, or byte tokens, or unknown.
func (e *encoder) mergeWords(text string, v *vocab, w *words, p pairing, unknown int32) {
	for len(text) > 0 {
		n := runeLimit(text[:w.end(text)], maxMerge)
		e.mergeWord(text[:n], v, p, unknown)
		text = text[n:]
	}
}

func (e *encoder) mergeWord(word string, v *vocab, p pairing, unknown int32) {
	e.scored.text = word
	e.merger.reset()
	for i := 0; i < len(word); {
		_, n := utf8.DecodeRuneInString(word[i:])
		e.merger.add(piece{id: v.normal(word[i : i+n]), start: int32(i), end: int32(i + n)})
		i += n
	}
	e.merger.run(p)
	for i := int32(0); i >= 0; i = e.merger.syms[i].next {
		s := e.merger.syms[i].piece
		if s.id >= 0 {
			e.emit(s.id)
		} else {
			e.emitBytes(word[s.start:s.end], v, unknown)
		}
	}
}

// emitBytes emits the byte tokens of s, or unknown if one is missing.
func (e *encoder) emitBytes(s string, v *vocab, unknown int32) {
	for i := range len(s) {
		if v.bytes[s[i]] < 0 {
			e.emit(unknown)
			return
		}
	}
	for i := range len(s) {
		e.emit(v.bytes[s[i]])
	}
}

// runeLimit returns how much of text may be taken, at most n bytes, without cutting a character.
func runeLimit(text string, n int) int {
	if len(text) <= n {
		return len(text)
	}
	for !utf8.RuneStart(text[n]) {
		n--
	}
	return n
}

// scored pairs symbols by the score of what they make together.
type scored struct {
	vocab *vocab
	text  string
}

func (p *scored) pair(left, right piece) (uint32, int32) {
	if int(right.end-left.start) > p.vocab.longest {
		return noRank, -1
	}
	id := p.vocab.normal(p.text[left.start:right.end])
	if id < 0 {
		return noRank, -1
	}
	return scoreRank(p.vocab.scores[id]), id
}

// scoreRank maps scores to ranks below noRank, higher scores first; NaN is last.
func scoreRank(score float32) uint32 {
	if score != score {
		return noRank - 1
	}
	bits := math.Float32bits(score)
	if score == 0 {
		bits = 0 // -0 is 0
	}
	if bits>>31 == 0 {
		return math.MaxInt32 - bits
	}
	return bits
}
