package main

import (
	"cmp"
	"fmt"
	"slices"
	"text/tabwriter"

	"llm"
)

func inspectVerb() *verb {
	return &verb{
		name: "inspect", args: "MODEL [--tensors] [--json]", run: inspect,
		summary: "say what is in a checkpoint",
		help:    "Only the header is read. A checkpoint that this program cannot run is described too, with the reason.",
	}
}

func inspect(c *call) error {
	fs := c.flagSet()
	model := c.modelFlag()
	tensors := fs.Bool("tensors", false, "list all tensors")
	others, err := c.parse(1)
	if err != nil {
		return helped(err)
	}
	if len(others) == 1 {
		if model.path != "" {
			return c.usage("two models: %s and %s", model.path, others[0])
		}
		model.path = others[0]
	}
	src, err := model.source()
	if err != nil {
		return err
	}
	info, err := llm.Inspect(src)
	switch {
	case err != nil:
		return err
	case c.json:
		return printJSON(c.stdout, info)
	}
	return printInfo(c, info, *tensors)
}

func printInfo(c *call, i llm.Info, tensors bool) error {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	line("name", "%s", i.Name)
	line("architecture", "%s", i.Architecture)
	line("parameters", "%.1f million", float64(i.Parameters)/1e6)
	if i.Supported {
		line("active", "%.1f million in one token", float64(i.ActiveParameters)/1e6)
		line("layers", "%d", i.Layers)
		if i.Experts > 0 {
			line("experts", "%d, %d used by a token", i.Experts, i.ExpertsUsed)
		}
		line("context", "%d tokens", i.Context)
		line("vocabulary", "%d tokens", i.Vocabulary)
	}
	line("chat template", "%s", map[bool]string{true: "yes", false: "no"}[i.ChatTemplate])
	line("size", "%s", bytesText(i.Bytes))
	line("tensors", "%s", typesText(i.Tensors))
	if i.Supported {
		line("runs here", "yes")
	} else {
		line("runs here", "no: %s", i.Problem)
	}
	if len(i.Unused) > 0 {
		line("unused", "%d tensors, such as %s", len(i.Unused), i.Unused[0])
	}
	if tensors {
		fmt.Fprintln(w)
		for _, t := range i.Tensors {
			fmt.Fprintf(w, "%s\t%s\t%v\t%s\n", t.Name, t.Type, t.Shape, bytesText(t.Bytes))
		}
	}
	return w.Flush()
}

// typesText sums tensors up by type, the largest first.
func typesText(tensors []llm.TensorInfo) string {
	bytes, count := map[string]int64{}, map[string]int{}
	var names []string
	for _, t := range tensors {
		if count[t.Type] == 0 {
			names = append(names, t.Type)
		}
		bytes[t.Type] += t.Bytes
		count[t.Type]++
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(bytes[b], bytes[a]), cmp.Compare(a, b)) })
	s := fmt.Sprint(len(tensors))
	for k, n := range names {
		s += fmt.Sprintf("%s %d %s (%s)", map[bool]string{true: ":", false: ","}[k == 0], count[n], n, bytesText(bytes[n]))
	}
	return s
}
