package dialect

import "encoding/json"

// list is where calls that are written as values have got to.
type list struct {
	open bool // its bracket was read and not closed
	key  callKey
	name string // of a Python argument or a JSON key
	held string // a name that counts once there are arguments
	args bool   // the call has arguments
	more bool   // something was read before
}

// callKey is what a key of a call's object means.
type callKey int

const (
	otherKey callKey = iota
	nameKey
	argsKey
	idKey
)

func callKeyOf(key string) callKey {
	switch key {
	case "name", "tool_name", "function":
		return nameKey
	case "arguments", "parameters":
		return argsKey
	case "id", "tool_call_id":
		return idKey
	}
	return otherKey
}

// inList reads what is between calls.
func (p *Parser) inList() bool {
	f := &p.d.calls
	if !p.skipSpace() {
		return false
	}
	c := p.window()[0]
	switch first := p.calls == 0; {
	case c == '[' && first && !p.list.open:
		p.list.open = true
		p.take(1)
		return true
	case c == ']' && p.list.open:
		p.list.open = false
		if p.call != nil && p.calls > 0 { // after a comma
			p.dropCall()
		}
		p.take(1)
		p.state = (*Parser).afterList
		return true
	case c == '{':
		p.beginObject()
		return true
	case (c == ',' || c == ';') && !first:
		p.take(1)
		return true
	case f.value&pythonic != 0 && nameByte(c) && (first || p.list.open):
		p.newCall()
		p.state = (*Parser).pythonName
		return true
	case first:
		return p.fail("no call where one should be")
	}
	return p.afterList()
}

// afterList reads the end of the section.
func (p *Parser) afterList() bool {
	f := &p.d.calls
	if len(f.close) == 0 {
		return p.leaveList()
	}
	if !p.skipSpace() {
		return false
	}
	switch p.expectAny(f.close) {
	case matchYes:
		return p.leaveList()
	case matchMaybe:
		return false
	}
	if p.loose && !p.list.open {
		return p.leaveList()
	}
	return p.fail("the section of calls is not closed")
}

// leaveList ends the section, if there was a call.
func (p *Parser) leaveList() bool {
	if p.calls == 0 {
		return p.fail("there is none")
	}
	if p.list.open {
		return p.fail("the list of calls is not closed")
	}
	return p.leave()
}

func (p *Parser) beginObject() {
	p.newCall()
	open := p.list.open
	p.list = list{open: open}
	p.take(1)
	p.state = (*Parser).objectKey
}

// objectKey reads up to a key's value, or the end of the object.
func (p *Parser) objectKey() bool {
	if !p.skipSpace() {
		return false
	}
	switch p.window()[0] {
	case '}':
		if !p.list.more {
			return p.fail("the object is empty")
		}
		p.take(1)
		return p.endObject()
	case ',':
		if !p.list.more {
			return p.fail("a comma too many")
		}
		p.take(1)
		p.state = (*Parser).objectNextKey
		return true
	}
	return p.objectNextKey()
}

func (p *Parser) objectNextKey() bool {
	if !p.skipSpace() {
		return false
	}
	if p.window()[0] != '"' {
		return p.fail("a key is missing")
	}
	p.beginText(jsonNotation)
	p.state = (*Parser).objectKeyText
	return true
}

// beginText begins a value that goes to the scratch text.
func (p *Parser) beginText(n notation) {
	p.text = p.text[:0]
	p.value.reset(n)
}

// readText reads on in it. It reports whether it is whole; else what the state should return.
func (p *Parser) readText() (whole, more bool) {
	switch p.readValue(&p.text) {
	case done:
		return true, true
	case broken:
		return false, p.fail("this is no JSON")
	}
	return false, false
}

// textString is the string that the scratch text is in JSON.
func (p *Parser) textString() (string, bool) {
	if len(p.text) == 0 || p.text[0] != '"' {
		return "", false
	}
	var s string
	err := json.Unmarshal(p.text, &s)
	return s, err == nil
}

func (p *Parser) objectKeyText() bool {
	whole, more := p.readText()
	if !whole {
		return more
	}
	key, ok := p.textString()
	if !ok || len(key) > maxName {
		return p.fail("this is no key")
	}
	p.list.name = key
	p.state = (*Parser).objectColon
	return true
}

func (p *Parser) objectColon() bool {
	if !p.skipSpace() {
		return false
	}
	if p.window()[0] != ':' {
		return p.fail("this is no JSON")
	}
	p.take(1)
	key := p.list.name
	if p.list.key = callKeyOf(key); p.namesCall(key) {
		if p.argsDone { // of another call in the same object
			p.finish()
			p.newCall()
		}
		if p.list.key, p.list.args = argsKey, false; !p.start(key) {
			return p.ok
		}
	}
	if p.quiet && p.list.key == otherKey && key != "type" {
		return p.fail("a call has no " + key)
	}
	p.state = (*Parser).objectValue
	return true
}

// namesCall reports whether a key is the name of a call.
func (p *Parser) namesCall(key string) bool {
	if p.d.calls.value&keyed == 0 || p.started && !p.argsDone {
		return false
	}
	_, offered := p.tools[key]
	return offered || callKeyOf(key) == otherKey
}

func (p *Parser) objectValue() bool {
	if !p.skipSpace() {
		return false
	}
	p.list.more = true
	if p.list.key != argsKey {
		p.beginText(jsonNotation)
		p.state = (*Parser).objectText
		return true
	}
	if p.list.args {
		return p.fail("arguments twice")
	}
	p.list.args = true
	if p.list.held != "" && !p.start(p.list.held) {
		return p.ok
	}
	switch p.window()[0] {
	case '{':
		p.value.reset(jsonNotation)
		p.state = (*Parser).objectArgs
	case '"', 'n':
		p.beginText(jsonNotation)
		p.state = (*Parser).objectText
	default:
		return p.fail("the arguments are no object")
	}
	return true
}

func (p *Parser) objectArgs() bool {
	switch p.readValue(&p.args) {
	case done:
		p.argsDone = true
		p.state = (*Parser).objectNext
		return true
	case broken:
		return p.fail("the arguments are no JSON")
	}
	return false
}

// objectText reads a value that is not the arguments' object.
func (p *Parser) objectText() bool {
	whole, more := p.readText()
	if !whole {
		return more
	}
	p.state = (*Parser).objectNext
	text, isString := p.textString()
	switch p.list.key {
	case nameKey:
		if !isString || text == "" || p.started || p.list.held != "" || len(text) > maxName {
			return p.fail("this is no name")
		}
		if p.quiet && !p.list.args {
			p.list.held = text
			return true
		}
		p.start(text)
		return p.ok
	case idKey:
		if p.call.ID = text; !isString {
			p.call.ID = string(p.text)
		}
	case argsKey:
		return p.textArgs(text, isString)
	}
	return true
}

// textArgs takes arguments that are in a string, or none.
func (p *Parser) textArgs(text string, isString bool) bool {
	if !isString && string(p.text) != "null" {
		return p.fail("the arguments are no object")
	}
	if text == "" {
		text = "{}"
	}
	var ok bool
	if p.args, ok = p.value.convert(p.args, []byte(text), jsonNotation); !ok || p.args[0] != '{' {
		p.args = p.args[:0]
		return p.fail("the arguments are no object")
	}
	p.argsDone = true
	return true
}

// objectNext reads what follows a value.
func (p *Parser) objectNext() bool {
	if !p.skipSpace() {
		return false
	}
	if c := p.window()[0]; c != ',' && c != '}' {
		return p.fail("this is no JSON")
	}
	p.state = (*Parser).objectKey
	return true
}

func (p *Parser) endObject() bool {
	p.state = (*Parser).inList
	switch {
	case !p.started:
		return p.fail("it has no name")
	case !p.argsDone && p.quiet:
		return p.fail("it has no arguments")
	case !p.argsDone:
		p.args = append(p.args, "{}"...)
		p.argsDone = true
	}
	p.finish()
	return true
}
