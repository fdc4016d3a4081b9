package llm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"llm/internal/prompt"
)

// Chat is a conversation. It keeps the messages, renders the checkpoint's own template and reads the answers in the form
// the model was trained on. One call at a time: a second concurrent one is ErrBusy. The messages change only when a stream
// ends whole, whatever the reason but a cancellation or an error.
//
// What users, tools and the history say stays text: it cannot become a control token, however it is written.
type Chat struct {
	m        *Model
	session  *Session
	template *prompt.Template
	markers  prompt.Markers
	messages []Message
	busy     atomic.Bool
	closed   bool
}

// ChatOption changes a new Chat.
type ChatOption func(*chatConfig) error

type chatConfig struct {
	system   *string
	history  []Message
	template *string
}

// WithSystem begins the conversation with an instruction.
func WithSystem(text string) ChatOption {
	return func(c *chatConfig) error { c.system = &text; return nil }
}

// WithHistory begins the conversation with messages, such as those of an earlier Chat. A system message among them and
// WithSystem exclude each other.
func WithHistory(msgs ...Message) ChatOption {
	msgs = cloneMessages(msgs)
	return func(c *chatConfig) error { c.history = append(c.history, msgs...); return nil }
}

// WithTemplate uses a chat template, in Jinja, in place of the checkpoint's. It must fit the model.
func WithTemplate(jinja string) ChatOption {
	return func(c *chatConfig) error { c.template = &jinja; return nil }
}

// WithTools offers tools to the model. It returns ErrUnsupported so far, unless there are none.
func WithTools(t ...Tool) ChatOption {
	return func(*chatConfig) error { return unlessZero(len(t) == 0, "tools") }
}

// WithLimits bounds the tool loop. It returns ErrUnsupported so far: there are no tools.
func WithLimits(l Limits) ChatOption {
	return func(*chatConfig) error { return unlessZero(l == Limits{}, "limits of the tool loop") }
}

// WithMaxSteps is WithLimits of the steps.
func WithMaxSteps(n int) ChatOption { return WithLimits(Limits{Steps: n}) }

// WithGuard asks g before tools run. It returns ErrUnsupported so far: there are no tools.
func WithGuard(g Guard) ChatOption {
	return func(*chatConfig) error { return unlessZero(g == nil, "guards of tools") }
}

func unlessZero(zero bool, what string) error {
	if zero {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrUnsupported, what)
}

// NewChat returns a conversation with a session of its own. Errors: ErrNoTemplate, *TemplateError for one that cannot be
// parsed, ErrClosed, those of the options.
func (m *Model) NewChat(opts ...ChatOption) (*Chat, error) {
	var cfg chatConfig
	for _, o := range opts {
		if err := o(&cfg); err != nil {
			return nil, err
		}
	}
	c := &Chat{m: m, messages: cfg.history}
	if cfg.system != nil {
		if slices.ContainsFunc(cfg.history, func(m Message) bool { return m.Role == RoleSystem }) {
			return nil, errors.New("WithSystem, and a system message in WithHistory")
		}
		c.messages = append([]Message{SystemMessage(*cfg.system)}, c.messages...)
	}
	var err error
	if c.template, c.markers, err = m.template(cfg.template); err != nil {
		return nil, err
	}
	c.session, err = m.NewSession()
	return c, err
}

// Send says text as the user and returns the model's answer. See SendMessages.
func (c *Chat) Send(ctx context.Context, text string, p Params) *Stream {
	return c.SendMessages(ctx, p, UserMessage(text))
}

// SendMessages adds messages and returns the model's answer to the conversation. Nothing is computed, and nothing checked,
// before the stream is read. Result.Messages are the messages given and the answer.
//
// Errors: *TemplateError if the template refuses the messages, *ContextError if they do not fit, ErrBusy, ErrClosed,
// ErrUnsupported, the context's cause, and errors of the checkpoint.
func (c *Chat) SendMessages(ctx context.Context, p Params, msgs ...Message) *Stream {
	msgs = cloneMessages(msgs)
	return newStream(func(emit func(Event) bool) (Result, error) {
		if err := c.enter(); err != nil {
			return Result{Reason: ReasonError}, err
		}
		defer c.leave()
		return c.answer(ctx, p, msgs, emit)
	})
}

func (c *Chat) enter() error {
	if !c.busy.CompareAndSwap(false, true) {
		return ErrBusy
	}
	if c.closed {
		c.leave()
		return ErrClosed
	}
	return nil
}

func (c *Chat) leave() { c.busy.Store(false) }

// answer computes the answer to the conversation with msgs added, and keeps it.
func (c *Chat) answer(ctx context.Context, p Params, msgs []Message, emit func(Event) bool) (Result, error) {
	failed := Result{Reason: ReasonError}
	think := p.Thinking
	p.Thinking = Thinking{} // takes effect here
	if err := p.check(); err != nil {
		return failed, err
	}
	all := slices.Concat(c.messages, msgs)
	rendered, err := c.render(all, think)
	if err != nil {
		return failed, err
	}
	tokens := c.m.tok.rendered(rendered)
	if need := len(tokens) + 1; need > c.m.context {
		return failed, &ContextError{Need: need, Have: c.m.context}
	}
	n, err := c.session.reuse(tokens)
	if err != nil {
		return failed, err
	}
	t := newTurn(c, rendered, emit)
	res, err := c.session.generate(ctx, tokens[n:], p, t, t.event)
	res.Usage.Reasoning = t.count(res.Usage.Generated)
	if err != nil || res.Reason == ReasonCancelled {
		return res, err
	}
	reply := AssistantMessage(res.Text)
	reply.Reasoning = res.Reasoning
	res.Messages = append(msgs, reply)
	c.messages = append(all, cloneMessages([]Message{reply})...)
	res.Steps = 1
	return res, nil
}

// Messages returns a copy of the conversation so far. It must not be called while a stream of the Chat is being read.
func (c *Chat) Messages() []Message { return cloneMessages(c.messages) }

// Fork returns a conversation that goes on from here. What is asked of the fork leaves no trace in c, and what both have in
// common is computed and held once. Errors: ErrBusy, ErrClosed.
func (c *Chat) Fork() (*Chat, error) {
	if err := c.enter(); err != nil {
		return nil, err
	}
	defer c.leave()
	s, err := c.session.Fork()
	if err != nil {
		return nil, err
	}
	return &Chat{m: c.m, session: s, template: c.template, markers: c.markers, messages: slices.Clone(c.messages)}, nil
}

// Pending returns the calls that the guard has deferred: none so far, as there are no tools.
func (c *Chat) Pending() []PendingCall { return nil }

// Resume goes on with decisions about pending calls. It returns ErrUnsupported so far.
func (c *Chat) Resume(ctx context.Context, d []Decision, p Params) *Stream {
	return newStream(func(func(Event) bool) (Result, error) {
		return Result{Reason: ReasonError}, fmt.Errorf("%w: tools", ErrUnsupported)
	})
}

// Session returns the session that the Chat computes in. Using it does not disturb the conversation: the next Send
// computes again what it finds changed.
func (c *Chat) Session() *Session { return c.session }

// Close gives the session's cache back. A second Close does nothing. Errors: ErrBusy while a stream is being read.
func (c *Chat) Close() error {
	if !c.busy.CompareAndSwap(false, true) {
		return ErrBusy
	}
	defer c.leave()
	c.closed = true
	return c.session.Close()
}

func cloneMessages(list []Message) []Message {
	list = slices.Clone(list)
	for i := range list {
		list[i].Content = slices.Clone(list[i].Content)
		list[i].Calls = slices.Clone(list[i].Calls)
	}
	return list
}
