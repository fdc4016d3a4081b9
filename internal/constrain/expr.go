package constrain

import (
	"fmt"
	"slices"
	"strconv"
)

func itoa(n int) string                         { return strconv.Itoa(n) }
func sprintf(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// exprOp is what an expression of a grammar is.
type exprOp uint8

const (
	exText    exprOp = iota // these bytes
	exClass                 // one code point of a set
	exSeq                   // one after another; of none: nothing
	exAlt                   // one of several; of none: impossible
	exRep                   // lo to hi times
	exRule                  // what a rule says
	exTokens                // one of these tokens
	exProgram               // what another program reads
	exBlank                 // white space, or none
)

// expr is an expression of a grammar.
type expr struct {
	op     exprOp
	text   string
	set    *runeSet
	subs   []*expr
	lo, hi uint32
	rule   int
	tokens []int32
	prog   *program
}

func text(s string) *expr     { return &expr{op: exText, text: s} }
func class(s *runeSet) *expr  { return &expr{op: exClass, set: s} }
func seq(subs ...*expr) *expr { return one(exSeq, subs) }
func alt(subs ...*expr) *expr { return one(exAlt, subs) }
func one(op exprOp, subs []*expr) *expr {
	if len(subs) == 1 {
		return subs[0]
	}
	return &expr{op: op, subs: subs}
}

func repeat(x *expr, lo, hi uint32) *expr { return &expr{op: exRep, subs: []*expr{x}, lo: lo, hi: hi} }

// grammar is a set of rules.
type grammar struct {
	rules    []*expr
	names    []string
	ends     []bool // rules that can end
	nullable []bool
	prog     *program
	starts   []int32 // of rules in prog, -1: not there
	todo     []int
	calls    []int32  // nodes to be given the start of a rule; node.rule is its number so far
	counter  *counter // of the repetition being emitted
	included map[*program]int32
}

// compile returns the program of a grammar that starts with the given rule.
func (g *grammar) compile(root int) (*program, error) {
	g.ends = g.fixpoint(g.canEnd)
	if !g.ends[root] {
		return nil, failf(Unsatisfiable, "", "%s has no text that ends", g.names[root])
	}
	g.nullable = g.fixpoint(g.canBeEmpty)
	if i := g.leftRecursion(); i >= 0 {
		return nil, failf(Unsupported, g.names[i], "left recursion")
	}
	g.prog, g.starts = &program{}, slices.Repeat([]int32{-1}, len(g.rules))
	g.want(root)
	for len(g.todo) > 0 {
		i := g.todo[len(g.todo)-1]
		g.todo = g.todo[:len(g.todo)-1]
		g.starts[i] = g.emit(g.rules[i], g.prog.end())
		if len(g.prog.nodes) > maxNodes {
			return nil, failf(Limit, "", "more than %d states", maxNodes)
		}
	}
	for _, c := range g.calls {
		g.prog.nodes[c].rule = g.starts[g.prog.nodes[c].rule]
	}
	g.prog.start = g.starts[root]
	g.prog.seal()
	return g.prog, nil
}

func (g *grammar) want(rule int) {
	if g.starts[rule] == -1 {
		g.starts[rule] = -2
		g.todo = append(g.todo, rule)
	}
}

// fixpoint returns the rules that have a property, the least solution.
func (g *grammar) fixpoint(has func(*expr, []bool) bool) []bool {
	users := make([][]int, len(g.rules))
	for i, x := range g.rules {
		x.eachRule(func(r int) { users[r] = append(users[r], i) })
	}
	got := make([]bool, len(g.rules))
	todo := make([]int, len(g.rules))
	for i := range todo {
		todo[i] = i
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !got[i] && has(g.rules[i], got) {
			got[i] = true
			todo = append(todo, users[i]...)
		}
	}
	return got
}

func (x *expr) eachRule(f func(int)) {
	if x.op == exRule {
		f(x.rule)
	}
	for _, s := range x.subs {
		s.eachRule(f)
	}
}

func (g *grammar) canEnd(x *expr, ends []bool) bool {
	switch x.op {
	case exClass:
		return !x.set.empty()
	case exSeq:
		return !slices.ContainsFunc(x.subs, func(s *expr) bool { return !g.canEnd(s, ends) })
	case exAlt:
		return slices.ContainsFunc(x.subs, func(s *expr) bool { return g.canEnd(s, ends) })
	case exRep:
		return x.lo == 0 || g.canEnd(x.subs[0], ends)
	case exRule:
		return ends[x.rule]
	}
	return true
}

func (g *grammar) canBeEmpty(x *expr, empty []bool) bool {
	switch x.op {
	case exText:
		return x.text == ""
	case exClass:
		return false
	case exSeq:
		return !slices.ContainsFunc(x.subs, func(s *expr) bool { return !g.canBeEmpty(s, empty) })
	case exAlt:
		return slices.ContainsFunc(x.subs, func(s *expr) bool { return g.canBeEmpty(s, empty) })
	case exRep:
		return x.lo == 0 || g.canBeEmpty(x.subs[0], empty)
	case exTokens:
		return false
	case exProgram:
		return x.prog.canBeEmpty()
	case exBlank:
		return true
	}
	return empty[x.rule]
}

// leftRecursion returns a rule that can begin with itself, -1 if there is none.
func (g *grammar) leftRecursion() int {
	const fresh, open, done = 0, 1, 2
	mark := make([]uint8, len(g.rules))
	type visit struct {
		rule   int
		firsts []int
	}
	for root := range g.rules {
		if mark[root] != fresh || !g.ends[root] {
			continue
		}
		stack := []visit{{root, g.firsts(root)}}
		mark[root] = open
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if len(top.firsts) == 0 {
				mark[top.rule] = done
				stack = stack[:len(stack)-1]
				continue
			}
			r := top.firsts[0]
			top.firsts = top.firsts[1:]
			switch mark[r] {
			case open:
				return r
			case fresh:
				mark[r] = open
				stack = append(stack, visit{r, g.firsts(r)})
			}
		}
	}
	return -1
}

// firsts returns the rules with which a rule can begin.
func (g *grammar) firsts(rule int) []int {
	var out []int
	var walk func(x *expr)
	walk = func(x *expr) {
		switch x.op {
		case exRule:
			if g.ends[x.rule] {
				out = append(out, x.rule)
			}
		case exSeq:
			for _, s := range x.subs {
				if walk(s); !g.canBeEmpty(s, g.nullable) {
					return
				}
			}
		default:
			for _, s := range x.subs {
				walk(s)
			}
		}
	}
	walk(g.rules[rule])
	return out
}

// emit adds nodes that read x and go on at next, and returns the first. x can end.
func (g *grammar) emit(x *expr, next int32) int32 {
	if len(g.prog.nodes) > maxNodes {
		return next // compile reports it
	}
	switch x.op {
	case exText:
		if x.text == "" {
			return next
		}
		return g.prog.add(node{kind: nodeWords, words: []string{x.text}, next: next, counter: g.counter})
	case exClass:
		return g.prog.add(node{edges: []edge{{set: x.set, to: next, hi: unbounded}}, next: -1, counter: g.counter})
	case exSeq:
		for _, s := range slices.Backward(x.subs) {
			next = g.emit(s, next)
		}
		return next
	case exAlt:
		return g.emitAlt(x, next)
	case exRep:
		return g.emitRep(x, next)
	case exTokens:
		return g.prog.add(node{kind: nodeTokens, tokens: x.tokens, next: next, counter: g.counter})
	case exProgram:
		return g.prog.add(node{kind: nodeCall, rule: g.include(x.prog), next: next, counter: g.counter})
	case exBlank:
		return g.prog.emitBlank(g.counter, []jump{goTo(next)})
	}
	g.want(x.rule)
	return g.call(x.rule, next)
}

// emitBlank adds a node that reads white space.
func (p *program) emitBlank(c *counter, jumps []jump, edges ...edge) int32 {
	at := int32(len(p.nodes))
	edges = append([]edge{{set: blanks, to: at, hi: unbounded}}, edges...)
	return p.add(node{blank: true, counter: c, edges: edges, jumps: jumps, next: -1})
}

func (g *grammar) call(rule int, next int32) int32 {
	c := g.prog.add(node{kind: nodeCall, rule: int32(rule), next: next, counter: g.counter})
	g.calls = append(g.calls, c)
	return c
}

func (g *grammar) emitAlt(x *expr, next int32) int32 {
	if words := texts(x); words != nil {
		return g.prog.add(node{kind: nodeWords, words: words, next: next, counter: g.counter})
	}
	var jumps []jump
	for _, s := range x.subs {
		if g.canEnd(s, g.ends) {
			jumps = append(jumps, jump{to: g.emit(s, next), hi: unbounded})
		}
	}
	return g.prog.add(node{jumps: jumps, next: -1, counter: g.counter})
}

// texts returns the alternatives of x if they are all texts, sorted; else nil.
func texts(x *expr) []string {
	var out []string
	for _, s := range x.subs {
		if s.op != exText || s.text == "" {
			return nil
		}
		out = append(out, s.text)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (g *grammar) emitRep(x *expr, next int32) int32 {
	body := x.subs[0]
	switch {
	case x.hi == 0 || !g.canEnd(body, g.ends):
		return next
	case x.lo == 1 && x.hi == 1:
		return g.emit(body, next)
	case x.lo == 0 && x.hi == 1:
		return g.prog.add(node{jumps: []jump{{to: g.emit(body, next), hi: unbounded}, {to: next, hi: unbounded}}, next: -1, counter: g.counter})
	case x.hi == unbounded && x.lo <= 1:
		return g.emitLoop(body, next, x.lo == 1)
	case g.counter != nil:
		return g.emitApart(x, next)
	}
	return g.emitCounted(x, next)
}

// emitLoop emits x* or x+.
func (g *grammar) emitLoop(body *expr, next int32, once bool) int32 {
	loop := g.prog.add(node{next: -1, counter: g.counter})
	if body.op == exClass && !once {
		g.prog.nodes[loop].edges = []edge{{set: body.set, to: loop, hi: unbounded}}
		g.prog.nodes[loop].jumps = []jump{{to: next, hi: unbounded}}
		return loop
	}
	first := g.emit(body, loop)
	g.prog.nodes[loop].jumps = []jump{{to: first, hi: unbounded}, {to: next, hi: unbounded}}
	if once {
		return first
	}
	return loop
}

// emitCounted emits a repetition with a counter.
func (g *grammar) emitCounted(x *expr, next int32) int32 {
	body, lo := x.subs[0], x.lo
	if g.canBeEmpty(body, g.nullable) {
		lo = 0
	}
	c := &counter{}
	c.mark(lo)
	c.mark(x.hi)
	last := x.hi
	if last != unbounded {
		last--
	}
	loop := g.prog.add(node{next: -1, counter: c})
	leave := jump{to: next, lo: lo, hi: unbounded, change: reset}
	if body.op == exClass {
		g.prog.nodes[loop].edges = []edge{{set: body.set, to: loop, hi: last, add: 1}}
		g.prog.nodes[loop].jumps = []jump{leave}
		return loop
	}
	g.counter = c
	first := g.emit(body, loop)
	g.counter = nil
	g.prog.nodes[loop].jumps = []jump{{to: first, hi: last, change: increment}, leave}
	return loop
}

// emitApart emits a repetition inside another as a rule of its own, which has its own count.
func (g *grammar) emitApart(x *expr, next int32) int32 {
	outer := g.counter
	g.counter = nil
	start := g.emit(x, g.prog.end())
	g.counter = outer
	return g.prog.add(node{kind: nodeCall, rule: start, next: next, counter: outer})
}
