package llm

import (
	"llm/internal/constrain"
	"llm/internal/sampler"
)

// constrained draws the tokens of a text that must be what a constraint says.
type constrained struct {
	match    *constrain.Matcher
	drawable []uint64 // bit set of tokens that may be sampled at all; nil: all
	bias     map[int32]float32
	mask     []uint64 // scratch
	leaders  []int32  // scratch
}

// newConstrained begins a text. The vocabulary is that of the logits, which may have more tokens than the tokenizer.
func (m *Model) newConstrained(c *constrain.Constraint, bias map[int32]float32) *constrained {
	return &constrained{
		match: constrain.NewMatcher(c, m.trie()), drawable: m.drawable, bias: bias,
		mask: make([]uint64, (max(m.plan.Vocab, m.tok.Size())+63)/64), leaders: make([]int32, 0, sampler.MaxContenders),
	}
}

// draw returns the token that sampling under the mask gives. Where the order of preference does not depend on the mask the
// first tokens in it are asked one by one, which is cheaper than a mask.
func (c *constrained) draw(s *sampler.Sampler, logits []float32, position uint64) (int32, error) {
	leaders, ok, err := s.Contenders(c.leaders[:0], logits, position, sampler.MaxContenders)
	if err != nil {
		return 0, err
	}
	if ok {
		for _, id := range leaders {
			if c.canDraw(id) && c.match.Accepts(id) {
				return id, nil
			}
		}
	}
	return s.Sample(logits, c.allowed(), position)
}

// allowed returns the bit set of tokens that may come next.
func (c *constrained) allowed() []uint64 {
	c.match.Mask(c.mask)
	for i, w := range c.drawable {
		c.mask[i] &= w
	}
	return c.mask
}

func (c *constrained) canDraw(id int32) bool {
	return c.drawable == nil || c.drawable[id>>6]>>(id&63)&1 != 0
}

// forced returns the only token that may come next, if there is one that sampling would draw: its logits need not be known.
func (c *constrained) forced() (int32, bool) {
	id, ok := c.match.Forced()
	if _, biased := c.bias[id]; !ok || biased || !c.canDraw(id) {
		return 0, false
	}
	return id, true
}
