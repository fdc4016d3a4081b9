package gguf

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"

	"llm/internal/errs"
	"llm/internal/source"
	"llm/quant"
)

// shard is one file of a checkpoint.
type shard struct {
	blob      *source.Blob
	version   uint32
	alignment int64
	data      int64  // where the data section begins
	head      []byte // at least everything before it
	entries   []entry
	index     map[string]int
}

// entry says where the value of a key is.
type entry struct {
	key        string
	kind, elem Kind
	count      int   // elements of an array
	off, end   int64 // of the encoding in the head: a string without its length, an array without kind and count
}

func (s *shard) value(e *entry) Value {
	return Value{kind: e.kind, elem: e.elem, count: e.count, data: s.head[e.off:e.end:e.end]}
}

// parse reads the header in b.
func parse(b *source.Blob) (*shard, []Tensor, error) {
	s := &shard{blob: b, alignment: defaultAlignment}
	c := &cursor{shard: s}
	tensors, keys, err := c.preamble()
	if err != nil {
		return s, nil, err
	}
	if err := c.metadata(keys); err != nil {
		return s, nil, err
	}
	infos, err := c.tensors(tensors)
	if err != nil {
		return s, nil, err
	}
	return s, infos, s.checkLayout(infos)
}

// cursor reads a header from front to back. Everything before pos has been checked.
type cursor struct {
	*shard
	pos  int64
	name string // key or tensor being read, for errors
}

// corrupt returns an error about the bytes at pos.
func (c *cursor) corrupt(format string, args ...any) error {
	return c.fail(c.name, c.pos, errs.ErrCorrupt, format, args...)
}

// take returns the next n bytes.
func (c *cursor) take(n int64) ([]byte, error) {
	if n > int64(len(c.head))-c.pos {
		if err := c.grow(n); err != nil {
			return nil, err
		}
	}
	p := c.head[c.pos : c.pos+n]
	c.pos += n
	return p, nil
}

// grow makes n bytes from pos on available.
func (c *cursor) grow(n int64) error {
	if left := c.blob.Size() - c.pos; n > left {
		return c.corrupt("%d bytes are needed, %d are left in the file", uint64(n), left)
	}
	head, err := c.blob.Head(c.pos + n)
	if err != nil {
		return c.at(c.name, c.pos, err)
	}
	c.head = head
	return nil
}

func (c *cursor) u32() (uint32, error) {
	p, err := c.take(4)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(p), nil
}

func (c *cursor) u64() (uint64, error) {
	p, err := c.take(8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(p), nil
}

// length reads the length of something of which each element takes at least size bytes.
func (c *cursor) length(what string, size, limit int64) (int64, error) {
	n, err := c.u64()
	if err != nil {
		return 0, err
	}
	if left := c.blob.Size() - c.pos; n > uint64(left/size) {
		return 0, c.corrupt("%s: %d cannot fit into the %d bytes left in the file", what, n, left)
	}
	if n > uint64(limit) {
		return 0, c.corrupt("%s: %d is over the limit of %d", what, n, limit)
	}
	return int64(n), nil
}

// identifier reads a key or a tensor's name.
func (c *cursor) identifier(what string, limit int64) (string, error) {
	n, err := c.length("length of a "+what, 1, limit)
	if err != nil {
		return "", err
	}
	p, err := c.take(n)
	switch {
	case err != nil:
		return "", err
	case n == 0:
		return "", c.corrupt("empty %s", what)
	case !utf8.Valid(p):
		return "", c.corrupt("%s %q is not UTF-8", what, p)
	}
	return string(p), nil
}

// preamble reads what comes before the keys.
func (c *cursor) preamble() (tensors, keys int64, err error) {
	if p, err := c.take(min(4, c.blob.Size())); err != nil || string(p) != magic {
		return 0, 0, c.notGGUF(err)
	}
	if c.version, err = c.u32(); err != nil {
		return 0, 0, err
	}
	if err := c.checkVersion(); err != nil {
		return 0, 0, err
	}
	// An info is at least a name of one byte, a dimension, a type and an offset; a key is a byte, a kind and a byte.
	const info, pair = 8 + 1 + 4 + 8 + 4 + 8, 8 + 1 + 4 + 1
	if tensors, err = c.length("number of tensors", info, maxTensors); err != nil {
		return 0, 0, err
	}
	keys, err = c.length("number of keys", pair, maxKeys)
	return tensors, keys, err
}

func (c *cursor) notGGUF(err error) error {
	if err != nil {
		return err
	}
	c.pos = 0
	return c.corrupt("not a GGUF file: it does not begin with %q", magic)
}

func (c *cursor) checkVersion() error {
	switch v := c.version; {
	case v == 2 || v == 3:
		return nil
	case v == 0:
		return c.corrupt("version 0")
	case v&0xffff == 0:
		return c.fail("", 4, errs.ErrUnsupported, "big-endian file (version %d): convert it to little-endian", bits.ReverseBytes32(v))
	case v == 1:
		return c.fail("", 4, errs.ErrUnsupported, "version 1, whose counts have 32 bits: convert the model again")
	}
	return c.fail("", 4, errs.ErrUnsupported, "version %d: this build reads 2 and 3", c.version)
}

// metadata reads n keys and passes over their values.
func (c *cursor) metadata(n int64) error {
	c.entries = make([]entry, 0, n)
	c.index = make(map[string]int, n)
	for range n {
		c.name = ""
		key, err := c.identifier("key", maxKeyLen)
		if err != nil {
			return err
		}
		if c.name = key; c.find(key) != nil {
			return c.corrupt("duplicate key")
		}
		e, err := c.entry(key)
		if err != nil {
			return err
		}
		c.index[key] = len(c.entries)
		c.entries = append(c.entries, e)
	}
	c.name = ""
	return c.readAlignment()
}

// entry reads the kind of a value and passes over the value.
func (c *cursor) entry(key string) (entry, error) {
	e := entry{key: key}
	kind, err := c.u32()
	if err != nil {
		return e, err
	}
	switch e.kind = Kind(kind); {
	case !e.kind.known():
		c.pos -= 4
		return e, c.corrupt("value of unknown %s", e.kind)
	case e.kind == Array:
		err = c.array(&e)
	case e.kind == String:
		e.off, err = c.text()
	default:
		e.off = c.pos
		err = c.skip(e.kind, 1)
	}
	e.end = c.pos
	return e, err
}

// array passes over an array.
func (c *cursor) array(e *entry) error {
	kind, err := c.u32()
	if err != nil {
		return err
	}
	if e.elem = Kind(kind); !e.elem.known() || e.elem == Array {
		c.pos -= 4
		return c.corrupt("array of %s", e.elem)
	}
	size := e.elem.size()
	if e.elem == String {
		size = 8
	}
	n, err := c.length("length of an array", size, maxLen)
	if err != nil {
		return err
	}
	e.count, e.off = int(n), c.pos
	if e.elem == String {
		return c.skipStrings(n)
	}
	return c.skip(e.elem, n)
}

// text passes over a string and returns where its bytes begin.
func (c *cursor) text() (int64, error) {
	n, err := c.length("length of a string", 1, maxLen)
	if err != nil {
		return 0, err
	}
	off := c.pos
	_, err = c.take(n)
	return off, err
}

// skip passes over n values of fixed size.
func (c *cursor) skip(k Kind, n int64) error {
	p, err := c.take(n * k.size())
	if err != nil || k != Bool {
		return err
	}
	if i := slices.IndexFunc(p, func(b byte) bool { return b > 1 }); i >= 0 {
		c.pos += int64(i) - n
		return c.corrupt("%d is no bool", p[i])
	}
	return nil
}

// skipStrings passes over n strings. It is the hot loop of opening a file: a vocabulary has up to a million.
func (c *cursor) skipStrings(n int64) error {
	for n > 0 {
		n -= c.skipInMemory(n)
		if n == 0 {
			break
		}
		if _, err := c.text(); err != nil { // beyond what is in memory, or wrong
			return err
		}
		n--
	}
	return nil
}

// skipInMemory passes over up to n strings that are in memory and sound and returns how many.
func (c *cursor) skipInMemory(n int64) int64 {
	rest := c.head[c.pos:]
	left := n
	for left > 0 && len(rest) >= 8 {
		size := binary.LittleEndian.Uint64(rest)
		if size > uint64(len(rest)-8) || size > maxLen {
			break
		}
		rest = rest[8+size:]
		left--
	}
	c.pos = int64(len(c.head) - len(rest))
	return n - left
}

// readAlignment finds the alignment of the data section, which may be declared anywhere among the keys.
func (c *cursor) readAlignment() error {
	e := c.find(alignmentKey)
	if e == nil {
		return nil
	}
	if e.kind != Uint32 {
		return c.fail(alignmentKey, e.off, errs.ErrCorrupt, "it is a %s, not a u32", e.kind)
	}
	n, _ := c.value(e).Integer()
	if !validAlignment(n) {
		return c.fail(alignmentKey, e.off, errs.ErrCorrupt, "%d is not a power of two up to %d", n, maxAlignment)
	}
	c.alignment = n
	return nil
}

func validAlignment(n int64) bool { return n >= 1 && n <= maxAlignment && n&(n-1) == 0 }

// tensors reads n tensor infos and finds the data section.
func (c *cursor) tensors(n int64) ([]Tensor, error) {
	infos := make([]Tensor, 0, n)
	for range n {
		t, err := c.info()
		if err != nil {
			return nil, err
		}
		infos = append(infos, t)
	}
	c.name = ""
	c.data = align(c.pos, c.alignment)
	for i := range infos {
		t := &infos[i]
		if t.Offset > c.blob.Size() {
			return nil, c.fail(t.Name, t.info, errs.ErrCorrupt, "data at %d lies beyond the end of the file", t.Offset)
		}
		t.Offset += c.data
	}
	return infos, nil
}

// info reads a tensor info. Its offset is still that from the start of the data section.
func (c *cursor) info() (t Tensor, err error) {
	c.name, t.info = "", c.pos
	if t.Name, err = c.identifier("tensor name", maxName); err != nil {
		return t, err
	}
	c.name = t.Name
	dims, err := c.u32()
	if err != nil {
		return t, err
	}
	if dims < 1 || dims > maxDims {
		return t, c.corrupt("%d dimensions, not 1 to %d", dims, maxDims)
	}
	t.Shape = make([]int64, dims)
	for i := range t.Shape {
		d, err := c.u64()
		if err != nil {
			return t, err
		}
		t.Shape[i] = int64(d)
	}
	typ, err := c.u32()
	if err != nil {
		return t, err
	}
	t.Type = quant.Type(typ)
	if t.Bytes, err = byteSize(t.Type, t.Shape); err != nil {
		return t, c.at(t.Name, c.pos-4, err)
	}
	off, err := c.u64()
	if err != nil {
		return t, err
	}
	if t.Offset = int64(off); t.Offset < 0 {
		return t, c.corrupt("data at %d lies beyond the end of the file", off)
	}
	return t, nil
}
