package llm

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ambiguous is a grammar that can read a text in thousands of ways: of each place another set, so that every mask is new.
func ambiguous(t testing.TB, alternatives int) Format {
	var list []string
	for i := range alternatives {
		list = append(list, fmt.Sprintf(`[a-z ]{%d,%d} [a-y ]{%d,%d} "!"`, 1+i, 200+7*i, 3+i, 300+5*i))
	}
	f, err := Grammar("root ::= " + strings.Join(list, " | "))
	require.NoError(t, err)
	return f
}

// While a constrained request draws, for however long, others get their tokens, and the same ones; it gets its own when it is ready.
func TestSlowDrawsHoldUpNobody(t *testing.T) {
	m := tiny(t, WithContext(2048))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	one, err := Grammar(`root ::= "a" "b"?`)
	require.NoError(t, err)
	var ends Token
	for id := range m.Info().Vocabulary {
		if m.tok.t.IsEOG(int32(id)) {
			ends = Token(id)
		}
	}
	// slow draws until it is let go on: from inside, where it has to know whether its last token ends the text.
	slow := func(ctx context.Context, block func()) (Result, error) {
		s, err := m.NewSession()
		require.NoError(t, err)
		defer s.Close()
		p := Params{Sampling: &Sampling{LogitBias: map[Token]float32{ends: 1000}}}
		g := guide{rule: one.constraint(), continues: func(int32) bool { block(); return false }}
		r, err := s.generate(ctx, m.tok.Append(nil, "x"), p, g, func(Event) bool { return true })
		return r, err
	}
	plain := Params{MaxTokens: 30, Sampling: &Sampling{Temperature: 1, Seed: 3, LogitBias: noEnd(m)}}
	held := plain
	held.Format = ambiguous(t, 20)
	want, err := slow(ctx, func() {})
	require.NoError(t, err)
	require.Equal(t, "a", want.Text)
	wantPlain, err := m.Generate(ctx, "Hello", plain).Result()
	require.NoError(t, err)
	wantHeld, err := m.Generate(ctx, "Hello", held).Result()
	require.NoError(t, err)

	for _, cancelled := range []bool{false, true} {
		own, leave := context.WithCancel(ctx)
		entered, goOn, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			r, err := slow(own, func() { close(entered); <-goOn })
			if cancelled {
				assert.ErrorIs(t, err, context.Canceled)
				return
			}
			assert.NoError(t, err)
			assert.Equal(t, want.Tokens, r.Tokens)
		}()
		<-entered
		for range 3 {
			r, err := m.Generate(ctx, "Hello", plain).Result()
			require.NoError(t, err)
			require.Equal(t, wantPlain.Tokens, r.Tokens)
			r, err = m.Generate(ctx, "Hello", held).Result()
			require.NoError(t, err)
			require.Equal(t, wantHeld.Tokens, r.Tokens)
		}
		if cancelled {
			leave()
		}
		close(goOn)
		<-done
		leave()
	}
	eventually(t, func() bool { return m.Stats().CacheUsed == 0 })
}

// Plain, constrained and hostile requests at a time, some of which are left or cancelled: each gets what it gets alone.
func TestConstrainedCompany(t *testing.T) {
	m, lone := tiny(t, WithContext(2048), WithThreads(2)), tiny(t, WithContext(2048), WithThreads(1))
	ctx := context.Background()
	formats := []Format{nil, JSON(), ambiguous(t, 40), ambiguous(t, 100)}
	request := func(rng *rand.Rand) Params {
		p := Params{MaxTokens: 5 + rng.IntN(20), Format: formats[rng.IntN(len(formats))]}
		p.Sampling = &Sampling{Temperature: 1, Seed: uint64(1 + rng.IntN(3)), LogitBias: noEnd(m)}
		if rng.IntN(2) == 0 {
			p.Sampling.TopP = 0.9
		}
		return p
	}
	before := runtime.NumGoroutine()
	var group sync.WaitGroup
	for w := range 6 {
		group.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 2))
			for range 8 {
				p := request(rng)
				limited, cancel := context.WithCancel(ctx)
				leave := rng.IntN(20)
				stream := m.Generate(limited, "Hello", p)
				n, left := 0, false
				for e := range stream.Events() {
					if e.Kind == EventText {
						n++
					}
					if n == leave {
						if left = true; rng.IntN(2) == 0 {
							break
						}
						cancel()
					}
				}
				cancel()
				got, err := stream.Result()
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				want, err := lone.Generate(ctx, "Hello", p).Result()
				assert.NoError(t, err)
				if !left && !assert.Equal(t, want.Tokens, got.Tokens) {
					return
				}
				assert.Equal(t, want.Tokens[:len(got.Tokens)], got.Tokens)
			}
		})
	}
	group.Wait()
	eventually(t, func() bool { return m.Stats().CacheUsed == 0 && runtime.NumGoroutine() <= before })
}

// A Model that is closed while a mask is computed says so to the reader, and waits for the goroutine.
func TestCloseWhileDrawing(t *testing.T) {
	for i := range 10 {
		m, err := Open(context.Background(), File(tinyModel))
		require.NoError(t, err)
		before := runtime.NumGoroutine()
		p := Params{Format: ambiguous(t, 200), MaxTokens: 200, Sampling: &Sampling{Temperature: 1, TopP: 0.95, Seed: uint64(i + 1)}}
		n := 0
		stream := m.Generate(context.Background(), "x", p)
		closed := make(chan error, 1)
		var last error
		for e, err := range stream.Events() {
			last = err
			if e.Kind == EventText && n == 0 {
				n++
				go func() {
					time.Sleep(time.Duration(i) * time.Millisecond)
					closed <- m.Close()
				}()
			}
		}
		require.ErrorIs(t, last, ErrClosed)
		require.NoError(t, <-closed)
		eventually(t, func() bool { return runtime.NumGoroutine() <= before })
	}
}

// BenchmarkHostileCompany measures a plain answer alone and beside requests whose masks are slow.
func BenchmarkHostileCompany(b *testing.B) {
	for _, hostile := range []int{0, 1, 4} {
		b.Run(fmt.Sprint(hostile), func(b *testing.B) {
			m := tiny(b, WithContext(4096))
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			done := make(chan int, hostile)
			for i := range hostile {
				go func() {
					tokens := 0
					for ctx.Err() == nil {
						r, _ := m.Generate(ctx, "x", Params{Format: ambiguous(b, 400), MaxTokens: 100, Sampling: &Sampling{Temperature: 1, TopP: 0.95, Seed: uint64(i + 1)}}).Result()
						tokens += len(r.Tokens)
					}
					done <- tokens
				}()
			}
			start, tokens := time.Now(), 0
			for b.Loop() {
				r, err := m.Generate(ctx, "x", Params{MaxTokens: 50, Sampling: &Sampling{LogitBias: noEnd(m)}}).Result()
				require.NoError(b, err)
				tokens += len(r.Tokens)
			}
			took := time.Since(start).Seconds()
			cancel()
			theirs := 0
			for range hostile {
				theirs += <-done
			}
			b.ReportMetric(float64(tokens)/took, "tokens/s")
			b.ReportMetric(float64(theirs)/took, "theirs/s")
		})
	}
}
