package arch

// windows says how far back each layer sees.
type windows struct {
	size     int
	windowed func(layer int) bool
}

// of returns the window of a layer, 0 if it sees everything.
func (w windows) of(layer int) int {
	if w.windowed(layer) {
		return w.size
	}
	return 0
}

// windows reads attention.sliding_window, and from its pattern which layers have one: a number is a period, of which the
// last layer has none; otherwise there is a truth value for each block. period is that of files without a pattern.
func (r *reader) windows(period uint64) windows {
	const key = "attention.sliding_window_pattern"
	w := windows{size: r.size("attention.sliding_window", maxContext)}
	p, err := r.f.Uint(r.arch+"."+key, period)
	if err == nil {
		w.windowed = func(layer int) bool { return p == 0 || uint64(layer)%p < p-1 }
		return w
	}
	list := r.list(key)
	w.windowed = func(layer int) bool { return list[layer] != 0 }
	return w
}
