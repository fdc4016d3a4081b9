package llm

import "sync"

// recent keeps the latest things that were made from a key, so that Chats of the same kind share them. Safe for concurrent use.
type recent[K comparable, V any] struct {
	most  int // entries
	mu    sync.Mutex
	made  map[K]V
	order []K // oldest first
}

func newRecent[K comparable, V any](most int) *recent[K, V] {
	return &recent[K, V]{most: most, made: map[K]V{}}
}

// get returns what belongs to a key, made now if it is not there. Two callers may make it at the same time; one stays.
func (r *recent[K, V]) get(key K, build func() (V, error)) (V, error) {
	r.mu.Lock()
	known, ok := r.made[key]
	r.mu.Unlock()
	if ok {
		return known, nil
	}
	v, err := build()
	if err != nil {
		return v, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.made[key]; ok {
		return known, nil
	}
	if len(r.order) == r.most {
		delete(r.made, r.order[0])
		r.order = append(r.order[:0], r.order[1:]...)
	}
	r.made[key], r.order = v, append(r.order, key)
	return v, nil
}
