package dialect

import (
	"bytes"
	"strings"
)

// maxHeader bounds a message's header, in bytes.
const maxHeader = 512

// inHeader reads what precedes a message: role, recipient, channel, kind of content.
func (p *Parser) inHeader() bool {
	h := p.d.headers
	w := p.window()
	if len(w) == 0 {
		return false
	}
	if h.mayBegin(w, p.last) == matchNo {
		return p.noHeader()
	}
	at := bytes.Index(w, []byte(h.message))
	if at < 0 {
		if h.broken(w) {
			return p.noHeader()
		}
		return false
	}
	if h.broken(w[:at]) {
		return p.noHeader()
	}
	p.openMessage(h.parse(string(w[:at])), at+len(h.message))
	return true
}

// noHeader goes on without one.
func (p *Parser) noHeader() bool {
	if m, n, found := p.markerAt(0); found == matchYes && m.action == beginHeader { // it would come back at once
		p.mark(n)
		return true
	}
	p.state, p.running = (*Parser).inText, true
	return true
}

// mayBegin reports whether w is how a header begins.
func (h *headers) mayBegin(w []byte, last bool) match {
	w = bytes.TrimLeft(w, " \n")
	best := matchNo
	for _, sign := range [...]string{h.start, h.channel, h.message, h.constrain, "to=", "assistant"} {
		if sign == "" {
			continue
		}
		if _, m := matchMarker(w, sign); m > best {
			best = m
		}
	}
	if last && best == matchMaybe {
		return matchNo
	}
	return best
}

// broken reports whether something came that is in no header.
func (h *headers) broken(w []byte) bool {
	if len(w) > maxHeader {
		return true
	}
	if i := bytes.LastIndex(w, []byte(h.start)); i > 0 && len(bytes.TrimSpace(w[:i])) > 0 {
		return true
	}
	for _, end := range h.ends {
		if bytes.Contains(w, []byte(end)) {
			return true
		}
	}
	return bytes.IndexByte(bytes.Trim(w, " \n"), '\n') >= 0
}

// heading is what a header says.
type heading struct {
	recipient, channel string
	whole              bool // the recipient's name cannot go on
}

func (h *headers) parse(text string) (out heading) {
	if at := strings.Index(text, "to="); at >= 0 {
		rest := text[at+len("to="):]
		end := strings.IndexFunc(rest, func(r rune) bool { return r <= ' ' || r == '<' })
		if end < 0 {
			end = len(rest)
		} else {
			out.whole = true
		}
		out.recipient = rest[:end]
	}
	text = strings.TrimLeft(text, " \n")
	if h.channel != "" {
		if _, after, ok := strings.Cut(text, h.channel); ok {
			text = strings.TrimLeft(after, " ")
		}
		end := strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r == '<' })
		if end < 0 {
			end = len(text)
		}
		out.channel = text[:end]
	}
	return out
}

// openMessage begins the message whose header has n bytes.
func (p *Parser) openMessage(g heading, n int) {
	h := p.d.headers
	if h.tools && isTool(g.recipient) {
		p.take(n)
		p.openSection((*Parser).inMessageCall)
		p.start(g.recipient)
		return
	}
	p.mark(n)
	p.state, p.running = (*Parser).inText, true
	p.thinking = h.thinking != "" && g.channel == h.thinking || h.self != "" && g.recipient == h.self
	p.touched = false
	if p.thinking {
		p.show.thoughts = false
	}
}

func isTool(recipient string) bool {
	switch recipient {
	case "", "functions", "functions.", "assistant", "user", "all":
		return false
	}
	return true
}

// inMessageCall reads a message that is the arguments of a call.
func (p *Parser) inMessageCall() bool {
	if !p.seq.begun && !p.skipSpace() {
		return false
	}
	switch p.readObject(jsonNotation) {
	case done:
		return p.leave()
	case broken:
		return p.fail("the arguments are no JSON object")
	}
	return false
}

// endHeader is a header that the turn ends in.
func (p *Parser) endHeader() {
	h := p.d.headers
	w := p.window()
	if len(w) == 0 {
		return
	}
	g := h.parse(string(w))
	if !h.tools || !bytes.Contains(w, []byte("to=")) {
		if bytes.Contains(w, []byte(h.start)) || h.channel != "" && bytes.Contains(w, []byte(h.channel)) {
			p.mark(len(w))
		} else {
			p.pass(len(w))
		}
		return
	}
	p.take(len(w))
	p.openSection((*Parser).inMessageCall)
	if g.whole && isTool(g.recipient) {
		p.start(g.recipient)
	}
}
