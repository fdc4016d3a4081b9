package dialect

import "unicode/utf8"

// origin says where a byte of the window came from.
type origin uint8

const (
	fromToken   origin = 1 << iota // of a known token; else it is not known how the model wrote it
	markerToken                    // of a token that is, or begins, a marker
	control                        // of the written form of a control token
	pieceStart                     // first byte of its piece
)

// append adds a piece to the window.
func (p *Parser) append(text string, id int32, isControl bool) {
	var o origin
	if id >= 0 {
		o = fromToken
		if p.d.ids != nil && text != "" {
			if known, ok := p.d.ids(text); ok && known == id {
				o |= markerToken
			}
		}
	}
	if isControl {
		o |= control
	}
	p.in = append(p.in, text...)
	for i := range len(text) {
		if i == 0 {
			p.src = append(p.src, o|pieceStart)
		} else {
			p.src = append(p.src, o&^markerToken)
		}
	}
}

// window is what was pushed and not yet understood.
func (p *Parser) window() []byte { return p.in[p.at:] }

// counts reports whether a marker may begin at offset i of the window: where it is a token, only the token counts.
func (p *Parser) counts(i int, isToken bool) bool {
	o := p.src[p.at+i]
	return !isToken || o&fromToken == 0 || o&markerToken != 0
}

// take moves n bytes from the window to the wire form of the section.
func (p *Parser) take(n int) {
	p.wire = append(p.wire, p.in[p.at:p.at+n]...)
	p.at += n
}

// skipSpace takes white space and reports whether anything follows.
func (p *Parser) skipSpace() bool {
	w := p.window()
	n := 0
	for n < len(w) && isSpace(w[n]) {
		n++
	}
	p.take(n)
	return n < len(w)
}

// expect takes text if it is there.
func (p *Parser) expect(text string) match {
	n, m := matchMarker(p.window(), text)
	if m == matchYes {
		p.take(n)
	}
	return m
}

// expectAny takes one of several texts.
func (p *Parser) expectAny(texts []string) match {
	best := matchNo
	for _, t := range texts {
		switch p.expect(t) {
		case matchYes:
			return matchYes
		case matchMaybe:
			best = matchMaybe
		}
	}
	return best
}

// maxName bounds names, keys, ids and attributes, in bytes.
const maxName = 256

// readName takes a name. It is known to be whole once something follows that cannot be part of it.
func (p *Parser) readName() (string, progress) {
	w := p.window()
	for i, c := range w {
		if nameByte(c) {
			continue
		}
		if i == 0 || i > maxName {
			return "", broken
		}
		name := string(w[:i])
		p.take(i)
		return name, done
	}
	if len(w) > maxName {
		return "", broken
	}
	return "", waiting
}

func nameByte(c byte) bool {
	switch c {
	case '<', '>', '[', ']', '(', ')', '{', '}', '"', '\'', '`', '=', ',', ';', '|':
		return false
	}
	return c > ' ' && c != 0x7f
}

// readUntil takes what comes before a text, and the text.
func (p *Parser) readUntil(text string) (string, progress) {
	w := p.window()
	for i := 0; i < len(w) && i <= maxName; i++ {
		switch n, m := matchMarker(w[i:], text); m {
		case matchYes:
			before := string(w[:i])
			p.take(i + n)
			return before, done
		case matchMaybe:
			return "", waiting
		}
	}
	if len(w) > maxName {
		return "", broken
	}
	return "", waiting
}

// wholeRunes cuts off a character that is not complete.
func wholeRunes(b []byte) []byte {
	for i := 1; i <= min(len(b), utf8.UTFMax-1); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			break
		}
	}
	return b
}
