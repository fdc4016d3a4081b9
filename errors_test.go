package llm

import (
	"context"
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
		"format":          {Format: JSON()},
		"required tool":   {ToolChoice: ToolRequired},
		"named tool":      {ToolChoice: ToolNamed("f").Single()},
		"thinking":        {Thinking: ThinkOn},
		"priority":        {Priority: 1},
		"logprobs":        {Logprobs: -1},
		"many logprobs":   {Logprobs: 101},
	} {
		require.Error(t, p.check(), name)
	}
	require.NoError(t, (&Params{ToolChoice: ToolNone, Strict: true}).check())
}

func TestWhatComesLaterSaysSo(t *testing.T) {
	ctx := context.Background()
	_, err := Schema([]byte(`{}`))
	require.ErrorIs(t, err, ErrUnsupported)
	_, err = Grammar(`root ::= "a"`)
	require.ErrorIs(t, err, ErrUnsupported)
	_, err = Regexp("a")
	require.ErrorIs(t, err, ErrUnsupported)
	_, _, err = Extract[int](ctx, nil, "", Params{})
	require.ErrorIs(t, err, ErrUnsupported)
	n := 0
	for _, err := range ExtractStream[int](ctx, nil, "", Params{}) {
		require.ErrorIs(t, err, ErrUnsupported)
		n++
	}
	require.Equal(t, 1, n)
}
