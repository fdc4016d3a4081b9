package constrain

import (
	"bytes"
	"errors"
	"time"
)

// Verdict is what a constraint says of a text.
type Verdict struct {
	Accepted bool `json:"accepted"` // masks let it through, token by token, and then the end
	At       int  `json:"at"`       // bytes of the longest prefix that they let through
	Valid    bool `json:"valid"`    // what Validate says

	// Of a text that is not valid: a JSON Pointer to the place, "" for the whole, and what is wrong there.
	Pointer string `json:"pointer,omitempty"`
	Why     string `json:"why,omitempty"`
}

// Judge applies a constraint to a text, cut into tokens as the vocabulary cuts it.
func (c *Constraint) Judge(t *Trie, v Vocabulary, text string) Verdict {
	return c.judge(t, v, text, nil)
}

// judge notes how long each mask took, in microseconds, if asked to.
func (c *Constraint) judge(t *Trie, v Vocabulary, text string, took *[]float64) Verdict {
	x := NewMatcher(c, t)
	mask := make([]uint64, x.Words())
	out := c.verdict(text)
	timed := func() {
		start := time.Now()
		x.Mask(mask)
		if took != nil {
			*took = append(*took, float64(time.Since(start).Nanoseconds())/1e3)
		}
	}
	for _, id := range t.cut(v, text) {
		timed()
		b := v.Bytes(id)
		if mask[id>>6]>>(id&63)&1 == 0 || x.Advance(id) != nil {
			out.At += x.read(b)
			return out
		}
		out.At += len(b)
	}
	if out.At < len(text) {
		return out // the vocabulary cannot write the rest
	}
	timed()
	for _, id := range t.ends {
		out.Accepted = out.Accepted || mask[id>>6]>>(id&63)&1 != 0
	}
	if len(t.ends) == 0 {
		out.Accepted = x.CanEnd()
	}
	return out
}

// verdict is what Validate says of a text.
func (c *Constraint) verdict(text string) Verdict {
	err := c.Validate(text)
	if err == nil {
		return Verdict{Valid: true}
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return Verdict{Pointer: e.Pointer, Why: e.Msg}
	}
	return Verdict{Why: err.Error()}
}

// cut cuts a text into tokens: as the vocabulary does, or, where that adds to the text or changes it, the longest first.
func (t *Trie) cut(v Vocabulary, text string) []int32 {
	ids := v.Append(nil, text)
	rest := []byte(text)
	for _, id := range ids {
		b := t.bytesOf(id)
		if len(b) == 0 || !bytes.HasPrefix(rest, b) {
			return t.cutGreedily(text)
		}
		rest = rest[len(b):]
	}
	if len(rest) > 0 {
		return t.cutGreedily(text)
	}
	return ids
}

func (t *Trie) cutGreedily(text string) []int32 {
	var ids []int32
	for at := 0; at < len(text); {
		best, size := int32(-1), 0
		lo, hi := 0, len(t.nodes)
		for d := at; d < len(text) && lo < hi; {
			n := &t.nodes[lo]
			if n.char != text[d] {
				lo += int(n.skip)
				continue
			}
			if d++; n.token >= 0 {
				best, size = n.token, d-at
			}
			lo, hi = lo+1, lo+int(n.skip)
		}
		if best < 0 {
			return ids
		}
		ids = append(ids, best)
		at += size
	}
	return ids
}
