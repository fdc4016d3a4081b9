package tokenizer

import "unicode/utf8"

// Byte-level BPE writes each byte as a printable character: 0x21..0x7E, 0xA1..0xAC and 0xAE..0xFF as themselves, the others, in
// order, as U+0100 on.

// byteRune returns the character of a byte.
func byteRune(b byte) rune {
	switch {
	case b <= 0x20:
		return 0x100 + rune(b)
	case b >= 0x7F && b <= 0xA0:
		return 0x121 + rune(b-0x7F)
	case b == 0xAD:
		return 0x143
	}
	return rune(b)
}

// runeByte returns the byte of a character.
func runeByte(r rune) (byte, bool) {
	switch {
	case r >= 0x100 && r <= 0x120:
		return byte(r - 0x100), true
	case r >= 0x121 && r <= 0x142:
		return byte(r - 0x121 + 0x7F), true
	case r == 0x143:
		return 0xAD, true
	case r < 0x100 && byteRune(byte(r)) == r:
		return byte(r), true
	}
	return 0, false
}

// appendByteRunes appends the characters of the bytes of s.
func appendByteRunes(dst []byte, s string) []byte {
	for i := range len(s) {
		dst = utf8.AppendRune(dst, byteRune(s[i]))
	}
	return dst
}

// appendRuneBytes appends the bytes that the characters of s stand for; other characters stand for themselves.
func appendRuneBytes(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if b, ok := runeByte(r); ok {
			dst = append(dst, b)
		} else {
			dst = append(dst, s[i:i+n]...)
		}
		i += n
	}
	return dst
}

// shortWord is the longest word, in bytes, for which a plain scan beats the heap.
const shortWord = 32

// byteLevel is byte-level BPE: words of a splitting rule, merged from bytes.
type byteLevel struct {
	vocab  *vocab
	rule   rule
	bytes  [256]int32 // the token of each byte, -1 for none
	merges *mergeTable
}

func newByteLevel(v *vocab, r rule, merges []string) *byteLevel {
	m := &byteLevel{vocab: v, rule: r, merges: newMergeTable(v, merges)}
	for b := range m.bytes {
		m.bytes[b] = v.normal(string(byteRune(byte(b))))
	}
	return m
}

func (m *byteLevel) encode(e *encoder, text string) {
	if m.rule.nfc {
		text = e.normalize(text)
	}
	m.split(e, 0, text)
}

// split cuts text by the passes of the rule from level on. A pass keeps both its matches and what is between them.
func (m *byteLevel) split(e *encoder, level int, text string) {
	if level == len(m.rule.passes) {
		m.word(e, text)
		return
	}
	match, gap := m.rule.passes[level], 0
	for i := 0; i < len(text); {
		end, ok := match(text, i)
		if ok {
			if gap < i {
				m.split(e, level+1, text[gap:i])
			}
			m.split(e, level+1, text[i:end])
			gap = end
		}
		i = end
	}
	if gap < len(text) {
		m.split(e, level+1, text[gap:])
	}
}

// word encodes one word, which is not empty.
func (m *byteLevel) word(e *encoder, w string) {
	if m.rule.wholeWords && len(w) <= m.vocab.longest {
		e.piece = appendByteRunes(e.piece[:0], w)
		if id := m.vocab.normal(view(e.piece)); id >= 0 {
			e.emit(id)
			return
		}
	}
	if len(w) <= shortWord {
		m.short(e, w)
		return
	}
	for len(w) > 0 {
		n := min(len(w), maxMerge)
		e.merger.reset()
		for i := range n {
			e.merger.add(piece{id: m.bytes[w[i]]})
		}
		e.merger.run(m.merges)
		for i := int32(0); i >= 0; i = e.merger.syms[i].next {
			e.emit(e.merger.syms[i].id)
		}
		w = w[n:]
	}
}

// short merges a word by looking for the lowest rank again after each merge.
func (m *byteLevel) short(e *encoder, w string) {
	var ids, merged [shortWord]int32
	var ranks [shortWord]uint32
	n := len(w)
	for i := range n {
		ids[i] = m.bytes[w[i]]
	}
	for i := range n - 1 {
		ranks[i], merged[i] = m.merges.ids(ids[i], ids[i+1])
	}
	for n > 1 {
		best := 0
		for i := 1; i < n-1; i++ {
			if ranks[i] < ranks[best] {
				best = i
			}
		}
		if ranks[best] == noRank {
			break
		}
		ids[best] = merged[best]
		copy(ids[best+1:n-1], ids[best+2:n])
		copy(ranks[best+1:n-1], ranks[best+2:n])
		copy(merged[best+1:n-1], merged[best+2:n])
		n--
		if best < n-1 {
			ranks[best], merged[best] = m.merges.ids(ids[best], ids[best+1])
		}
		if best > 0 {
			ranks[best-1], merged[best-1] = m.merges.ids(ids[best-1], ids[best])
		}
	}
	for _, id := range ids[:n] {
		e.emit(id)
	}
}
