package dialect

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Parser reads one turn. It is not safe for concurrent use.
type Parser struct {
	d       *Dialect
	markers []marker
	first   [256]bool // bytes that markers begin with
	tools   map[string]json.RawMessage

	emit func(Event) bool
	ok   bool // the reader wants more
	last bool // nothing follows what is in the window

	in  []byte // the window is what follows at
	src []origin
	at  int

	state    func(*Parser) bool // does what is certain, and reports whether it got on
	running  bool               // in running text
	thinking bool
	touched  bool // text was seen since the beginning, the reasoning or a call
	bare     bool // a call without a marker may still begin
	final    bool // text that has begun is nothing but text
	show     shown

	section  bool   // a call, or a section of them, is open
	loose    bool   // it has no opener, and needs no closer
	quiet    bool   // nothing but its form says that it is one
	wire     []byte // of the section, as far as it was not emitted
	calls    int    // in the section
	call     *Call  // that is being read
	started  bool   // its name is known
	argsDone bool   // no continuation could change its arguments
	args     []byte // JSON of the arguments
	sent     int    // bytes of it that were emitted

	seq   sequence
	list  list
	tree  tree
	value literal
	text  []byte // scratch: a key, a string, a value to be converted
}

// NewParser returns a parser for a turn in which tools were offered. The prefix is what the prompt ended with, as far as the
// template wrote it: it may have opened or closed the reasoning, or begun a call.
func (d *Dialect) NewParser(tools []Tool, prefix string) *Parser {
	p := &Parser{d: d, markers: d.markersOf(), tools: make(map[string]json.RawMessage, len(tools))}
	for _, t := range tools {
		p.tools[t.Name] = t.Schema
	}
	for _, m := range p.markers {
		p.first[m.text[0]] = true
	}
	p.resume()
	p.skipPrefix(prefix)
	p.bare = d.calls.bare && len(tools) > 0
	return p
}

// skipPrefix reads the prefix without showing it. Text in it does not count, nor does a marker that it cuts off.
func (p *Parser) skipPrefix(prefix string) {
	if prefix == "" {
		return
	}
	for len(prefix) > 0 { // so that its last marker counts wherever it stands
		p.touched = false
		p.Push(prefix[:1], -1, false, func(Event) bool { return true })
		prefix = prefix[1:]
	}
	p.in, p.src, p.at, p.wire = p.in[:0], p.src[:0], 0, p.wire[:0]
	p.show.restart()
	p.touched = false
}

// Push reads a piece of text. The id is its token, -1 if that is not known; control says that the piece is the written form
// of a control token, which is never shown unless it lies within a call. Events go to emit, which may keep what it gets;
// when it returns false so does Push.
func (p *Parser) Push(text string, id int32, isControl bool, emit func(Event) bool) bool {
	p.emit, p.ok = emit, true
	if !isControl && p.plain(text) {
		return p.send(Event{Kind: p.kind(), Text: text})
	}
	p.append(text, id, isControl)
	p.run()
	return p.settle(false)
}

// Flush ends the turn: what was held back comes out.
func (p *Parser) Flush(emit func(Event) bool) bool {
	p.emit, p.ok, p.last = emit, true, true
	p.run()
	p.end()
	return p.settle(true)
}

// Thinking reports whether reasoning is open.
func (p *Parser) Thinking() bool { return p.thinking }

// Finished reports whether no reasoning, call or section of calls is open. It is certain only after Flush.
func (p *Parser) Finished() bool {
	return !p.thinking && (!p.section || p.call == nil && !p.mustClose())
}

// Pending returns the call that was begun and is not complete; its name is "" until that is known.
func (p *Parser) Pending() (name string, ok bool) {
	if p.call == nil || p.argsDone && p.started {
		return "", false
	}
	return p.call.Name, true
}

// mustClose reports whether something has to follow the call that is complete.
func (p *Parser) mustClose() bool {
	return p.list.open || p.seq.unfinished() || len(p.d.calls.close) > 0 && !p.loose
}

func (p *Parser) run() {
	for p.ok && p.state(p) {
	}
	switch left := len(p.in) - p.at; {
	case left == 0:
		p.in, p.src, p.at = p.in[:0], p.src[:0], 0
	case p.at > left: // so no byte moves more often than others are read
		copy(p.in, p.in[p.at:])
		copy(p.src, p.src[p.at:])
		p.in, p.src, p.at = p.in[:left], p.src[:left], 0
	}
}

// settle emits what is certain. A character that is cut off waits for its rest, unless nothing follows.
func (p *Parser) settle(last bool) bool {
	p.show.flush(p, last)
	p.flushArgs(last)
	return p.ok
}

func (p *Parser) send(e Event) bool {
	p.ok = p.ok && p.emit(e)
	return p.ok
}

func (p *Parser) warn(call *Call, format string, args ...any) {
	p.show.flush(p, true)
	p.flushArgs(true)
	p.send(Event{Kind: Warning, Text: fmt.Sprintf(format, args...), Call: call})
}

// resume is how running text begins.
func (p *Parser) resume() {
	p.state, p.running = (*Parser).inText, true
	if p.d.headers != nil {
		p.state, p.running = (*Parser).inHeader, false
	}
}

// openSection begins a section of calls, of which the opener was taken.
func (p *Parser) openSection(state func(*Parser) bool) {
	p.section, p.loose, p.quiet, p.calls = true, false, false, 0
	p.state, p.running, p.thinking = state, false, false
	p.seq, p.list = sequence{}, list{}
	p.newCall()
}

// newCall begins a call inside a section.
func (p *Parser) newCall() {
	p.dropCall()
	p.call = &Call{}
}

func (p *Parser) dropCall() {
	p.call, p.started, p.argsDone = nil, false, false
	p.args, p.sent = p.args[:0], 0
}

// start says that the name of the call is known. It reports whether reading goes on.
func (p *Parser) start(name string) bool {
	_, offered := p.tools[name]
	if !offered {
		clean := cleanName(name)
		if clean != name && p.call.ID == "" {
			p.call.ID = name
		}
		name = clean
		_, offered = p.tools[name]
	}
	if !offered {
		p.warn(nil, "a call of %q, which was not offered", name)
		if p.quiet {
			p.fail("no such tool")
			return false
		}
	}
	p.show.flush(p, true)
	p.call.Name, p.started = name, true
	return p.send(Event{Kind: ToolStart, Call: p.call})
}

// cleanName returns the tool's name in what Kimi K2, gpt-oss and Llama write for it: functions.N:0, functions.N, N.call.
func cleanName(name string) string {
	if i := strings.LastIndexByte(name, ':'); i > 0 && i+1 < len(name) && strings.Trim(name[i+1:], "0123456789") == "" {
		name = name[:i]
	}
	if rest, ok := strings.CutPrefix(name, "functions."); ok && rest != "" {
		return rest
	}
	if rest, ok := strings.CutSuffix(name, ".call"); ok && rest != "" {
		return rest
	}
	return name
}

// finish says that the call is complete.
func (p *Parser) finish() {
	p.flushArgs(true)
	p.call.Arguments = json.RawMessage(append([]byte(nil), p.args...))
	p.send(Event{Kind: ToolCall, Call: p.call})
	p.calls++
	p.dropCall()
	p.markWire()
}

func (p *Parser) flushArgs(last bool) {
	if !p.started {
		return
	}
	part := p.args[p.sent:]
	if !last {
		part = wholeRunes(part)
	}
	if len(part) > 0 {
		p.sent += len(part)
		p.send(Event{Kind: ToolArgs, Text: string(part), Call: p.call})
	}
}

// leave ends the section: running text follows.
func (p *Parser) leave() bool {
	p.dropCall()
	p.markWire()
	p.section, p.touched = false, false
	p.resume()
	return true
}

// fail ends the section where it is not what it should be. What belongs to no call becomes text.
func (p *Parser) fail(why string) bool {
	if p.call != nil && p.started && p.argsDone {
		p.finish()
	}
	if p.call == nil {
		p.warn(nil, "after a tool call: %s", why)
		return p.leave()
	}
	switch {
	case p.started:
		p.warn(p.call, "not a tool call: %s", why)
	case !p.quiet:
		p.warn(nil, "not a tool call: %s", why)
	}
	p.show.text(p, Text, p.wire)
	p.wire = p.wire[:0]
	p.leave()
	p.touched = true
	if p.d.headers != nil {
		p.state, p.running = (*Parser).inText, true
	}
	return true
}

func (p *Parser) markWire() {
	p.show.markup(p, p.wire)
	p.wire = p.wire[:0]
}

// end is the end of the turn, with what could not be decided in the window.
func (p *Parser) end() {
	if p.d.headers != nil && !p.section && !p.running {
		p.endHeader()
	}
	if p.call != nil && p.started && p.argsDone {
		p.finish()
	}
	if !p.section {
		p.show.end(p)
		return
	}
	p.take(len(p.window()))
	if p.quiet && !p.started && p.call != nil {
		p.fail("the text ends")
		p.show.end(p)
		return
	}
	if _, pending := p.Pending(); pending {
		p.warn(nil, "the text ends inside a tool call")
	}
	p.markWire()
}
