package smolmoe

import (
	"bufio"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"llm"
)

// nearTie is how far apart two logits may be and still change places by the rounding of activations to 8 bits. Over thirty
// layers any other order of float additions, however small its effect, ends in other 8-bit values, so two engines agree
// on a near tie by chance: float32 arithmetic on the same weights disagrees with the record as often as this engine does.
// Eleven roundings of attention, e^x and floats, tried in turn, moved the gap at one token by a standard deviation of 0.09, around 0.3
// at the worst one, which the record's own rounding is as likely to have moved: 0.3 and three deviations.
const nearTie = 0.57

// typicalGap bounds the root of the mean square of the gaps where the record is not the first choice: it was 0.12 to 0.17 in those
// roundings.
const typicalGap = 0.2

// TestTranscript feeds llama.cpp's recorded greedy answers and asks at each token whether ours would be the same word.
// Where it is not, the recorded one must be a near tie, and nearly all must be the same.
func TestTranscript(t *testing.T) {
	path := filepath.Join(sharedRoot(), "models", "transcript.jsonl")
	f, err := os.Open(path)
	if err != nil {
		t.Skipf("%s is absent: needs the reference data", path)
	}
	defer f.Close()
	ctx := context.Background()
	m, err := llm.Open(ctx, Source(), llm.WithKVType("f32"))
	require.NoError(t, err)
	defer m.Close()
	asked, same, turns, squares := 0, 0, 0, 0.0
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var turn struct {
			Name     string
			Messages []llm.Message
			Tools    []any
			Tokens   []llm.Token
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &turn))
		if len(turn.Tools) > 0 {
			continue
		}
		turns++
		prompt := promptOf(t, m, turn.Messages)
		all := append(prompt, turn.Tokens...)
		err := m.Logits(ctx, all, func(pos int, row []float32) error {
			at := pos + 1 - len(prompt)
			if at < 0 || at >= len(turn.Tokens) {
				return nil
			}
			best := 0
			for i, x := range row {
				if x > row[best] {
					best = i
				}
			}
			asked++
			gap := row[best] - row[turn.Tokens[at]]
			squares += float64(gap * gap)
			if gap == 0 {
				same++
			} else if gap > nearTie {
				t.Errorf("%s, token %d: ours is %.2f better than the recorded one", turn.Name, at, gap)
			} else {
				t.Logf("%s, token %d: near tie of %.3f", turn.Name, at, gap)
			}
			return nil
		})
		require.NoError(t, err)
	}
	t.Logf("%d turns, %d of %d tokens the same", turns, same, asked)
	require.Greater(t, asked, 500)
	require.Greater(t, float64(same)/float64(asked), 0.97)
	require.Less(t, math.Sqrt(squares/float64(asked-same)), typicalGap)
}

// promptOf returns the tokens that a chat sends for a conversation.
func promptOf(t *testing.T, m *llm.Model, msgs []llm.Message) []llm.Token {
	chat, err := m.NewChat(llm.WithHistory(msgs[:len(msgs)-1]...))
	require.NoError(t, err)
	defer chat.Close()
	r, err := chat.SendMessages(context.Background(), llm.Params{MaxTokens: 1}, msgs[len(msgs)-1]).Result()
	require.NoError(t, err)
	return chat.Session().Tokens()[:r.Usage.Prompt]
}

func sharedRoot() string {
	if root := os.Getenv("LLM_SHARED"); root != "" {
		return root
	}
	return filepath.Join("..", "..", "..", "shared")
}
