package llm

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type trip struct {
	City  string    `json:"city"`
	Days  int       `json:"days" llm:"min=1,max=30"`
	Kind  string    `json:"kind" llm:"enum=work|holiday"`
	Start time.Time `json:"start"`
	Stops []struct {
		Name string  `json:"name"`
		Cost float64 `json:"cost"`
	} `json:"stops,omitempty"`
	Note *string `json:"note,omitempty"`
}

// Whatever a model of random weights says decodes, or was cut off by a limit.
func TestExtract(t *testing.T) {
	m := tiny(t, WithContext(4096))
	whole := 0
	for seed := range 10 {
		c := newChat(t, m)
		v, r, err := Extract[trip](context.Background(), c, "A trip", seeded(m, seed, Params{MaxTokens: 400}))
		if r.Reason == ReasonLength {
			require.ErrorIs(t, err, ErrIncomplete)
			require.NotEmpty(t, r.Text)
			continue
		}
		require.NoError(t, err)
		whole++
		require.Contains(t, []string{"work", "holiday"}, v.Kind)
		require.True(t, v.Days >= 1 && v.Days <= 30)
		var again trip
		require.NoError(t, json.Unmarshal([]byte(r.Text), &again))
		require.Equal(t, again, v)
		require.Contains(t, r.Messages[0].Text(), `"properties"`)
	}
	require.NotZero(t, whole)
	_, _, err := Extract[trip](context.Background(), newChat(t, m), "x", Params{Format: JSON()})
	require.Error(t, err)
	_, _, err = Extract[func()](context.Background(), newChat(t, m), "x", Params{})
	require.Error(t, err)
}

// An answer that a tool gives in the model's place need not be a T: the error says where it is none.
func TestExtractFromATool(t *testing.T) {
	m := tiny(t, WithContext(4096))
	tool, err := NewTool("f", "", func(context.Context, struct{}) (any, error) {
		return map[string]any{"city": "Oslo", "days": "three", "kind": "work", "start": "2026-01-01T00:00:00Z"}, nil
	})
	require.NoError(t, err)
	c := newChat(t, m, WithTools(WithToolOptions(tool, ToolOptions{ReturnDirect: true})))
	_, r, err := Extract[trip](context.Background(), c, "A trip", seeded(m, 1, Params{ToolChoice: ToolRequired.Single()}))
	var wrong *SchemaError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, "/days", wrong.Pointer)
	require.Equal(t, r.Text, wrong.Text)
	require.ErrorContains(t, err, "/days: integer expected, string found")
}

// The stream ends with what Extract returns, and on the way values only grow.
func TestExtractStream(t *testing.T) {
	m := tiny(t, WithContext(4096))
	for seed := range 10 {
		p := seeded(m, seed, Params{MaxTokens: 400})
		want, r, err := Extract[trip](context.Background(), newChat(t, m), "A trip", p)
		if r.Reason != ReasonStop {
			continue
		}
		require.NoError(t, err)
		var last Partial[trip]
		n := 0
		for v, err := range ExtractStream[trip](context.Background(), newChat(t, m), "A trip", p) {
			require.NoError(t, err)
			require.False(t, last.Done)
			require.GreaterOrEqual(t, len(v.Complete), len(last.Complete))
			require.True(t, slices.Equal(last.Complete, v.Complete[:len(last.Complete)]))
			require.Contains(t, []string{"", want.Kind}, v.Value.Kind)
			require.Contains(t, []int{0, want.Days}, v.Value.Days)
			require.Equal(t, v.Value.City, want.City[:len(v.Value.City)])
			last = v
			n++
		}
		require.True(t, last.Done)
		require.Equal(t, want, last.Value)
		require.Greater(t, n, 3)
	}
	for range ExtractStream[trip](context.Background(), newChat(t, m), "x", seeded(m, 1, Params{})) {
		break
	}
}
