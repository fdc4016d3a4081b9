package sampler

// window counts the tokens of the last n of a history. A token costs the same however long the window is.
type window struct {
	ring   []int32 // the last tokens; empty if the window is all of the history
	next   int     // where the ring is written next
	filled bool    // the ring holds as many tokens as it can
	counts []int32 // by token
}

// newWindow returns an empty window over the last n tokens, over all if n is negative.
func newWindow(vocab, n int) *window {
	return &window{ring: make([]int32, max(n, 0)), counts: make([]int32, vocab)}
}

// push adds a token and returns the one that left the window, -1 if none did.
func (w *window) push(id int32) (left int32) {
	left = -1
	if len(w.ring) > 0 {
		if w.filled {
			left = w.ring[w.next]
			w.add(left, -1)
		}
		w.ring[w.next] = id
		if w.next++; w.next == len(w.ring) {
			w.next, w.filled = 0, true
		}
	}
	w.add(id, 1)
	return left
}

// add changes the count of a token; one outside the vocabulary takes its place in the ring and has no count.
func (w *window) add(id, n int32) {
	if w.has(id) {
		w.counts[id] += n
	}
}

func (w *window) has(id int32) bool { return id >= 0 && int(id) < len(w.counts) }

// count is how often a token occurs in the window.
func (w *window) count(id int32) int32 {
	if !w.has(id) {
		return 0
	}
	return w.counts[id]
}

func (w *window) clear() {
	w.next, w.filled = 0, false
	clear(w.counts)
}
