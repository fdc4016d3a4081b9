package dialect

import (
	"unicode/utf8"

	"llm/internal/constrain"
)

// The parts of calls. Everything they let through the Parser reads as calls; what it reads besides is left out where no template
// teaches it.

// sections is one section of calls after another.
func (c *composer) sections() constrain.Part {
	s := c.section()
	if c.turn.Single {
		return s
	}
	return constrain.Each(s, constrain.Repeat(constrain.Each(constrain.Blank(), s), 0, -1))
}

// section is one marker, the calls after it, and what closes them.
func (c *composer) section() constrain.Part {
	f := &c.d.calls
	var all []constrain.Part
	for _, open := range f.open {
		head := []constrain.Part{c.d.wire(open), gapBetween(open, "{")}
		if f.value&listBegun != 0 {
			all = append(all, constrain.Each(append(head, c.items(c.object()), constrain.Text("]"))...))
			continue
		}
		all = append(all, constrain.Each(append(head, c.body())...))
	}
	p := constrain.OneOf(all...)
	if len(f.close) == 0 {
		return p
	}
	return constrain.Each(p, constrain.Blank(), c.d.anyWire(f.close))
}

// body is what a section consists of: calls in one of the dialect's ways.
func (c *composer) body() constrain.Part {
	f := &c.d.calls
	var ways []constrain.Part
	several := !c.turn.Single && (len(f.close) > 0 || f.many || f.bare)
	row := func(call constrain.Part) constrain.Part {
		if several {
			return constrain.Each(call, constrain.Repeat(constrain.Each(constrain.Blank(), call), 0, -1))
		}
		return call
	}
	list := func(call constrain.Part) constrain.Part {
		return constrain.Each(constrain.Text("["), c.items(call), constrain.Text("]"))
	}
	if len(f.call) > 0 {
		ways = append(ways, row(c.sequence()))
	}
	if f.value&objects != 0 {
		ways = append(ways, row(c.object()), list(c.object()))
	}
	if f.value&keyed != 0 {
		ways = append(ways, list(c.keyed()))
	}
	if f.value&pythonic != 0 {
		ways = append(ways, list(c.python()))
	}
	return constrain.OneOf(ways...)
}

// items is the inside of a list of calls.
func (c *composer) items(call constrain.Part) constrain.Part {
	more := constrain.Each(constrain.Blank(), constrain.Text(","), constrain.Blank(), call)
	if c.turn.Single {
		more = constrain.Each()
	} else {
		more = constrain.Repeat(more, 0, -1)
	}
	return constrain.Each(constrain.Blank(), call, more, constrain.Blank())
}

// each is a choice between the tools; those for which tail reports false cannot be written.
func (c *composer) each(tail func(*Function) (constrain.Part, bool)) constrain.Part {
	var all []constrain.Part
	for _, f := range c.turn.Tools {
		name := f.tool.Name
		if p, ok := tail(f); ok && name != "" && len(name) <= maxName && utf8.ValidString(name) {
			all = append(all, p)
		}
	}
	return constrain.OneOf(all...)
}

// member is the key of an object, up to the value.
func member(key string) constrain.Part {
	return constrain.Each(constrain.Text(`"`+key+`"`), constrain.Blank(), constrain.Text(":"), constrain.Blank())
}

func quoted(text string) constrain.Part {
	return constrain.Text(string(append(appendEscaped([]byte{'"'}, []byte(text)), '"')))
}

// object is {"name": N, "arguments": A}.
func (c *composer) object() constrain.Part {
	keys := c.d.calls.keys
	comma := constrain.Each(constrain.Blank(), constrain.Text(","), constrain.Blank())
	id := constrain.Each(constrain.Text(`"`), c.matching(`[0-9A-Za-z_-]{1,40}`), constrain.Text(`"`))
	first, last := constrain.Each(), constrain.Repeat(constrain.Each(comma, member("id"), id), 0, 1)
	if keys.id != "" {
		first, last = constrain.Repeat(constrain.Each(member(keys.id), id, comma), 0, 1), constrain.Each()
	}
	name, args := "name", member("arguments")
	if keys.name != "" {
		name = keys.name
	}
	if keys.args != "" {
		args = constrain.OneOf(member(keys.args), args)
	}
	return constrain.Each(constrain.Text("{"), constrain.Blank(), first, member(name),
		c.each(func(f *Function) (constrain.Part, bool) {
			return constrain.Each(quoted(f.tool.Name), comma, args, f.json), true
		}), last, constrain.Blank(), constrain.Text("}"))
}

// keyed is {N: A}.
func (c *composer) keyed() constrain.Part {
	return constrain.Each(constrain.Text("{"), constrain.Blank(), c.each(func(f *Function) (constrain.Part, bool) {
		return constrain.Each(quoted(f.tool.Name), constrain.Blank(), constrain.Text(":"), constrain.Blank(), f.json), true
	}), constrain.Blank(), constrain.Text("}"))
}

// python is N(k=v, …).
func (c *composer) python() constrain.Part {
	return c.each(func(f *Function) (constrain.Part, bool) {
		return constrain.Each(constrain.Text(f.tool.Name), f.python), nameOnly(f.tool.Name)
	})
}

// nameOnly reports whether a name can be told from what is around it where nothing quotes it.
func nameOnly(name string) bool {
	for i := range len(name) {
		if !nameByte(name[i]) {
			return false
		}
	}
	return true
}

// sequence is a call that consists of parts.
func (c *composer) sequence() constrain.Part {
	parts := c.d.calls.call
	at := 0
	for at < len(parts) && parts[at].kind != namePart {
		at++
	}
	head := c.parts(parts[:at], nil)
	if at > 0 {
		head = constrain.Each(head, gapBetween(parts[at-1].text, "{"))
	}
	return constrain.Each(head, c.each(func(f *Function) (constrain.Part, bool) {
		return constrain.Each(c.name(&parts[at], f), c.parts(parts[at+1:], f)), nameOnly(f.tool.Name) && f.tool.Name != c.d.calls.content
	}))
}

// name is the tool's name as the wire form has it.
func (c *composer) name(p *part, f *Function) constrain.Part {
	name := constrain.Text(f.tool.Name)
	if p.text == "" {
		return name
	}
	return constrain.Each(constrain.Text(p.text), name, c.matching(`:[0-9]{1,6}`))
}

// parts is what precedes a name, f nil, or follows it.
func (c *composer) parts(parts []part, f *Function) constrain.Part {
	var all []constrain.Part
	before := ""
	if f != nil {
		before = "}" // a tag may follow a name after white space
	}
	for i := range parts {
		p := &parts[i]
		after := p.text
		if p.kind == objectPart {
			after = "{"
		}
		all = append(all, gapBetween(before, after), c.part(p, f))
		if before = p.text; p.kind == objectPart || p.kind == identityPart {
			before = "}"
		}
	}
	return constrain.Each(all...)
}

func (c *composer) part(p *part, f *Function) constrain.Part {
	switch p.kind {
	case literalPart:
		return c.d.wire(p.text)
	case optionalPart:
		return constrain.Repeat(c.d.wire(p.text), 0, 1)
	case untilPart:
		return constrain.Each(c.matching(p.like), c.d.wire(p.text))
	case identityPart:
		id := c.matching(`[0-9A-Za-z_.:-]{1,60}`)
		if p.text == "" {
			return id
		}
		return constrain.Repeat(constrain.Each(c.d.wire(p.text), id), 0, 1)
	}
	return f.own
}
