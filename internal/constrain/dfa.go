package constrain

import "slices"

// dfa is a deterministic automaton over classes of characters. State 0 is where it starts; a next state of -1 is dead.
type dfa struct {
	classes []*runeSet
	next    []int32 // [state*len(classes) + class]
	accept  []bool
}

func (d *dfa) states() int { return len(d.accept) }

func (d *dfa) empty() bool { return !slices.Contains(d.accept, true) }

func (d *dfa) row(s int32) []int32 {
	k := len(d.classes)
	return d.next[int(s)*k : int(s)*k+k]
}

// match reports whether the automaton accepts a text.
func (d *dfa) match(text string) bool {
	s := int32(0)
	for _, r := range text {
		to := int32(-1)
		for c, set := range d.classes {
			if set.has(r) {
				to = d.row(s)[c]
				break
			}
		}
		if to < 0 {
			return false
		}
		s = to
	}
	return d.accept[s]
}

// trim makes every transition dead from which nothing is accepted any more, and drops states that are not reached.
func (d *dfa) trim() *dfa {
	k, n := len(d.classes), d.states()
	back := make([][]int32, n)
	for s := range n {
		for _, to := range d.row(int32(s)) {
			if to >= 0 && (len(back[to]) == 0 || back[to][len(back[to])-1] != int32(s)) {
				back[to] = append(back[to], int32(s))
			}
		}
	}
	alive := slices.Clone(d.accept)
	var todo []int32
	for s, ok := range alive {
		if ok {
			todo = append(todo, int32(s))
		}
	}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, b := range back[s] {
			if !alive[b] {
				alive[b] = true
				todo = append(todo, b)
			}
		}
	}
	out := &dfa{classes: d.classes}
	number := slices.Repeat([]int32{-1}, n)
	number[0] = 0
	order := []int32{0}
	for i := 0; i < len(order); i++ {
		s := order[i]
		out.accept = append(out.accept, d.accept[s])
		out.next = append(out.next, slices.Repeat([]int32{-1}, k)...)
		for c, to := range d.row(s) {
			if to < 0 || !alive[to] {
				continue
			}
			if number[to] < 0 {
				number[to] = int32(len(order))
				order = append(order, to)
			}
			out.next[i*k+c] = number[to]
		}
	}
	return out
}

// complement accepts what d does not.
func (d *dfa) complement() *dfa {
	k, n := len(d.classes), d.states()
	out := &dfa{classes: d.classes, next: make([]int32, (n+1)*k), accept: make([]bool, n+1)}
	for i := range out.next {
		out.next[i] = int32(n)
		if i < n*k && d.next[i] >= 0 {
			out.next[i] = d.next[i]
		}
	}
	for s := range out.accept {
		out.accept[s] = s == n || !d.accept[s]
	}
	return out.trim()
}

// intersect accepts what both accept; nil if that takes more than the given number of states.
func intersect(a, b *dfa, limit int) *dfa {
	p := divide(append(slices.Clone(a.classes), b.classes...))
	out := &dfa{classes: p.classes}
	ca, cb := make([]int, len(p.classes)), make([]int, len(p.classes))
	for i, in := range p.members {
		ca[i], cb[i] = -1, -1
		for _, m := range in {
			if m < len(a.classes) {
				ca[i] = m
			} else {
				cb[i] = m - len(a.classes)
			}
		}
	}
	type both struct{ a, b int32 }
	number := map[both]int32{{0, 0}: 0}
	order := []both{{0, 0}}
	for i := 0; i < len(order); i++ {
		s := order[i]
		out.accept = append(out.accept, a.accept[s.a] && b.accept[s.b])
		ra, rb := a.row(s.a), b.row(s.b)
		for c := range p.classes {
			to := int32(-1)
			if ca[c] >= 0 && cb[c] >= 0 && ra[ca[c]] >= 0 && rb[cb[c]] >= 0 {
				t := both{ra[ca[c]], rb[cb[c]]}
				id, ok := number[t]
				if !ok {
					if len(order) >= limit {
						return nil
					}
					id = int32(len(order))
					number[t] = id
					order = append(order, t)
				}
				to = id
			}
			out.next = append(out.next, to)
		}
	}
	return out.trim()
}

// oneOfTexts accepts exactly the given texts; they must be sorted and distinct.
func oneOfTexts(texts []string) *dfa {
	var all distinct
	for _, t := range texts {
		for _, r := range t {
			all.add(single(r))
		}
	}
	return buildTexts(texts, divide(all.sets))
}

func buildTexts(texts []string, p partition) *dfa {
	classOf := map[rune]int{}
	for i, s := range p.classes {
		if r, ok := only(s); ok {
			classOf[r] = i
		}
	}
	k := len(p.classes)
	d := &dfa{classes: p.classes, accept: []bool{false}, next: slices.Repeat([]int32{-1}, k)}
	for _, t := range texts {
		s := int32(0)
		for _, r := range t {
			to := &d.next[int(s)*k+classOf[r]]
			if *to < 0 {
				*to = int32(len(d.accept))
				s = *to
				d.accept = append(d.accept, false)
				d.next = append(d.next, slices.Repeat([]int32{-1}, k)...)
				continue
			}
			s = *to
		}
		d.accept[s] = true
	}
	return d
}

// lengths accepts texts of lo to hi characters.
func lengths(lo, hi int) *dfa {
	d := &dfa{classes: []*runeSet{anyRune()}}
	n := hi
	if hi < 0 {
		n = lo
	}
	for i := 0; i <= n; i++ {
		d.accept = append(d.accept, i >= lo)
		d.next = append(d.next, int32(i+1))
	}
	d.next[n] = -1
	if hi < 0 {
		d.next[n] = int32(n)
	}
	return d
}
