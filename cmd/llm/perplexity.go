package main

import (
	"context"
	"errors"
	"fmt"
	"math"

	"llm"
)

func perplexityVerb() *verb {
	return &verb{
		name: "perplexity", args: "-m MODEL -f FILE [--ctx 512] [--chunks N] [--json]", run: perplexity,
		summary: "measure how well a model predicts a text",
		help: `
Method of llama-perplexity: the text is cut into chunks of --ctx tokens, each computed from an empty context, with
the first token replaced by BOS where the checkpoint wants one; the second half of each chunk counts.
--json prints {"ppl", "nll", "tokens"}: ppl = exp(nll / tokens).`,
	}
}

func perplexity(c *call) error {
	fs := c.flagSet()
	model := c.runFlags()
	file := fs.String("f", "", "text `file`, - for standard input")
	size := fs.Int("ctx", 512, "`tokens` of a chunk")
	chunks := fs.Int("chunks", 0, "`number` of chunks (default: all)")
	if _, err := c.parse(0); err != nil {
		return helped(err)
	}
	switch {
	case *file == "":
		return c.usage("no text: give one with -f")
	case *size < 4:
		return c.usage("--ctx %d: want 4 or more", *size)
	case *chunks < 0:
		return c.usage("--chunks %d: must not be negative", *chunks)
	}
	text, err := c.readAll(*file)
	if err != nil {
		return err
	}
	ctx, stop := c.cancelled()
	defer stop()
	m, err := model.open(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	run := chunkedText{size: *size}
	run.cut(m.Tokenizer(), string(text), *chunks)
	if len(run.tokens) < 2**size && *chunks == 0 || len(run.tokens) < *size {
		return fmt.Errorf("the text has %d tokens: too few for chunks of %d", len(run.tokens), *size)
	}
	return run.score(ctx, c, m)
}

// chunkedText is a text in chunks of equal size.
type chunkedText struct {
	tokens []llm.Token
	size   int
	bos    llm.Token
	hasBOS bool
}

// cut reads the tokens of a text; chunks bounds them unless 0.
func (t *chunkedText) cut(tok *llm.Tokenizer, text string, chunks int) {
	if t.bos, t.hasBOS = tok.BOS(); t.hasBOS {
		t.tokens = append(t.tokens, t.bos)
	}
	t.tokens = tok.Append(t.tokens, text)
	if chunks > 0 && chunks < len(t.tokens)/t.size {
		t.tokens = t.tokens[:chunks*t.size]
	}
}

func (t *chunkedText) score(ctx context.Context, c *call, m *llm.Model) error {
	var nll float64
	count, n := 0, len(t.tokens)/t.size
	for i := range n {
		chunk := t.tokens[i*t.size : (i+1)*t.size]
		if t.hasBOS {
			chunk[0] = t.bos
		}
		s, err := m.Score(ctx, chunk)
		if err != nil {
			return err
		}
		for _, p := range s.Logprobs[t.size/2+1:] {
			nll -= p
			count++
		}
		if math.IsNaN(nll) {
			return errors.New("the model's logits are not finite")
		}
		fmt.Fprintf(c.stderr, "chunk %d of %d: perplexity so far %.4f\n", i+1, n, math.Exp(nll/float64(count)))
	}
	ppl := math.Exp(nll / float64(count))
	if c.json {
		return printJSON(c.stdout, map[string]any{"ppl": ppl, "nll": nll, "tokens": count})
	}
	_, err := fmt.Fprintf(c.stdout, "perplexity %.4f (%d tokens of %d chunks of %d)\n", ppl, count, n, t.size)
	return err
}
