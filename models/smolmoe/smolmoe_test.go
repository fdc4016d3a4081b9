package smolmoe

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"llm"
)

func open(t *testing.T) *llm.Model {
	t.Helper()
	m, err := llm.Open(context.Background(), Source())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

// The parts are the published file, to the byte.
func TestParts(t *testing.T) {
	sum := sha256.New()
	for _, p := range []string{part0, part1, part2} {
		_, err := io.Copy(sum, strings.NewReader(p))
		require.NoError(t, err)
	}
	require.Equal(t, "54a8d3afc515edf8529014e43d63498bbfabda57eae846fc7b40acd37f6cbdbd", hex.EncodeToString(sum.Sum(nil)))
}

// No tensor lies across two parts, so none is copied.
func TestNothingIsCopied(t *testing.T) {
	s := open(t).Stats()
	require.Zero(t, s.Copied)
	require.EqualValues(t, 127127648, s.Mapped)
}

func TestInfo(t *testing.T) {
	i, err := llm.Inspect(Source())
	require.NoError(t, err)
	require.True(t, i.Supported)
	require.True(t, i.ChatTemplate)
	require.Empty(t, i.Unused)
	require.Equal(t, "granitemoe", i.Architecture)
	require.Equal(t, []int{30, 8, 2, 8192, 49152}, []int{i.Layers, i.Experts, i.ExpertsUsed, i.Context, i.Vocabulary})
	require.InDelta(t, 161.2e6, i.Parameters, 0.05e6)
	require.InDelta(t, 141.3e6, i.ActiveParameters, 0.05e6)
}

// Two turns: the second finds the first in the cache.
func TestChat(t *testing.T) {
	chat, err := open(t).NewChat()
	require.NoError(t, err)
	defer chat.Close()
	greedy := llm.Params{MaxTokens: 64, Sampling: &llm.Sampling{}}
	first, err := chat.Send(context.Background(), "What is the capital of France?", greedy).Result()
	require.NoError(t, err)
	require.Equal(t, "The capital of France is Paris.", first.Text)
	require.Equal(t, llm.ReasonStop, first.Reason)
	require.Equal(t, 37, first.Usage.Prompt) // as llama.cpp counts
	second, err := chat.Send(context.Background(), "And of Italy?", greedy).Result()
	require.NoError(t, err)
	require.NotEmpty(t, second.Text)
	require.Greater(t, second.Usage.Cached, 37)
	require.Len(t, chat.Messages(), 4)
}
