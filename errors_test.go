package llm

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestErrorsCanBeToldApart(t *testing.T) {
	cause := errors.New("cause")
	require.ErrorIs(t, &ContextError{Need: 9, Have: 8}, ErrContextFull)
	require.ErrorIs(t, &OverloadError{RetryAfter: time.Second}, ErrOverloaded)
	require.ErrorIs(t, &TemplateError{Err: cause}, ErrTemplate)
	require.ErrorIs(t, &TemplateError{Err: cause}, cause)
	require.ErrorIs(t, &ToolError{Err: cause}, cause)
	require.ErrorIs(t, &FormatError{Err: ErrTruncated}, ErrTruncated)
	require.NotErrorIs(t, &ContextError{}, ErrOverloaded)
	require.Contains(t, (&ContextError{Need: 9, Have: 8}).Error(), "9")
	require.Contains(t, (&TemplateError{Message: "roles must alternate"}).Error(), "roles must alternate")
}

func TestParamsThatCannotTakeEffectAreErrors(t *testing.T) {
	for name, p := range map[string]Params{
		"negative length": {MaxTokens: -1},
		"required tool":   {ToolChoice: ToolRequired},
		"named tool":      {ToolChoice: ToolNamed("f").Single()},
		"thinking":        {Thinking: ThinkOn},
		"priority":        {Priority: 1},
		"logprobs":        {Logprobs: -1},
		"many logprobs":   {Logprobs: 101},
	} {
		require.True(t, p.check() != nil || p.checkRaw() != nil, name)
	}
	p := Params{ToolChoice: ToolNone, Strict: true}
	require.NoError(t, p.check())
	require.NoError(t, p.checkRaw())
}
