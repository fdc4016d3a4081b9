package gguf

import (
	"fmt"
	"slices"
	"strings"

	"llm/internal/errs"
	"llm/internal/source"
)

// The keys that every file of a split set carries.
const (
	splitNo      = "split.no"
	splitCount   = "split.count"
	splitTensors = "split.tensors.count"
)

// place is what a file says about itself as a part of a split set.
type place struct {
	no, count, tensors int64
}

// shardName is the name of part no, from 0, of count; prefix is what the names of a set share.
func shardName(prefix string, no, count int64) string {
	return fmt.Sprintf("%s-%05d-of-%05d.gguf", prefix, no+1, count)
}

// openShards opens the file in src and, if it is part of a split set, all others.
func (f *File) openShards(src source.Source) error {
	s, tensors, err := f.openShard(src)
	if err != nil {
		return err
	}
	p, err := s.place()
	if err != nil {
		return err
	}
	if p.count < 2 {
		return f.addTensors(s, tensors, 0)
	}
	return f.openSet(src, p)
}

// openShard opens one file. It is f's to close, whatever happens.
func (f *File) openShard(src source.Source) (*shard, []Tensor, error) {
	b, err := src.Open()
	if err != nil {
		return nil, nil, err
	}
	f.shards = append(f.shards, &shard{blob: b})
	s, tensors, err := parse(b)
	f.shards[len(f.shards)-1] = s
	return s, tensors, err
}

// place reads the split keys.
func (s *shard) place() (p place, err error) {
	for _, k := range []struct {
		key string
		dst *int64
	}{{splitNo, &p.no}, {splitCount, &p.count}, {splitTensors, &p.tensors}} {
		e := s.find(k.key)
		if e == nil {
			continue
		}
		if *k.dst, err = decodeOne(s, e, "integer", integer); err != nil {
			return p, err
		}
		if *k.dst < 0 {
			return p, s.fail(k.key, e.off, errs.ErrCorrupt, "it is negative")
		}
	}
	if p.count > 1 && p.no >= p.count {
		return p, s.fail(splitNo, -1, errs.ErrCorrupt, "part %d of %d, counting from 0", p.no, p.count)
	}
	return p, nil
}

// openSet opens all parts of the set of which src, already the only shard of f, is one.
func (f *File) openSet(src source.Source, p place) error {
	given := f.shards[0]
	if src.Base() == "" {
		_, err := src.Sibling("")
		return given.fail("", -1, errs.ErrUnsupported, "part %d of %d: %w", p.no+1, p.count, err)
	}
	suffix := shardName("", p.no, p.count)
	prefix, ok := strings.CutSuffix(src.Base(), suffix)
	if !ok {
		return given.fail(splitNo, -1, errs.ErrCorrupt, "part %d of %d must have a name that ends in %q", p.no+1, p.count, suffix)
	}
	if err := given.blob.Close(); err != nil {
		return err
	}
	f.shards = nil
	for no := range p.count {
		if err := f.openPart(src, shardName(prefix, no, p.count), no, p); err != nil {
			return err
		}
	}
	if got := int64(len(f.tensors)); got != p.tensors {
		return f.shards[0].fail(splitTensors, -1, errs.ErrCorrupt, "the set declares %d tensors and has %d", p.tensors, got)
	}
	return nil
}

// openPart opens part no of a set and checks that it says what p says.
func (f *File) openPart(src source.Source, base string, no int64, p place) error {
	sibling, err := src.Sibling(base)
	if err != nil {
		return err
	}
	s, tensors, err := f.openShard(sibling)
	if err != nil {
		return fmt.Errorf("part %d of %d: %w", no+1, p.count, err)
	}
	got, err := s.place()
	if err != nil {
		return err
	}
	if want := (place{no, p.count, p.tensors}); got != want {
		return s.fail(splitNo, -1, errs.ErrCorrupt, "it is part %d of %d with %d tensors in all, not part %d of %d with %d",
			got.no+1, got.count, got.tensors, no+1, p.count, p.tensors)
	}
	if err := f.sameModel(s); err != nil {
		return err
	}
	if no > 0 {
		s.entries, s.index = nil, nil
	}
	return f.addTensors(s, tensors, int(no))
}

// sameModel checks that a part that names its architecture names that of the first.
func (f *File) sameModel(s *shard) error {
	const key = "general.architecture"
	a, b := f.shards[0].find(key), s.find(key)
	if a == nil || b == nil {
		return nil
	}
	first, second := f.shards[0].value(a).String(), s.value(b).String()
	if first != second {
		return s.fail(key, -1, errs.ErrCorrupt, "%q here and %q in the first part", second, first)
	}
	return nil
}

// addTensors adds the tensors of shard number no.
func (f *File) addTensors(s *shard, tensors []Tensor, no int) error {
	if len(f.tensors)+len(tensors) > maxTensors {
		return s.fail("", -1, errs.ErrCorrupt, "more than %d tensors in all parts", maxTensors)
	}
	if f.byName == nil {
		f.byName = make(map[string]int, len(tensors))
	}
	f.tensors = slices.Grow(f.tensors, len(tensors))
	for _, t := range tensors {
		if _, ok := f.byName[t.Name]; ok {
			return s.fail(t.Name, t.info, errs.ErrCorrupt, "duplicate tensor")
		}
		t.shard = no
		f.byName[t.Name] = len(f.tensors)
		f.tensors = append(f.tensors, t)
	}
	return nil
}
