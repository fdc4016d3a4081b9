package arch

// each returns the layer's value of a key that holds one number for all layers or a list with one for each block, from 0
// to limit.
func (l *layer) each(key string, def, limit int) int {
	n := int64(def)
	if l.hasKey(key) {
		n = l.list(key)[l.index]
	}
	if n < 0 || n > int64(limit) {
		l.corrupt(l.arch+"."+key, "%d is not from 0 to %d", n, limit)
		return 0
	}
	return int(n)
}

// needed is each for a key that must be there and not be 0.
func (l *layer) needed(key string, limit int) int {
	n := l.each(key, 0, limit)
	if n == 0 {
		l.corrupt(l.arch+"."+key, "is missing or 0")
	}
	return n
}

// list returns a number for each block, zeros if the key is missing.
func (r *reader) list(key string) []int64 {
	key = r.arch + "." + key
	if list, ok := r.lists[key]; ok {
		return list
	}
	list, err := r.f.Ints(key, r.blocks, 0)
	if err != nil {
		r.fail(key, err)
		list = make([]int64, r.blocks)
	}
	r.lists[key] = list
	return list
}
