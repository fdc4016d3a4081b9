package llm

import (
	"context"
	"errors"
	"math"
)

// Logits computes the logits [vocabulary] at every position of tokens and calls row with each, in order. The row is
// valid during the call only; an error of row ends the work and is returned. Safe for concurrent use.
func (m *Model) Logits(ctx context.Context, tokens []Token, row func(pos int, logits []float32) error) error {
	if len(tokens) == 0 {
		return errors.New("no tokens")
	}
	s, err := m.NewSession()
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.extend(tokens, 0); err != nil {
		return err
	}
	return m.compute(ctx, &job{seq: s.seq, input: s.tokens, every: true, rows: row})
}

// Score returns the log-probability of every token given those before it. The first has none before it: its entry is 0
// and does not count. Safe for concurrent use. See Logits for the errors.
func (m *Model) Score(ctx context.Context, tokens []Token) (Scores, error) {
	s := Scores{Logprobs: make([]float64, len(tokens))}
	err := m.Logits(ctx, tokens, func(pos int, logits []float32) error {
		if pos+1 < len(tokens) {
			s.Logprobs[pos+1] = logSoftmax(logits, tokens[pos+1])
		}
		return nil
	})
	if err != nil {
		return Scores{}, err
	}
	for _, p := range s.Logprobs {
		s.NLL -= p
	}
	if n := len(tokens) - 1; n > 0 {
		s.Perplexity = math.Exp(s.NLL / float64(n))
	}
	return s, nil
}

// logSoftmax returns the log-probability of one token, in 64 bits.
func logSoftmax(logits []float32, id Token) float64 {
	top := float64(logits[0])
	for _, x := range logits {
		top = max(top, float64(x))
	}
	sum := 0.0
	for _, x := range logits {
		sum += math.Exp(float64(x) - top)
	}
	return float64(logits[id]) - top - math.Log(sum)
}
