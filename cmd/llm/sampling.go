package main

import (
	"flag"
	"fmt"

	"llm"
)

// answerFlags are the flags that say how to answer.
type answerFlags struct {
	call     *call
	n        int
	sampling llm.Sampling
	stop     listFlag
	schema   string
	grammar  string
}

func (c *call) answerFlags() *answerFlags {
	f := &answerFlags{call: c}
	fs := c.flags
	fs.IntVar(&f.n, "n", 0, "`tokens` to generate at most (default: until the model stops)")
	s := &f.sampling
	float(fs, &s.Temperature, "temp", "`temperature`, 0 takes the best token (default: the checkpoint's)")
	float(fs, &s.TopP, "top-p", "keep tokens of this `probability` together, 0: off")
	float(fs, &s.MinP, "min-p", "keep tokens of this `share` of the best one's probability, 0: off")
	float(fs, &s.RepeatPenalty, "repeat-penalty", "`factor` against repetition, 0: off")
	fs.IntVar(&s.TopK, "top-k", 0, "keep the `k` best tokens, 0: off")
	fs.Uint64Var(&s.Seed, "seed", 0, "`seed` that repeats an answer, 0: random")
	fs.Var(&f.stop, "stop", "`text` that ends the answer; may be repeated")
	fs.StringVar(&f.schema, "schema", "", "`file` with a JSON Schema that the answer follows")
	fs.StringVar(&f.grammar, "grammar", "", "`file` with a GBNF grammar that the answer follows")
	return f
}

// params returns the parameters: the checkpoint's sampling, changed by the flags that were given.
func (f *answerFlags) params(m *llm.Model) (llm.Params, error) {
	p := llm.Params{MaxTokens: f.n, Stop: f.stop}
	c, s, changed := f.call, m.DefaultSampling(), false
	for name, set := range map[string]func(){
		"temp":           func() { s.Temperature = f.sampling.Temperature },
		"top-p":          func() { s.TopP = f.sampling.TopP },
		"min-p":          func() { s.MinP = f.sampling.MinP },
		"repeat-penalty": func() { s.RepeatPenalty = f.sampling.RepeatPenalty },
		"top-k":          func() { s.TopK = f.sampling.TopK },
		"seed":           func() { s.Seed = f.sampling.Seed },
	} {
		if c.given(name) {
			set()
			changed = true
		}
	}
	if changed {
		p.Sampling = &s
	}
	var err error
	p.Format, err = f.format()
	return p, err
}

func (f *answerFlags) format() (llm.Format, error) {
	switch {
	case f.schema != "" && f.grammar != "":
		return nil, f.call.usage("--schema and --grammar exclude each other")
	case f.schema != "":
		return f.formatOf(f.schema, func(data []byte) (llm.Format, error) { return llm.Schema(data) })
	case f.grammar != "":
		return f.formatOf(f.grammar, func(data []byte) (llm.Format, error) { return llm.Grammar(string(data)) })
	}
	return nil, nil
}

// formatOf reads a format from a file, which its errors name.
func (f *answerFlags) formatOf(path string, read func([]byte) (llm.Format, error)) (llm.Format, error) {
	data, err := f.call.readAll(path)
	if err != nil {
		return nil, err
	}
	format, err := read(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return format, nil
}

// listFlag is a flag that may be repeated.
type listFlag []string

func (l *listFlag) String() string     { return "" }
func (l *listFlag) Set(s string) error { *l = append(*l, s); return nil }

// floatFlag is a float32 flag.
type floatFlag struct{ dst *float32 }

func (f floatFlag) String() string { return "" }

func (f floatFlag) Set(s string) error {
	x, err := parseFloat(s)
	*f.dst = x
	return err
}

func float(fs *flag.FlagSet, dst *float32, name, usage string) { fs.Var(floatFlag{dst}, name, usage) }
