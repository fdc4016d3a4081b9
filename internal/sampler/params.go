package sampler

import (
	"fmt"
	"math"
)

const (
	defaultLastN = 64
	maxLastN     = 1 << 20 // bounds the ring; all of the history is a negative RepeatLastN
)

// Params says how to sample. The zero value is greedy, and a zero field is "off".
type Params struct {
	Temperature      float32           // 0: the greatest logit
	TopP             float32           // 0 to 1: shortest prefix, by logit, of at least this probability; 0 and 1: off
	MinP             float32           // 0 to 1: at least this share of the greatest probability; 0: off
	TypicalP         float32           // 0 to 1: locally typical sampling (Meister et al., 2023); 0 and 1: off
	RepeatPenalty    float32           // divides positive and multiplies other logits of repeated tokens; 0 and 1: off
	FrequencyPenalty float32           // subtracted once per occurrence; may be negative
	PresencePenalty  float32           // subtracted once if the token occurs; may be negative
	TopK             int               // the k greatest logits; 0: off
	RepeatLastN      int               // tokens of history the penalties look at; 0: 64, negative: all, at most 2^20
	Seed             uint64            // key of the generator, taken as it is
	LogitBias        map[int32]float32 // added to the logits; -Inf forbids a token
}

// validate returns an error that names the first field that makes no sense.
func (p *Params) validate(vocab int) error {
	for _, f := range []struct {
		name        string
		value       float32
		least, most float64
		want        string
	}{
		{"Temperature", p.Temperature, 0, math.MaxFloat32, "finite and not negative"},
		{"TopP", p.TopP, 0, 1, "from 0 to 1"},
		{"MinP", p.MinP, 0, 1, "from 0 to 1"},
		{"TypicalP", p.TypicalP, 0, 1, "from 0 to 1"},
		{"RepeatPenalty", p.RepeatPenalty, 0, math.MaxFloat32, "finite and not negative"},
		{"FrequencyPenalty", p.FrequencyPenalty, -math.MaxFloat32, math.MaxFloat32, "finite"},
		{"PresencePenalty", p.PresencePenalty, -math.MaxFloat32, math.MaxFloat32, "finite"},
	} {
		if x := float64(f.value); !(x >= f.least && x <= f.most) {
			return fmt.Errorf("sampler: %s is %v, must be %s", f.name, f.value, f.want)
		}
	}
	if p.TopK < 0 {
		return fmt.Errorf("sampler: TopK is %d, must not be negative", p.TopK)
	}
	if p.RepeatLastN > maxLastN {
		return fmt.Errorf("sampler: RepeatLastN is %d, must be at most %d (negative: all)", p.RepeatLastN, maxLastN)
	}
	for id, b := range p.LogitBias {
		if id < 0 || int(id) >= vocab {
			return fmt.Errorf("sampler: LogitBias has token %d, outside the vocabulary of %d", id, vocab)
		}
		if math.IsNaN(float64(b)) || math.IsInf(float64(b), 1) {
			return fmt.Errorf("sampler: LogitBias of token %d is %v, must be finite or -Inf", id, b)
		}
	}
	return nil
}

// penalizes reports whether the history matters.
func (p *Params) penalizes() bool {
	return p.repeat() != 1 || p.FrequencyPenalty != 0 || p.PresencePenalty != 0
}

// repeat is the repeat penalty as a factor.
func (p *Params) repeat() float64 {
	if p.RepeatPenalty == 0 {
		return 1
	}
	return float64(p.RepeatPenalty)
}

// lastN is the length of the penalized window, negative for all of the history.
func (p *Params) lastN() int {
	if p.RepeatLastN == 0 {
		return defaultLastN
	}
	return p.RepeatLastN
}

// filters reports which of the probability filters are on.
func (p *Params) filters() (typical, topP, minP bool) {
	return p.TypicalP > 0 && p.TypicalP < 1, p.TopP > 0 && p.TopP < 1, p.MinP > 0
}
