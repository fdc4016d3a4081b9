package dialect

import (
	"fmt"
	"regexp"
	"strings"

	"llm/internal/constrain"
)

// Turn says what a turn of the model may be.
type Turn struct {
	Prefix      string                // what the prompt ends with, as for NewParser
	Tools       []*Function           // that may be called, compiled for the same dialect; none: no calls
	Required    bool                  // at least one call, and no text but reasoning
	Single      bool                  // at most one call
	Final       *constrain.Constraint // what the answer must be, if it is no call; nil: any text
	NoReasoning bool                  // the model may not begin to reason; what the prefix began it may end
}

// Constraint returns the automaton of a whole turn: reasoning, text, calls in the wire format, the answer, the end. What it lets
// through a parser of NewTurnParser reads without a warning. Markers that are tokens of the vocabulary are written by their tokens
// only, others by their text, and text in which one would count has none. It is an error if the turn is impossible, such as
// Required without Tools, or if two tools have the same name.
func (d *Dialect) Constraint(t Turn) (*constrain.Constraint, error) {
	names := map[string]bool{}
	for _, f := range t.Tools {
		if f == nil || f.dialect != d.Name || names[f.tool.Name] {
			return nil, fmt.Errorf("dialect: a tool is missing, there twice, or not compiled for %s", d.Name)
		}
		names[f.tool.Name] = true
	}
	c := &composer{d: d, turn: t}
	if c.turn.Final != nil {
		c.turn.Required = false // the answer or a call
	}
	c.readPrefix()
	var p constrain.Part
	switch {
	case c.d.headers != nil:
		p = c.messages()
	case d.calls.content != "":
		p = c.recipients()
	case c.inside:
		return nil, fmt.Errorf("dialect: the prefix %q begins a call", t.Prefix)
	default:
		p = constrain.Each(c.reasoning(), c.after())
	}
	if c.err != nil {
		return nil, c.err
	}
	return constrain.Compose(constrain.Each(p, c.end()))
}

// NewTurnParser returns a parser for a turn that is held to its Constraint. It differs from NewParser where there is a Final: once
// the answer has begun all that ordinary tokens write is part of it, whatever it looks like.
func (d *Dialect) NewTurnParser(t Turn) *Parser {
	tools := make([]Tool, len(t.Tools))
	for i, f := range t.Tools {
		tools[i] = f.tool
	}
	p := d.NewParser(tools, t.Prefix)
	p.final = t.Final != nil
	return p
}

// composer puts the constraint of a turn together.
type composer struct {
	d        *Dialect
	turn     Turn
	thinking bool // the prefix opened the reasoning
	thought  bool // or closed it
	inside   bool // or began a section of calls, or a message
	err      error
}

// readPrefix finds out where the prefix ends.
func (c *composer) readPrefix() {
	p := c.d.NewParser(nil, c.turn.Prefix)
	c.thinking = p.thinking
	c.thought = c.d.think.close != "" && strings.Contains(c.turn.Prefix, c.d.think.close)
	c.inside = p.section || c.d.headers != nil && p.running
}

// without is text that a regular expression does not match anywhere, "" for any text.
func (c *composer) without(expr string) constrain.Part {
	if expr == "" {
		return constrain.Free()
	}
	p, err := constrain.Without(expr)
	if err != nil {
		c.err = err
	}
	return p
}

// matching is text that a regular expression matches.
func (c *composer) matching(expr string) constrain.Part {
	k, err := constrain.CompileRegexp(expr)
	if err != nil {
		c.err = err
		return constrain.Each()
	}
	return constrain.Whole(k)
}

func optional(p constrain.Part) constrain.Part { return constrain.Repeat(p, 0, 1) }

// expression matches those of some markers that count where ordinary tokens spell them.
func (d *Dialect) expression(texts ...string) string {
	var out []string
	for _, t := range texts {
		if t != "" && !d.isToken(t) {
			out = append(out, strings.ReplaceAll(regexp.QuoteMeta(t), gap, `[ \n\t\r]*`))
		}
	}
	return strings.Join(out, "|")
}

// textMarkers are those that text does not hold: what it says would not be text.
func (c *composer) textMarkers() []string {
	var out []string
	for _, m := range c.d.markersOf() {
		switch m.action {
		case openCalls, beginCall, openThink, closeThink, endMessage, beginHeader:
			out = append(out, m.text)
		}
	}
	return out
}

// frameTokens are the frames around the answer that are tokens, none if there are no such.
func (c *composer) frameTokens() constrain.Part {
	var all []constrain.Part
	for _, f := range c.d.frames {
		if c.d.isToken(f) {
			all = append(all, c.d.wire(f))
		}
	}
	return constrain.OneOf(all...)
}

// thoughts is reasoning up to its end.
func (c *composer) thoughts() constrain.Part {
	return constrain.Each(c.without(c.d.expression(c.d.think.close)), c.d.wire(c.d.think.close))
}

// reasoning is the reasoning that there is or may be, with white space around it.
func (c *composer) reasoning() constrain.Part {
	switch {
	case c.thinking:
		return constrain.Each(c.thoughts(), constrain.Blank())
	case c.thought, c.d.think.open == "", c.d.silent:
		return constrain.Each()
	}
	none := c.d.wire(c.d.think.close) // some models say that they do not reason
	if c.turn.NoReasoning {
		return optional(constrain.Each(none, constrain.Blank()))
	}
	some := constrain.Each(constrain.Blank(), c.d.wire(c.d.think.open), c.thoughts())
	return optional(constrain.Each(constrain.OneOf(none, some), constrain.Blank()))
}

// after is what follows the reasoning where messages have no headers: text and calls, or only calls, or the answer.
func (c *composer) after() constrain.Part {
	frames := constrain.Each()
	if len(c.d.frames) > 0 {
		frames = constrain.Repeat(constrain.Each(constrain.Blank(), c.d.anyWire(c.d.frames)), 0, len(c.d.frames))
	}
	switch {
	case c.turn.Required:
		return constrain.Each(frames, c.onlyCalls())
	case c.turn.Final != nil:
		answer := constrain.Each(constrain.Whole(c.turn.Final), constrain.Repeat(c.frameTokens(), 0, -1))
		return constrain.Each(frames, constrain.OneOf(answer, c.onlyCalls()))
	}
	return c.textAndCalls()
}

func spaced(p constrain.Part) constrain.Part {
	return constrain.Each(constrain.Blank(), p, constrain.Blank())
}

// onlyCalls is calls from the beginning on, impossible without tools.
func (c *composer) onlyCalls() constrain.Part {
	switch {
	case len(c.turn.Tools) == 0:
		return constrain.OneOf()
	case c.d.calls.bare:
		return spaced(constrain.OneOf(c.sections(), c.body()))
	}
	return spaced(c.sections())
}

// textAndCalls is text in which calls may come. Where calls need no marker, text that looks like one has to be one.
func (c *composer) textAndCalls() constrain.Part {
	switch {
	case len(c.turn.Tools) == 0:
		return c.text("")
	case c.d.calls.bare:
		return constrain.OneOf(spaced(c.body()), constrain.Each(c.text(`\A[ \n\t\r]*[\[{]`), optional(spaced(c.sections()))))
	case !c.goesOn():
		return constrain.Each(c.text(""), optional(spaced(c.sections())))
	}
	text, most := c.text(""), -1
	if c.turn.Single {
		most = 1
	}
	return constrain.Each(text, constrain.Repeat(constrain.Each(c.section(), text), 0, most))
}

// goesOn reports whether text may follow a section of calls, which then has a certain end.
func (c *composer) goesOn() bool {
	f := &c.d.calls
	return !f.bare && (len(f.close) > 0 || f.value == 0)
}

// text is text, with frames around it or pieces of it, in which another expression too matches nowhere.
func (c *composer) text(also string) constrain.Part {
	expr := c.d.expression(c.textMarkers()...)
	if also != "" {
		if expr != "" {
			also += "|"
		}
		expr = also + expr
	}
	text := c.without(expr)
	return constrain.Each(text, constrain.Repeat(constrain.Each(c.frameTokens(), text), 0, -1))
}

// maxMarks bounds the marks of a turn's end: some models write two.
const maxMarks = 2

// end is the end of the turn: nothing, or marks of it. After an answer that must be something they are tokens.
func (c *composer) end() constrain.Part {
	ends := c.d.ends
	if c.d.headers != nil {
		ends = c.d.headers.ends
	}
	var all []constrain.Part
	for _, e := range ends {
		if c.turn.Final == nil || c.d.isToken(e) {
			all = append(all, c.d.wire(e))
		}
	}
	return constrain.Repeat(constrain.OneOf(all...), 0, maxMarks)
}

// recipients is a turn in which what follows a marker is the answer or a call, as a name says.
func (c *composer) recipients() constrain.Part {
	open := c.d.calls.open[0]
	marker := c.d.wire(open)
	stop := c.d.expression(open)
	call := constrain.OneOf()
	if len(c.turn.Tools) > 0 {
		call = constrain.Each(c.sequence(), constrain.Blank())
	}
	more := constrain.Repeat(constrain.Each(marker, call), 0, -1)
	if c.turn.Single {
		more = constrain.Each()
	}
	calls := constrain.Each(call, more)
	text := c.without(stop)
	if stop != "" { // a marker of equal characters must not begin in the text before it
		text = c.without(stop + "|" + regexp.QuoteMeta(open[:1]) + `\z`)
	}
	content := constrain.Each(constrain.Text(c.d.calls.content+"\n"), text)
	answer := calls
	switch {
	case c.turn.Required:
	case c.turn.Final != nil:
		answer = constrain.OneOf(calls, constrain.Each(constrain.Text(c.d.calls.content+"\n"), constrain.Whole(c.turn.Final)))
	default:
		answer = constrain.OneOf(calls, constrain.Each(content, optional(constrain.Each(marker, calls))))
	}
	if c.inside {
		return answer
	}
	return constrain.Each(marker, answer)
}
