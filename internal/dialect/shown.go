package dialect

// shown is what goes out as text, reasoning or markup. White space waits for what follows it: it belongs to the text where
// text follows, and to the markup at the borders.
type shown struct {
	space    []byte
	out      []byte // of one kind, not emitted yet
	kind     Kind   // of out
	marked   bool   // markup came last
	answer   bool   // there was text
	thoughts bool   // there was reasoning in this block
}

// restart forgets what was shown, not that a marker came last.
func (s *shown) restart() {
	*s = shown{space: s.space[:0], out: s.out[:0], marked: s.marked}
}

func (s *shown) fresh(k Kind) bool {
	if k == Reasoning {
		return !s.thoughts
	}
	return !s.answer
}

// text shows text or reasoning.
func (s *shown) text(p *Parser, k Kind, b []byte) {
	from, to := 0, len(b)
	for to > 0 && isSpace(b[to-1]) {
		to--
	}
	if to > 0 {
		for isSpace(b[from]) {
			from++
		}
		s.space = append(s.space, b[:from]...)
		if s.marked && s.fresh(k) {
			s.put(p, Markup, s.space)
		} else {
			s.put(p, k, s.space)
		}
		s.put(p, k, b[from:to])
		s.space, s.marked = s.space[:0], false
		if k == Reasoning {
			s.thoughts = true
		} else {
			s.answer = true
		}
	}
	s.space = append(s.space, b[to:]...)
}

// markup accounts for what is no text, and for white space before it.
func (s *shown) markup(p *Parser, b []byte) {
	if len(b) == 0 {
		return
	}
	s.put(p, Markup, s.space)
	s.put(p, Markup, b)
	s.space, s.marked = s.space[:0], true
}

func (s *shown) put(p *Parser, k Kind, b []byte) {
	if len(b) == 0 {
		return
	}
	if k != s.kind {
		s.flush(p, true)
		s.kind = k
	}
	s.out = append(s.out, b...)
}

// flush emits what is certain.
func (s *shown) flush(p *Parser, last bool) {
	part := s.out
	if !last {
		part = wholeRunes(part)
	}
	if len(part) > 0 {
		p.send(Event{Kind: s.kind, Text: string(part)})
		s.out = s.out[:copy(s.out, s.out[len(part):])]
	}
}

// end shows white space that nothing follows.
func (s *shown) end(p *Parser) {
	k := p.kind()
	if s.marked || s.fresh(k) {
		k = Markup
	}
	s.put(p, k, s.space)
	s.space = s.space[:0]
}
