package constrain

import "slices"

// interner numbers distinct values from 0 in the order in which they come. The zero value is empty.
type interner[T interface {
	comparable
	hash() uint64
}] struct {
	items []T
	table []int32 // index+1 by hash, open addressing; unused while there are few items
}

const fewItems = 12

func (s *interner[T]) len() int { return len(s.items) }

// clear forgets all values and keeps the room.
func (s *interner[T]) clear() {
	if len(s.items) > fewItems {
		clear(s.table)
	}
	s.items = s.items[:0]
}

// add returns the number of v.
func (s *interner[T]) add(v T) int32 {
	if len(s.items) <= fewItems {
		for i := range s.items {
			if s.items[i] == v {
				return int32(i)
			}
		}
		s.items = append(s.items, v)
		if len(s.items) > fewItems {
			s.rehash()
		}
		return int32(len(s.items) - 1)
	}
	if 2*len(s.items) >= len(s.table) {
		s.rehash()
	}
	at := s.find(v)
	if s.table[at] == 0 {
		s.items = append(s.items, v)
		s.table[at] = int32(len(s.items))
	}
	return s.table[at] - 1
}

func (s *interner[T]) find(v T) uint64 {
	mask := uint64(len(s.table) - 1)
	h := v.hash()
	for at := (h ^ h>>32) & mask; ; at = (at + 1) & mask {
		if i := s.table[at]; i == 0 || s.items[i-1] == v {
			return at
		}
	}
}

func (s *interner[T]) rehash() {
	if size := max(64, len(s.table)); 2*len(s.items) >= size {
		s.table = make([]int32, 2*size)
	} else if len(s.table) < size {
		s.table = make([]int32, size)
	} else {
		clear(s.table)
	}
	for i := range s.items {
		s.table[s.find(s.items[i])] = int32(i + 1)
	}
}

func (s *interner[T]) clone() interner[T] {
	return interner[T]{slices.Clone(s.items), slices.Clone(s.table)}
}
