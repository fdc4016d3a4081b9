package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"llm"
	"llm/internal/gguf"
	"llm/internal/source"
	"llm/internal/tokenizer"
)

// embedded returns the checkpoint that is compiled in, nil if there is none.
var embedded func() llm.Source

func defaultHelp() string {
	if embedded == nil {
		return ""
	}
	return `, "default" for the built-in one`
}

// modelFlags are the flags that open a checkpoint.
type modelFlags struct {
	call    *call
	path    string
	threads int
	ubatch  int
	kv      string
	device  string
}

// modelFlag adds -m only: for verbs that read no weights.
func (c *call) modelFlag() *modelFlags {
	f := &modelFlags{call: c}
	c.flags.StringVar(&f.path, "m", "", "checkpoint: a GGUF `file`, self"+strings.ReplaceAll(defaultHelp(), `"`, ""))
	return f
}

// runFlags adds -m and how to run it.
func (c *call) runFlags() *modelFlags {
	f := c.modelFlag()
	c.flags.IntVar(&f.threads, "threads", 0, "`number` of threads (default: the physical cores)")
	c.flags.IntVar(&f.threads, "t", 0, "`number` of threads, as --threads")
	c.flags.IntVar(&f.ubatch, "ubatch", 0, "`tokens` of a forward pass at most (default 512 or 768, by the checkpoint)")
	c.flags.StringVar(&f.kv, "kv", "f16", "`type` of the key/value cache: f32, f16 or q8_0")
	c.flags.StringVar(&f.device, "device", "", "`name` of the device: cpu or cuda (default: the best there is)")
	return f
}

func (f *modelFlags) source() (llm.Source, error) {
	switch f.path {
	case "":
		return llm.Source{}, f.call.usage("no model: give one with -m")
	case "self":
		return llm.Executable(), nil
	case "default":
		if embedded == nil {
			return llm.Source{}, errors.New("this program has no built-in model (it is compiled in with -tags smolmoe)")
		}
		return embedded(), nil
	}
	return llm.File(f.path), nil
}

// open opens the checkpoint. On a terminal it shows how much of one that cannot be mapped has been read.
func (f *modelFlags) open(ctx context.Context, more ...llm.Option) (*llm.Model, error) {
	src, err := f.source()
	if err != nil {
		return nil, err
	}
	opts := append([]llm.Option{llm.WithKVType(f.kv)}, more...)
	c := f.call
	for _, o := range []struct {
		flags  []string
		option llm.Option
	}{
		{[]string{"threads", "t"}, llm.WithThreads(f.threads)},
		{[]string{"ubatch"}, llm.WithUbatch(f.ubatch)},
		{[]string{"device"}, llm.WithBackend(f.device)},
	} {
		for _, name := range o.flags {
			if c.given(name) {
				opts = append(opts, o.option)
				break
			}
		}
	}
	if terminal(c.stderr) {
		opts = append(opts, llm.WithProgress(func(done, total int64) {
			if total > 0 {
				fmt.Fprintf(c.stderr, "\rreading the model: %d %%\x1b[K", done*100/total)
			}
			if done >= total {
				fmt.Fprint(c.stderr, "\r\x1b[K")
			}
		}))
	}
	return llm.Open(ctx, src, opts...)
}

// vocabulary is the tokenizer and metadata of a checkpoint, which needs no tensors for it.
func (f *modelFlags) vocabulary() (*tokenizer.Tokenizer, *gguf.File, error) {
	var src source.Source
	switch f.path {
	case "":
		return nil, nil, f.call.usage("no model: give one with -m")
	case "self":
		src = source.Executable()
	case "default":
		return nil, nil, fmt.Errorf("%s cannot read the built-in model: give a file", f.call.verb.name)
	default:
		src = source.File(f.path)
	}
	file, err := gguf.OpenHeader(src)
	if err != nil {
		return nil, nil, err
	}
	t, err := tokenizer.New(file)
	if err != nil {
		file.Close()
		return nil, nil, file.Locate(err)
	}
	return t, file, nil
}
