package dialect

// sequence is where a call that consists of parts has got to.
type sequence struct {
	step  int
	begun bool // the part at step was
	param paramState
}

// unfinished reports whether parts are missing after the arguments.
func (s *sequence) unfinished() bool { return s.step > 0 }

// inSequence reads a call, part by part.
func (p *Parser) inSequence() bool {
	parts := p.d.calls.call
	if p.seq.step == len(parts) {
		p.seq = sequence{}
		p.state = (*Parser).betweenCalls
		return true
	}
	part := &parts[p.seq.step]
	if part.kind != treePart && part.kind != paramsPart && !p.seq.begun && !p.skipSpace() {
		return false
	}
	switch p.readPart(part) {
	case done:
		p.seq.step, p.seq.begun = p.seq.step+1, false
		return p.section
	case broken:
		if p.section {
			return p.fail("it is not written as it should be")
		}
		return true
	}
	return false
}

func (p *Parser) readPart(part *part) progress {
	switch part.kind {
	case literalPart:
		return progressOf(p.expect(part.text))
	case optionalPart:
		m := p.expect(part.text)
		if m == matchNo {
			return done
		}
		return progressOf(m)
	case untilPart:
		_, r := p.readUntil(part.text)
		return r
	case identityPart:
		return p.readIdentity(part.text)
	case namePart:
		return p.readCallName()
	case objectPart:
		return p.readObject(part.args)
	case paramsPart:
		return p.readParams(part.param)
	}
	return p.readTree()
}

func progressOf(m match) progress {
	switch m {
	case matchYes:
		return done
	case matchMaybe:
		return waiting
	}
	return broken
}

func (p *Parser) readIdentity(after string) progress {
	if after != "" && !p.seq.begun {
		switch p.expect(after) {
		case matchNo:
			return done
		case matchMaybe:
			return waiting
		}
		p.seq.begun = true
	}
	id, r := p.readName()
	if r == done {
		p.call.ID = id
	}
	return r
}

func (p *Parser) readCallName() progress {
	name, r := p.readName()
	if r != done {
		return r
	}
	if name == p.d.calls.content {
		p.leave()
		return broken
	}
	if !p.start(name) || !p.section {
		return waiting
	}
	return done
}

// readObject reads arguments that are an object.
func (p *Parser) readObject(n notation) progress {
	if !p.seq.begun {
		if p.window()[0] != '{' {
			return broken
		}
		p.seq.begun = true
		p.value.reset(n)
	}
	r := p.readValue(&p.args)
	if r == done {
		p.argsDone = true
		p.finish()
	}
	return r
}

// readValue reads on in the value that was begun.
func (p *Parser) readValue(dst *[]byte) progress {
	out, n, r := p.value.read(*dst, p.window(), false)
	*dst = out
	p.take(n)
	return r
}

// betweenCalls reads what follows a call: another one, or the end of the section.
func (p *Parser) betweenCalls() bool {
	f := &p.d.calls
	if len(f.close) == 0 && !f.many {
		return p.leave()
	}
	if !p.skipSpace() {
		return false
	}
	closed := p.expectAny(f.close)
	if closed == matchYes {
		return p.leave()
	}
	next := matchNo
	if first := f.call[0]; first.kind == literalPart {
		_, next = matchMarker(p.window(), first.text)
	}
	switch {
	case next == matchYes:
		p.newCall()
		p.state = (*Parser).inSequence
		return true
	case closed == matchMaybe, next == matchMaybe:
		return false
	case p.loose, len(f.close) == 0:
		return p.leave()
	}
	return p.fail("the section of calls is not closed")
}
