package dialect

import "llm/internal/constrain"

// messages is a turn that consists of messages with headers.
func (c *composer) messages() constrain.Part {
	h := c.d.headers
	next := constrain.Each(c.d.wire(h.between), c.d.wire(h.start), constrain.Text("assistant"))
	text := c.without(c.d.expression(c.textMarkers()...))
	var before []constrain.Part // messages that another follows
	if !c.turn.NoReasoning {
		before = append(before, constrain.Each(c.header(h.self, h.thinking), text))
	}
	if h.tools && c.turn.Final == nil && !c.turn.Required {
		before = append(before, constrain.Each(c.header("", "commentary"), text))
	}
	var last []constrain.Part
	if len(c.turn.Tools) > 0 {
		last = append(last, c.messageCalls(next))
	}
	switch {
	case c.turn.Final != nil:
		last = append(last, constrain.Each(c.answerHeader(true), constrain.Whole(c.turn.Final)))
	case !c.turn.Required:
		last = append(last, constrain.Each(c.answerHeader(false), text))
		if h.tools {
			last = append(last, constrain.Each(c.header("", "commentary"), text))
		}
	}
	rest := constrain.Each(constrain.Repeat(constrain.Each(constrain.OneOf(before...), next), 0, -1), constrain.OneOf(last...))
	switch {
	case c.thinking:
		return constrain.Each(text, next, rest)
	case !c.inside:
		return rest
	case c.turn.Final != nil:
		return constrain.Whole(c.turn.Final)
	case c.turn.Required:
		return constrain.Each(next, rest)
	}
	return constrain.OneOf(text, constrain.Each(text, next, rest))
}

// header is a message's header after its role.
func (c *composer) header(recipient, channel string) constrain.Part {
	h := c.d.headers
	var parts []constrain.Part
	if recipient != "" {
		parts = append(parts, constrain.Text(" to="+recipient))
	}
	if channel != "" {
		parts = append(parts, c.d.wire(h.channel), constrain.Text(channel))
	}
	return constrain.Each(append(parts, c.d.wire(h.message))...)
}

// answerHeader is the header of the answer.
func (c *composer) answerHeader(formatted bool) constrain.Part {
	h := c.d.headers
	if !h.tools {
		return c.header("user", "")
	}
	if !formatted {
		return c.header("", "final")
	}
	return constrain.Each(c.d.wire(h.channel), constrain.Text("final"), c.kind(), c.d.wire(h.message))
}

// kind is what a header says of the content, or nothing.
func (c *composer) kind() constrain.Part {
	space := constrain.Text(" ")
	return optional(constrain.Each(space, optional(constrain.Each(c.d.wire(c.d.headers.constrain), optional(space))), constrain.Text("json")))
}

// messageCalls is the calls: in harmony a message that ends the turn, else messages to the tools.
func (c *composer) messageCalls(next constrain.Part) constrain.Part {
	h := c.d.headers
	if !h.tools {
		call := c.each(func(f *Function) (constrain.Part, bool) {
			one := &composer{d: c.d, turn: Turn{Tools: []*Function{f}, Single: c.turn.Single}}
			p := constrain.Each(c.header(f.tool.Name, ""), one.section())
			if one.err != nil {
				c.err = one.err
			}
			return p, nameOnly(f.tool.Name)
		})
		if c.turn.Single {
			return call
		}
		return constrain.Each(call, constrain.Repeat(constrain.Each(next, call), 0, -1))
	}
	kind := c.kind()
	channel := constrain.Each(c.d.wire(h.channel), constrain.OneOf(constrain.Text("commentary"), constrain.Text("analysis")))
	call := func(before, after constrain.Part) constrain.Part {
		return constrain.Each(before, constrain.Text(" to=functions."), c.each(func(f *Function) (constrain.Part, bool) {
			return constrain.Each(constrain.Text(f.tool.Name), after, kind, c.d.wire(h.message), constrain.Blank(), f.json), nameOnly(f.tool.Name)
		}))
	}
	return constrain.OneOf(call(channel, constrain.Each()), call(constrain.Each(), channel))
}
