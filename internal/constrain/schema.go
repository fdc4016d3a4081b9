package constrain

import (
	"strings"
	"sync"
)

// types is a set of JSON types. A number that is whole has both number and integer.
type types uint8

const (
	typeNull types = 1 << iota
	typeBool
	typeInteger
	typeFraction // numbers that are not whole
	typeString
	typeArray
	typeObject

	typeNumber = typeInteger | typeFraction
	typeAny    = typeNull | typeBool | typeNumber | typeString | typeArray | typeObject
)

var typeNames = map[string]types{"null": typeNull, "boolean": typeBool, "integer": typeInteger, "number": typeNumber,
	"string": typeString, "array": typeArray, "object": typeObject}

// schema is a JSON Schema with its keywords read. What is not given is nil, or allows everything.
type schema struct {
	id      int
	pointer string
	res     *resource
	draft   int
	never   bool // false

	types    types
	enum     []*value // with const
	hasEnum  bool
	enumSet  map[string]bool // canonical texts of enum, where there are many
	notEnum  []*value        // only in derived schemas: none of these
	min, max *bound
	multiple *decimal

	minLength, maxLength uint32
	pattern, notPattern  *pattern
	format               string

	minItems, maxItems       uint32
	unique                   bool
	prefix                   []*schema
	items                    *schema
	contains                 *schema
	minContains, maxContains uint32

	names          []string // of properties, in order
	props          map[string]*schema
	patterns       []patternProperty
	additional     *schema
	propertyNames  *schema
	required       []string
	minProps       uint32
	maxProps       uint32
	dependents     []dependency
	uncheckedItems *schema // unevaluatedItems
	uncheckedProps *schema // unevaluatedProperties

	all, any, one  []*schema
	not, if_       *schema
	then, else_    *schema
	ref            *schema
	refText        string
	dynamic        bool
	negated        []*schema // cache, see negate
	negatedState   uint8
	hasApplicators bool
}

// bound is a limit of numbers.
type bound struct {
	at        decimal
	exclusive bool
}

type patternProperty struct {
	pattern *pattern
	schema  *schema
}

// dependency is what the presence of a property asks for.
type dependency struct {
	name     string
	keyword  string
	required []string
	schema   *schema
}

// pattern is a regular expression of a schema.
type pattern struct {
	text string
	re   *re // nil: it cannot be read at all, see why
	why  string
	dfa  *dfa // nil if it is not regular or too large
	once sync.Once
}

// automaton returns the automaton of a pattern, searched for, nil if there is none.
func (p *pattern) automaton() *dfa {
	p.once.Do(func() {
		if p.re != nil {
			p.dfa, p.why = patternDFA(p.re)
		}
	})
	return p.dfa
}

// repeats reports whether a pattern is one set of characters, lo to hi times, from end to end: a length better kept by a counter.
func (p *pattern) repeats() (set *runeSet, lo, hi uint32, ok bool) {
	if p == nil || p.re == nil || p.re.op != reSeq || len(p.re.subs) != 3 || p.re.subs[0].op != reBegin || p.re.subs[2].op != reEnd {
		return nil, 0, 0, false
	}
	x := p.re.subs[1]
	if x.op != reRep || x.subs[0].op != reSet || max(x.lo, x.hi) < manyTimes {
		return nil, 0, 0, false
	}
	lo, hi = uint32(x.lo), unbounded
	if x.hi >= 0 {
		hi = uint32(x.hi)
	}
	return x.subs[0].set, lo, hi, true
}

// manyTimes is from how many on a counter is better than states.
const manyTimes = 24

// patternDFA returns the automaton of the texts in which a pattern is found. Lookahead at the beginning of an anchored pattern is
// an intersection.
func patternDFA(x *re) (*dfa, string) {
	looks, rest := splitLooks(x)
	if !rest.regular() {
		return nil, "lookaround or a reference to a group"
	}
	d, err := compileRE(rest, search)
	if err != nil {
		return nil, err.Error()
	}
	for _, l := range looks {
		if !l.subs[0].regular() {
			return nil, "lookaround in lookaround"
		}
		body := &re{op: reSeq, subs: []*re{{op: reBegin}, l.subs[0]}}
		o, err := compileRE(body, search)
		if err != nil {
			return nil, err.Error()
		}
		if l.not {
			o = o.complement()
		}
		if d = intersect(d, o, maxDFA); d == nil {
			return nil, errTooLarge.Error()
		}
	}
	return d, ""
}

// splitLooks returns the lookaheads right after ^ and the pattern without them.
func splitLooks(x *re) ([]*re, *re) {
	if x.op != reSeq || len(x.subs) < 2 || x.subs[0].op != reBegin {
		return nil, x
	}
	i := 1
	for i < len(x.subs) && x.subs[i].op == reLook && !x.subs[i].behind {
		i++
	}
	rest := append([]*re{x.subs[0]}, x.subs[i:]...)
	return x.subs[1:i], &re{op: reSeq, subs: rest}
}

// match reports whether a pattern is found in a text.
func (p *pattern) match(text string) (bool, error) {
	if d := p.automaton(); d != nil {
		return d.match(text), nil
	}
	if p.re == nil {
		return true, nil
	}
	return backtrack(p.re, text)
}

// token returns a name as a part of a JSON Pointer.
func token(name string) string {
	if !strings.ContainsAny(name, "~/") {
		return name
	}
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}
