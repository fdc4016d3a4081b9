package constrain

import (
	"encoding/json"
	"slices"
	"strings"
)

// Notation is how values are written that are not written as JSON.
type Notation struct {
	Quote   *Part    // not nil: strings are between two of these, without escapes, and keys have no quotation marks
	Members *Members // not nil: the outermost value is an object whose members are written by themselves
}

// Members is how the members of an object are written by themselves: Open, members with Between between two, Close, and white
// space wherever one of these meets another.
type Members struct {
	Open, Between, Close Part
	Names                string                   // regular expression of package regexp: what names that are not declared may be
	Forms                func(name string) []Form // how a member can be written, if it can; "": one that is not declared
}

// Form is a way to write a member: Open, its name as it is, Begin, its value, Close.
type Form struct {
	Open, Begin, Close Part
	Python             bool // the value is written as Python does: True, False, None; strings in single quotation marks too
	Text               bool // the value is a string, as it is: without quotation marks and escapes
	Null               bool // with Text: null is a value too, and no string may look like it
	Tree               *Element
}

// Element is a value that is written as elements in elements, as far as it is an array or an object, else as JSON.
type Element struct {
	Key         string                   // the same for the same element: elements may be in themselves
	Item        func() Form              // how items of an array are written; nil: arrays are written as JSON
	Members     func(name string) []Form // how members of an object are written, if they can
	EmptyArray  bool                     // nothing is an empty array; else that is JSON
	EmptyObject bool                     // nothing is an empty object; else that is JSON
}

// manner is how a rule is emitted.
type manner uint8

const (
	asValue      manner = iota
	asPython            // as Python writes values
	asMembers           // the outermost object
	asText              // its strings, as they are
	asTextOrNull        // the same with null
	asTree              // as elements
)

// wanted is a rule to be emitted in a manner.
type wanted struct {
	rule int
	how  manner
	tree string // key of the element
}

func (f *Form) manner() manner {
	switch {
	case f.Tree != nil:
		return asTree
	case f.Text && f.Null:
		return asTextOrNull
	case f.Text:
		return asText
	case f.Python:
		return asPython
	}
	return asValue
}

// part adds a piece of text.
func (e *jsonEmitter) part(p Part, next int32) int32 {
	if p.x == nil {
		return next
	}
	g := &grammar{prog: e.program, counter: e.counter, included: e.included}
	at := g.emit(p.x, next)
	e.included = g.included
	return at
}

// texts adds a choice between texts, which are sorted.
func (e *jsonEmitter) texts(list []string, next int32) int32 {
	if len(list) == 0 || list[0] != "" {
		return e.add(node{kind: nodeWords, words: list, next: next, counter: e.counter})
	}
	if len(list) == 1 {
		return next
	}
	return e.add(node{jumps: []jump{goTo(next), goTo(e.texts(list[1:], next))}, next: -1, counter: e.counter})
}

// words adds a choice between values, given in JSON and sorted.
func (e *jsonEmitter) words(list []string, end int32) int32 {
	n := e.notation
	if !e.python && n.Quote == nil {
		return e.texts(list, end)
	}
	strs, others := split(list)
	if e.python {
		for _, s := range strs {
			others = append(others, quote(s), quoteSingle(s))
		}
		strs = nil
		for i, w := range others {
			if p := pythonWords[w]; p != "" {
				others[i] = p
			}
		}
		slices.Sort(others)
	}
	var jumps []jump
	if others != nil {
		jumps = append(jumps, goTo(e.texts(others, end)))
	}
	if strs != nil {
		jumps = append(jumps, goTo(e.part(*n.Quote, e.texts(strs, e.part(*n.Quote, end)))))
	}
	return e.add(node{jumps: jumps, next: -1})
}

var pythonWords = map[string]string{"true": "True", "false": "False", "null": "None"}

// split divides values in JSON into the strings among them, as they are and sorted, and the others.
func split(words []string) (strs, others []string) {
	for _, w := range words {
		var s string
		if w[0] == '"' && json.Unmarshal([]byte(w), &s) == nil {
			strs = append(strs, s)
		} else {
			others = append(others, w)
		}
	}
	slices.Sort(strs)
	return strs, others
}

// quoteSingle returns a string as Python writes it, in single quotation marks.
func quoteSingle(s string) string {
	inside := quote(s)
	inside = strings.ReplaceAll(inside[1:len(inside)-1], `\"`, `"`)
	return "'" + strings.ReplaceAll(inside, "'", `\'`) + "'"
}

// str adds a string with what is around it.
func (e *jsonEmitter) str(s *stringShape, end int32) int32 {
	n := e.notation
	switch {
	case n.Quote != nil:
		return e.part(*n.Quote, e.rawString(s, e.part(*n.Quote, end)))
	case e.python:
		s = s.explicit()
		double, single := e.word(`"`, e.stringDFA(s, jsonPlain, end)), e.word("'", e.stringDFA(s, singleQuoted, end))
		return e.add(node{jumps: []jump{goTo(double), goTo(single)}, next: -1})
	case s.dfa == nil:
		return e.word(`"`, e.freeString(s, end))
	}
	return e.word(`"`, e.stringDFA(s, jsonPlain, end))
}

// explicit returns the same strings with an automaton.
func (s *stringShape) explicit() *stringShape {
	if s.dfa != nil {
		return s
	}
	x := *s
	x.dfa = lengths(0, -1)
	if x.min > 0 || x.max != unbounded {
		x.from, x.to = []uint32{0}, []uint32{unbounded}
	}
	return &x
}

// rawString adds a string as it is.
func (e *jsonEmitter) rawString(s *stringShape, next int32) int32 {
	if s.dfa != nil {
		return e.stringDFA(s, raw, next)
	}
	at := int32(len(e.nodes))
	n := node{next: -1, edges: []edge{{set: e.everything(), to: at, hi: unbounded}}, jumps: []jump{{to: next, lo: s.min, hi: unbounded}}}
	if s.min > 0 || s.max != unbounded {
		n.counter = s.counting(&n)
	}
	return e.add(n)
}

// text adds a rule's strings as they are.
func (e *jsonEmitter) text(s *shape, null bool) int32 {
	end := e.end()
	var jumps []jump
	for _, a := range s.alts {
		list, x := a.asText(null)
		if list != nil {
			jumps = append(jumps, goTo(e.texts(list, end)))
		}
		if x != nil {
			jumps = append(jumps, goTo(e.rawString(x, end)))
		}
	}
	return e.add(node{jumps: jumps, next: -1})
}

// hasText reports whether a rule has a value to be written as it is.
func (s *shape) hasText(null bool) bool {
	return slices.ContainsFunc(s.alts, func(a *alternative) bool {
		list, x := a.asText(null)
		return list != nil || x != nil
	})
}

// asText returns the strings of an alternative, those of an automaton or as a sorted list. With null that is one of the list, and
// strings that look like it are left out.
func (a *alternative) asText(null bool) (list []string, x *stringShape) {
	if a.words != nil {
		strs, others := split(a.words)
		if null {
			strs = slices.DeleteFunc(strs, func(s string) bool { return strings.TrimSpace(s) == "null" })
			if slices.Contains(others, "null") {
				strs = append(strs, "null")
				slices.Sort(strs)
			}
		}
		return strs, nil
	}
	if a.str == nil || !null {
		return nil, a.str
	}
	if a.str.noNull == nil {
		a.str.noNull = a.str.without(looksNull())
	}
	if !a.str.noNull.possible() {
		return nil, nil
	}
	return nil, a.str.noNull
}

// without returns the strings that an automaton does not accept. Where the lengths cannot be kept they are not.
func (s *stringShape) without(d *dfa) *stringShape {
	x := s.explicit()
	both := intersect(x.dfa, d.complement(), maxStringStates)
	if both == nil {
		return s
	}
	out := &stringShape{dfa: both, min: s.min, max: s.max}
	if s.min == 0 && s.max == unbounded || out.dfa.empty() || out.measure() {
		return out
	}
	out.from, out.to, out.min, out.max = nil, nil, 0, unbounded
	return out
}

func (s *stringShape) possible() bool {
	return !s.dfa.empty() && (s.from == nil || s.from[0] <= s.max && s.to[0] >= s.min)
}

// looksNull is the automaton of the texts that are read as null where a string may be too.
func looksNull() *dfa {
	d, err := goRegexp(`[\s\v\x{85}\x{A0}\p{Z}]*null[\s\v\x{85}\x{A0}\p{Z}]*`, whole)
	if err != nil {
		return oneOfTexts([]string{"null"}) // the expression is a constant
	}
	return d
}

// forms returns those of some forms in which a value of a rule can be written.
func (e *jsonEmitter) forms(all []Form, rule int) []Form {
	return slices.DeleteFunc(slices.Clone(all), func(f Form) bool {
		if f.Text {
			return !e.b.rules[rule].hasText(f.Null)
		}
		return !e.b.rules[rule].ends
	})
}

// member adds a member with a name that the given function adds.
func (e *jsonEmitter) member(forms []Form, rule int, name func(next int32) int32, after int32) int32 {
	var jumps []jump
	for _, f := range forms {
		value := e.formed(&f, rule, e.part(f.Close, after))
		jumps = append(jumps, goTo(e.part(f.Open, name(e.part(f.Begin, value)))))
	}
	return e.add(node{jumps: jumps, next: -1, counter: e.counter})
}

// formed adds a call of a rule in the manner of a form.
func (e *jsonEmitter) formed(f *Form, rule int, next int32) int32 {
	w := wanted{rule: rule, how: f.manner()}
	if f.Tree != nil {
		w.tree = f.Tree.Key
		if e.trees == nil {
			e.trees = map[string]*Element{}
		}
		e.trees[w.tree] = f.Tree
	}
	return e.callAs(w, next)
}

// tree adds a rule's values as elements.
func (e *jsonEmitter) tree(s *shape, x *Element) int32 {
	end := e.end()
	var jumps []jump
	for _, a := range s.alts {
		switch {
		case !a.canEnd(e.b.rules):
		case a.array != nil && x.Item != nil:
			jumps = append(jumps, e.treeArray(a, x, end)...)
		case a.object != nil && x.Members != nil:
			jumps = append(jumps, e.treeObject(a, x, end)...)
		default:
			jumps = append(jumps, goTo(e.alternative(a, end)))
		}
	}
	return e.add(node{jumps: jumps, next: -1})
}

func (e *jsonEmitter) treeArray(a *alternative, x *Element, end int32) []jump {
	item, shape := x.Item(), *a.array
	rules := slices.Clone(shape.prefix)
	if shape.rest >= 0 {
		rules = append(rules, shape.rest)
	}
	if slices.ContainsFunc(rules, func(r int) bool { return len(e.forms([]Form{item}, r)) == 0 }) {
		return []jump{goTo(e.alternative(a, end))} // a mixture is not worth the trouble
	}
	var jumps []jump
	if shape.min == 0 && !x.EmptyArray {
		jumps = append(jumps, goTo(e.word("[]", end)))
		shape.min = 1
	}
	e.counter = nil
	if e.item = &item; shape.min <= shape.limit(e.b.rules) {
		jumps = append(jumps, goTo(e.array(&shape, end)))
	}
	e.item = nil
	return jumps
}

func (e *jsonEmitter) treeObject(a *alternative, x *Element, end int32) []jump {
	shape := *a.object
	var jumps []jump
	if shape.min == 0 && !x.EmptyObject && !slices.ContainsFunc(shape.props, func(p property) bool { return p.required }) {
		jumps = append(jumps, goTo(e.word("{}", end)))
	}
	if !x.EmptyObject {
		shape.min = max(shape.min, 1)
	}
	o := &objectWriter{jsonEmitter: e, o: &shape, end: end, marks: &Members{Forms: x.Members}}
	if len(shape.props) == 0 || !o.writable() {
		return []jump{goTo(e.alternative(a, end))}
	}
	return append(jumps, goTo(o.run()))
}

// pythonName adds a name that is not declared as Python writes strings.
func (e *jsonEmitter) pythonName(o *objectShape, x *otherNames, next int32) int32 {
	d := nameDFA(o, x, nil)
	counter := e.counter
	var jumps []jump
	for _, how := range []spelling{jsonPlain, singleQuoted} {
		start := e.emitDFA(d, how, e.end())
		jumps = append(jumps, goTo(e.word(string(how.mark()), e.add(node{kind: nodeCall, rule: start, next: next, counter: counter}))))
	}
	return e.add(node{jumps: jumps, next: -1, counter: counter})
}

// freeName adds a name as it is that is not declared and that an automaton accepts.
func (e *jsonEmitter) freeName(o *objectShape, x *otherNames, names *dfa, next int32) int32 {
	d := nameDFA(o, x, names)
	counter := e.counter
	return e.add(node{kind: nodeCall, rule: e.emitDFA(d, raw, e.end()), next: next, counter: counter})
}

// nameDFA returns the automaton of the undeclared names, or of those among some.
func nameDFA(o *objectShape, x *otherNames, names *dfa) *dfa {
	d := x.dfa
	if d == nil {
		d = lengths(0, -1)
		if len(o.declared) > 0 {
			d = oneOfTexts(o.declared).complement()
		}
	}
	if names == nil {
		return d
	}
	if both := intersect(d, names, maxStringStates); both != nil {
		return both
	}
	return &dfa{classes: []*runeSet{anyRune()}, next: []int32{-1}, accept: []bool{false}}
}

// bareNames are the keys that need no quotation marks.
const bareNames = `[0-9A-Za-z_$.\x{80}-\x{10FFFF}-]+`

// key adds a declared name.
func (e *jsonEmitter) key(name string, next int32) int32 {
	words := []string{quote(name)}
	switch {
	case e.python:
		words = append(words, quoteSingle(name))
	case e.notation.Quote != nil && e.bare.match(name):
		words = []string{name}
	}
	return e.add(node{kind: nodeWords, words: words, next: next, counter: e.counter})
}
