package jinja

import "strings"

// getter returns the function that filters use to reach an attribute such as "a.b.0". With fold, text comes in lower case.
func (m *machine) getter(attribute, fallback Value, fold bool) (func(Value) (Value, error), error) {
	var path []Value
	switch a := attribute.(type) {
	case nil, none:
	case integer:
		path = []Value{a}
	case text:
		for _, part := range strings.Split(a.s, ".") {
			var key Value = plain(part)
			if n, ok := parseInt(part, 10); ok && part[0] != '-' && part[0] != '+' {
				key = n
			}
			path = append(path, key)
		}
	default:
		return nil, failf("attribute must be a string or an integer, not %s", attribute.pyType())
	}
	if len(path) > maxValueDepth {
		return nil, &LimitError{"depth", maxValueDepth}
	}
	return func(v Value) (Value, error) {
		for _, key := range path {
			var err error
			if v, err = m.getItem(v, key); err != nil {
				return nil, err
			}
			if isUndefined(v) && !isNone(fallback) {
				v = fallback
			}
		}
		if t, ok := v.(text); ok && fold {
			return m.lower(t)
		}
		return v, m.step(1)
	}, nil
}

// keysOf applies a getter to all items.
func keysOf(items []Value, get func(Value) (Value, error)) ([]Value, error) {
	keys := make([]Value, len(items))
	for i, v := range items {
		var err error
		if keys[i], err = get(v); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

func filterAttribute(m *machine, a callArgs) (func(Value) (Value, error), error) {
	attribute, _ := a.take("attribute")
	fallback, _ := a.take("default")
	if len(a.kw) > 0 {
		return nil, failf("Unexpected keyword argument '%s'", clip(a.kw[0].name))
	}
	return m.getter(attribute, fallback, false)
}

// filterMap yields a filter's results or an attribute for each item.
func filterMap(m *machine, a callArgs) (Value, error) {
	src, rest := a.pos[0], callArgs{a.pos[1:], a.kw}
	var f func(Value) (Value, error)
	var next iterator
	prepare := func() (err error) {
		if len(rest.pos) == 0 && rest.has("attribute") {
			f, err = filterAttribute(m, rest)
		} else if len(rest.pos) == 0 {
			err = failf("map requires a filter argument")
		} else if name, ok := rest.pos[0].(text); !ok {
			err = failf("No filter named '%s'.", rest.pos[0].pyType())
		} else {
			f = func(v Value) (Value, error) { return m.applyFilter(name.s, v, callArgs{rest.pos[1:], rest.kw}) }
		}
		if err == nil {
			next, err = m.iterate(src)
		}
		return err
	}
	return m.generate(src, func() (Value, bool, error) {
		if !truth(src) {
			return nil, false, nil
		}
		if next == nil {
			if err := prepare(); err != nil {
				return nil, false, err
			}
		}
		v, ok, err := next()
		if err != nil || !ok {
			return nil, false, err
		}
		v, err = f(v)
		return v, true, err
	})
}

// selection makes select, reject, selectattr and rejectattr.
func selection(keep, byAttr bool) func(m *machine, a callArgs) (Value, error) {
	return func(m *machine, a callArgs) (Value, error) {
		src, rest := a.pos[0], callArgs{a.pos[1:], a.kw}
		var pass func(Value) (bool, error)
		var next iterator
		return m.generate(src, func() (Value, bool, error) {
			if !truth(src) {
				return nil, false, nil
			}
			if next == nil {
				var err error
				if pass, err = m.condition(rest, byAttr); err != nil {
					return nil, false, err
				}
				if next, err = m.iterate(src); err != nil {
					return nil, false, err
				}
			}
			for {
				v, ok, err := next()
				if err != nil || !ok {
					return nil, false, err
				}
				if yes, err := pass(v); err != nil || yes == keep {
					return v, true, err
				}
			}
		})
	}
}

// condition is the test that a selection applies to an item.
func (m *machine) condition(a callArgs, byAttr bool) (func(Value) (bool, error), error) {
	get := func(v Value) (Value, error) { return v, nil }
	if byAttr {
		if len(a.pos) == 0 {
			return nil, failf("Missing parameter for attribute name")
		}
		var err error
		if get, err = m.getter(a.pos[0], nil, false); err != nil {
			return nil, err
		}
		a.pos = a.pos[1:]
	}
	if len(a.pos) == 0 {
		return func(v Value) (bool, error) {
			v, err := get(v)
			return err == nil && truth(v), err
		}, nil
	}
	name, ok := a.pos[0].(text)
	if !ok {
		return nil, failf("No test named '%s'.", a.pos[0].pyType())
	}
	rest := callArgs{a.pos[1:], a.kw}
	return func(v Value) (bool, error) {
		v, err := get(v)
		if err != nil {
			return false, err
		}
		ok, err := m.applyTest(name.s, v, rest)
		return err == nil && truth(ok), err
	}, nil
}

func filterList(m *machine, a []Value) (Value, error) {
	items, err := m.toList(a[0])
	return &list{items: items, own: true}, err
}

func filterFirst(m *machine, a []Value) (Value, error) {
	next, err := m.iterate(a[0])
	if err != nil {
		return nil, err
	}
	v, ok, err := next()
	if err == nil && !ok {
		return &undefined{hint: "No first item, sequence was empty."}, nil
	}
	return v, err
}

func filterLast(m *machine, a []Value) (Value, error) {
	switch v := a[0].(type) {
	case *Map:
		a[0] = &list{items: v.keys}
	case view:
		items, err := m.toList(v)
		if err != nil {
			return nil, err
		}
		a[0] = &list{items: items}
	}
	n, err := m.length(a[0])
	switch {
	case err != nil:
		return nil, err
	case n < 0:
		return nil, failf("'%s' object is not reversible", a[0].pyType())
	case n == 0:
		return &undefined{hint: "No last item, sequence was empty."}, nil
	}
	return m.index(a[0], -1)
}

func filterReverse(m *machine, a []Value) (Value, error) {
	if t, ok := a[0].(text); ok {
		return m.slice(t, none{}, none{}, integer(-1))
	}
	items, err := m.toList(a[0])
	if err != nil {
		if _, ok := err.(*failure); ok {
			err = failf("argument must be iterable")
		}
		return nil, err
	}
	for i, j := 0, len(items)-1; i < j; i, j = i+1, j-1 {
		items[i], items[j] = items[j], items[i]
	}
	l := &list{items: items, own: true}
	if g, ok := a[0].(*generator); ok && g != nil {
		return l, nil
	}
	next, err := m.iterate(l)
	if err != nil {
		return nil, err
	}
	return m.generate(nil, next)
}

func filterItems(m *machine, a []Value) (Value, error) {
	d := &Map{}
	switch v := a[0].(type) {
	case *undefined:
	case *Map:
		d = v
	default:
		return m.generate(nil, func() (Value, bool, error) {
			return nil, false, failf("Can only get item pairs from a mapping.")
		})
	}
	return m.generate(nil, m.iterateView(view{d, "dict_items"}))
}

func filterBatch(m *machine, a []Value) (Value, error) {
	size, err := intArg(a[1], 0)
	if err != nil {
		return nil, err
	}
	next, err := m.iterate(a[0])
	if err != nil {
		return nil, err
	}
	var ahead Value
	return m.generate(a[0], func() (Value, bool, error) {
		row := &list{own: true}
		if ahead != nil {
			row.items, ahead = append(row.items, ahead), nil
		}
		for {
			v, ok, err := next()
			if err != nil {
				return nil, false, err
			}
			if !ok {
				break
			}
			if int64(len(row.items)) == size {
				ahead = v
				return row, true, m.items(len(row.items))
			}
			if err := m.alloc(2 * valueBytes); err != nil {
				return nil, false, err
			}
			row.items = append(row.items, v)
		}
		if len(row.items) == 0 {
			return nil, false, nil
		}
		if fill := size - int64(len(row.items)); fill > 0 && !isNone(a[2]) {
			if err := m.items(int(fill)); err != nil {
				return nil, false, err
			}
			for range fill {
				row.items = append(row.items, a[2])
			}
		}
		return row, true, nil
	})
}

func filterSlice(m *machine, a []Value) (Value, error) {
	items, err := m.toList(a[0])
	if err != nil {
		return nil, err
	}
	slices, err := intArg(a[1], 0)
	if err != nil {
		return nil, err
	}
	if slices == 0 {
		return nil, failf("integer division or modulo by zero")
	}
	if slices < 0 {
		items = nil
	}
	n, i, at := int64(len(items)), int64(0), int64(0)
	return m.generate(nil, func() (Value, bool, error) {
		if i >= slices {
			return nil, false, nil
		}
		size := n / slices
		long := i < n%slices
		if long {
			size++
		}
		if err := m.items(int(size) + 1); err != nil {
			return nil, false, err
		}
		row := &list{items: append([]Value(nil), items[at:at+size]...), own: true}
		if !long && !isNone(a[2]) {
			row.items = append(row.items, a[2])
		}
		at += size
		i++
		return row, true, nil
	})
}

func filterSort(m *machine, a []Value) (Value, error) {
	items, err := m.toList(a[0])
	if err != nil {
		return nil, err
	}
	keys, err := m.sortKeys(items, a[3], !flag(a[2]))
	if err != nil {
		return nil, err
	}
	items, _, err = m.sorted(items, keys, flag(a[1]))
	return &list{items: items, own: true}, err
}

// sortKeys computes what items are ordered by: several attributes may be given, joined by commas.
func (m *machine) sortKeys(items []Value, attribute Value, fold bool) ([]Value, error) {
	attrs := []Value{attribute}
	if t, ok := attribute.(text); ok {
		attrs = nil
		for _, part := range strings.Split(t.s, ",") {
			attrs = append(attrs, plain(part))
		}
	}
	if err := m.items(len(items) * (len(attrs) + 4)); err != nil {
		return nil, err
	}
	var columns [][]Value
	for _, at := range attrs {
		get, err := m.getter(at, nil, fold)
		if err != nil {
			return nil, err
		}
		keys, err := keysOf(items, get)
		if err != nil {
			return nil, err
		}
		columns = append(columns, keys)
	}
	if len(columns) == 1 {
		return columns[0], nil
	}
	keys := make([]Value, len(items))
	for i := range items {
		row := &list{}
		for _, c := range columns {
			row.items = append(row.items, c[i])
		}
		keys[i] = row
	}
	return keys, nil
}

func filterDictsort(m *machine, a []Value) (Value, error) {
	d, ok := a[0].(*Map)
	if !ok {
		if u, ok := a[0].(*undefined); ok {
			return nil, u.raise()
		}
		return nil, failf("'%s' object has no attribute 'items'", a[0].pyType())
	}
	by := "key"
	if a[2] != nil {
		t, _ := a[2].(text)
		by = t.s
	}
	column := d.keys
	switch by {
	case "key":
	case "value":
		column = d.vals
	default:
		return nil, failf("You can only sort by either \"key\" or \"value\"")
	}
	keys, err := m.sortKeys(column, nil, !flag(a[1]))
	if err != nil {
		return nil, err
	}
	pairs, err := m.toList(view{d, "dict_items"})
	if err != nil {
		return nil, err
	}
	pairs, _, err = m.sorted(pairs, keys, flag(a[3]))
	return &list{items: pairs, own: true}, err
}

func filterUnique(m *machine, a []Value) (Value, error) {
	get, err := m.getter(a[2], nil, !flag(a[1]))
	if err != nil {
		return nil, err
	}
	next, err := m.iterate(a[0])
	if err != nil {
		return nil, err
	}
	seen := &Map{}
	return m.generate(a[0], func() (Value, bool, error) {
		for {
			v, ok, err := next()
			if err != nil || !ok {
				return nil, false, err
			}
			key, err := get(v)
			if err != nil {
				return nil, false, err
			}
			n := seen.Len()
			if err := m.set(seen, key, none{}); err != nil {
				return nil, false, err
			}
			if seen.Len() > n {
				return v, true, nil
			}
		}
	})
}

// extreme makes min and max.
func extreme(greatest bool) func(m *machine, a []Value) (Value, error) {
	return func(m *machine, a []Value) (Value, error) {
		items, err := m.toList(a[0])
		if err != nil {
			return nil, err
		}
		if len(items) == 0 {
			return &undefined{hint: "No aggregated item, sequence was empty."}, nil
		}
		get, err := m.getter(a[2], nil, !flag(a[1]))
		if err != nil {
			return nil, err
		}
		keys, err := keysOf(items, get)
		if err != nil {
			return nil, err
		}
		best := 0
		for i := 1; i < len(items); i++ {
			x, y := keys[i], keys[best]
			if greatest {
				x, y = y, x
			}
			better, err := m.less("<", x, y, 0)
			if err != nil {
				return nil, err
			}
			if better {
				best = i
			}
		}
		return items[best], nil
	}
}

func filterSum(m *machine, a []Value) (Value, error) {
	get, err := m.getter(a[1], nil, false)
	if err != nil {
		return nil, err
	}
	next, err := m.iterate(a[0])
	if err != nil {
		return nil, err
	}
	var total Value = integer(0)
	if a[2] != nil {
		total = a[2]
	}
	if _, ok := total.(text); ok {
		return nil, failf("sum() can't sum strings [use ''.join(seq) instead]")
	}
	for {
		v, ok, err := next()
		if err != nil || !ok {
			return total, err
		}
		if v, err = get(v); err != nil {
			return nil, err
		}
		if total, err = m.binary("+", total, v); err != nil {
			return nil, err
		}
	}
}

func filterGroupby(m *machine, a []Value) (Value, error) {
	items, err := m.toList(a[0])
	if err != nil {
		return nil, err
	}
	fold := !flag(a[3])
	get, err := m.getter(a[1], a[2], fold)
	if err != nil {
		return nil, err
	}
	exact, err := m.getter(a[1], a[2], false)
	if err != nil {
		return nil, err
	}
	keys, err := keysOf(items, get)
	if err != nil {
		return nil, err
	}
	items, order, err := m.sorted(items, keys, false)
	if err != nil {
		return nil, err
	}
	out := &list{own: true}
	var group *list
	for i, v := range items {
		same := false
		if i > 0 {
			if same, err = m.equal(keys[order[i-1]], keys[order[i]], 0); err != nil {
				return nil, err
			}
		}
		if !same {
			key, err := exact(v)
			if err != nil {
				return nil, err
			}
			group = &list{own: true}
			out.items = append(out.items, &list{tuple: true, items: []Value{key, group}, names: []string{"grouper", "list"}})
		}
		if err := m.alloc(4 * objectBytes); err != nil {
			return nil, err
		}
		group.items = append(group.items, v)
	}
	return out, nil
}
