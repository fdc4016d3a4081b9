package constrain

import "sync"

// Relaxed is a part of a schema that masks do not enforce; Validate does.
type Relaxed struct {
	Pointer string `json:"pointer"` // JSON Pointer to the keyword
	Keyword string `json:"keyword"`
	Why     string `json:"why"`
}

// Constraint is what a text must be. It is immutable and safe for concurrent use.
type Constraint struct {
	prog    *program
	relaxed []Relaxed
	check   func(text string) error // nil: the program says all

	mu      sync.Mutex
	engines map[*Trie]*engine
}

// Options change how a schema is compiled.
type Options struct {
	// AnyOrder lets the properties of an object come in any order; else they come in the order in which the schema declares them.
	AnyOrder bool
	// Object leaves only the objects of what the schema allows.
	Object bool
	// Avoid are texts that no string and no name of a property holds: those that what reads the value would take for its end.
	Avoid []string
	// Notation is how values are written; nil: as JSON.
	Notation *Notation
}

// Relaxed lists what masks do not enforce, without duplicates. The caller must not change it.
func (c *Constraint) Relaxed() []Relaxed { return c.relaxed }

// States returns how many states the program of the constraint has: what it adds to one that it becomes part of.
func (c *Constraint) States() int { return len(c.prog.nodes) }

// engine returns what computes the masks over a vocabulary.
func (c *Constraint) engine(t *Trie) *engine {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.engines[t]
	if e == nil {
		if c.engines == nil {
			c.engines = map[*Trie]*engine{}
		}
		e = newEngine(c.prog, t)
		c.engines[t] = e
	}
	return e
}

// Validate checks a whole text to the letter, whatever was relaxed and in whatever order properties come. It returns what is
// wrong first, with the place in the text.
func (c *Constraint) Validate(text string) error {
	if c.check != nil {
		return c.check(text)
	}
	if at, ok := c.Match(text); !ok {
		return failf(Invalid, "", "no sentence of the constraint: it ends or differs at byte %d", at)
	}
	return nil
}

// Match reports whether a text is a whole sentence as masks see it, and how many bytes of it could begin one.
func (c *Constraint) Match(text string) (at int, ok bool) {
	x := &Matcher{m: newMachine(c.prog, 0)}
	x.m.begin()
	x.next.threads, x.next.accepts = append(x.next.threads, x.m.out...), x.m.accepts
	for i := range len(text) {
		if !x.readByte(text[i]) {
			return i, false
		}
	}
	return len(text), x.next.accepts
}
