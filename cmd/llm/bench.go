package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"llm"
)

func benchVerb() *verb {
	return &verb{
		name: "bench", args: "-m MODEL [-p 512] [-n 128] [-t N] [-r 5] [--depth D] [--batch B] [--json]", run: bench,
		summary: "measure speed",
		help: `
ppN: a prompt of N tokens from an empty context, logits of the last one. tgN: N steps of one token, after --depth tokens.
With --batch B, B sequences take the steps together and all their tokens count. Tokens are (7 i + 11) mod n_vocab. Before
each figure is a warm-up.`,
	}
}

// maxBatch bounds what --batch takes, as every sequence has memory of its own.
const maxBatch = 1024

func bench(c *call) error {
	fs := c.flagSet()
	model := c.runFlags()
	b := benchmark{call: c}
	fs.IntVar(&b.prompt, "p", 512, "`tokens` of the prompt, 0: no such test")
	fs.IntVar(&b.gen, "n", 128, "`tokens` to generate, 0: no such test")
	fs.IntVar(&b.runs, "r", 5, "`number` of measurements")
	fs.IntVar(&b.depth, "depth", 0, "`tokens` in the context before generating")
	fs.BoolVar(&b.roofline, "roofline", false, "compare with what a plain read loop moves on as many threads")
	fs.IntVar(&b.batch, "batch", 1, "sequences that generate together")
	if _, err := c.parse(0); err != nil {
		return helped(err)
	}
	if b.prompt < 0 || b.gen < 0 || b.runs < 1 || b.depth < 0 || b.batch < 1 || b.batch > maxBatch {
		return c.usage("-p, -n and --depth must not be negative, -r at least 1, --batch 1 to %d", maxBatch)
	}
	ctx, stop := c.cancelled()
	defer stop()
	// Speed does not depend on what the model was trained for: make room for what is asked.
	m, err := model.open(ctx, llm.WithContext(b.depth+max(b.prompt, b.gen)+64))
	if err != nil {
		return err
	}
	defer m.Close()
	b.m, b.vocab = m, m.Info().Vocabulary
	return b.report(ctx)
}

type benchmark struct {
	*call
	m                               *llm.Model
	vocab                           int
	prompt, gen, runs, depth, batch int
	roofline                        bool
	start                           *llm.Session // filled to the depth
}

type figure struct {
	Test   string    `json:"test"`
	Speeds []float64 `json:"tokens_per_second"`
}

func (b *benchmark) report(ctx context.Context) error {
	var tests []figure
	for _, t := range []struct {
		n    int
		name string
		once func(context.Context, int) (time.Duration, error)
		per  int // tokens of one of n
	}{
		{b.prompt, fmt.Sprintf("pp%d", b.prompt), b.prefill, 1},
		{b.gen, b.genName(), b.decode, b.batch},
	} {
		if t.n == 0 {
			continue
		}
		if _, err := t.once(ctx, min(t.n, 32)); err != nil { // warm-up
			return err
		}
		f := figure{Test: t.name}
		for range b.runs {
			took, err := t.once(ctx, t.n)
			if err != nil {
				return err
			}
			f.Speeds = append(f.Speeds, perSecond(t.n*t.per, took))
		}
		tests = append(tests, f)
	}
	s := b.m.Stats()
	out := map[string]any{"device": s.Device, "threads": s.Threads, "tests": slices.Concat([]figure{}, tests)}
	var roof *roofline
	if b.roofline {
		var err error
		if roof, err = b.measureRoofline(tests); err != nil {
			return err
		}
		out["roofline"] = roof
	}
	if b.json {
		return printJSON(b.stdout, out)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s, %d threads\n", s.Device, s.Threads)
	for _, f := range tests {
		slices.Sort(f.Speeds)
		fmt.Fprintf(&text, "%-16s %10.2f tokens/s (median of %d, %.2f to %.2f)\n", f.Test, f.Speeds[len(f.Speeds)/2],
			len(f.Speeds), f.Speeds[0], f.Speeds[len(f.Speeds)-1])
	}
	if roof != nil {
		fmt.Fprintln(&text, roof)
	}
	_, err := io.WriteString(b.stdout, text.String())
	return err
}

func (b *benchmark) genName() string {
	name := fmt.Sprintf("tg%d", b.gen)
	if b.depth > 0 {
		name += fmt.Sprintf("@d%d", b.depth)
	}
	if b.batch > 1 {
		name += fmt.Sprintf("@b%d", b.batch)
	}
	return name
}

// tokens returns n of the fixed sequence, from i on.
func (b *benchmark) tokens(i, n int) []llm.Token {
	out := make([]llm.Token, n)
	for k := range out {
		out[k] = llm.Token((7*(i+k) + 11) % b.vocab)
	}
	return out
}

// prefill times a prompt of n tokens.
func (b *benchmark) prefill(ctx context.Context, n int) (time.Duration, error) {
	s, err := b.m.NewSession()
	if err != nil {
		return 0, err
	}
	defer s.Close()
	tokens := b.tokens(0, n)
	start := time.Now()
	err = s.Append(ctx, tokens)
	return time.Since(start), err
}

// deep returns a session with the context filled to the depth, which is computed once.
func (b *benchmark) deep(ctx context.Context) (*llm.Session, error) {
	if b.start == nil {
		s, err := b.m.NewSession()
		if err != nil {
			return nil, err
		}
		if err := s.Append(ctx, b.tokens(0, b.depth)); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		b.start = s // closed with the model
	}
	return b.start.Fork()
}

// decode times n steps of one token of each sequence.
func (b *benchmark) decode(ctx context.Context, n int) (time.Duration, error) {
	sessions := make([]*llm.Session, b.batch)
	for i := range sessions {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		s, err := b.deep(ctx)
		if err != nil {
			return 0, err
		}
		defer s.Close()
		sessions[i] = s
	}
	tokens := b.tokens(b.depth, n)
	errs := make([]error, b.batch)
	var wg sync.WaitGroup
	start := time.Now()
	for i, s := range sessions {
		wg.Go(func() {
			for k := range tokens {
				if errs[i] = s.Append(ctx, tokens[k:k+1]); errs[i] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return took, nil
}

// perSecond returns n / took. Clocks of some systems step so coarsely that nothing seems to have passed.
func perSecond(n int, took time.Duration) float64 {
	return float64(n) / max(took, time.Microsecond).Seconds()
}
