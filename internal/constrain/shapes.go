package constrain

import "slices"

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
