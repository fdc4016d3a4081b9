package constrain

import (
	"slices"
	"sort"
)

// partition is a division of all characters into classes that some sets cannot tell apart.
type partition struct {
	classes []*runeSet
	members [][]int // the sets that contain each class
}

// divide returns the coarsest partition for the given sets.
func divide(sets []*runeSet) partition {
	type event struct {
		at  rune
		set int
		in  bool
	}
	var events []event
	for i, s := range sets {
		for _, p := range s.spans {
			events = append(events, event{p.lo, i, true}, event{p.hi + 1, i, false})
		}
	}
	sort.Slice(events, func(i, j int) bool { return events[i].at < events[j].at })
	inside := make([]byte, (len(sets)+7)/8)
	spans := map[string]*[]span{}
	var order []string
	at := rune(0)
	close := func(next rune) {
		if next > at {
			k := string(inside)
			if spans[k] == nil {
				spans[k] = &[]span{}
				order = append(order, k)
			}
			*spans[k] = append(*spans[k], span{at, next - 1})
		}
		at = next
	}
	for _, e := range events {
		close(e.at)
		if e.in {
			inside[e.set/8] |= 1 << (e.set % 8)
		} else {
			inside[e.set/8] &^= 1 << (e.set % 8)
		}
	}
	close(0x110000)
	var p partition
	for _, k := range order {
		set := newSet(*spans[k]...)
		if set.empty() {
			continue
		}
		var in []int
		for i := range sets {
			if k[i/8]>>(i%8)&1 != 0 {
				in = append(in, i)
			}
		}
		p.classes = append(p.classes, set)
		p.members = append(p.members, in)
	}
	return p
}

// distinct collects sets without repeats.
type distinct struct {
	sets  []*runeSet
	byPtr map[*runeSet]int
}

func (d *distinct) add(s *runeSet) int {
	if i, ok := d.byPtr[s]; ok {
		return i
	}
	if d.byPtr == nil {
		d.byPtr = map[*runeSet]int{}
	}
	i := slices.IndexFunc(d.sets, func(o *runeSet) bool { return slices.Equal(o.spans, s.spans) })
	if i < 0 {
		i = len(d.sets)
		d.sets = append(d.sets, s)
	}
	d.byPtr[s] = i
	return i
}
