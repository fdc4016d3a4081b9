package llm

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Sessions that generate, fork, truncate and are cancelled at random, many at a time, always hold what a lone run gives.
func TestSessionsAtRandom(t *testing.T) {
	m := tiny(t, WithThreads(2), WithUbatch(16), WithContext(400))
	ref := &reference{m: m, next: map[string]Token{}}
	var wg sync.WaitGroup
	for w := range 6 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if err := walk(m, ref, rand.New(rand.NewPCG(uint64(w), 1))); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	eventually(t, func() bool { return m.Stats().CacheUsed == 0 })
}

// reference remembers greedy continuations, computed in sessions of their own.
type reference struct {
	m    *Model
	mu   sync.Mutex
	next map[string]Token
}

func (r *reference) greedy(prefix []Token) (Token, error) {
	key := fmt.Sprint(prefix)
	r.mu.Lock()
	id, ok := r.next[key]
	r.mu.Unlock()
	if ok {
		return id, nil
	}
	err := r.m.Logits(context.Background(), prefix, func(pos int, row []float32) error {
		if pos == len(prefix)-1 {
			id = argmax(row)
		}
		return nil
	})
	r.mu.Lock()
	r.next[key] = id
	r.mu.Unlock()
	return id, err
}

func walk(m *Model, ref *reference, rng *rand.Rand) error {
	s, err := m.NewSession()
	if err != nil {
		return err
	}
	defer func() { s.Close() }()
	for range 25 {
		switch rng.IntN(4) {
		case 0:
			if err := s.Truncate(rng.IntN(s.Len() + 1)); err != nil {
				return err
			}
		case 1:
			f, err := s.Fork()
			if err != nil {
				return err
			}
			if rng.IntN(2) == 0 {
				s, f = f, s
			}
			if err := f.Close(); err != nil {
				return err
			}
		default:
			if s.Len() > 300 {
				if err := s.Truncate(rng.IntN(100)); err != nil {
					return err
				}
			}
			if err := extendAtRandom(s, ref, rng); err != nil {
				return err
			}
		}
	}
	return nil
}

// extendAtRandom generates a few tokens, perhaps cut short, and checks each.
func extendAtRandom(s *Session, ref *reference, rng *rand.Rand) error {
	prompt := make([]Token, 1+rng.IntN(40))
	for i := range prompt {
		prompt[i] = Token(rng.IntN(512))
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if rng.IntN(3) == 0 {
		time.AfterFunc(time.Duration(rng.IntN(3000))*time.Microsecond, cancel)
	}
	leave := rng.IntN(8)
	before := s.Tokens()
	stream := s.GenerateTokens(ctx, prompt, Params{MaxTokens: 6, Sampling: greedy})
	n := 0
	for e := range stream.Events() {
		if e.Kind == EventText {
			if n++; n == leave {
				break
			}
		}
	}
	r, err := stream.Result()
	if err != nil && ctx.Err() == nil {
		return err
	}
	want := slices.Concat(before, prompt, r.Tokens)
	if len(r.Tokens) == 0 && err != nil {
		want = before
	}
	if got := s.Tokens(); !slices.Equal(got, want) {
		return fmt.Errorf("session holds %v, want %v (%v)", got, want, r.Reason)
	}
	seq := slices.Concat(before, prompt)
	for _, id := range r.Tokens {
		expect, err := ref.greedy(seq)
		if err != nil {
			return err
		}
		if id != expect {
			return fmt.Errorf("token %d after %d tokens, alone %d", id, len(seq), expect)
		}
		seq = append(seq, id)
	}
	return nil
}

// A windowed model forgets pages; going back further than they reach computes again.
func TestTruncateBehindTheWindow(t *testing.T) {
	path := shared(t, "fixtures/arch") + "/gpt-oss.gguf"
	m := open(t, File(path), WithKVType("f32"))
	vocab := m.Info().Vocabulary
	ids := someTokens(300, vocab)
	want := allLogits(t, m, ids)
	s, err := m.NewSession()
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Append(context.Background(), ids))
	used := m.Stats().CacheUsed
	for _, n := range []int{290, 200, 64, 1, 0} {
		require.NoError(t, s.Truncate(n))
		var got []float32
		s.tokens = append(s.tokens, ids32(ids[n:])...)
		from := s.seq.n
		require.LessOrEqual(t, from, n)
		j := &job{seq: s.seq, input: s.tokens[from:], every: true, rows: func(_ int, row []float32) error { got = append(got, row...); return nil }}
		require.NoError(t, m.compute(context.Background(), j))
		require.Equal(t, want[from*vocab:], got, "back to %d", n)
	}
	require.Equal(t, used, m.Stats().CacheUsed)
}
