package constrain

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// CompileSchema reads a JSON Schema: drafts 4 to 2020-12 as $schema says, 2020-12 without it. Keywords that masks cannot enforce
// are left to Validate and listed by Relaxed. References to other documents are Unsupported. In whatever notation masks let values
// through, Validate reads JSON.
func CompileSchema(text string, o Options) (*Constraint, error) {
	doc, err := loadSchema(text)
	if err != nil {
		return nil, err
	}
	b := &builder{doc: doc, options: o, byKey: map[string]int{}, opposites: map[*schema]*schema{}, numbers: map[string]*dfa{},
		noted: map[Relaxed]bool{}}
	b.deriver.next = len(doc.all)
	if len(o.Avoid) > 0 {
		b.avoid = avoiding(o.Avoid)
	}
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
	avoid     *dfa // of the strings that are let through, nil: all
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
	all := []*schema{b.doc.root}
	if b.options.Object {
		object := b.derive(b.doc.root)
		object.types = typeObject
		all = append(all, object)
	}
	root := b.rule(all)
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
	for i, s := range list {
		list[i] = s.target()
	}
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
		if have[v.canonical()] || !all(f.schemas, func(s *schema) bool { return c.check(s, v, nil) == nil }) {
			continue
		}
		have[v.canonical()] = true
		switch v.kind {
		case kindArray:
			out = append(out, &alternative{array: b.constArray(f.schemas[0], v)})
		case kindObject:
			out = append(out, &alternative{object: b.constObject(f.schemas[0], v)})
		case kindString:
			if b.avoid == nil || b.avoid.match(v.text) {
				words = append(words, quote(v.text))
			}
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

// NewValidator returns what Validate of the constraint would be, also where masks cannot be made of the schema.
func NewValidator(text string) (func(text string) error, error) {
	doc, err := loadSchema(text)
	if err != nil {
		return nil, err
	}
	return validateSchema(doc), nil
}
