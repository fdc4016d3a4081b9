package llm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"llm/internal/dialect"
	"llm/internal/prompt"
)

// Chat is a conversation. It keeps the messages, renders the checkpoint's own template, reads the answers in the form the model
// was trained on, and runs the tools that the model asks for until it stops asking. One call at a time: a second concurrent
// one is ErrBusy. The messages change only when a stream ends whole, whatever the reason but a cancellation or an error. One error
// is different: results of tools that do not fit into the context (ErrContextFull) or the cache (ErrMemoryLimit) are
// kept with their calls, as the tools have run.
//
// What users, tools and the history say stays text: it cannot become a control token, however it is written. What the model
// writes as a call is held to the tool's schema token by token.
type Chat struct {
	m        *Model
	session  *Session
	template *prompt.Template
	dialect  *dialect.Dialect
	tools    *offer
	limits   Limits
	guard    Guard
	moderate Moderator
	messages []Message
	busy     atomic.Bool
	closed   bool
}

// ChatOption changes a new Chat.
type ChatOption func(*chatConfig) error

type chatConfig struct {
	system    *string
	history   []Message
	template  *string
	tools     []Tool
	limits    Limits
	guard     Guard
	moderator Moderator
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

// WithTools offers tools to the model. Their names must differ.
func WithTools(t ...Tool) ChatOption {
	return func(c *chatConfig) error { c.tools = append(c.tools, t...); return nil }
}

// WithLimits bounds the tool loop.
func WithLimits(l Limits) ChatOption {
	return func(c *chatConfig) error { c.limits = l; return nil }
}

// WithMaxSteps is WithLimits of the steps alone: see Limits for what comes in the last of them.
func WithMaxSteps(n int) ChatOption {
	return func(c *chatConfig) error { c.limits.Steps = n; return nil }
}

// WithGuard asks g before tools run.
func WithGuard(g Guard) ChatOption {
	return func(c *chatConfig) error { c.guard = g; return nil }
}

// NewChat returns a conversation with a session of its own. Errors: ErrNoTemplate, *TemplateError for one that cannot be
// parsed, ErrClosed, those of the options, and those of the tools: a name that is taken or malformed, a schema that is no JSON object,
// a panic when it is asked for them. An object that is no good as a schema is no error: see Relaxed.
func (m *Model) NewChat(opts ...ChatOption) (*Chat, error) {
	var cfg chatConfig
	if err := apply(&cfg, opts); err != nil {
		return nil, err
	}
	c := &Chat{m: m, messages: cfg.history, limits: cfg.limits.withDefaults(), guard: cfg.guard, moderate: cfg.moderator}
	if cfg.system != nil {
		if slices.ContainsFunc(cfg.history, func(m Message) bool { return m.Role == RoleSystem }) {
			return nil, errors.New("WithSystem, and a system message in WithHistory")
		}
		c.messages = append([]Message{SystemMessage(*cfg.system)}, c.messages...)
	}
	var err error
	if c.template, c.dialect, err = m.template(cfg.template, len(cfg.tools) > 0); err != nil {
		return nil, err
	}
	if c.tools, err = m.newOffer(c.dialect, cfg.tools); err != nil {
		return nil, err
	}
	if c.session, err = m.NewSession(); err != nil {
		return nil, err
	}
	return c, nil
}

// Send says text as the user and returns the model's answer. See SendMessages.
func (c *Chat) Send(ctx context.Context, text string, p Params) *Stream {
	return c.SendMessages(ctx, p, UserMessage(text))
}

// SendMessages adds messages and returns the model's answer to the conversation. Nothing is computed, and nothing checked,
// before the stream is read. Tools that the model calls are run, and it goes on with their results, up to the Limits.
// Result.Messages are the messages given and all that were added. Params count for each turn of the model: MaxTokens, too.
//
// Errors: *TemplateError if the template refuses the messages, *ContextError if they do not fit, *SchemaError, ErrPending if
// calls of the last answer are open and the messages are not their results, ErrBusy, ErrClosed, ErrUnsupported, the context's
// cause, errors of the guard and the moderator, and errors of the checkpoint.
//
// Without messages the model answers the conversation as it is, such as one that ends with the result of a tool. After an
// ErrContextFull or ErrMemoryLimit that leaves such results in the conversation, shorten or drop Messages and go on so in a new Chat,
// WithHistory; or, if memory is what was short, go on later.
func (c *Chat) SendMessages(ctx context.Context, p Params, msgs ...Message) *Stream {
	msgs = cloneMessages(msgs)
	return c.stream(func(emit func(Event) bool) (Result, error) {
		if open := openCalls(c.messages, msgs...); len(open) > 0 {
			return Result{Reason: ReasonError}, fmt.Errorf("%w: %q", ErrPending, open[0].Call.Name)
		}
		return c.converse(ctx, p, msgs, nil, emit)
	})
}

// Resume goes on with the Pending calls: one Decision for each, in order. Calls that are deferred again stay pending.
// Errors are those of SendMessages, and one if there is nothing pending.
func (c *Chat) Resume(ctx context.Context, d []Decision, p Params) *Stream {
	d = slices.Clone(d)
	return c.stream(func(emit func(Event) bool) (Result, error) {
		open := openCalls(c.messages)
		if len(open) == 0 || len(open) != len(d) {
			return Result{Reason: ReasonError}, fmt.Errorf("%d decisions about %d pending calls", len(d), len(open))
		}
		return c.converse(ctx, p, nil, d, emit)
	})
}

// stream returns a stream that has the Chat to itself while it is read.
func (c *Chat) stream(run func(emit func(Event) bool) (Result, error)) *Stream {
	return newStream(func(emit func(Event) bool) (Result, error) {
		if err := c.enter(); err != nil {
			return Result{Reason: ReasonError}, err
		}
		defer c.leave()
		return run(emit)
	})
}

// Pending returns the calls at the end of the conversation that have no result: those that the guard has deferred, and those
// of tools that the caller runs. They follow from Messages, so another process that is given those can go on.
func (c *Chat) Pending() []PendingCall { return openCalls(c.messages) }

// openCalls returns the calls of the last answer of a conversation that have no result in it, or in what is to be added.
func openCalls(messages []Message, added ...Message) (open []PendingCall) {
	at := len(messages) - 1
	for at >= 0 && messages[at].Role == RoleTool {
		at--
	}
	if at < 0 {
		return nil
	}
	for _, call := range messages[at].Calls {
		answers := func(m Message) bool { return m.Role == RoleTool && m.CallID == call.ID }
		if !slices.ContainsFunc(messages[at+1:], answers) && !slices.ContainsFunc(added, answers) {
			open = append(open, PendingCall{Call: call})
		}
	}
	return open
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

// Messages returns a copy of the conversation so far. It must not be called while a stream of the Chat is being read.
func (c *Chat) Messages() []Message { return cloneMessages(c.messages) }

// Relaxed lists where the schemas of the tools could not be compiled to the letter, or not at all: arguments may come out wrong there.
// Those of a tool that runs here are then refused before it does, and the model is told; those of a declared one reach the
// caller as they are. Params.Strict makes an error of any.
func (c *Chat) Relaxed() []Relaxed { return c.tools.relaxed() }

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
	return &Chat{
		m: c.m, session: s, template: c.template, dialect: c.dialect, tools: c.tools, limits: c.limits, guard: c.guard,
		moderate: c.moderate, messages: slices.Clone(c.messages),
	}, nil
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
