package llm

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPromptsBesideAnswers: a step that answers wait for takes less of a prompt.
func TestPromptsBesideAnswers(t *testing.T) {
	prompt := &job{input: make([]int32, 2000)}
	answer := &job{input: make([]int32, 1), gen: &generation{begun: true}}
	s := &scheduler{ubatch: 768}
	s.wake.L = &s.mu
	s.jobs = []*job{prompt}
	require.True(t, s.gather())
	require.Equal(t, []part{{prompt, 768}}, s.parts)

	s.jobs, s.parts = []*job{prompt, answer}, nil
	require.True(t, s.gather())
	require.Equal(t, []part{{answer, 1}, {prompt, maxBesideAnswers}}, s.parts)
}
