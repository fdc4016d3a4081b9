package llm

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
)

// SessionOption changes a new session. There are none yet.
type SessionOption func(*Session) error

// Session is one sequence of tokens and its key/value cache. It is not safe for concurrent use: a call while another is
// running, a stream being read included, returns ErrBusy.
type Session struct {
	m      *Model
	seq    *sequence // its n rows belong to the first n of tokens
	tokens []int32
	job    *job // the latest; the loop may still hold the sequence after its reader left
	busy   atomic.Bool
	closed bool
}

// NewSession returns an empty session. It takes memory only as tokens come. Errors: ErrClosed, those of the options.
func (m *Model) NewSession(opts ...SessionOption) (*Session, error) {
	if m.closed.Load() {
		return nil, ErrClosed
	}
	s := &Session{m: m, seq: m.cache.newSequence()}
	if err := apply(s, opts); err != nil {
		return nil, err
	}
	return s, nil
}

// enter claims the session for one call and waits until the step loop holds none of it.
func (s *Session) enter() error {
	if !s.busy.CompareAndSwap(false, true) {
		return ErrBusy
	}
	if s.closed || s.m.closed.Load() {
		s.busy.Store(false)
		return ErrClosed
	}
	s.settle()
	return nil
}

func (s *Session) leave() { s.busy.Store(false) }

// settle waits for the latest job to let go, and drops rows of tokens that its reader did not take.
func (s *Session) settle() {
	if s.job != nil {
		<-s.job.released
		s.job = nil
	}
	s.seq.truncate(len(s.tokens))
}

// Generate appends prompt to the session and generates. It is GenerateTokens of the prompt read as template text is:
// control tokens written in it count as such. An empty session begins with the checkpoint's BOS if it wants one.
func (s *Session) Generate(ctx context.Context, prompt string, p Params) *Stream {
	return newStream(func(emit func(Event) bool) (Result, error) {
		ids, err := s.m.tok.prompt(prompt, len(s.tokens) == 0)
		if err != nil {
			return Result{Reason: ReasonError}, err
		}
		return s.generateRaw(ctx, ids, p, emit)
	})
}

// GenerateTokens appends prompt to the session and generates until the model ends its text, a limit or stop string of p
// is reached, or ctx ends. The prompt may be empty if the session has tokens. Afterwards the session holds the prompt and
// the tokens that were read; if ctx ended before the first one, it is as it was before.
//
// Errors: *ContextError if prompt and answer cannot fit, ErrBusy, ErrClosed, ErrUnsupported, the context's cause, and errors of the checkpoint.
func (s *Session) GenerateTokens(ctx context.Context, prompt []Token, p Params) *Stream {
	prompt = slices.Clone(prompt)
	return newStream(func(emit func(Event) bool) (Result, error) {
		return s.generateRaw(ctx, prompt, p, emit)
	})
}

// Append computes tokens into the session without generating; the logits of the last are computed with them.
// If ctx ends first the session is as it was before.
func (s *Session) Append(ctx context.Context, tokens []Token) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	before := len(s.tokens)
	if err := s.extend(tokens, 0); err != nil || len(tokens) == 0 {
		return err
	}
	err := s.m.compute(ctx, &job{seq: s.seq, input: s.tokens[s.seq.n:]})
	if err != nil {
		s.tokens = s.tokens[:before]
		s.seq.truncate(before)
	}
	return err
}

// compute runs a job that generates nothing and waits until the loop has let go of it.
func (m *Model) compute(ctx context.Context, j *job) error {
	release, err := m.sched.submit(ctx, j)
	if err != nil {
		return err
	}
	<-j.released
	release()
	if j.err == nil && j.fed < len(j.input) {
		return context.Cause(ctx)
	}
	return j.err
}

// extend checks new tokens and appends them; more of the context will be needed for the answer.
func (s *Session) extend(tokens []Token, more int) error {
	for _, id := range tokens {
		if id < 0 || int(id) >= s.m.plan.Vocab {
			return fmt.Errorf("token %d is not in the vocabulary of %d", id, s.m.plan.Vocab)
		}
	}
	if need := len(s.tokens) + len(tokens) + more; need > s.m.context {
		return &ContextError{Need: need, Have: s.m.context}
	}
	s.tokens = append(s.tokens, ids(tokens)...)
	return nil
}

// pending returns the tokens whose rows are not cached, at least the last one: its logits are needed.
func (s *Session) pending() []int32 {
	if len(s.tokens) > 0 && s.seq.n == len(s.tokens) {
		s.seq.truncate(len(s.tokens) - 1)
	}
	return s.tokens[s.seq.n:]
}

// reuse makes the session begin with tokens as far as it does already, drops the rest and returns how many stayed.
func (s *Session) reuse(tokens []Token) (int, error) {
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.leave()
	n := 0
	for n < len(tokens) && n < len(s.tokens) && int32(tokens[n]) == s.tokens[n] {
		n++
	}
	s.tokens = s.tokens[:n]
	s.seq.truncate(n)
	return n, nil
}

// Fork returns a session with the same tokens. Cached pages are shared until one of the two writes to them.
func (s *Session) Fork() (*Session, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	return &Session{m: s.m, seq: s.seq.fork(), tokens: slices.Clone(s.tokens)}, nil
}

// Truncate forgets all tokens from position n on. Cached rows before it are kept where the model allows; what is missing
// is computed again by the next call. n is at most Len.
func (s *Session) Truncate(n int) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	if n < 0 || n > len(s.tokens) {
		return fmt.Errorf("truncate to %d of %d tokens", n, len(s.tokens))
	}
	s.tokens = s.tokens[:n]
	s.seq.truncate(n)
	return nil
}

// Len returns the number of tokens in the session. Like all methods it must not be called while another runs.
func (s *Session) Len() int { return len(s.tokens) }

// Tokens returns a copy of the session's tokens.
func (s *Session) Tokens() []Token {
	out := make([]Token, len(s.tokens))
	copy(ids(out), s.tokens)
	return out
}

// Close gives the cache back. A second Close does nothing. Errors: ErrBusy while a stream of the session is being read.
func (s *Session) Close() error {
	if !s.busy.CompareAndSwap(false, true) {
		return ErrBusy
	}
	defer s.leave()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.m.closed.Load() {
		return nil // all pages are gone
	}
	s.settle()
	s.seq.truncate(0)
	return nil
}
