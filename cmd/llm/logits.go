package main

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"llm"
)

func logitsVerb() *verb {
	return &verb{
		name: "logits", args: "-m MODEL --ids 1,2,3 [--threads N] [--ubatch N] [--kv TYPE] [--json]", run: logits,
		summary: "compute the logits after each token",
		help: `
--json prints {"n_vocab": N, "logits": [[…] for each token]}, with null for what is no number. Otherwise the five best
next tokens after each are shown.`,
	}
}

func logits(c *call) error {
	fs := c.flagSet()
	model := c.runFlags()
	list := fs.String("ids", "", "`tokens`, separated by commas")
	if _, err := c.parse(0); err != nil {
		return helped(err)
	}
	ids, err := c.parseIDs(*list)
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
	w := bufio.NewWriterSize(c.stdout, 1<<16)
	row := func(pos int, logits []float32) error { return printBest(w, m.Tokenizer(), ids[pos], logits) }
	if c.json {
		fmt.Fprintf(w, `{"n_vocab":%d,"logits":[`, m.Info().Vocabulary)
		var line []byte
		row = func(pos int, logits []float32) error {
			line = appendRow(line[:0], pos, logits)
			_, err := w.Write(line)
			return err
		}
	}
	if err := m.Logits(ctx, ids, row); err != nil {
		return err
	}
	if c.json {
		fmt.Fprintln(w, "]}")
	}
	return w.Flush()
}

func (c *call) parseIDs(list string) ([]llm.Token, error) {
	if list == "" {
		return nil, c.usage("no tokens: give some with --ids")
	}
	var ids []llm.Token
	for _, s := range strings.Split(list, ",") {
		id, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
		if err != nil {
			return nil, c.usage("--ids: %q is no token", s)
		}
		ids = append(ids, llm.Token(id))
	}
	return ids, nil
}

func appendRow(dst []byte, pos int, logits []float32) []byte {
	if pos > 0 {
		dst = append(dst, ",\n"...)
	}
	for i, x := range logits {
		dst = append(dst, "[,"[min(i, 1)])
		if v := float64(x); math.IsNaN(v) || math.IsInf(v, 0) {
			dst = append(dst, "null"...)
			continue
		}
		dst = strconv.AppendFloat(dst, float64(x), 'g', -1, 32)
	}
	return append(dst, ']')
}

// printBest prints the most probable tokens after id.
func printBest(w io.Writer, t *llm.Tokenizer, id llm.Token, logits []float32) error {
	const n = 5
	var best [n]int
	found := 0
	sum, top := 0.0, float64(logits[0])
	for i, x := range logits {
		top = max(top, float64(x))
		at := found
		for at > 0 && x > logits[best[at-1]] {
			at--
		}
		if at < n {
			found = min(found+1, n)
			copy(best[at+1:found], best[at:])
			best[at] = i
		}
	}
	for _, x := range logits {
		sum += math.Exp(float64(x) - top)
	}
	line := fmt.Sprintf("%-16q", t.AppendText(nil, id))
	for _, i := range best[:found] {
		line += fmt.Sprintf("  %q %.1f%%", t.AppendText(nil, llm.Token(i)), 100*math.Exp(float64(logits[i])-top)/sum)
	}
	_, err := fmt.Fprintln(w, line)
	return err
}
