// Package arch reads a checkpoint's metadata and tensors into a Spec. There is one short file per model family; none
// contains arithmetic on activations. What each family needs is in the family's own publication; names and defaults of
// metadata and tensors are those of GGUF files.
package arch

import "llm/internal/device"

// Spec is a decoder described as data: what every layer is made of, with its weights.
type Spec struct {
	Arch    string
	Vocab   int // rows of the embedding
	Width   int // of the residual stream
	Context int // positions the model was trained for

	Embed      device.Weight
	EmbedScale float32 // 0 means 1
	Layers     []Layer
	OutputNorm device.Norm
	Output     device.Linear // the embedding again where tied
	LogitScale float32       // logits are multiplied by it; 0 means 1
	LogitCap   float32       // then c·tanh(x/c); 0: none

	Parameters, ActiveParameters int64    // weights in all, and those that take part in one token
	ActiveBytes                  int64    // of tensors read for one token
	Unused                       []string // tensors that no layer claims
}

// Layer is x += Scale·PostMixer(mixer(MixerNorm(x))); x += Scale·PostFFN(ffn(FFNNorm(x))).
// Exactly one mixer and one of FFN and MoE is set.
type Layer struct {
	MixerNorm device.Norm
	Attention *Attention
	PostMixer *device.Norm

	FFNNorm device.Norm
	FFN     *FFN
	MoE     *MoE
	PostFFN *device.Norm

	ResidualScale float32 // of both branches; 0 means 1
}

// Attention is multi-head attention with grouped keys and values.
type Attention struct {
	Heads, KVHeads, KDim, VDim int

	Q, K, V, O   device.Linear
	QNorm, KNorm *HeadNorm
	Rope         *device.Rope // nil: no positions. Layers with equal rotation share the pointer
	Scale        float32      // of scores
	Window       int          // positions visible, the token's own included; 0: all
	Sinks        []float32    // [Heads]; nil: none
}

// HeadNorm is a norm of q or k before rotation: of each head, or Whole, across all heads at once.
type HeadNorm struct {
	device.Norm
	Whole bool
}

// FFN is Down(act(Gate x, Up x)).
type FFN struct {
	Gate, Up, Down device.Linear
	Act            device.Activation
}

// MoE is a router, its experts (stacks of N matrices) and an optional shared expert that every token takes,
// multiplied by σ(SharedGate x) where SharedGate is set.
type MoE struct {
	Router         device.Router
	RouterWeight   device.Linear
	Gate, Up, Down device.Linear
	Act            device.Activation
	Shared         *FFN
	SharedGate     device.Linear
}
