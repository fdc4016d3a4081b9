package constrain

import "slices"

// maxBranches bounds the alternatives of one rule, and maxEffortSchema the work for all of them.
const (
	maxBranches     = 128
	maxEffortSchema = 200_000
)

// choice is a keyword of which one alternative must hold.
type choice struct {
	s       *schema
	keyword string
	alts    [][]*schema
}

// choiceKey names a choice.
type choiceKey struct {
	id      int
	keyword string
	index   int
}

// flat is a set of schemas that must all hold, with the references and allOf in it followed and its choices listed.
type flat struct {
	schemas []*schema
	types   types
	choices []choiceKey
	never   bool
}

// flatten follows what schemas apply to the same value without a choice.
func flatten(list []*schema) flat {
	f := flat{types: typeAny}
	have := map[*schema]bool{}
	todo := slices.Clone(list)
	for i := 0; i < len(todo); i++ {
		s := todo[i]
		if have[s] {
			continue
		}
		have[s] = true
		if s.never {
			f.never = true
			return f
		}
		f.types &= s.types
		f.schemas = append(f.schemas, s)
		if !s.hasApplicators {
			continue
		}
		todo = append(todo, s.all...)
		if s.ref != nil {
			todo = append(todo, s.ref)
		}
		for _, k := range []struct {
			keyword string
			there   bool
		}{{"anyOf", s.any != nil}, {"oneOf", s.one != nil}, {"not", s.not != nil}, {"if", s.if_ != nil && (s.then != nil || s.else_ != nil)}} {
			if k.there {
				f.choices = append(f.choices, choiceKey{s.id, k.keyword, 0})
			}
		}
		for j := range s.dependents {
			f.choices = append(f.choices, choiceKey{s.id, "dependencies", j})
		}
	}
	f.never = f.types == 0
	return f
}

// branch is a set of schemas and the choices that are made.
type branch struct {
	schemas []*schema
	made    []choiceKey
}

// branches returns the alternatives of a set of schemas, without choices.
func (b *builder) branches(list []*schema) []flat {
	var out []flat
	todo := []branch{{schemas: list}}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		b.effort++
		f := flatten(at.schemas)
		if f.never {
			continue
		}
		open := slices.DeleteFunc(f.choices, func(k choiceKey) bool { return slices.Contains(at.made, k) })
		if len(open) == 0 {
			out = append(out, f)
			continue
		}
		k := open[0]
		c := b.choice(f.byID(k.id), k)
		made := append(slices.Clip(at.made), k)
		if c.alts == nil {
			todo = append(todo, branch{at.schemas, made})
			continue
		}
		if len(out)+len(todo)+len(c.alts) > max(maxBranches, b.allowed(len(out)+len(todo), len(open))) || b.effort > maxEffortSchema {
			b.relax(c.s, c.keyword, "too many combinations")
			todo = append(todo, branch{at.schemas, made})
			continue
		}
		for _, alt := range slices.Backward(c.alts) {
			todo = append(todo, branch{append(slices.Clone(at.schemas), alt...), made})
		}
	}
	return out
}

// allowed lets the only choice of a rule have any number of alternatives.
func (b *builder) allowed(others, open int) int {
	if others == 0 && open == 1 {
		return maxRules
	}
	return 0
}

func (f *flat) byID(id int) *schema {
	for _, s := range f.schemas {
		if s.id == id {
			return s
		}
	}
	return nil
}

// choice returns the alternatives of a keyword. alts is nil, and a relaxation noted, if they cannot be told.
func (b *builder) choice(s *schema, k choiceKey) choice {
	c := choice{s: s, keyword: k.keyword}
	switch k.keyword {
	case "anyOf":
		for _, t := range s.any {
			c.alts = append(c.alts, []*schema{t})
		}
	case "oneOf":
		c.alts = b.exactlyOne(s)
	case "not":
		alts, ok := b.negate(s.not)
		if !ok {
			b.relax(s, "not", "it cannot be turned around")
			return c
		}
		c.alts = [][]*schema{}
		for _, t := range alts {
			c.alts = append(c.alts, []*schema{t})
		}
	case "if":
		c.alts = b.ifThen(s)
	default:
		c.keyword = s.dependents[k.index].keyword
		c.alts = b.depends(s, &s.dependents[k.index])
	}
	if c.alts == nil && (s.any != nil && k.keyword == "anyOf" || s.one != nil && k.keyword == "oneOf") {
		c.alts = [][]*schema{}
	}
	return c
}

func (b *builder) ifThen(s *schema) [][]*schema {
	alts, ok := b.negate(s.if_)
	if !ok {
		b.relax(s, "if", "its condition cannot be turned around")
		return nil
	}
	yes := []*schema{s.if_}
	if s.then != nil {
		yes = append(yes, s.then)
	}
	out := [][]*schema{yes}
	for _, t := range alts {
		no := []*schema{t}
		if s.else_ != nil {
			no = append(no, s.else_)
		}
		out = append(out, no)
	}
	return out
}

// depends returns the alternatives of a dependency: the property is absent, or what it asks for holds.
func (b *builder) depends(s *schema, d *dependency) [][]*schema {
	never := b.derive(s)
	never.never = true
	absent, present := b.derive(s), b.derive(s)
	absent.names, absent.props = []string{d.name}, map[string]*schema{d.name: never}
	present.types = typeObject
	present.required = append([]string{d.name}, d.required...)
	with := []*schema{present}
	if d.schema != nil {
		with = append(with, d.schema)
	}
	return [][]*schema{{absent}, with}
}

// exactlyOne returns the alternatives of oneOf. Those that overlap exclude one another by negation; where that is not possible
// the keyword is relaxed to anyOf.
func (b *builder) exactlyOne(s *schema) [][]*schema {
	out := make([][]*schema, len(s.one))
	for i, t := range s.one {
		out[i] = []*schema{t}
	}
	for i := range s.one {
		for j := range i {
			if b.disjoint(s.one[i], s.one[j], 0) {
				continue
			}
			_, iok := b.negate(s.one[i])
			_, jok := b.negate(s.one[j])
			if !iok || !jok {
				b.relax(s, "oneOf", "its schemas "+itoa(j)+" and "+itoa(i)+" may overlap")
				continue
			}
			out[i] = append(out[i], b.without(s.one[j]))
			out[j] = append(out[j], b.without(s.one[i]))
		}
	}
	return out
}

// without returns a schema for what s is not.
func (b *builder) without(s *schema) *schema {
	if x := b.opposites[s]; x != nil {
		return x
	}
	x := b.derive(s)
	x.not, x.hasApplicators = s, true
	b.opposites[s] = x
	return x
}
