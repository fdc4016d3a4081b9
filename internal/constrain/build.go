package constrain

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// CompileSchema reads a JSON Schema: drafts 4 to 2020-12 as $schema says, 2020-12 without it. Keywords that masks cannot enforce
// are left to Validate and listed by Relaxed. References to other documents are Unsupported.
func CompileSchema(text string, o Options) (*Constraint, error) {
	doc, err := loadSchema(text)
	if err != nil {
		return nil, err
	}
	b := &builder{doc: doc, options: o, byKey: map[string]int{}, opposites: map[*schema]*schema{}, numbers: map[string]*dfa{},
		noted: map[Relaxed]bool{}}
	b.deriver.next = len(doc.all)
	prog, err := b.build()
	if err != nil {
		return nil, err
	}
	return &Constraint{prog: prog, relaxed: b.relaxed, check: validateSchema(doc)}, nil
}

// CompileJSON allows every JSON value.
func CompileJSON() (*Constraint, error) { return CompileSchema("true", Options{}) }

// builder makes rules of schemas, and a program of rules.
type builder struct {
	deriver
	doc       *document
	options   Options
	rules     []*shape
	byKey     map[string]int
	opposites map[*schema]*schema
	numbers   map[string]*dfa
	relaxed   []Relaxed
	noted     map[Relaxed]bool
	quiet     bool // relaxations are not noted
	effort    int
}

// relax notes that a keyword is left to the validator.
func (b *builder) relax(s *schema, keyword, why string) {
	r := Relaxed{s.pointer + "/" + token(keyword), keyword, why}
	if !b.quiet && !b.noted[r] {
		b.noted[r] = true
		b.relaxed = append(b.relaxed, r)
	}
}

func (b *builder) build() (*program, error) {
	root := b.rule([]*schema{b.doc.root})
	for i := 0; i < len(b.rules); i++ {
		if len(b.rules) > maxRules {
			return nil, failf(Limit, "", "more than %d rules", maxRules)
		}
		if err := b.fill(b.rules[i]); err != nil {
			return nil, err
		}
	}
	settleRules(b.rules)
	if !b.rules[root].ends {
		return nil, failf(Unsatisfiable, "", "no value is valid under the schema")
	}
	return b.emit(root)
}

// rule returns the number of the rule for values that are valid under all of some schemas.
func (b *builder) rule(list []*schema) int {
	list = slices.Clone(list)
	list = slices.DeleteFunc(list, (*schema).trivial)
	sorted := slices.Clone(list)
	slices.SortFunc(sorted, func(s, t *schema) int { return cmp.Compare(s.id, t.id) })
	sorted = slices.Compact(sorted)
	var key []byte
	for _, s := range sorted {
		key = binary.AppendUvarint(key, uint64(s.id))
	}
	if i, ok := b.byKey[string(key)]; ok {
		return i
	}
	b.byKey[string(key)] = len(b.rules)
	b.rules = append(b.rules, &shape{schemas: list})
	return len(b.rules) - 1
}

// maxConjunction bounds the schemas that one value has to be valid under.
const maxConjunction = 2000

func (b *builder) fill(s *shape) error {
	if len(s.schemas) > maxConjunction {
		return failf(Limit, s.schemas[0].pointer, "more than %d schemas for one value", maxConjunction)
	}
	for _, f := range b.branches(s.schemas) {
		if err := b.fillBranch(s, &f); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) fillBranch(s *shape, f *flat) error {
	if i := slices.IndexFunc(f.schemas, func(t *schema) bool { return t.hasEnum }); i >= 0 {
		s.alts = append(s.alts, b.values(f, f.schemas[i].enum)...)
		return nil
	}
	var words []string
	if f.types&typeNull != 0 && !f.excludes(&value{kind: kindNull}) {
		words = append(words, "null")
	}
	if f.types&typeBool != 0 {
		for _, truth := range []bool{false, true} {
			if v := (&value{kind: kindBool, truth: truth}); !f.excludes(v) {
				words = append(words, v.canonical())
			}
		}
	}
	if words != nil {
		slices.Sort(words)
		s.alts = append(s.alts, &alternative{words: words})
	}
	if f.types&typeNumber != 0 {
		if d := b.numbersOf(f); d != nil {
			s.alts = append(s.alts, &alternative{number: d})
		}
	}
	if f.types&typeString != 0 {
		if x := b.stringsOf(f, false); x != nil {
			s.alts = append(s.alts, &alternative{str: x})
		}
	}
	if f.types&typeArray != 0 {
		if x := b.arraysOf(f); x != nil {
			s.alts = append(s.alts, &alternative{array: x})
		}
	}
	if f.types&typeObject != 0 {
		x, err := b.objectsOf(f)
		if err != nil {
			return err
		}
		s.alts = append(s.alts, &alternative{object: x})
	}
	return nil
}

// excludes reports whether a value is one that must not be.
func (f *flat) excludes(v *value) bool {
	return slices.ContainsFunc(f.schemas, func(s *schema) bool { return in(s.notEnum, v) })
}

// values returns the alternatives for those of some values that are valid under all schemas.
func (b *builder) values(f *flat, list []*value) []*alternative {
	var words []string
	var out []*alternative
	have := map[string]bool{}
	c := checker{doc: b.doc}
	for _, v := range list {
		if have[v.canonical()] || !all(f.schemas, func(s *schema) bool { return c.check(s, v, nil) }) {
			continue
		}
		have[v.canonical()] = true
		switch v.kind {
		case kindArray:
			out = append(out, &alternative{array: b.constArray(f.schemas[0], v)})
		case kindObject:
			out = append(out, &alternative{object: b.constObject(f.schemas[0], v)})
		case kindString:
			words = append(words, quote(v.text))
		case kindNumber:
			words = append(words, spellings(v)...)
		default:
			words = append(words, v.canonical())
		}
		c.steps = 0
	}
	if words != nil {
		slices.Sort(words)
		out = append(out, &alternative{words: slices.Compact(words)})
	}
	return out
}

// spellings returns how a number of an enumeration may be written: plainly, or if that is too long as it is in the schema.
func spellings(v *value) []string {
	if s, ok := parseDecimal(v.text).plain(maxNumberDigits); ok {
		return []string{s}
	}
	return []string{v.text}
}

// exactly returns the rule for one value.
func (b *builder) exactly(from *schema, v *value) int {
	s := b.derive(from)
	s.enum, s.hasEnum = []*value{v}, true
	return b.rule([]*schema{s})
}

func (b *builder) constArray(from *schema, v *value) *arrayShape {
	n := uint32(len(v.items))
	a := &arrayShape{rest: -1, min: n, max: n}
	for _, x := range v.items {
		a.prefix = append(a.prefix, b.exactly(from, x))
	}
	return a
}

func (b *builder) constObject(from *schema, v *value) *objectShape {
	o := &objectShape{max: unbounded}
	for i, name := range v.names {
		if v.get(name) == v.items[i] {
			o.props = append(o.props, property{name, b.exactly(from, v.items[i]), true})
		}
	}
	return o
}

// numbersOf returns the automaton of the numbers valid under all schemas, nil if there are none.
func (b *builder) numbersOf(f *flat) *dfa {
	n := numberSpec{integer: f.types&typeFraction == 0}
	var all schema
	var from [3]*schema // of minimum, maximum, multipleOf
	for _, s := range f.schemas {
		lo, hi := all.min, all.max
		all.raise(s.min)
		all.lower(s.max)
		if all.min != lo {
			from[0] = s
		}
		if all.max != hi {
			from[1] = s
		}
		b.multiply(&n, s, &from[2])
	}
	n.min, n.max = all.min, all.max
	b.notNumbers(&n, f)
	if f.types&typeInteger == 0 {
		b.relax(f.schemas[0], "type", "numbers that are not whole")
	}
	return b.numberDFA(n, from)
}

// multiply takes a divisor into account: the least common multiple with the one so far.
func (b *builder) multiply(n *numberSpec, s *schema, from **schema) {
	switch {
	case s.multiple == nil:
	case n.multiple == nil:
		n.multiple, *from = s.multiple, s
	default:
		m, ok := commonMultiple(*n.multiple, *s.multiple)
		if !ok {
			b.relax(s, "multipleOf", "too large with the other one")
			return
		}
		n.multiple, *from = &m, s
	}
}

func (b *builder) notNumbers(n *numberSpec, f *flat) {
	for _, s := range f.schemas {
		for _, v := range s.notEnum {
			if v.kind != kindNumber {
				continue
			}
			if len(n.not) == maxNotNumbers {
				b.relax(s, "not", "too many numbers")
				return
			}
			n.not = append(n.not, parseDecimal(v.text))
		}
	}
}

func (b *builder) numberDFA(n numberSpec, from [3]*schema) *dfa {
	for {
		key := n.key()
		d, ok := b.numbers[key]
		if !ok {
			var keyword string
			if d, keyword = makeNumberDFA(&n); d == nil {
				b.dropNumber(&n, keyword, from)
				continue
			}
			b.numbers[key] = d
		}
		if d.empty() {
			return nil
		}
		return d
	}
}

func makeNumberDFA(n *numberSpec) (*dfa, string) {
	if n.free() {
		return freeNumber(), ""
	}
	return numberDFA(n)
}

// freeNumber is the automaton of every number that JSON can spell.
func freeNumber() *dfa {
	classes := []*runeSet{single('-'), single('0'), newSet(span{'1', '9'}), single('.'), newSet(span{'E', 'E'}, span{'e', 'e'}), single('+')}
	const no = -1
	return &dfa{classes: classes, accept: []bool{false, false, true, true, false, true, false, false, true}, next: []int32{
		1, 2, 3, no, no, no, // start
		no, 2, 3, no, no, no, // after -
		no, no, no, 4, 6, no, // 0
		no, 3, 3, 4, 6, no, // whole
		no, 5, 5, no, no, no, // after .
		no, 5, 5, no, 6, no, // fraction
		7, 8, 8, no, no, 7, // after e
		no, 8, 8, no, no, no, // after its sign
		no, 8, 8, no, no, no, // exponent
	}}
}

// dropNumber leaves a keyword to the validator.
func (b *builder) dropNumber(n *numberSpec, keyword string, from [3]*schema) {
	why := "too large for an automaton"
	switch {
	case keyword == "multipleOf" && n.multiple != nil:
		b.relax(from[2], keyword, why)
		n.multiple = nil
	case keyword == "not" || n.min == nil && n.max == nil:
		n.not = nil
	default:
		if n.min != nil {
			b.relax(from[0], "minimum", why)
		}
		if n.max != nil {
			b.relax(from[1], "maximum", why)
		}
		n.min, n.max = nil, nil
	}
}

func (n *numberSpec) key() string {
	var b []byte
	if n.integer {
		b = append(b, 'i')
	}
	for i, x := range []*bound{n.min, n.max} {
		if x != nil {
			b = x.at.appendKey(append(b, "<>"[i]))
			if x.exclusive {
				b = append(b, '!')
			}
		}
	}
	if n.multiple != nil {
		b = n.multiple.appendKey(append(b, '*'))
	}
	for _, d := range n.not {
		b = d.appendKey(append(b, '^'))
	}
	return string(b)
}

// arraysOf returns the arrays valid under all schemas, nil if there are none.
func (b *builder) arraysOf(f *flat) *arrayShape {
	a := &arrayShape{rest: -1, max: unbounded}
	prefix := 0
	for _, s := range f.schemas {
		a.min, a.max = max(a.min, s.minItems), min(a.max, s.maxItems)
		prefix = max(prefix, len(s.prefix))
		b.containing(a, s)
		if slices.ContainsFunc(s.notEnum, func(v *value) bool { return v.kind == kindArray }) {
			b.relax(s, "not", "arrays")
		}
		if s.uncheckedItems != nil && !s.uncheckedItems.trivial() {
			if s.static() {
				if n := s.sawItems(); n < maxSeen {
					prefix = max(prefix, n)
				}
			} else {
				b.relax(s, "unevaluatedItems", "what is evaluated depends on a choice")
			}
		}
	}
	if a.min > a.max {
		return nil
	}
	for _, s := range f.schemas {
		if s.unique && a.max > 1 {
			b.relax(s, "uniqueItems", "items would have to be remembered")
		}
	}
	for i := range prefix {
		if uint32(i) >= a.max {
			break
		}
		a.prefix = append(a.prefix, b.rule(itemSchemas(f.schemas, i)))
	}
	if uint32(prefix) < a.max {
		a.rest = b.rule(itemSchemas(f.schemas, prefix))
	}
	return a
}

// containing takes contains into account where it only counts items.
func (b *builder) containing(a *arrayShape, s *schema) {
	switch {
	case s.contains == nil || s.minContains == 0 && s.maxContains == unbounded:
	case s.contains.trivial():
		a.min, a.max = max(a.min, s.minContains), min(a.max, s.maxContains)
	case s.contains.never:
		if s.minContains > 0 {
			a.min, a.max = 1, 0
		}
	default:
		b.relax(s, "contains", "items would have to be counted")
	}
}

// itemSchemas returns the schemas that apply to an item.
func itemSchemas(list []*schema, i int) []*schema {
	var out []*schema
	for _, s := range list {
		switch {
		case i < len(s.prefix):
			out = append(out, s.prefix[i])
		case s.items != nil:
			out = append(out, s.items)
		}
		if s.uncheckedItems != nil && !s.uncheckedItems.trivial() && s.static() && i >= s.sawItems() {
			out = append(out, s.uncheckedItems)
		}
	}
	return out
}

// sawItems returns how many items a static schema looks at, from the first.
func (s *schema) sawItems() int {
	n := 0
	for _, t := range flatten([]*schema{s}).schemas {
		n = max(n, len(t.prefix))
		if t.items != nil || t != s && t.uncheckedItems != nil {
			return maxSeen
		}
	}
	return n
}

const maxSeen = 1 << 30
