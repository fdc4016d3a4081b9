package arch

import "llm/internal/gguf"

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

// windows reads attention.sliding_window, and from its pattern which layers have one: a list with a truth value for each
// block, or a period of which the last layer has none. period is that of files without a pattern.
func (r *reader) windows(period int) windows {
	const key = "attention.sliding_window_pattern"
	w := windows{size: r.size("attention.sliding_window", maxContext)}
	if v, ok := r.f.Value(r.arch + "." + key); ok && v.Kind() == gguf.Array {
		list := r.list(key)
		w.windowed = func(layer int) bool { return list[layer] != 0 }
		return w
	}
	p := r.sizeOr(key, period, maxLayers)
	w.windowed = func(layer int) bool { return p == 0 || layer%p < p-1 }
	return w
}
