package llm

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"
	"unsafe"

	"llm/internal/constrain"
	"llm/internal/sampler"
	"llm/internal/stop"
	"llm/internal/tokenizer"
)

// turnParser sees what the model generates, piece by piece, and says what it is. control marks the written form of a
// control token. Both methods return false when the reader left.
type turnParser interface {
	push(text string, id Token, control bool, out func(Event) bool) bool
	flush(out func(Event) bool) bool
}

// guide is what a run of the model is held to.
type guide struct {
	rule      *constrain.Constraint // what may be written; nil: anything
	check     *constrain.Constraint // what the text must be to the letter, where rule is relaxed; nil: nothing
	turn      turnParser            // nil: all is text
	budget    *thoughtBudget        // of the reasoning; nil: none
	continues func(end int32) bool  // tokens that end a text, but not here; nil: none
}

// hold holds the answer to c, to the letter at its end.
func (g *guide) hold(c *constrain.Constraint) {
	if len(c.Relaxed()) > 0 {
		g.check = c
	}
}

// Generate continues a prompt, raw text without a chat template, in a session of its own. Safe for concurrent use: calls
// made at the same time share one batch. See Session.GenerateTokens for the errors.
func (m *Model) Generate(ctx context.Context, prompt string, p Params) *Stream {
	return newStream(func(emit func(Event) bool) (Result, error) {
		s, err := m.NewSession()
		if err != nil {
			return Result{Reason: ReasonError}, err
		}
		defer s.discard()
		ids, err := m.tok.prompt(prompt, true)
		if err != nil {
			return Result{Reason: ReasonError}, err
		}
		return s.generateRaw(ctx, ids, p, emit)
	})
}

// generateRaw continues raw text.
func (s *Session) generateRaw(ctx context.Context, prompt []Token, p Params, emit func(Event) bool) (Result, error) {
	if err := p.checkRaw(); err != nil {
		return Result{Reason: ReasonError}, err
	}
	var g guide
	if p.Format != nil {
		g.rule = p.Format.constraint()
		g.hold(g.rule)
	}
	return s.generate(ctx, prompt, p, g, emit)
}

// discard is Close for a session whose reader may have left: the step loop gives the pages back when it lets go.
func (s *Session) discard() {
	j := s.job
	if j == nil {
		s.Close()
		return
	}
	seq := s.seq
	s.closed = true
	select {
	case <-j.released: // the answer ended by itself
		seq.truncate(0)
	default:
		go func() { <-j.released; seq.truncate(0) }()
	}
}

// generate runs one request: see Session.GenerateTokens.
func (s *Session) generate(ctx context.Context, prompt []Token, p Params, g guide, emit func(Event) bool) (Result, error) {
	failed := Result{Reason: ReasonError}
	if err := p.check(); err != nil {
		return failed, err
	}
	if err := s.enter(); err != nil {
		return failed, err
	}
	defer s.leave()
	r, err := newReply(s, p, g, emit)
	if err != nil {
		return failed, err
	}
	before := len(s.tokens)
	if err := s.extend(prompt, 1); err != nil {
		return failed, err
	}
	if len(s.tokens) == 0 {
		return failed, errEmptyPrompt
	}
	err = r.run(ctx)
	if len(r.res.Tokens) == 0 && err != nil {
		s.tokens = s.tokens[:before]
	}
	return r.res, err
}

// reply is one answer on its way from the step loop to the reader.
type reply struct {
	s   *Session
	p   Params
	res Result
	guide
	emit    func(Event) bool
	sendFn  func(Event) bool // send, bound once
	decoder *tokenizer.Decoder
	stops   *stop.Matcher
	text    textBlock
	piece   []byte // scratch
	passed  []byte // scratch: what the stop strings let through
	raw     []byte
	parts   [2][]byte // text and reasoning
	log     []TokenLogprob
	sampler *sampler.Sampler
	bias    map[int32]float32
	start   time.Time
	whole   bool // the model, or its rule, ended the text
}

func newReply(s *Session, p Params, g guide, emit func(Event) bool) (*reply, error) {
	r := &reply{s: s, p: p, guide: g, emit: emit, decoder: s.m.tok.t.NewDecoder(false), start: time.Now()}
	r.sendFn = r.send
	var err error
	if r.stops, err = stop.New(p.Stop); err != nil {
		return nil, err
	}
	sp := s.m.sampling(p.Sampling)
	if sp.Seed == 0 {
		sp.Seed = rand.Uint64() | 1
	}
	r.res.Seed, r.bias = sp.Seed, sp.LogitBias
	r.sampler, err = sampler.New(s.m.plan.Vocab, sp)
	return r, err
}

// run submits the job and reads tokens until the end.
func (r *reply) run(ctx context.Context) error {
	s := r.s
	input := s.pending()
	left := s.m.context - len(s.tokens)
	if r.p.MaxTokens > 0 {
		left = min(left, r.p.MaxTokens)
	}
	s.tokens = slices.Grow(s.tokens, min(left, 4096))
	r.res.Tokens = make([]Token, 0, min(left, 4096))
	r.res.Usage.Prompt, r.res.Usage.Cached = len(s.tokens), s.seq.n
	r.sampler.Reset(s.tokens)
	g := &generation{
		sampler: r.sampler, mask: s.m.drawable, budget: r.budget, history: len(s.tokens), left: left, isEOG: r.ends, logprobs: r.p.Logprobs,
		next: make([]int32, 0, maxForced), out: newOut(), progress: make(chan int, 1),
	}
	if r.rule != nil {
		g.rule = s.m.newConstrained(r.rule, r.bias)
		g.row = make([]float32, s.m.plan.Vocab)
	}
	j := &job{seq: s.seq, input: input, gen: g}
	if g.rule != nil {
		g.rule.match.StopWhen(&j.cancelled)
	}
	release, err := s.m.sched.submit(ctx, j)
	if err != nil {
		return r.finish(ReasonError, err)
	}
	s.job = j
	defer release()
	for {
		select {
		case d, ok := <-g.out:
			if !ok {
				return r.ended(ctx, j)
			}
			s.m.sched.resume(j)
			if done, reason := r.token(j, d); done {
				return r.finish(reason, nil)
			}
		case n := <-g.progress:
			if !r.emit(Event{Kind: EventProgress, Done: r.res.Usage.Cached + n, Total: r.res.Usage.Prompt}) {
				return r.finish(ReasonCancelled, nil)
			}
		case <-ctx.Done():
			return r.finish(ReasonCancelled, context.Cause(ctx))
		}
	}
}

// ends reports whether a token ends the text.
func (r *reply) ends(id int32) bool {
	return r.s.m.tok.t.IsEOG(id) && (r.continues == nil || !r.continues(id))
}

// ended handles the end of the step loop's tokens.
func (r *reply) ended(ctx context.Context, j *job) error {
	switch {
	case j.err != nil:
		return r.finish(ReasonError, j.err)
	case j.gen.reason == "":
		return r.finish(ReasonCancelled, context.Cause(ctx))
	}
	r.whole = j.gen.reason == ReasonStop
	return r.finish(j.gen.reason, nil)
}

// token takes one generated token. It reports whether the answer ends here without the step loop knowing it.
func (r *reply) token(j *job, d drawn) (done bool, reason Reason) {
	u := &r.res.Usage
	if u.Generated++; u.Generated == 1 {
		now := time.Now()
		u.Queue, u.Prefill, u.FirstToken = j.started.Sub(r.start), now.Sub(j.started), now.Sub(r.start)
	}
	id := Token(d.id)
	r.s.tokens = append(r.s.tokens, d.id)
	r.res.Tokens = append(r.res.Tokens, id)
	if r.p.Logprobs > 0 {
		r.log = append(r.log, r.s.m.logprob(d))
	}
	if r.s.m.tok.control(d.id) {
		return r.control(d.id)
	}
	r.piece = r.decoder.Append(r.piece[:0], d.id)
	return r.push(r.piece, id)
}

// push passes text through the stop strings to the turn parser.
func (r *reply) push(piece []byte, id Token) (done bool, reason Reason) {
	r.raw = append(r.raw, piece...)
	out, hit := r.stops.Push(r.passed[:0], piece)
	r.passed = out
	if !r.parse(out, id) {
		return true, ReasonCancelled
	}
	return hit, ReasonStop
}

// control passes the written form of a control token. No stop string reaches across it.
func (r *reply) control(id int32) (done bool, reason Reason) {
	if done, reason := r.release(Token(id)); done {
		return done, reason
	}
	r.piece = r.s.m.tok.t.AppendText(r.piece[:0], true, id)
	r.raw = append(r.raw, r.piece...)
	if r.turn != nil && !r.turn.push(r.text.keep(r.piece), Token(id), true, r.sendFn) {
		return true, ReasonCancelled
	}
	return false, ""
}

// release passes what was held back: an unfinished character, the beginning of a stop string.
func (r *reply) release(id Token) (done bool, reason Reason) {
	r.piece = append(r.piece[:0], r.decoder.Flush()...)
	if done, reason := r.push(r.piece, id); done {
		return done, reason
	}
	r.passed = r.stops.Flush(r.passed[:0])
	return !r.parse(r.passed, id), ReasonCancelled
}

func (r *reply) parse(text []byte, id Token) bool {
	switch {
	case len(text) == 0:
		return true
	case r.turn != nil:
		return r.turn.push(r.text.keep(text), id, false, r.sendFn)
	}
	return r.send(Event{Kind: EventText, Text: r.text.keep(text)})
}

// send delivers an event and keeps what it says for the Result.
func (r *reply) send(e Event) bool {
	switch e.Kind {
	case EventText:
		r.parts[0] = append(r.parts[0], e.Text...)
	case EventReasoning:
		r.parts[1] = append(r.parts[1], e.Text...)
	case EventToolCall:
		r.res.Calls = append(r.res.Calls, *e.Call)
	case EventWarning:
		r.res.Warnings = append(r.res.Warnings, e.Text)
	}
	if r.log != nil && e.Text != "" && e.Kind != EventWarning {
		e.Logprobs = r.log
		r.res.Logprobs = append(r.res.Logprobs, r.log...)
		r.log = nil
	}
	return r.emit(e)
}

// finish flushes held text, unless the reader left, and completes the result.
func (r *reply) finish(reason Reason, err error) error {
	left := reason == ReasonCancelled && err == nil
	if !left {
		left = !r.flush(reason == ReasonStop && !r.whole)
	}
	r.res.Reason = reason
	r.res.Text, r.res.Reasoning, r.res.Raw = string(r.parts[0]), string(r.parts[1]), string(r.raw)
	r.res.Logprobs = append(r.res.Logprobs, r.log...)
	r.res.Usage.Total = time.Since(r.start)
	r.s.m.count(&r.res)
	if err == nil && r.whole {
		err = r.conforms()
	}
	if err == nil && !left {
		u := r.res.Usage
		r.emit(Event{Kind: EventUsage, Usage: &u})
	}
	return err
}

// conforms checks a text that the model has ended, where the masks were relaxed. Calls are checked by those who run them.
func (r *reply) conforms() error {
	if r.check == nil || len(r.res.Calls) > 0 {
		return nil
	}
	if err := r.check.Validate(r.res.Text); err != nil {
		return schemaError(err, r.res.Text)
	}
	return nil
}

// flush emits what was held back. After a stop string nothing of that kind is left.
func (r *reply) flush(stopped bool) bool {
	if !stopped {
		if done, reason := r.release(0); done && reason == ReasonCancelled {
			return false
		}
	}
	return r.turn == nil || r.turn.flush(r.sendFn)
}

// textBlock cuts strings that are safe to keep from blocks of 4 KiB: one allocation in about a thousand tokens.
type textBlock struct{ free []byte }

func (b *textBlock) keep(p []byte) string {
	if len(p) > len(b.free) {
		b.free = make([]byte, max(4096, len(p)))
	}
	n := copy(b.free, p)
	s := unsafe.String(unsafe.SliceData(b.free), n)
	b.free = b.free[n:]
	return s
}
