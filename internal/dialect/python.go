package dialect

// Calls as Python writes them: N(k=v, …).

func (p *Parser) pythonName() bool {
	name, r := p.readName()
	switch r {
	case waiting:
		return false
	case broken:
		return p.fail("this is no name")
	}
	if p.window()[0] != '(' {
		return p.fail("no arguments follow the name")
	}
	if !p.start(name) {
		return p.ok
	}
	p.take(1)
	p.list.more = false
	p.state = (*Parser).pythonKey
	return true
}

// pythonKey reads up to an argument's value, or the end of the call.
func (p *Parser) pythonKey() bool {
	if !p.skipSpace() {
		return false
	}
	if p.window()[0] == ')' {
		p.take(1)
		p.endPython()
		return true
	}
	key, r := p.readName()
	switch r {
	case waiting:
		return false
	case broken:
		return p.fail("an argument has no name")
	}
	p.list.name = key
	p.state = (*Parser).pythonEquals
	return true
}

func (p *Parser) endPython() {
	if !p.list.more {
		p.args = append(p.args, '{')
	}
	p.args = append(p.args, '}')
	p.argsDone = true
	p.finish()
	p.state = (*Parser).inList
}

func (p *Parser) pythonEquals() bool {
	if !p.skipSpace() {
		return false
	}
	if p.window()[0] != '=' {
		return p.fail("an argument has no name")
	}
	p.take(1)
	p.appendKey(p.list.name, !p.list.more)
	p.list.more = true
	p.value.reset(pythonNotation)
	p.state = (*Parser).pythonValue
	return true
}

func (p *Parser) pythonValue() bool {
	switch p.readValue(&p.args) {
	case broken:
		return p.fail("a value is not written as Python does")
	case waiting:
		return false
	}
	p.state = (*Parser).pythonNext
	return true
}

func (p *Parser) pythonNext() bool {
	if !p.skipSpace() {
		return false
	}
	switch p.window()[0] {
	case ',':
		p.take(1)
	case ')':
	default:
		return p.fail("no comma between arguments")
	}
	p.state = (*Parser).pythonKey
	return true
}
