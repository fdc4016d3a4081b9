package main

import (
	"llm/internal/debugquants"
	"llm/internal/sampler"
)

func debugVerb() *verb {
	return &verb{
		name: "debug", args: "sample|quants [--batch]", run: debug, hidden: true,
		summary: "check the sampler or the tensor types",
		help:    "Reads JSON lines and answers each with one; --batch and --json are understood and change nothing.",
	}
}

func debug(c *call) error {
	c.flagSet().Bool("batch", true, "JSON lines in and out")
	others, err := c.parse(1)
	if err != nil {
		return helped(err)
	}
	if len(others) == 0 {
		return c.usage("needs sample or quants")
	}
	switch others[0] {
	case "sample":
		return sampler.Serve(c.stdin, c.stdout)
	case "quants":
		return debugquants.Serve(c.stdin, c.stdout)
	}
	return c.usage("no check %q: want sample or quants", others[0])
}
