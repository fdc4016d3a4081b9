package llm

import (
	"llm/internal/gguf"
	"llm/internal/sampler"
	"llm/internal/tokenizer"
)

// samplingDefaults reads the checkpoint's own sampling parameters, `general.sampling.*`. A checkpoint without any is
// sampled with the values that llama.cpp has as its defaults, which model cards assume where they say nothing.
func samplingDefaults(f *gguf.File) (sampler.Params, error) {
	p := sampler.Params{Temperature: 0.8, TopK: 40, TopP: 0.95, MinP: 0.05}
	floats := []struct {
		key string
		dst *float32
	}{
		{"temp", &p.Temperature}, {"top_p", &p.TopP}, {"min_p", &p.MinP}, {"penalty_repeat", &p.RepeatPenalty},
		{"penalty_freq", &p.FrequencyPenalty}, {"penalty_present", &p.PresencePenalty}, {"typical_p", &p.TypicalP},
	}
	for _, x := range floats {
		v, err := f.Float("general.sampling."+x.key, float64(*x.dst))
		if err != nil {
			return p, err
		}
		*x.dst = float32(v)
	}
	k, err := f.Int("general.sampling.top_k", int64(p.TopK))
	if err != nil {
		return p, err
	}
	n, err := f.Int("general.sampling.penalty_last_n", 0)
	p.TopK, p.RepeatLastN = int(max(0, k)), int(n)
	return p, err
}

// sampling returns the parameters of a request: its own, taken literally, or the checkpoint's.
func (m *Model) sampling(s *Sampling) sampler.Params {
	if s == nil {
		return m.defaults
	}
	p := sampler.Params{
		Temperature: s.Temperature, TopP: s.TopP, MinP: s.MinP, TypicalP: s.TypicalP,
		RepeatPenalty: s.RepeatPenalty, FrequencyPenalty: s.FrequencyPenalty, PresencePenalty: s.PresencePenalty,
		TopK: s.TopK, RepeatLastN: s.RepeatLastN, Seed: s.Seed,
	}
	if len(s.LogitBias) > 0 {
		p.LogitBias = make(map[int32]float32, len(s.LogitBias))
		for id, b := range s.LogitBias {
			p.LogitBias[int32(id)] = b
		}
	}
	return p
}

// drawable returns the set of tokens that may be sampled: not the holes in the vocabulary, not what the checkpoint
// suppresses. Nil means all.
func drawable(t *tokenizer.Tokenizer, vocab int) []uint64 {
	set := make([]uint64, (vocab+63)/64)
	all := true
	for id := range int32(vocab) {
		if k := t.Kind(id); k == tokenizer.Unused || k == 0 && t.Size() > 0 {
			all = false
			continue
		}
		set[id>>6] |= 1 << (id & 63)
	}
	for _, id := range t.Suppressed() {
		if int(id) < vocab {
			set[id>>6] &^= 1 << (id & 63)
			all = false
		}
	}
	if all {
		return nil
	}
	return set
}
