package llm

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var greedy = &Sampling{}

func tiny(t testing.TB, opts ...Option) *Model { return open(t, File(tinyModel), opts...) }

// The text is the concatenation of the events, the tokens are those a fresh run gives, one token at a time.
func TestGenerateIsWhatTheLogitsSay(t *testing.T) {
	m := tiny(t)
	ctx := context.Background()
	prompt := m.Tokenizer().AppendSpecial(nil, "<|im_start|>user\nHello<|im_end|>\n")
	s, err := m.NewSession()
	require.NoError(t, err)
	defer s.Close()
	var text strings.Builder
	stream := s.GenerateTokens(ctx, prompt, Params{MaxTokens: 20, Sampling: greedy})
	last := EventKind(-1)
	for e, err := range stream.Events() {
		require.NoError(t, err)
		if e.Kind == EventText {
			text.WriteString(e.Text)
		}
		last = e.Kind
	}
	r, err := stream.Result()
	require.NoError(t, err)
	require.Equal(t, text.String(), r.Text)
	require.Equal(t, EventUsage, last)
	require.Equal(t, len(r.Tokens), r.Usage.Generated)
	require.Equal(t, len(prompt)+len(r.Tokens), s.Len())

	all := append(prompt, r.Tokens...)
	logits := allLogits(t, m, all)
	vocab := m.Info().Vocabulary
	for i, id := range r.Tokens {
		at := len(prompt) - 1 + i
		require.Equal(t, id, argmax(logits[at*vocab:(at+1)*vocab]), "token %d", i)
	}
}

func TestSameSeedSameTokensInAnyCompany(t *testing.T) {
	m := tiny(t, WithThreads(2))
	p := Params{MaxTokens: 24, Sampling: &Sampling{Temperature: 1.3, TopK: 50, Seed: 7}}
	want, err := m.Generate(context.Background(), "Once upon", p).Result()
	require.NoError(t, err)
	require.EqualValues(t, 7, want.Seed)
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			q, text := p, "Once upon"
			if i%2 == 1 {
				text = strings.Repeat("other text ", 5+i)
			}
			got, err := m.Generate(context.Background(), text, q).Result()
			if err != nil || i%2 == 0 && got.Text != want.Text {
				t.Errorf("%q, %v; want %q", got.Text, err, want.Text)
			}
		}()
	}
	wg.Wait()
	other, err := m.Generate(context.Background(), "Once upon", Params{MaxTokens: 24, Sampling: &Sampling{Temperature: 1.3}}).Result()
	require.NoError(t, err)
	require.NotZero(t, other.Seed)
	again, err := m.Generate(context.Background(), "Once upon", Params{MaxTokens: 24, Sampling: &Sampling{Temperature: 1.3, Seed: other.Seed}}).Result()
	require.NoError(t, err)
	require.Equal(t, other.Text, again.Text)
}

func TestStopStringsAreNotPartOfTheAnswer(t *testing.T) {
	m := tiny(t)
	long := &Sampling{LogitBias: noEnd(m)}
	free, err := m.Generate(context.Background(), "A", Params{MaxTokens: 40, Sampling: long}).Result()
	require.NoError(t, err)
	require.Greater(t, len(free.Text), 12)
	stop := free.Text[6:10]
	r, err := m.Generate(context.Background(), "A", Params{MaxTokens: 40, Sampling: long, Stop: []string{stop}}).Result()
	require.NoError(t, err)
	require.Equal(t, free.Text[:strings.Index(free.Text, stop)], r.Text)
	require.Equal(t, ReasonStop, r.Reason)
}

func TestLeavingTheLoopFreesTheSession(t *testing.T) {
	m := tiny(t)
	s, err := m.NewSession()
	require.NoError(t, err)
	defer s.Close()
	prompt := m.Tokenizer().Append(nil, "Hello there")
	stream := s.GenerateTokens(context.Background(), prompt, Params{Sampling: greedy})
	n := 0
	for e, err := range stream.Events() {
		require.NoError(t, err)
		if e.Kind == EventText {
			if n++; n == 3 {
				break
			}
		}
	}
	r, err := stream.Result()
	require.NoError(t, err)
	require.Equal(t, ReasonCancelled, r.Reason)
	require.Equal(t, len(prompt)+len(r.Tokens), s.Len())
	for _, err := range stream.Events() {
		require.ErrorIs(t, err, ErrStreamUsed)
	}
	more, err := s.GenerateTokens(context.Background(), nil, Params{MaxTokens: 5, Sampling: greedy}).Result()
	require.NoError(t, err)
	whole, err := m.Generate(context.Background(), "Hello there", Params{MaxTokens: len(r.Tokens) + 5, Sampling: greedy}).Result()
	require.NoError(t, err)
	require.Equal(t, whole.Tokens, append(r.Tokens, more.Tokens...))
}

// Law 5: a cancelled prompt ends within a layer's time; the bound here is a small part of the whole.
func TestCancelledPromptEndsSoon(t *testing.T) {
	m := tiny(t, WithThreads(1), WithContext(2048))
	ids := someTokens(2000, m.Info().Vocabulary)
	whole, err := m.NewSession()
	require.NoError(t, err)
	defer whole.Close()
	start := time.Now()
	require.NoError(t, whole.Append(context.Background(), ids))
	took := time.Since(start)

	s, err := m.NewSession()
	require.NoError(t, err)
	defer s.Close()
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(took/8, func() { cancel(cause) })
	start = time.Now()
	err = s.Append(ctx, ids)
	require.ErrorIs(t, err, cause)
	require.Less(t, time.Since(start), took)
	require.Zero(t, s.Len())
}

func TestErrorsComeBeforeWork(t *testing.T) {
	m := tiny(t, WithContext(64))
	ctx := context.Background()
	var tooLong *ContextError
	_, err := m.Generate(ctx, strings.Repeat("word ", 200), Params{}).Result()
	require.ErrorAs(t, err, &tooLong)
	require.Equal(t, 64, tooLong.Have)
	require.Greater(t, tooLong.Need, 64)
	require.ErrorIs(t, err, ErrContextFull)

	r, err := m.Generate(ctx, "word", Params{Sampling: &Sampling{LogitBias: noEnd(m)}}).Result()
	require.NoError(t, err)
	require.Equal(t, ReasonLength, r.Reason)
	require.Equal(t, 64, r.Usage.Prompt+r.Usage.Generated)

	_, err = m.Generate(ctx, "word", Params{Sampling: &Sampling{LogitBias: map[Token]float32{99999: 1}}}).Result()
	require.Error(t, err)
	s, err := m.NewSession()
	require.NoError(t, err)
	defer s.Close()
	_, err = s.GenerateTokens(ctx, []Token{-1}, Params{}).Result()
	require.Error(t, err)
	_, err = s.GenerateTokens(ctx, nil, Params{}).Result()
	require.Error(t, err)
	require.Error(t, s.Truncate(1))
}

func noEnd(m *Model) map[Token]float32 {
	bias := map[Token]float32{}
	for _, id := range m.tok.t.EOG() {
		bias[Token(id)] = -1e30
	}
	return bias
}

func TestSessionRefusesTwoAtOnce(t *testing.T) {
	m := tiny(t)
	s, err := m.NewSession()
	require.NoError(t, err)
	for e, err := range s.Generate(context.Background(), "A", Params{MaxTokens: 10, Sampling: greedy}).Events() {
		require.NoError(t, err)
		if e.Kind == EventText {
			_, err := s.Generate(context.Background(), "B", Params{}).Result()
			require.ErrorIs(t, err, ErrBusy)
			require.ErrorIs(t, s.Close(), ErrBusy)
			_, err = s.Fork()
			require.ErrorIs(t, err, ErrBusy)
		}
	}
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	_, err = s.Generate(context.Background(), "B", Params{}).Result()
	require.ErrorIs(t, err, ErrClosed)
}

func TestCloseEndsStreams(t *testing.T) {
	m, err := Open(context.Background(), File(tinyModel))
	require.NoError(t, err)
	stream := m.Generate(context.Background(), "A", Params{Sampling: &Sampling{Temperature: 1, LogitBias: noEnd(m)}})
	var got error
	for e, err := range stream.Events() {
		got = err
		if e.Kind == EventText {
			require.NoError(t, m.Close())
		}
	}
	require.ErrorIs(t, got, ErrClosed)
	require.NoError(t, m.Close())
	_, err = m.Generate(context.Background(), "A", Params{}).Result()
	require.ErrorIs(t, err, ErrClosed)
}

// What a Model took it gives back: goroutines and pages.
func TestNothingIsLeftBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	m, err := Open(context.Background(), File(tinyModel), WithThreads(4))
	require.NoError(t, err)
	for range 10_000 {
		_ = m.Generate(context.Background(), "A", Params{})
	}
	require.Zero(t, m.Stats().CacheUsed)
	for i := range 20 {
		ctx, cancel := context.WithCancel(context.Background())
		n := 0
		for range m.Generate(ctx, "Hello", Params{Sampling: greedy, MaxTokens: 30}).Events() {
			if n++; n == i {
				cancel()
			}
		}
		cancel()
	}
	eventually(t, func() bool { return m.Stats().CacheUsed == 0 })
	require.NoError(t, m.Close())
	eventually(t, func() bool { return runtime.NumGoroutine() <= before })
}

// eventually waits until cond holds, in this goroutine: testify's twin starts others, which cond would count.
func eventually(t *testing.T, cond func() bool) {
	t.Helper()
	for range 5000 {
		if cond() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("never")
}

func TestMemoryLimitIsAnErrorOfTheRequest(t *testing.T) {
	m := tiny(t, WithMemoryLimit(1))
	_, err := m.Generate(context.Background(), "Hello", Params{MaxTokens: 3}).Result()
	require.ErrorIs(t, err, ErrMemoryLimit)
	m = tiny(t, WithMemoryLimit(3*int64(m.runner.PageBytes(0))), WithContext(8000))
	_, err = m.Generate(context.Background(), "Hello", Params{MaxTokens: 3}).Result()
	require.NoError(t, err)
	_, err = m.Generate(context.Background(), strings.Repeat("Hello ", 1000), Params{MaxTokens: 3}).Result()
	require.ErrorIs(t, err, ErrMemoryLimit)
	_, err = m.Generate(context.Background(), "Hello", Params{MaxTokens: 3}).Result()
	require.NoError(t, err, "pages came back")
}

// Law 4: nothing is allocated per generated token. A long answer may allocate no more than a short one but for blocks of
// text (one in about a thousand tokens) and the growth of what the result keeps.
func TestGeneratedTokensAllocateNothing(t *testing.T) {
	m := tiny(t, WithContext(4096))
	p := Params{Sampling: &Sampling{Temperature: 0.8, TopK: 40, TopP: 0.9, MinP: 0.05, RepeatPenalty: 1.1, Seed: 3, LogitBias: noEnd(m)}}
	run := func(n int) float64 {
		p.MaxTokens = n
		return testing.AllocsPerRun(3, func() {
			s, err := m.NewSession()
			require.NoError(t, err)
			for _, err := range s.Generate(context.Background(), "Hello", p).Events() {
				require.NoError(t, err)
			}
			s.Close()
		})
	}
	short, long := run(100), run(1100)
	require.LessOrEqual(t, long-short, 40.0, "1,000 more tokens")
}

// Law 1: a file that shrinks while it is mapped gives an error, and the process lives.
func TestTruncatedFileIsAnError(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a mapped file cannot be truncated on windows")
	}
	data, err := os.ReadFile(tinyModel)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "model.gguf")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	m, err := Open(context.Background(), File(path), WithThreads(2))
	require.NoError(t, err)
	defer m.Close()
	var got error
	n := 0
	for e, err := range m.Generate(context.Background(), "A", Params{Sampling: &Sampling{LogitBias: noEnd(m)}}).Events() {
		got = err
		if e.Kind == EventText {
			if n++; n == 2 {
				require.NoError(t, os.Truncate(path, 4096))
			}
		}
	}
	var f *FormatError
	require.ErrorAs(t, got, &f)
	require.ErrorIs(t, got, ErrTruncated)
	require.Equal(t, path, f.File)
}

// Every source gives the same logits.
func TestSources(t *testing.T) {
	data, err := os.ReadFile(tinyModel)
	require.NoError(t, err)
	want := allLogits(t, tiny(t), someTokens(5, 512))
	file, err := os.Open(tinyModel)
	require.NoError(t, err)
	defer file.Close()
	shifted := append([]byte{0}, data...)[1:] // odd address
	for name, src := range map[string]Source{
		"fs": FS(os.DirFS("testdata"), filepath.Base(tinyModel)), "reader": ReaderAt(file, int64(len(data))),
		"bytes": Bytes(data), "string": Bytes(string(data)), "unaligned": Bytes(shifted),
		"parts": Bytes(data[:100_001], data[100_001:200_003], data[200_003:]),
	} {
		require.Equal(t, want, allLogits(t, open(t, src), someTokens(5, 512)), name)
	}
}
