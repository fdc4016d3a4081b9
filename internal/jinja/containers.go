package jinja

func listTable() map[string]operation {
	change := func(signature string, f func(m *machine, l *list, a []Value) (Value, error)) operation {
		return operation{signature: signature, run: func(m *machine, a []Value) (Value, error) { return f(m, a[0].(*list), a[1:]) }}
	}
	return map[string]operation{
		"index": {signature: "/l value start? stop?", run: listIndex},
		"count": {signature: "/l value", run: listCount},
		"copy":  {signature: "/l", run: filterList},
		"append": change("/l object", func(m *machine, l *list, a []Value) (Value, error) {
			l.items = append(l.items, a[0])
			return none{}, m.alloc(2 * valueBytes)
		}),
		"extend": change("/l iterable", func(m *machine, l *list, a []Value) (Value, error) {
			more, err := m.toList(a[0])
			if err != nil {
				return nil, err
			}
			l.items = append(l.items, more...)
			return none{}, m.items(len(more))
		}),
		"insert": change("/l index object", func(m *machine, l *list, a []Value) (Value, error) {
			i, err := intArg(a[0], 0)
			if err != nil {
				return nil, err
			}
			n := int64(len(l.items))
			if i < 0 {
				i = max(i+n, 0)
			}
			i = min(i, n)
			l.items = append(l.items, nil)
			copy(l.items[i+1:], l.items[i:])
			l.items[i] = a[1]
			return none{}, m.items(int(n-i) + 1)
		}),
		"pop": change("/l index?", func(m *machine, l *list, a []Value) (Value, error) {
			i, err := intArg(a[0], -1)
			if err != nil {
				return nil, err
			}
			n := int64(len(l.items))
			if i < 0 {
				i += n
			}
			if i < 0 || i >= n {
				return nil, failf("pop index out of range")
			}
			v := l.items[i]
			l.items = append(l.items[:i], l.items[i+1:]...)
			return v, m.scan(int(n-i) * valueBytes)
		}),
		"remove": change("/l value", func(m *machine, l *list, a []Value) (Value, error) {
			v, err := listIndex(m, []Value{l, a[0], nil, nil})
			if err != nil {
				return nil, err
			}
			i, _ := toInt(v)
			l.items = append(l.items[:i], l.items[i+1:]...)
			return none{}, m.scan(len(l.items) * valueBytes)
		}),
		"clear": change("/l", func(_ *machine, l *list, _ []Value) (Value, error) {
			l.items = nil
			return none{}, nil
		}),
		"reverse": change("/l", func(m *machine, l *list, _ []Value) (Value, error) {
			for i, j := 0, len(l.items)-1; i < j; i, j = i+1, j-1 {
				l.items[i], l.items[j] = l.items[j], l.items[i]
			}
			return none{}, m.step(len(l.items))
		}),
		"sort": change("l reverse?", func(m *machine, l *list, a []Value) (Value, error) {
			items, _, err := m.sorted(l.items, l.items, flag(a[0]))
			if err != nil {
				return nil, err
			}
			l.items = items
			return none{}, nil
		}),
	}
}

func listIndex(m *machine, a []Value) (Value, error) {
	n, err := m.length(a[0])
	if err != nil {
		return nil, err
	}
	lo, hi := int64(0), int64(n)
	if a[2] != nil {
		if lo, err = intArg(a[2], 0); err != nil {
			return nil, err
		}
		if lo < 0 {
			lo = max(lo+int64(n), 0)
		}
	}
	if a[3] != nil {
		if hi, err = intArg(a[3], 0); err != nil {
			return nil, err
		}
		if hi < 0 {
			hi += int64(n)
		}
	}
	next, err := m.iterate(a[0])
	for i := int64(0); err == nil; i++ {
		v, ok, e := next()
		if e != nil {
			return nil, e
		}
		if !ok || i >= hi {
			break
		}
		if i < lo {
			continue
		}
		same, e := m.equal(v, a[1], 0)
		if e != nil {
			return nil, e
		}
		if same {
			return integer(i), nil
		}
	}
	if err == nil {
		err = failf("%s is not in %s", shortRepr(a[1]), a[0].pyType())
	}
	return nil, err
}

func listCount(m *machine, a []Value) (Value, error) {
	next, err := m.iterate(a[0])
	if err != nil {
		return nil, err
	}
	n := 0
	for {
		v, ok, err := next()
		if err != nil || !ok {
			return integer(n), err
		}
		same, err := m.equal(v, a[1], 0)
		if err != nil {
			return nil, err
		}
		if same {
			n++
		}
	}
}

func dictTable() map[string]operation {
	show := func(kind string) operation {
		return operation{signature: "/d", run: func(_ *machine, a []Value) (Value, error) { return view{a[0].(*Map), kind}, nil }}
	}
	return map[string]operation{
		"keys":   show("dict_keys"),
		"values": show("dict_values"),
		"items":  show("dict_items"),
		"get": {signature: "/d key default?", run: func(m *machine, a []Value) (Value, error) {
			h, err := m.hash(a[1], 0)
			if err != nil {
				return nil, err
			}
			if v, ok := a[0].(*Map).at(h); ok {
				return v, nil
			}
			if a[2] == nil {
				return none{}, nil
			}
			return a[2], nil
		}},
		"copy": {signature: "/d", run: func(m *machine, a []Value) (Value, error) {
			d := a[0].(*Map)
			if err := m.alloc(mapEntryBytes * (d.Len() + 1)); err != nil {
				return nil, err
			}
			c := d.clone()
			c.own = true
			return c, nil
		}},
		"fromkeys": {signature: "/d iterable value?", run: func(m *machine, a []Value) (Value, error) { return dictFromKeys(m, a[1:]) }},
		"update": {any: func(m *machine, a callArgs) (Value, error) {
			d := a.pos[0].(*Map)
			more, err := m.makeDict("update", callArgs{a.pos[1:], a.kw})
			if err != nil {
				return nil, err
			}
			return none{}, m.update(d, more)
		}},
		"setdefault": {signature: "/d key default?", run: func(m *machine, a []Value) (Value, error) {
			d := a[0].(*Map)
			h, err := m.hash(a[1], 0)
			if err != nil {
				return nil, err
			}
			if v, ok := d.at(h); ok {
				return v, nil
			}
			if a[2] == nil {
				a[2] = none{}
			}
			return a[2], m.set(d, a[1], a[2])
		}},
		"pop": {signature: "/d key default?", run: func(m *machine, a []Value) (Value, error) {
			d := a[0].(*Map)
			h, err := m.hash(a[1], 0)
			if err != nil {
				return nil, err
			}
			i, ok := d.index[h]
			switch {
			case ok:
				v := d.vals[i]
				if err := m.alloc(2 * valueBytes * d.Len()); err != nil {
					return nil, err
				}
				d.remove(i)
				return v, nil
			case a[2] != nil:
				return a[2], nil
			}
			return nil, failf("%s", shortRepr(a[1]))
		}},
		"popitem": {signature: "/d", run: func(m *machine, a []Value) (Value, error) {
			d := a[0].(*Map)
			i := d.Len() - 1
			if i < 0 {
				return nil, failf("popitem(): dictionary is empty")
			}
			pair := &list{tuple: true, items: []Value{d.keys[i], d.vals[i]}}
			if err := m.alloc(2 * valueBytes * d.Len()); err != nil {
				return nil, err
			}
			d.remove(i)
			return pair, nil
		}},
		"clear": {signature: "/d", run: func(_ *machine, a []Value) (Value, error) {
			*a[0].(*Map) = Map{own: true}
			return none{}, nil
		}},
	}
}
