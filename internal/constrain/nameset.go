package constrain

import "math/bits"

// nameSet describes an object whose properties come in any order.
type nameSet struct {
	count    int // declared names
	required []uint64
	min, max uint32
	open     bool // undeclared names may come
	counting bool // min or max matter
}

func newNameSet(count int) *nameSet {
	return &nameSet{count: count, required: make([]uint64, (count+63)/64), max: unbounded}
}

// written is what an object has so far.
type written struct {
	bits  []uint64 // declared names, nil: none
	total uint32   // properties, where they are counted
}

func (w *written) has(i int) bool { return i/64 < len(w.bits) && w.bits[i/64]>>(i&63)&1 != 0 }

// missing returns how many required names are not written.
func (s *nameSet) missing(w *written) uint32 {
	n := 0
	for i, r := range s.required {
		if i < len(w.bits) {
			r &^= w.bits[i]
		}
		n += bits.OnesCount64(r)
	}
	return uint32(n)
}

// allows reports whether a jump is open.
func (s *nameSet) allows(w *written, c change, arg int) bool {
	switch c {
	case takeName:
		if w.has(arg) {
			return false
		}
		need := s.missing(w)
		if s.required[arg/64]>>(arg&63)&1 != 0 {
			need--
		}
		return s.room(w, need)
	case takeOther:
		return s.open && s.room(w, s.missing(w))
	case canGoOn:
		if s.allows(w, takeOther, 0) {
			return true
		}
		for i := range s.count {
			if s.allows(w, takeName, i) {
				return true
			}
		}
		return false
	case canClose:
		return s.missing(w) == 0 && (!s.counting || w.total >= s.min)
	}
	return true
}

// room reports whether one more property fits besides the needed ones.
func (s *nameSet) room(w *written, need uint32) bool {
	return !s.counting || s.max == unbounded || uint64(w.total)+1+uint64(need) <= uint64(s.max)
}

// after returns w with one more property, declared or, if i is negative, not.
func (s *nameSet) after(w *written, i int) written {
	n := written{total: w.total, bits: w.bits}
	if s.counting {
		top := s.min
		if s.max != unbounded {
			top = max(top, s.max)
		}
		n.total = min(n.total+1, top)
	}
	if i >= 0 {
		n.bits = make([]uint64, (s.count+63)/64)
		copy(n.bits, w.bits)
		n.bits[i/64] |= 1 << (i & 63)
	}
	return n
}
