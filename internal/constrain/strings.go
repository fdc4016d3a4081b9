package constrain

import "slices"

// Limits of the automata of one string.
const (
	maxStringStates = 20_000
	maxLengthWork   = 1 << 21 // states × lengths that are looked at
	maxExpandedWork = 20_000  // states × lengths that are made states
)

// stringsOf returns the strings valid under all schemas, nil if there are none. It notes no relaxations if quiet.
func (b *builder) stringsOf(f *flat, quiet bool) *stringShape {
	before := b.quiet
	b.quiet = b.quiet || quiet
	defer func() { b.quiet = before }()
	x := &stringShape{dfa: b.avoid, max: unbounded}
	for _, s := range f.schemas {
		x.min, x.max = max(x.min, s.minLength), min(x.max, s.maxLength)
		if s.format == "hostname" {
			x.max = min(x.max, maxHostname)
		}
	}
	if x.min > x.max {
		return nil
	}
	for _, s := range f.schemas {
		if !b.narrow(x, s) {
			return nil
		}
	}
	if x.min > x.max {
		return nil
	}
	if x.dfa == nil || x.min == 0 && x.max == unbounded {
		return x
	}
	return b.measured(x, f)
}

// narrow intersects with what one schema says. It reports false if nothing is left.
func (b *builder) narrow(x *stringShape, s *schema) bool {
	if set, lo, hi, ok := s.pattern.repeats(); ok {
		x.min, x.max = max(x.min, lo), min(x.max, hi)
		b.meet(x, s, "pattern", &dfa{classes: []*runeSet{set}, next: []int32{0}, accept: []bool{true}}, nil)
	} else if s.pattern != nil {
		b.meet(x, s, "pattern", s.pattern.automaton(), s.pattern)
	}
	if s.notPattern != nil {
		if d := s.notPattern.automaton(); d != nil {
			b.meet(x, s, "pattern", d.complement(), s.notPattern)
		}
	}
	if d := formatDFA(s.format); d != nil {
		b.meet(x, s, "format", d, nil)
	}
	var not []string
	for _, v := range s.notEnum {
		if v.kind == kindString {
			not = append(not, v.text)
		}
	}
	if not != nil {
		slices.Sort(not)
		b.meet(x, s, "enum", oneOfTexts(slices.Compact(not)).complement(), nil)
	}
	return x.dfa == nil || !x.dfa.empty()
}

func (b *builder) meet(x *stringShape, s *schema, keyword string, d *dfa, p *pattern) {
	switch {
	case d == nil:
		b.relax(s, keyword, p.why)
	case x.dfa == nil:
		x.dfa = d
	default:
		both := intersect(x.dfa, d, maxStringStates)
		if both == nil {
			b.relax(s, keyword, "too large an automaton with the other keywords")
			return
		}
		x.dfa = both
	}
}

// measured makes the lengths hold as well: by a count where from every state all lengths between two are possible, else by more
// states, else not.
func (b *builder) measured(x *stringShape, f *flat) *stringShape {
	if x.measure() {
		if x.from[0] > x.max || x.to[0] < x.min {
			return nil
		}
		return x
	}
	top := x.max
	if top == unbounded {
		top = x.min
	}
	if uint64(top)*uint64(x.dfa.states()) <= maxExpandedWork {
		hi := int(x.max)
		if x.max == unbounded {
			hi = -1
		}
		if d := intersect(x.dfa, lengths(int(x.min), hi), 2*maxExpandedWork); d != nil {
			if d.empty() {
				return nil
			}
			return &stringShape{dfa: d, max: unbounded}
		}
	}
	for _, s := range f.schemas {
		if s.minLength > 0 {
			b.relax(s, "minLength", "too large an automaton with the other keywords")
		}
		if s.maxLength != unbounded || s.format == "hostname" {
			b.relax(s, "maxLength", "too large an automaton with the other keywords")
		}
	}
	return &stringShape{dfa: x.dfa, max: unbounded}
}

// measure finds for each state the fewest and most characters up to the end, looking at lengths that matter. It reports false if
// some length between them is not possible, or the work is too much.
func (x *stringShape) measure() bool {
	d := x.dfa
	n, k := d.states(), len(d.classes)
	top := uint64(x.max)
	if x.max == unbounded {
		top = uint64(x.min) + uint64(n)
	}
	targets := make([][]int32, n)
	work := uint64(0)
	for s := range n {
		row := slices.Clone(d.next[s*k : s*k+k])
		slices.Sort(row)
		row = slices.Compact(row)
		if len(row) > 0 && row[0] < 0 {
			row = row[1:]
		}
		targets[s] = row
		work += uint64(len(row)) + 1
	}
	if work*(top+1) > maxLengthWork {
		return x.measureLoops(targets)
	}
	from, to := slices.Repeat([]uint32{unbounded}, n), make([]uint32, n)
	now, next := slices.Clone(d.accept), make([]bool, n)
	for length := uint32(0); ; length++ {
		for s, ok := range now {
			if !ok {
				continue
			}
			if from[s] == unbounded {
				from[s] = length
			} else if to[s] != length-1 {
				return false
			}
			to[s] = length
		}
		if uint64(length) == top {
			break
		}
		for s := range n {
			next[s] = slices.ContainsFunc(targets[s], func(t int32) bool { return now[t] })
		}
		now, next = next, now
	}
	for s := range to {
		if uint64(to[s]) == top {
			to[s] = unbounded
		}
	}
	x.from, x.to = from, to
	return true
}

// measureLoops does the same for automata whose shortest ways to the end all pass a state that may repeat a character: then every
// length from the shortest on is possible.
func (x *stringShape) measureLoops(targets [][]int32) bool {
	d := x.dfa
	n := d.states()
	back := make([][]int32, n)
	for s, row := range targets {
		for _, t := range row {
			back[t] = append(back[t], int32(s))
		}
	}
	distance := func(starts func(int) (uint32, bool)) []uint32 {
		dist := slices.Repeat([]uint32{unbounded}, n)
		var todo [][]int32
		push := func(s int32, v uint32) {
			for uint32(len(todo)) <= v {
				todo = append(todo, nil)
			}
			todo[v] = append(todo[v], s)
		}
		for s := range n {
			if v, ok := starts(s); ok {
				push(int32(s), v)
			}
		}
		for v := 0; v < len(todo); v++ {
			for i := 0; i < len(todo[v]); i++ {
				s := todo[v][i]
				if dist[s] <= uint32(v) {
					continue
				}
				dist[s] = uint32(v)
				for _, p := range back[s] {
					push(p, uint32(v)+1)
				}
			}
		}
		return dist
	}
	toEnd := distance(func(s int) (uint32, bool) { return 0, d.accept[s] })
	viaLoop := distance(func(s int) (uint32, bool) {
		return toEnd[s], toEnd[s] != unbounded && slices.Contains(targets[s], int32(s))
	})
	if !slices.Equal(toEnd, viaLoop) {
		return false
	}
	x.from, x.to = toEnd, slices.Repeat([]uint32{unbounded}, n)
	return true
}

// avoiding returns the automaton of the texts that hold none of some others.
func avoiding(texts []string) *dfa {
	any := &re{op: reAlt}
	for _, t := range texts {
		one := &re{op: reSeq}
		for _, r := range t {
			one.subs = append(one.subs, reLiteral(r))
		}
		any.subs = append(any.subs, one)
	}
	d, err := compileRE(any, search)
	if err != nil {
		return oneOfTexts(nil) // texts of thousands of characters: no string is let through
	}
	return d.complement()
}
