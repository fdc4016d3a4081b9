package dialect

import "unicode/utf8"

// kind is what running text is.
func (p *Parser) kind() Kind {
	if p.thinking {
		return Reasoning
	}
	return Text
}

// plain reports whether a piece is nothing but text, and nothing is held back: most are.
func (p *Parser) plain(text string) bool {
	if !p.running || !p.touched || text == "" || len(p.in) > 0 || len(p.show.space) > 0 || len(p.show.out) > 0 || p.show.marked {
		return false
	}
	for i := range len(text) {
		if p.first[text[i]] {
			return false
		}
	}
	return !isSpace(text[len(text)-1]) && utf8.ValidString(text)
}

// inText reads running text up to a marker.
func (p *Parser) inText() bool {
	if p.bare {
		if more, ok := p.inBareStart(); !ok {
			return more
		}
	}
	w := p.window()
	for i, c := range w { // what a marker means depends on what came before it, so touched is kept up to here
		isControl := p.src[p.at+i]&control != 0
		if !isControl && (!p.first[c] || p.isAnswer(i)) {
			p.touched = p.touched || !isSpace(c)
			continue
		}
		m, n, found := p.markerAt(i)
		switch {
		case found == matchYes:
			p.pass(i)
			p.act(m, n)
			return true
		case found == matchMaybe:
			p.pass(i)
			return false
		case isControl:
			p.pass(i)
			p.mark(p.controlLength())
			return true
		}
		p.touched = true
	}
	p.pass(len(w))
	return false
}

// isAnswer reports whether the byte at offset i of the window belongs to an answer that is nothing but text.
func (p *Parser) isAnswer(i int) bool {
	return p.final && p.touched && !p.thinking && p.src[p.at+i]&markerToken == 0
}

// pass shows n bytes as what they are.
func (p *Parser) pass(n int) {
	p.show.text(p, p.kind(), p.window()[:n])
	p.at += n
}

// mark accounts for n bytes as markup.
func (p *Parser) mark(n int) {
	p.show.markup(p, p.window()[:n])
	p.at += n
}

// controlLength is the length of the control token that the window begins with.
func (p *Parser) controlLength() int {
	n := 1
	for p.at+n < len(p.src) && p.src[p.at+n]&control != 0 && p.src[p.at+n]&pieceStart == 0 {
		n++
	}
	return n
}

// inBareStart decides whether the message is a call without a marker.
func (p *Parser) inBareStart() (more, isText bool) {
	w := p.window()
	i := 0
	for i < len(w) && isSpace(w[i]) {
		i++
	}
	if i == len(w) {
		p.pass(i)
		return false, false
	}
	p.bare = false
	if c := w[i]; p.touched || p.thinking || c != '[' && c != '{' {
		p.bare = p.thinking || p.first[c] && !p.touched // after reasoning is still the beginning
		return false, true
	}
	p.pass(i)
	p.openSection((*Parser).inList)
	p.loose, p.quiet = true, true
	return true, false
}

// markerAt finds the marker at offset i of the window that counts there.
func (p *Parser) markerAt(i int) (marker, int, match) {
	w := p.window()[i:]
	for _, m := range p.markers {
		if m.text[0] != w[0] || !p.counts(i, m.token) || !p.applies(m, p.src[p.at+i]&markerToken != 0) {
			continue
		}
		n, found := matchMarker(w, m.text)
		if found == matchYes && m.action == endTurn && p.src[p.at+i]&(markerToken|control) == 0 {
			found = p.onlyEnds(w[n:])
		}
		if found == matchYes || found == matchMaybe && !p.last {
			return m, n, found
		}
	}
	return marker{}, 0, matchNo
}

// applies reports whether a marker means anything now. byToken says that the model wrote its token.
func (p *Parser) applies(m marker, byToken bool) bool {
	switch m.action {
	case openCalls, beginCall:
		return !p.thinking || byToken
	case openThink:
		return byToken && !p.thinking || !p.touched
	case closeThink:
		return p.thinking || byToken || !p.touched
	case dropMarker:
		return !p.thinking
	case dropLabel:
		return !p.thinking && !p.touched
	}
	return true
}

// maxEnds bounds what is looked at to see that only ends of the turn follow.
const maxEnds = 256

// onlyEnds reports whether nothing but white space and more ends follow.
func (p *Parser) onlyEnds(w []byte) match {
	if len(w) > maxEnds {
		return matchNo
	}
next:
	for {
		for len(w) > 0 && isSpace(w[0]) {
			w = w[1:]
		}
		if len(w) == 0 {
			if p.last {
				return matchYes
			}
			return matchMaybe
		}
		for _, end := range p.d.ends {
			switch n, m := matchMarker(w, end); {
			case m == matchYes:
				w = w[n:]
				continue next
			case m == matchMaybe && !p.last:
				return matchMaybe
			}
		}
		return matchNo
	}
}

// act does what a marker of n bytes means.
func (p *Parser) act(m marker, n int) {
	switch m.action {
	case openCalls:
		p.take(n)
		p.openSection((*Parser).inSection)
	case beginCall:
		p.openSection((*Parser).inSequence)
		p.loose = true
	case openThink:
		p.mark(n)
		p.thinking, p.show.thoughts, p.touched = true, false, false
	case closeThink:
		p.mark(n)
		p.thinking, p.touched = false, false
	case endMessage:
		p.mark(n)
		p.thinking, p.touched = false, false
		p.state, p.running = (*Parser).inHeader, false
	case beginHeader:
		p.thinking = false
		p.state, p.running = (*Parser).inHeader, false
	default:
		p.mark(n)
	}
}

// inSection decides in which way calls are written.
func (p *Parser) inSection() bool {
	f := &p.d.calls
	if f.value&listBegun != 0 {
		p.list.open = true
		p.state = (*Parser).inList
		return true
	}
	if !p.skipSpace() {
		return false
	}
	c := p.window()[0]
	p.state = (*Parser).inSequence
	if len(f.call) == 0 || f.value != 0 && (c == '{' || c == '[') {
		p.state = (*Parser).inList
	}
	return true
}
