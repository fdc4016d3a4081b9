package llm

import (
	"encoding/json"
	"fmt"

	"llm/internal/dialect"
)

// turn reads one answer of a chat in the model's dialect: it is the turnParser of a generation.
type turn struct {
	parser *dialect.Parser
	again  thoughts  // reads the tokens when all are there
	calls  int       // that the conversation has made so far: gives ids to those without
	call   *ToolCall // the one that is being written
	out    func(Event) bool
	pass   func(dialect.Event) bool // passes to out, bound once
}

// newTurn begins an answer. calls is how many calls the conversation has.
func (c *Chat) newTurn(held dialect.Turn, calls int) *turn {
	t := &turn{parser: c.dialect.NewTurnParser(held), calls: calls}
	t.again = thoughts{parser: c.dialect.NewTurnParser(held), tok: c.m.tok}
	t.pass = t.event
	return t
}

func (t *turn) push(text string, id Token, control bool, out func(Event) bool) bool {
	t.out = out
	return t.parser.Push(text, int32(id), control, t.pass)
}

func (t *turn) flush(out func(Event) bool) bool {
	t.out = out
	return t.parser.Flush(t.pass)
}

// event translates an event of the parser.
func (t *turn) event(e dialect.Event) bool {
	switch e.Kind {
	case dialect.Text:
		return t.out(Event{Kind: EventText, Text: e.Text})
	case dialect.Reasoning:
		return t.out(Event{Kind: EventReasoning, Text: e.Text})
	case dialect.Warning:
		return t.out(Event{Kind: EventWarning, Text: e.Text})
	case dialect.ToolStart:
		t.call = &ToolCall{ID: e.Call.ID, Name: e.Call.Name}
		if t.call.ID == "" {
			t.call.ID = callID(t.calls)
		}
		t.calls++
		return t.out(Event{Kind: EventToolStart, Call: t.call})
	case dialect.ToolArgs:
		return t.out(Event{Kind: EventToolArgs, Call: t.call, Text: e.Text})
	case dialect.ToolCall:
		t.call.Arguments = json.RawMessage(e.Call.Arguments)
		return t.out(Event{Kind: EventToolCall, Call: t.call})
	}
	return true
}

// thoughts returns how many tokens of the whole answer are reasoning.
func (t *turn) thoughts(list []Token) int {
	for _, id := range list {
		t.again.add(int32(id))
	}
	return t.again.n
}

// callID is the id of the n-th call of a conversation: nine letters and digits, which is what the strictest templates want.
func callID(n int) string { return fmt.Sprintf("call%05d", n%100000) }

// thoughts counts the tokens of reasoning, markers included. Pieces of text do not tell: a token may be part of a character.
type thoughts struct {
	parser *dialect.Parser
	tok    *Tokenizer
	buf    textBlock
	piece  []byte
	n      int
}

func (t *thoughts) add(id int32) {
	before := t.parser.Thinking()
	t.piece = t.tok.t.AppendText(t.piece[:0], true, id)
	t.parser.Push(t.buf.keep(t.piece), id, t.tok.control(id), func(dialect.Event) bool { return true })
	if before || t.parser.Thinking() {
		t.n++
	}
}

// thoughtBudget ends a reasoning that takes too many tokens by writing its end.
type thoughtBudget struct {
	thoughts
	most int
	end  []int32 // tokens of the marker
	at   int     // of them that were written
}

func (c *Chat) newThoughtBudget(held dialect.Turn, most int) *thoughtBudget {
	b := &thoughtBudget{most: most, end: c.m.tok.t.AppendSpecial(nil, c.dialect.ReasoningEnd())}
	b.thoughts = thoughts{parser: c.dialect.NewTurnParser(held), tok: c.m.tok}
	return b
}

func (b *thoughtBudget) count(id int32) {
	if b.at < len(b.end) && b.n >= b.most && b.parser.Thinking() && id == b.end[b.at] {
		b.at++
	}
	b.add(id)
	if b.at == len(b.end) && !b.parser.Thinking() {
		b.at = 0 // some models can begin to reason again: that ends at once
	}
}

// forced returns the token that must come next. Once the whole marker is written, nothing is forced before the reasoning ended.
func (b *thoughtBudget) forced() (int32, bool) {
	if b.at == len(b.end) || b.n < b.most || !b.parser.Thinking() {
		return 0, false
	}
	return b.end[b.at], true
}
