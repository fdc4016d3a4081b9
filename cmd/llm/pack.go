package main

import (
	"fmt"

	"llm/internal/source"
)

func packVerb() *verb {
	return &verb{
		name: "pack", args: "PROGRAM MODEL OUT [--json]", run: pack,
		summary: "append a checkpoint to a program, as one file",
		help: `
The program opens it with llm.Executable(); this one with -m self. A model that the program already carries is replaced.
Sign after packing: a signature that is there is dropped. --json prints {"bytes", "offset"}.`,
	}
}

func pack(c *call) error {
	c.flagSet()
	others, err := c.parse(3)
	if err != nil {
		return helped(err)
	}
	if len(others) < 3 {
		return c.usage("needs PROGRAM MODEL OUT")
	}
	p, err := source.Pack(others[0], others[1], others[2])
	if err != nil {
		return err
	}
	for _, w := range p.Warnings {
		fmt.Fprintln(c.stderr, "llm: warning:", w)
	}
	if c.json {
		return printJSON(c.stdout, map[string]any{"bytes": p.Bytes, "offset": p.Offset, "warnings": append([]string{}, p.Warnings...)})
	}
	_, err = fmt.Fprintf(c.stdout, "%s: %s, model at byte %d\n", others[2], bytesText(p.Bytes), p.Offset)
	return err
}
