package constrain

// shape is a rule: the values that a set of schemas has in common, as alternatives.
type shape struct {
	schemas []*schema
	alts    []*alternative
	ends    bool // some value exists
}

// alternative is one form of values. Exactly one of the fields is set.
type alternative struct {
	words  []string // texts, sorted
	number *dfa
	str    *stringShape
	array  *arrayShape
	object *objectShape
}

// stringShape is a set of strings: those of an automaton, if there is one, with a number of characters.
type stringShape struct {
	dfa      *dfa
	min, max uint32
	from, to []uint32     // with dfa: for each of its states, the fewest and most characters up to the end; nil: lengths do not matter
	noNull   *stringShape // those that do not look like null, once that was asked for
}

// arrayShape is a set of arrays: items by rules of their own, then more of one rule.
type arrayShape struct {
	prefix   []int
	rest     int // rule, -1: none
	min, max uint32
}

// objectShape is a set of objects.
type objectShape struct {
	props    []property
	others   []otherNames
	min, max uint32
	declared []string // every name that others leaves out, sorted
}

type property struct {
	name     string
	rule     int
	required bool
}

// otherNames are names that are not declared, with the rule of their values.
type otherNames struct {
	dfa  *dfa // nil: all
	rule int
}

// canEnd reports whether an alternative has a value, given which rules have one so far.
func (a *alternative) canEnd(rules []*shape) bool {
	switch {
	case a.array != nil:
		return a.array.canEnd(rules)
	case a.object != nil:
		return a.object.canEnd(rules)
	}
	return true
}

// limit returns how many items there can be.
func (a *arrayShape) limit(rules []*shape) uint32 {
	for i, r := range a.prefix {
		if !rules[r].ends {
			return min(a.max, uint32(i))
		}
	}
	if a.rest < 0 || !rules[a.rest].ends {
		return min(a.max, uint32(len(a.prefix)))
	}
	return a.max
}

func (a *arrayShape) canEnd(rules []*shape) bool { return a.min <= a.limit(rules) }

func (o *objectShape) canEnd(rules []*shape) bool {
	required, possible := uint32(0), uint32(0)
	for _, p := range o.props {
		switch {
		case rules[p.rule].ends:
			possible++
			if p.required {
				required++
			}
		case p.required:
			return false
		}
	}
	for _, x := range o.others {
		if rules[x.rule].ends {
			possible = unbounded
		}
	}
	return required <= o.max && o.min <= o.max && o.min <= possible
}

// eachRule calls f for the rules an alternative needs.
func (a *alternative) eachRule(f func(int)) {
	if a.array != nil {
		for _, r := range a.array.prefix {
			f(r)
		}
		if a.array.rest >= 0 {
			f(a.array.rest)
		}
	}
	if a.object != nil {
		for _, p := range a.object.props {
			f(p.rule)
		}
		for _, x := range a.object.others {
			f(x.rule)
		}
	}
}

// settleRules finds the rules that have a value: the least solution.
func settleRules(rules []*shape) {
	users := make([][]int, len(rules))
	todo := make([]int, 0, len(rules))
	for i, s := range rules {
		todo = append(todo, i)
		for _, a := range s.alts {
			a.eachRule(func(r int) { users[r] = append(users[r], i) })
		}
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if rules[i].ends {
			continue
		}
		for _, a := range rules[i].alts {
			if a.canEnd(rules) {
				rules[i].ends = true
				todo = append(todo, users[i]...)
				break
			}
		}
	}
}
