package llm

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/internal/device"
)

func mustFormat(t testing.TB, f Format, err error) Format {
	t.Helper()
	require.NoError(t, err)
	return f
}

// formats are Formats of every kind, the same for each call of a test.
func formats(t testing.TB) map[string]Format {
	schema := func(s string) Format {
		f, err := Schema(json.RawMessage(s))
		return mustFormat(t, f, err)
	}
	grammar, err := Grammar("root ::= item (\", \" item)*\nitem ::= [a-z]+ \" = \" [0-9]{1,3}")
	require.NoError(t, err)
	date, err := Regexp(`(19|20)[0-9]{2}-(0[1-9]|1[0-2])-[0-3][0-9]`)
	require.NoError(t, err)
	return map[string]Format{
		"json":    JSON(),
		"object":  schema(`{"type":"object","properties":{"name":{"type":"string","maxLength":20},"age":{"type":"integer","minimum":0,"maximum":150},"tags":{"type":"array","items":{"enum":["red","green","blue"]},"maxItems":3}},"required":["name","age"],"additionalProperties":false}`),
		"enum":    schema(`{"enum":["yes","no","perhaps"]}`),
		"number":  schema(`{"type":"number","minimum":-3.5,"maximum":12}`),
		"grammar": grammar,
		"regexp":  date,
	}
}

// Whatever a model of random weights wants at temperature 2, an answer that ends by itself is valid, and one that is cut is the
// beginning of a valid one.
func TestFormatsHold(t *testing.T) {
	m := tiny(t)
	ctx := context.Background()
	seeds := 12
	if testing.Short() {
		seeds = 3
	}
	for name, f := range formats(t) {
		t.Run(name, func(t *testing.T) {
			whole := 0
			for seed := range seeds {
				p := Params{MaxTokens: 250, Format: f, Sampling: &Sampling{Temperature: 2, Seed: uint64(seed + 1)}}
				r, err := m.Generate(ctx, "Hello", p).Result()
				require.NoError(t, err)
				at, ok := f.constraint().Match(r.Text)
				require.Equal(t, len(r.Text), at, "%q", r.Text)
				switch r.Reason {
				case ReasonStop:
					require.True(t, ok, "%q", r.Text)
					require.NoError(t, f.constraint().Validate(r.Text))
					whole++
				default:
					require.Equal(t, ReasonLength, r.Reason)
				}
			}
			if name != "json" && name != "grammar" && name != "object" { // as long as the model likes
				require.NotZero(t, whole)
			}
		})
	}
}

// Three ways to the same tokens: asking the likeliest tokens one by one, drawing under the mask, and with no token forced. A filter
// that filters nothing makes the sampler need the mask; a bias of nothing makes no token certain.
func TestShortcutsChangeNothing(t *testing.T) {
	m := tiny(t)
	ctx := context.Background()
	vocab := m.Info().Vocabulary
	nothing := map[Token]float32{}
	for id := range vocab {
		nothing[Token(id)] = 0
	}
	for name, f := range formats(t) {
		for seed := range 4 {
			s := Sampling{Temperature: float32(seed) / 2, Seed: uint64(seed + 1)}
			run := func(s Sampling) Result {
				r, err := m.Generate(ctx, "Once", Params{MaxTokens: 48, Format: f, Sampling: &s}).Result()
				require.NoError(t, err)
				return r
			}
			want := run(s)
			masked, unforced := s, s
			masked.TopK = vocab
			unforced.LogitBias = maps.Clone(nothing)
			require.Equal(t, want.Tokens, run(masked).Tokens, "%s, seed %d: mask", name, seed)
			require.Equal(t, want.Tokens, run(unforced).Tokens, "%s, seed %d: nothing forced", name, seed)
		}
	}
}

// countingRunner counts forward passes.
type countingRunner struct {
	device.Runner
	passes atomic.Int64
}

func (r *countingRunner) Forward(b *device.Batch, stop *atomic.Bool) error {
	r.passes.Add(1)
	return r.Runner.Forward(b, stop)
}

// Text without a choice costs no forward pass of its own.
func TestForcedTokensShareAPass(t *testing.T) {
	m := tiny(t)
	counter := &countingRunner{Runner: m.runner}
	m.sched.run = counter
	const text = "The quick brown fox jumps over the lazy dog and writes nothing else."
	f, err := Grammar(fmt.Sprintf("root ::= %q", text))
	require.NoError(t, err)
	s, err := m.NewSession()
	require.NoError(t, err)
	defer s.Close()
	r, err := s.Generate(context.Background(), "Hello", Params{Format: f, Logprobs: 1}).Result()
	require.NoError(t, err)
	require.Equal(t, text, r.Text)
	require.Equal(t, ReasonStop, r.Reason)
	require.Len(t, r.Logprobs, len(r.Tokens))
	// A text can be cut into tokens in many ways, so some steps do have a choice.
	bytewise, err := Grammar(`root ::= <[300]> <[301]> <[302]> <[303]> <[304]> <[305]> <[306]>`)
	require.NoError(t, err)
	counter.passes.Store(0)
	r, err = s.Generate(context.Background(), "Hello", Params{Format: bytewise}).Result()
	require.NoError(t, err)
	require.Equal(t, []Token{300, 301, 302, 303, 304, 305, 306}, r.Tokens)
	require.EqualValues(t, 1, counter.passes.Load())
	want := slices.Concat(s.Tokens())
	require.Equal(t, r.Tokens, want[len(want)-7:])
}

// Law 4 with a Format: masks are computed once for places that are alike.
func TestFormattedTokensAllocateNothing(t *testing.T) {
	m := tiny(t, WithContext(4096))
	f, err := Schema(json.RawMessage(`{"type":"array","items":{"type":"object","properties":{"a":{"type":"string"},"n":{"type":"integer"}},"required":["a","n"]}}`))
	require.NoError(t, err)
	for name, sampling := range map[string]Sampling{"contenders": {Temperature: 1, Seed: 3}, "mask": {Temperature: 1, TopP: 0.95, Seed: 3}} {
		sampling.LogitBias = noEnd(m)
		run := func(n int) float64 {
			return testing.AllocsPerRun(2, func() {
				s, err := m.NewSession()
				require.NoError(t, err)
				for _, err := range s.Generate(context.Background(), "Hello", Params{MaxTokens: n, Format: f, Sampling: &sampling}).Events() {
					require.NoError(t, err)
				}
				s.Close()
			})
		}
		run(1300)                          // all places of this text have been seen
		short, long := run(300), run(1300) // after 128 tokens a matcher has taken all its memory
		require.LessOrEqual(t, long-short, 40.0, "%s: 1,000 more tokens", name)
	}
}

func TestFormatErrors(t *testing.T) {
	for name, make := range map[string]func() (Format, error){
		"no schema":     func() (Format, error) { return Schema(json.RawMessage(`{"type":`)) },
		"no type":       func() (Format, error) { return Schema(json.RawMessage(`{"properties":{"a":{"type":"strin"}}}`)) },
		"unsatisfiable": func() (Format, error) { return Schema(json.RawMessage(`{"type":"integer","minimum":3,"maximum":2}`)) },
		"no grammar":    func() (Format, error) { return Grammar(`root ::= (`) },
		"no expression": func() (Format, error) { return Regexp(`(`) },
	} {
		f, err := make()
		require.Nil(t, f, name)
		require.ErrorIs(t, err, ErrSchema, name)
		var s *SchemaError
		require.ErrorAs(t, err, &s, name)
	}
	_, err := Schema(json.RawMessage(`{"$ref":"https://example.com/schema.json"}`))
	require.ErrorIs(t, err, ErrUnsupported)

	relaxed, err := Schema(json.RawMessage(`{"type":"array","items":{"type":"integer","minimum":1,"maximum":2},"uniqueItems":true,"minItems":5}`))
	require.NoError(t, err)
	require.NotEmpty(t, relaxed.Relaxed())
	require.Equal(t, "/uniqueItems", relaxed.Relaxed()[0].Pointer)
	m := tiny(t)
	_, err = m.Generate(context.Background(), "x", Params{Format: relaxed, Strict: true}).Result()
	require.ErrorIs(t, err, ErrSchema)
	require.ErrorContains(t, err, "uniqueItems")
	seen := false
	for seed := range 20 {
		r, err := m.Generate(context.Background(), "x", Params{MaxTokens: 60, Format: relaxed, Sampling: &Sampling{Temperature: 1, Seed: uint64(seed + 1)}}).Result()
		if r.Reason == ReasonStop || err != nil {
			var s *SchemaError
			require.ErrorAs(t, err, &s)
			require.Equal(t, r.Text, s.Text)
			require.True(t, strings.HasPrefix(strings.TrimSpace(r.Text), "["))
			require.Regexp(t, `^/[1-9]\d*$`, s.Pointer, "the item that is there twice")
			require.ErrorContains(t, err, s.Pointer+": an item is there twice")
			seen = true
		}
	}
	require.True(t, seen, "the validator never had to look")
}
