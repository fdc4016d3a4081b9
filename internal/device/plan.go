// Package device is the seam between the decoder and what computes. A decoder hands a device a Plan, a list of coarse
// operations over registers; a device runs it over batches. Devices know nothing of architectures, and a Plan holds no
// code: the CPU device walks it with its worker pool, a CUDA device records it once as a graph.
package device

import "llm/quant"

// Weight is a matrix, or a stack of N matrices of equal shape (experts), where it lies in the checkpoint:
// each is Out rows of In values. Data is borrowed from the mapping and never written.
type Weight struct {
	Name    string
	Type    quant.Type
	In, Out int
	Data    [][]byte // one entry a matrix, each Out rows of Type.RowBytes(In) bytes
}

// Rows returns the weight made of rows from to from+n of each matrix.
func (w Weight) Rows(from, n int) Weight {
	rb := w.Type.RowBytes(w.In)
	d := make([][]byte, len(w.Data))
	for i, m := range w.Data {
		if m != nil { // only described, not read
			d[i] = m[from*rb : (from+n)*rb]
		}
	}
	w.Data, w.Out = d, n
	return w
}

// Linear is y = Scale·(W x) + Bias. A Scale of 0 means 1; Bias is nil or [N·Out].
type Linear struct {
	Weight
	Bias  []float32
	Scale float32
}

// Set reports whether the checkpoint has this matrix.
func (l *Linear) Set() bool { return len(l.Data) > 0 }

// Norm is RMS(x)·Weight, or for Mean the layer norm (x-mean)/sd·Weight + Bias. A nil Weight means ones.
type Norm struct {
	Weight, Bias []float32
	Eps          float32
	Mean         bool
}

// Activation joins the two halves of a gated feed-forward network.
type Activation int

// Formulas: architectures.md §1.0 "Activations".
const (
	SiLU      Activation = iota // silu(g)·u
	GELU                        // gelu-tanh(g)·u
	SwiGLUOAI                   // min(g,7)·σ(1.702·min(g,7))·(clamp(u,±7)+1)
)

// Rope rotates the first 2·len(Freq) values of each head by pos·Freq[i]; cos and sin are multiplied by Magnitude.
// Interleaved pairs (2i, 2i+1), otherwise (i, i+n/2). Frequency scaling (linear, YaRN, llama3) is folded into Freq.
type Rope struct {
	Freq        []float64
	Magnitude   float32
	Interleaved bool
}

// Gating turns router logits into scores.
type Gating int

// Gating codes as in `expert_gating_func`.
const (
	GateSoftmax       Gating = 1 // softmax over all experts
	GateSigmoid       Gating = 2
	GateSoftmaxChosen Gating = 3 // softmax over the chosen logits
	GateSqrtSoftplus  Gating = 4
)

// Router chooses Used experts a token from N logits, in the order of architectures.md §1.0. Equal scores choose the lower index.
type Router struct {
	N, Used            int
	Gating             Gating
	Normalize          bool      // chosen weights are divided by their sum
	Scale              float32   // then multiplied; 0 means 1
	SelectionBias      []float32 // [N], moves the choice only; nil: none
	Groups, GroupsUsed int       // 0: no group limit
}

// Reg is a register: a buffer of Plan.Widths[Reg] float32 for each token of a batch.
type Reg int

// None is the register that is not there.
const None Reg = -1

// Op is one step of a Plan. The set of operations is closed: the types below.
type Op interface{ isOp() }

type (
	// Embed: Dst = Scale · row of W for each token.
	Embed struct {
		Dst   Reg
		W     Weight
		Scale float32
	}
	// Normalize: Dst = norm(Src), in Groups equal parts that share the weight (heads), 1 for the whole row. Dst may be Src.
	Normalize struct {
		Dst, Src Reg
		Norm     Norm
		Groups   int
	}
	// MatMul: Dst = Scale·W Src + Bias for each product. They share one quantized copy of Src.
	MatMul struct {
		Src      Reg
		Products []Product
	}
	// Attend rotates Q and K, stores K and V in the cache and attends to the positions visible from each token's own.
	Attend struct {
		Q, K, V, Dst Reg
		Attention
	}
	// Activate: Dst = act(Gate, Up). Dst may be Gate.
	Activate struct {
		Dst, Gate, Up Reg
		Act           Activation
	}
	// Experts: Dst = Σ over chosen experts, largest score first, of weight · Down(act(Gate Src, Up Src)).
	// Logits holds the router's logits for each token.
	Experts struct {
		Src, Logits, Dst Reg
		Router           Router
		Gate, Up, Down   Linear
		Act              Activation
	}
	// Add: Dst += Scale · Src. Gate, if not None, is a register of width 1: Src is also multiplied by σ(Gate).
	Add struct {
		Dst, Src, Gate Reg
		Scale          float32
	}
	// Narrow leaves only the tokens whose logits are wanted: their rows of Keep move to the front, other registers are lost.
	// It stands once in a plan, after the last operation that stores something for later tokens.
	Narrow struct{ Keep []Reg }
	// Logits: Scale·(W Src) + bias for the tokens that Narrow left, capped to ±Cap·tanh(x/Cap) if Cap > 0.
	Logits struct {
		Src Reg
		W   Linear
		Cap float32
	}
)

// Product is one matrix of a MatMul and where its result goes.
type Product struct {
	Linear
	Dst Reg
}

// Attention is the shape of one attention layer. Scores are Scale·q·k over KDim values, softmax over the visible
// positions, the result a weighted sum of VDim values for each of Heads.
type Attention struct {
	Heads, KVHeads, KDim, VDim int
	Scale                      float32
	Rope                       int       // index in Plan.Ropes, -1: none
	Group, Layer               int       // its place in the cache: Plan.Caches[Group].Layers[Layer]
	Window                     int       // a token sees itself and Window-1 positions before; 0: all
	Sinks                      []float32 // [Heads] logits that take part in the softmax without a value; nil: none
}

func (*Embed) isOp()     {}
func (*Normalize) isOp() {}
func (*MatMul) isOp()    {}
func (*Attend) isOp()    {}
func (*Activate) isOp()  {}
func (*Experts) isOp()   {}
func (*Add) isOp()       {}
func (*Narrow) isOp()    {}
func (*Logits) isOp()    {}

// CacheGroup is the layers whose cached rows live and die together: those of one window (0: everything is kept).
// A page holds PageTokens positions of all of them.
type CacheGroup struct {
	Window int
	Layers []CacheLayer
}

// CacheLayer is the shape of one layer's cached rows.
type CacheLayer struct{ KVHeads, KDim, VDim int }

// Plan is a forward pass. Vocab is the width of a row of logits.
type Plan struct {
	Widths []int
	Ops    []Op
	Ropes  []Rope
	Caches []CacheGroup
	Vocab  int
}
