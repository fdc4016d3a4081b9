package prompt

import "strings"

// Markers of harmony and what is like it, all control tokens.
var harmonyMarkers = []string{
	"<|start|>", "<|channel|>", "<|constrain|>", "<|message|>",
	"<|end|>", "<|return|>", "<|call|>", "<|eom|>", "<|eot|>", // all that ends a message
}

const (
	harmonyStart = iota
	harmonyChannel
	harmonyConstrain
	harmonyMessage
)

// maxHeader bounds the header of a message, in bytes. The longest in use is a function's name with some words.
const maxHeader = 4096

// harmony splits the messages of gpt-oss and Muse. Each has a header, with a role and a channel or a recipient, and a body.
// Bodies on the channel "analysis", or to the model itself, are reasoning, all others the answer.
type harmony struct {
	held     held
	header   string
	prompted int  // bytes of the header that the prompt wrote
	named    bool // a marker has said that this is a header
	body     bool // in a body
	think    bool // which is reasoning
	emit     func(Kind, string) bool
	show     func(string) bool // pass, bound once
}

func newHarmony(p Rendered) *harmony {
	h := &harmony{}
	h.show = h.pass
	end := p.trustedEnd()
	if at := strings.LastIndex(end, harmonyMarkers[harmonyStart]); at >= 0 { // the prompt has begun a header
		h.Push(end[at:], false, func(Kind, string) bool { return true })
		h.named, h.prompted = strings.Contains(end[at:], harmonyMarkers[harmonyChannel]), len(h.header)
	}
	return h
}

func (h *harmony) Thinking() bool { return h.body && h.think }

func (h *harmony) Push(piece string, control bool, emit func(Kind, string) bool) bool {
	h.emit = emit
	if h.held.text == "" && !control && !mayBegin(harmonyMarkers, piece) {
		return h.show(piece)
	}
	h.held.add(piece, control)
	for {
		at, marker := h.held.find(harmonyMarkers)
		if marker < 0 {
			return h.held.release(len(h.held.text)-h.held.tail(harmonyMarkers), h.show)
		}
		if !h.held.release(at, h.show) {
			return false
		}
		h.held.drop(len(harmonyMarkers[marker]))
		h.mark(marker)
	}
}

// mark moves to the next part of a message.
func (h *harmony) mark(marker int) {
	switch marker {
	case harmonyMessage:
		if h.body {
			return
		}
		h.body, h.think = true, thinks(h.header)
	case harmonyChannel, harmonyConstrain:
		h.body, h.named = false, true
		h.header += " "
		return
	default:
		h.body, h.named = false, marker == harmonyStart
	}
	h.header, h.prompted = "", 0
}

// thinks reports whether a header is that of reasoning. A call may be on the channel of analysis too.
func thinks(header string) bool {
	return strings.Contains(header, "to=self") || strings.Contains(header, "analysis") && !strings.Contains(header, "to=")
}

func (h *harmony) pass(text string) bool {
	switch {
	case h.body && h.think:
		return h.emit(Reasoning, text)
	case h.body:
		return h.emit(Answer, text)
	}
	h.header += text
	return len(h.header) <= maxHeader || h.unframed()
}

// unframed emits what looked like a header and is none: the model writes without the form it was taught.
func (h *harmony) unframed() bool {
	text := h.header[h.prompted:]
	h.header, h.prompted, h.body, h.think = "", 0, true, false
	return text == "" || h.emit(Answer, text)
}

func (h *harmony) Flush(emit func(Kind, string) bool) bool {
	h.emit = emit
	if !h.held.release(len(h.held.text), h.show) {
		return false
	}
	return h.body || h.named || h.unframed()
}
