package llm

import "llm/internal/prompt"

// turn reads one answer of a chat: it is the turnParser of a generation.
type turn struct {
	split  prompt.Splitter
	chat   *Chat
	prompt prompt.Rendered
	emit   func(Event) bool               // to the stream
	out    func(EventKind, string) bool   // of the piece being read
	piece  func(prompt.Kind, string) bool // passes to out, bound once
}

func newTurn(c *Chat, p prompt.Rendered, emit func(Event) bool) *turn {
	t := &turn{split: c.markers.Splitter(p), chat: c, prompt: p, emit: emit}
	t.piece = func(k prompt.Kind, text string) bool {
		if k == prompt.Reasoning {
			return t.out(EventReasoning, text)
		}
		return t.out(EventText, text)
	}
	return t
}

func (t *turn) push(text string, _ Token, control bool, emit func(EventKind, string) bool) bool {
	t.out = emit
	return t.split.Push(text, control, t.piece)
}

func (t *turn) flush(emit func(EventKind, string) bool) bool {
	t.out = emit
	return t.split.Flush(t.piece)
}

// event passes events on and completes the usage.
func (t *turn) event(e Event) bool {
	if e.Kind == EventUsage {
		e.Usage.Reasoning = t.count(e.Usage.Generated)
	}
	return t.emit(e)
}

// count returns how many of the last n tokens of the session are reasoning, markers included. Pieces do not tell: a token may
// be part of a character.
func (t *turn) count(n int) (reasoning int) {
	s := t.chat.session
	split := t.chat.markers.Splitter(t.prompt)
	var buf []byte
	for _, id := range s.tokens[max(0, len(s.tokens)-n):] {
		before := split.Thinking()
		buf = s.m.tok.t.AppendText(buf[:0], true, id)
		split.Push(string(buf), s.m.tok.control(id), func(prompt.Kind, string) bool { return true })
		if before || split.Thinking() {
			reasoning++
		}
	}
	return reasoning
}
