package llm

import (
	"errors"
	"fmt"
	"slices"
)

// Token is an entry of a checkpoint's vocabulary, 0 to Tokenizer.Size()-1.
type Token int32

// Params says what is asked of one answer. The zero value is usable: the checkpoint's own sampling, until the model stops.
type Params struct {
	MaxTokens  int        // tokens to generate at most; 0: until the model stops or the context is full
	Sampling   *Sampling  // nil: the checkpoint's own defaults; non-nil is taken literally
	Stop       []string   // end the answer and are no part of it, nor is it complete then; found across token boundaries. "" is an error
	Format     Format     // what the model's answer must be (not what a ReturnDirect tool returns); nil: free text
	ToolChoice ToolChoice // which tools may or must be called; zero: the model decides. For a Chat with tools
	Thinking   Thinking   // reasoning before the answer; zero: the template's default. For a Chat
	Strict     bool       // a Format or tool schema that had to be relaxed is an error; see Format.Relaxed
	Priority   int        // higher runs first. ErrUnsupported unless 0: requests run first come first served
	Logprobs   int        // most probable tokens to report with each token, 0 (none) to 100
}

// Sampling says how tokens are drawn. The zero value takes the most probable token, and each zero field is "off".
// Method and order: penalties, then TopK, TypicalP, TopP, MinP on the logits, then Temperature, then one draw whose random
// numbers depend on Seed and position only.
type Sampling struct {
	Temperature      float32           // divides the logits, ≥ 0; 0: the greatest logit wins
	TopP             float32           // 0 to 1: fewest tokens of at least this probability together
	MinP             float32           // 0 to 1: at least this share of the greatest probability
	TypicalP         float32           // 0 to 1: locally typical sampling
	RepeatPenalty    float32           // ≥ 0: divides positive logits of repeated tokens and multiplies negative ones; 1 is off too
	FrequencyPenalty float32           // subtracted from the logit once for each occurrence
	PresencePenalty  float32           // subtracted once if the token occurs
	TopK             int               // the k greatest logits
	RepeatLastN      int               // tokens that the penalties look back at; 0: 64, negative: all
	Seed             uint64            // 0: drawn at random and reported in Result.Seed
	LogitBias        map[Token]float32 // added to logits; -Inf forbids a token. Ids outside the vocabulary are an error
}

// DefaultSampling returns what a nil Params.Sampling stands for: the checkpoint's own, or where it has none, values common
// for its kind. Change a field of it and keep the others.
func (m *Model) DefaultSampling() Sampling {
	d := m.defaults
	return Sampling{
		Temperature: d.Temperature, TopP: d.TopP, MinP: d.MinP, TypicalP: d.TypicalP, RepeatPenalty: d.RepeatPenalty,
		FrequencyPenalty: d.FrequencyPenalty, PresencePenalty: d.PresencePenalty, TopK: d.TopK, RepeatLastN: d.RepeatLastN,
	}
}

const maxLogprobs = 100

var errNoTools = errors.New("a tool call is required, but there are no tools")

// check returns an error for parameters that make no sense or cannot take effect. Sampling and Stop are checked where they are
// used.
func (p *Params) check() error {
	switch {
	case p.MaxTokens < 0:
		return fmt.Errorf("parameter MaxTokens is %d, must not be negative", p.MaxTokens)
	case p.Logprobs < 0 || p.Logprobs > maxLogprobs:
		return fmt.Errorf("parameter Logprobs is %d, must be 0 to %d", p.Logprobs, maxLogprobs)
	case p.Priority != 0:
		return fmt.Errorf("%w: Priority", ErrUnsupported)
	case p.Strict && p.Format != nil:
		return strict("the format", p.Format.constraint().Relaxed())
	}
	return nil
}

// checkRaw returns an error for parameters that only a Chat can follow.
func (p *Params) checkRaw() error {
	switch {
	case p.ToolChoice.mode == toolRequired || len(p.ToolChoice.names) > 0:
		return errNoTools
	case p.Thinking != Thinking{}:
		return fmt.Errorf("%w: Thinking without a chat template", ErrUnsupported)
	}
	return nil
}

// ToolChoice says which of the offered tools may or must be called. The zero value is ToolAuto.
type ToolChoice struct {
	mode   toolMode
	single bool
	names  []string
}

type toolMode uint8

const (
	toolAuto toolMode = iota
	toolNone
	toolRequired
)

// Choices that name no tool.
var (
	ToolAuto     = ToolChoice{}                   // the model decides
	ToolNone     = ToolChoice{mode: toolNone}     // no call
	ToolRequired = ToolChoice{mode: toolRequired} // at least one call of any tool
)

// ToolNamed demands a call of one tool. A name that is not offered is an error of the request.
func ToolNamed(name string) ToolChoice { return ToolAmong(name) }

// ToolAmong demands at least one call, of the named tools only.
func ToolAmong(names ...string) ToolChoice {
	return ToolChoice{mode: toolRequired, names: slices.Clone(names)}
}

// Single returns the choice with at most one call in an answer.
func (c ToolChoice) Single() ToolChoice {
	c.single = true
	return c
}

// Thinking says whether and how long the model reasons before it answers. The zero value leaves it to the template. What the
// template has no switch for is ErrUnsupported.
type Thinking struct {
	mode   thinkMode
	budget int
	effort string
}

type thinkMode uint8

const (
	thinkDefault thinkMode = iota
	thinkOn
	thinkOff
	thinkBudget
	thinkEffort
)

// Thinking without a number.
var (
	ThinkOn  = Thinking{mode: thinkOn}
	ThinkOff = Thinking{mode: thinkOff}
)

// ThinkBudget turns reasoning on, where the template has a switch, and ends it after so many tokens: the model is made to write the
// end of its reasoning, and answers. The end itself comes on top. ErrUnsupported for a model that does not reason.
func ThinkBudget(tokens int) Thinking { return Thinking{mode: thinkBudget, budget: tokens} }

// ThinkEffort turns reasoning on with a word that the template knows, such as "low", "medium" or "high".
func ThinkEffort(level string) Thinking { return Thinking{mode: thinkEffort, effort: level} }

// EmbedParams says how texts become vectors. It has no fields yet.
type EmbedParams struct{}

// Scores is how probable a text is to a model.
type Scores struct {
	Logprobs   []float64 `json:"logprobs"`   // one for each token: natural log-probability given those before; 0 for the first
	NLL        float64   `json:"nll"`        // negated sum
	Perplexity float64   `json:"perplexity"` // exp(NLL / scored tokens); 0 if there are none
}
