package llm

import "llm/internal/sampler"

// generation is the part of a job that draws tokens.
type generation struct {
	sampler  *sampler.Sampler
	mask     []uint64       // bit set of tokens that may be drawn; nil: all
	rule     *constrained   // what the text must be; nil: anything
	row      []float32      // with a rule: the logits to draw from, for as long as that takes
	budget   *thoughtBudget // of the reasoning; nil: none
	history  int            // tokens of the sequence in all
	left     int            // tokens that may still be drawn
	isEOG    func(int32) bool
	logprobs int
	begun    bool       // a token was drawn
	next     []int32    // the token that was drawn last, and those that had to follow it: to be computed together
	out      chan drawn // closed at the end; the job's err says why
	progress chan int   // tokens of the input computed so far, the latest only
	reason   Reason
}

// drawn is a generated token on its way to the reader.
type drawn struct {
	id      int32
	logprob sampler.Logprob
	top     []sampler.Logprob
}

const (
	ahead     = 8  // tokens that generation may run ahead of the reader before it waits
	maxForced = 24 // tokens that follow a drawn one without a choice and are computed together with it
)

// newOut returns a channel that a step never waits for.
func newOut() chan drawn { return make(chan drawn, ahead+maxForced) }

// report leaves the newest progress for the reader.
func (g *generation) report(fed int) {
	select {
	case <-g.progress:
	default:
	}
	select {
	case g.progress <- fed:
	default:
	}
}

// draw draws the next token and those that must follow it, and sends them to the reader; pick has seen to it that there is room.
func (g *generation) draw(logits []float32) error {
	g.begun, g.next = true, g.next[:0]
	d, err := g.choose(logits)
	if err != nil {
		return err
	}
	for {
		if err := g.take(d); err != nil || g.reason != "" || len(g.next) == maxForced {
			return err
		}
		id, ok := g.forced()
		if !ok {
			return nil
		}
		d = drawn{id: id, logprob: sampler.Logprob{ID: id}}
		if g.logprobs > 0 {
			d.top = []sampler.Logprob{d.logprob} // alone, it is certain
		}
	}
}

// choose draws a token from a row of logits.
func (g *generation) choose(logits []float32) (d drawn, err error) {
	mask := g.mask
	if id, ok := g.overBudget(); ok {
		d.id = id
	} else if g.rule != nil {
		d.id, err = g.rule.draw(g.sampler, logits, uint64(g.history))
	} else {
		d.id, err = g.sampler.Sample(logits, mask, uint64(g.history))
	}
	if err != nil || g.logprobs == 0 {
		return d, err
	}
	if g.rule != nil {
		mask = g.rule.allowed()
	}
	d.logprob, d.top, err = g.sampler.Logprobs(nil, logits, mask, d.id, g.logprobs)
	return d, err
}

// take accepts a token as the next of the text.
func (g *generation) take(d drawn) error {
	if g.rule != nil {
		if err := g.rule.match.Advance(d.id); err != nil {
			return err
		}
	}
	g.sampler.Accept(d.id)
	g.next = append(g.next, d.id)
	g.history++
	g.left--
	if g.budget != nil {
		g.budget.count(d.id)
	}
	switch {
	case g.isEOG(d.id), g.rule != nil && g.rule.match.Done():
		g.reason = ReasonStop
	case g.left == 0:
		g.reason = ReasonLength
	}
	g.out <- d
	return nil
}

// forced returns the only token that may come next, if there is just one.
func (g *generation) forced() (int32, bool) {
	if id, ok := g.overBudget(); ok {
		return id, true
	}
	if g.rule == nil {
		return 0, false
	}
	return g.rule.forced()
}

// overBudget returns the next token of the marker that ends a reasoning which has become too long.
func (g *generation) overBudget() (int32, bool) {
	if g.budget == nil {
		return 0, false
	}
	id, ok := g.budget.forced()
	if !ok || g.rule != nil && !g.rule.match.Accepts(id) {
		return 0, false // in the middle of a character, for one
	}
	return id, true
}
