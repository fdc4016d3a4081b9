package jinja

// sortStable is a merge sort whose comparison may fail.
func sortStable(s []int, less func(a, b int) (bool, error)) error {
	if len(s) < 2 {
		return nil
	}
	mid := len(s) / 2
	left := append([]int(nil), s[:mid]...)
	right := append([]int(nil), s[mid:]...)
	if err := sortStable(left, less); err != nil {
		return err
	}
	if err := sortStable(right, less); err != nil {
		return err
	}
	for i := range s {
		switch {
		case len(left) == 0:
			copy(s[i:], right)
			return nil
		case len(right) == 0:
			copy(s[i:], left)
			return nil
		}
		second, err := less(right[0], left[0])
		if err != nil {
			return err
		}
		if second {
			s[i], right = right[0], right[1:]
		} else {
			s[i], left = left[0], left[1:]
		}
	}
	return nil
}

// sorted orders items by their keys.
func (m *machine) sorted(items, keys []Value, reverse bool) ([]Value, []int, error) {
	if err := m.alloc(valueBytes * 8 * len(items)); err != nil {
		return nil, nil, err
	}
	order := make([]int, len(items))
	for i := range order {
		order[i] = i
	}
	err := sortStable(order, func(a, b int) (bool, error) {
		if reverse {
			a, b = b, a
		}
		return m.less("<", keys[a], keys[b], 0)
	})
	out := make([]Value, len(items))
	for i, k := range order {
		out[i] = items[k]
	}
	return out, order, err
}
