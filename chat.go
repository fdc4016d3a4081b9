package llm

import (
	"context"
	"fmt"
)

// Chat keeps the messages of a conversation and renders the checkpoint's own template.
type Chat struct{}

// ChatOption changes a new Chat.
type ChatOption func(*Chat) error

// NewChat returns an empty conversation.
func (m *Model) NewChat(opts ...ChatOption) (*Chat, error) {
	return nil, fmt.Errorf("%w: chat", ErrUnsupported)
}

// Send asks the model.
func (c *Chat) Send(ctx context.Context, text string, p Params) *Stream {
	return newStream(func(func(Event) bool) (Result, error) {
		return Result{Reason: ReasonError}, fmt.Errorf("%w: chat", ErrUnsupported)
	})
}

// Close frees the chat's cache.
func (c *Chat) Close() error { return nil }
