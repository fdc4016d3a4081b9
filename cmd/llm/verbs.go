package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// verb is one of the program's commands.
type verb struct {
	name    string
	args    string // after the name, for the help
	summary string // one line
	help    string // what else there is to know
	hidden  bool   // not in the short help
	run     func(*call) error
}

func verbs() []*verb {
	return []*verb{
		chatVerb(), generateVerb(), inspectVerb(), tokenizeVerb(), renderVerb(), logitsVerb(), perplexityVerb(), benchVerb(),
		packVerb(), debugVerb(), validateVerb(), parseVerb(),
		later("quantize", "write a checkpoint with other tensor types"),
	}
}

func find(name string) *verb {
	for _, v := range verbs() {
		if v.name == name {
			return v
		}
	}
	return nil
}

// later is a verb that the command line has a place for and this version does not do.
func later(name, summary string) *verb {
	return &verb{name: name, summary: summary + " (not supported yet)", hidden: true, run: func(*call) error {
		return fmt.Errorf("%s is not supported yet", name)
	}}
}

// help prints the help of a verb, or the short help.
func help(args []string, w io.Writer) error {
	if len(args) == 0 {
		printHelp(w)
		return nil
	}
	v := find(args[0])
	if v == nil {
		return &usageError{msg: fmt.Sprintf("no verb %q", args[0])}
	}
	err := v.run(&call{env: &env{stdout: w, stderr: w, stdin: strings.NewReader("")}, verb: v, args: []string{"-h"}})
	if v.hidden && err != nil {
		fmt.Fprintf(w, "llm %s: %s\n", v.name, v.summary)
		return nil
	}
	return err
}

func printHelp(w io.Writer) {
	fmt.Fprint(w, "llm runs language models on this machine.\n\n")
	for _, v := range verbs() {
		if !v.hidden {
			fmt.Fprintf(w, "  llm %-11s %s\n", v.name, v.summary)
		}
	}
	fmt.Fprint(w, `
llm help VERB says more. Most verbs take -m MODEL: a GGUF file (any part of a split one), "self" for a program made
by llm pack`+defaultHelp()+`, and --json for machines. Results go to standard output, the rest to standard error.
Exit status: 0 done, 1 the work failed, 2 the command line is wrong, 130 interrupted.
`)
}

// call is one use of a verb: its flags and where they go.
type call struct {
	*env
	verb  *verb
	args  []string
	flags *flag.FlagSet
	json  bool
}

// errHelp: help was asked for and printed.
var errHelp = errors.New("help")

// usageError is a wrong command line.
type usageError struct {
	verb string
	msg  string
}

func (e *usageError) Error() string {
	if e.verb == "" {
		return e.msg
	}
	return e.verb + ": " + e.msg
}

func (e *usageError) hint() string { return strings.TrimSpace("See: llm help " + e.verb) }

func (c *call) usage(format string, args ...any) error {
	return &usageError{c.verb.name, fmt.Sprintf(format, args...)}
}

// flagSet begins the flags of a verb.
func (c *call) flagSet() *flag.FlagSet {
	c.flags = flag.NewFlagSet(c.verb.name, flag.ContinueOnError)
	c.flags.SetOutput(io.Discard)
	c.flags.Usage = func() {}
	c.flags.BoolVar(&c.json, "json", false, "print JSON")
	return c.flags
}

// parse reads the flags, which may stand before, between and behind the others, and returns the others: want of them at
// most. It returns errHelp if it printed the help.
func (c *call) parse(want int) (others []string, err error) {
	for args := c.args; ; {
		switch err := c.flags.Parse(args); {
		case errors.Is(err, flag.ErrHelp):
			c.printHelp()
			return nil, errHelp
		case err != nil:
			return nil, c.usage("%s", strings.Replace(err.Error(), "flag provided but not defined", "no such flag", 1))
		}
		if c.flags.NArg() == 0 {
			break
		}
		others = append(others, c.flags.Arg(0))
		args = c.flags.Args()[1:]
	}
	if len(others) > want {
		return nil, c.usage("do not know what to do with %q", others[want])
	}
	return others, nil
}

// given reports whether a flag was set on the command line.
func (c *call) given(name string) (set bool) {
	c.flags.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

func (c *call) printHelp() {
	fmt.Fprintf(c.stdout, "llm %s %s\n\n%s.\n", c.verb.name, c.verb.args, upperFirst(c.verb.summary))
	if c.verb.help != "" {
		fmt.Fprintf(c.stdout, "\n%s\n", strings.TrimSpace(c.verb.help))
	}
	fmt.Fprintln(c.stdout, "\nFlags:")
	c.flags.VisitAll(func(f *flag.Flag) {
		dash := "--"
		if len(f.Name) == 1 {
			dash = "-"
		}
		arg, text := flag.UnquoteUsage(f)
		left := strings.TrimSpace(dash + f.Name + " " + arg)
		if d := f.DefValue; d != "" && d != "0" && d != "false" {
			text += " (default " + d + ")"
		}
		fmt.Fprintf(c.stdout, "  %-24s %s\n", left, text)
	})
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// helped turns errHelp into success.
func helped(err error) error {
	if errors.Is(err, errHelp) {
		return nil
	}
	return err
}
