package dialect

import "strings"

// paramState is where the arguments that are written one by one have got to.
type paramState struct {
	at       paramStep
	count    int
	typed    valueType
	verbatim bool   // the value is a string, which goes out as it comes
	fresh    bool   // nothing of the value was read
	lines    bool   // it began with a line's end, so it ends with one
	newline  bool   // one is held back: it is the value's or the frame's
	close    string // ends the value
	token    bool   // the closer is a token of the vocabulary: only the token counts
}

type paramStep int

const (
	nextParam paramStep = iota
	paramKey
	paramBegin
	paramValue
)

// readParams reads arguments up to the end of them all.
func (p *Parser) readParams(f *param) progress {
	for {
		var r progress
		switch s := &p.seq.param; s.at {
		case nextParam:
			r = p.nextParam(f)
			if r == done && p.call == nil {
				return done
			}
		case paramKey:
			r = p.paramKey(f)
		case paramBegin:
			r = p.paramBegin(f)
		default:
			r = p.paramValue(f)
		}
		if r != done {
			return r
		}
	}
}

func (p *Parser) nextParam(f *param) progress {
	s := &p.seq.param
	if !p.skipSpace() {
		return waiting
	}
	best := broken
	for i, text := range [...]string{f.open, f.end, f.close} { // a closer written twice is one
		switch p.expect(text) {
		case matchYes:
			if i == 1 {
				p.endParams()
			} else if i == 0 {
				s.at = paramKey
			}
			return done
		case matchMaybe:
			best = waiting
		}
	}
	return best
}

func (p *Parser) endParams() {
	if p.seq.param.count == 0 {
		p.args = append(p.args, '{')
	}
	p.args = append(p.args, '}')
	p.argsDone = true
	p.finish()
	p.seq.param = paramState{}
}

func (p *Parser) paramKey(f *param) progress {
	key, r := p.readUntil(f.keyEnd)
	if r != done {
		return r
	}
	key = strings.TrimSpace(key)
	s := &p.seq.param
	p.appendKey(key, s.count == 0)
	s.count++
	s.typed = p.argument(key).kind()
	s.at = paramBegin
	return done
}

// argument returns the schema of an argument.
func (p *Parser) argument(key string) schema {
	root := p.tools[p.call.Name]
	return schema{root, root}.property(key)
}

func (p *Parser) appendKey(key string, first bool) {
	c := byte(',')
	if first {
		c = '{'
	}
	p.args = append(p.args, c, '"')
	p.args = append(appendEscaped(p.args, []byte(key)), '"', ':')
}

func (p *Parser) paramBegin(f *param) progress {
	s := &p.seq.param
	attributes := ""
	if f.begin != "" {
		var r progress
		if attributes, r = p.readUntil(f.begin); r != done {
			return r
		}
	}
	switch {
	case strings.Contains(attributes, `string="true"`), strings.Contains(attributes, `type="string"`):
		s.typed = stringType
	case strings.Contains(attributes, `string="false"`), strings.Contains(attributes, `type="`):
		s.typed = otherType
	}
	s.at, s.fresh, s.close, s.lines, s.newline = paramValue, true, f.close, false, false
	s.verbatim, s.token = s.typed == stringType, p.d.isToken(f.close)
	p.text = p.text[:0]
	if s.verbatim {
		p.args = append(p.args, '"')
	}
	return done
}

const cdata = "<![CDATA["

// paramValue reads a value up to the first closer that something legal follows.
func (p *Parser) paramValue(f *param) progress {
	s := &p.seq.param
	if s.fresh {
		if r := p.beginValue(f); r != done {
			return r
		}
	}
	w := p.window()
	for i := 0; i < len(w); i++ {
		if w[i] != s.close[0] || !p.counts(i, s.token) {
			continue
		}
		n, m := matchMarker(w[i:], s.close)
		if m == matchYes {
			m = p.mayFollow(f, w[i+n:])
		}
		switch m {
		case matchYes:
			p.passValue(i)
			p.take(n)
			p.endValue()
			return done
		case matchMaybe:
			p.passValue(i)
			return waiting
		}
	}
	p.passValue(len(w))
	return waiting
}

func (p *Parser) beginValue(f *param) progress {
	s := &p.seq.param
	w := p.window()
	if len(w) == 0 {
		return waiting
	}
	if f.cdata && w[0] == cdata[0] {
		switch p.expect(cdata) {
		case matchMaybe:
			return waiting
		case matchYes:
			s.close, s.token = "]]>"+f.close, false
			if !s.verbatim {
				s.verbatim = true
				p.args = append(p.args, '"')
			}
		}
	} else if f.lines && w[0] == '\n' {
		s.lines = true
		p.take(1)
	}
	s.fresh = false
	return done
}

// maxBlanks bounds the white space after a value.
const maxBlanks = 1 << 10

// mayFollow reports whether w is what may follow a value.
func (p *Parser) mayFollow(f *param, w []byte) match {
	n := 0
	for n < len(w) && isSpace(w[n]) {
		if n++; n > maxBlanks {
			return matchNo
		}
	}
	best := matchNo
	for _, text := range [...]string{f.open, f.end, f.close} {
		if _, m := matchMarker(w[n:], text); m > best {
			best = m
		}
	}
	return best
}

// passValue takes n bytes of the value.
func (p *Parser) passValue(n int) {
	s := &p.seq.param
	if n == 0 {
		return
	}
	b := p.window()[:n]
	if s.newline {
		p.appendValue("\n")
	}
	if s.newline = s.lines && b[n-1] == '\n'; s.newline {
		b = b[:n-1]
	}
	if s.verbatim {
		p.args = appendEscaped(p.args, b)
	} else {
		p.text = append(p.text, b...)
	}
	p.take(n)
}

func (p *Parser) appendValue(text string) {
	if p.seq.param.verbatim {
		p.args = appendEscaped(p.args, []byte(text))
	} else {
		p.text = append(p.text, text...)
	}
}

func (p *Parser) endValue() {
	s := &p.seq.param
	if s.verbatim {
		p.args = append(p.args, '"')
	} else {
		p.appendTyped(s.typed)
	}
	s.at = nextParam
}

// appendTyped appends the value that the scratch text is, read as a type.
func (p *Parser) appendTyped(t valueType) {
	text := p.text
	trimmed := strings.TrimSpace(string(text))
	switch t {
	case nullableText:
		if trimmed == "null" {
			p.args = append(p.args, "null"...)
			return
		}
	case stringType:
	default:
		for _, n := range [...]notation{jsonNotation, pythonNotation} {
			var ok bool
			if p.args, ok = p.value.convert(p.args, []byte(trimmed), n); ok {
				return
			}
		}
		if t != anyType {
			p.warn(nil, "an argument of %s is not of its type", p.call.Name)
		}
	}
	p.args = append(appendEscaped(append(p.args, '"'), text), '"')
}
