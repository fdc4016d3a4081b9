package arch

import (
	"maps"
	"slices"
	"strings"

	"llm/internal/device"
	"llm/internal/gguf"
	"llm/internal/source"
)

// families maps general.architecture to what reads the layers of that family.
var families = map[string]func(*reader){
	"bailingmoe":   bailingMoE,
	"bailingmoe2":  dots1,
	"deepseek":     deepseek,
	"dots1":        dots1,
	"ernie4_5":     ernie45,
	"ernie4_5-moe": ernie45,
	"exaone-moe":   exaoneMoE,
	"gemma3":       gemma3,
	"glm4":         glm4,
	"glm4moe":      glm4moe,
	"gpt-oss":      gptOSS,
	"granite":      granite,
	"granite_swa":  graniteSWA,
	"granitemoe":   granite,
	"hy_v3":        hyV3,
	"llama":        llama,
	"mellum":       mellum,
	"mimo2":        mimo2,
	"minimax-m2":   minimaxM2,
	"olmoe":        olmoe,
	"phi3":         phi3,
	"qwen2":        qwen2,
	"qwen2moe":     qwen2,
	"qwen3":        qwen3,
	"qwen3moe":     qwen3,
	"qwen3vl":      qwen3,
	"qwen3vlmoe":   qwen3,
	"seed_oss":     seedOSS,
	"smollm3":      smollm3,
}

// Read describes the decoder in f. Matrices are borrowed from f and live as long as it; everything else is copied.
// It returns an *errs.FormatError that names the key or tensor and wraps ErrCorrupt where the file contradicts itself,
// or ErrUnsupported for an architecture, tensor type or trait that has no implementation here.
func Read(f *gguf.File) (*Spec, error) { return newReader(f).read() }

// ReadHeader is Read without the bytes of matrices: their Data has as many entries as it should, all nil. It serves to
// describe a checkpoint that is not going to run.
func ReadHeader(f *gguf.File) (*Spec, error) {
	r := newReader(f)
	r.headerOnly = true
	return r.read()
}

// read runs the steps up to the first that fails. Copies of vectors touch mapped memory, hence the guard.
func (r *reader) read() (*Spec, error) {
	steps := []func(){r.open, r.frame, func() { r.family(r) }, r.count}
	err := source.Guard(func() error {
		for _, step := range steps {
			if step(); r.err != nil {
				return r.err
			}
		}
		return nil
	})
	if err != nil {
		return nil, r.f.Locate(err)
	}
	return r.spec, nil
}

// open looks at what kind of file this is and finds the family.
func (r *reader) open() {
	switch kind := r.text("general.type", "model"); kind {
	case "adapter", "mmproj", "imatrix":
		r.unsupported("general.type", "a file of type %q holds no language model", kind)
	}
	if r.arch = r.text("general.architecture", ""); r.arch == "" {
		r.corrupt("general.architecture", "is missing")
	}
	if r.family = families[r.arch]; r.family == nil {
		known := strings.Join(slices.Sorted(maps.Keys(families)), ", ")
		r.unsupported("general.architecture", "architecture %q (known: %s)", r.arch, known)
	}
}

// frame reads what surrounds the layers of every decoder.
func (r *reader) frame() {
	s := r.spec
	s.Arch = r.arch
	s.Width = r.size("embedding_length", maxWidth)
	s.Context = r.size("context_length", maxContext)
	r.blocks = r.size("block_count", maxLayers)
	r.trunk = r.blocks - r.sizeOr("nextn_predict_layers", 0, r.blocks-1)
	r.eps = r.epsilon()
	s.Vocab = r.rows("token_embd.weight")
	s.Embed = r.root.stack("token_embd.weight", s.Width, s.Vocab, 1)
	s.OutputNorm = r.root.norm("output_norm")
	if r.root.has("output.weight") {
		s.Output = r.root.linear("output", s.Width, s.Vocab)
	} else {
		s.Output = device.Linear{Weight: s.Embed}
	}
}

// epsilon returns the epsilon of the norms, which has a key for each of the two kinds of norm and no default.
func (r *reader) epsilon() float32 {
	key := "attention.layer_norm_rms_epsilon"
	if !r.hasKey(key) && r.hasKey("attention.layer_norm_epsilon") {
		key = "attention.layer_norm_epsilon"
	}
	return float32(r.positive(key))
}

// count sums up the weights and lists the tensors that nothing claimed.
func (r *reader) count() {
	s := r.spec
	for _, t := range r.f.Tensors() {
		n := t.Elements()
		s.Parameters += n
		if r.claimed[t.Name] {
			s.ActiveParameters += n
			s.ActiveBytes += t.Bytes
		} else {
			s.Unused = append(s.Unused, t.Name)
		}
	}
	for _, l := range s.Layers {
		if l.MoE != nil {
			weights, bytes := l.MoE.idle()
			s.ActiveParameters -= weights
			s.ActiveBytes -= bytes
		}
	}
	if s.Embed.Name != s.Output.Name { // one row of it
		s.ActiveBytes -= int64(s.Embed.Type.RowBytes(s.Embed.In)) * int64(s.Embed.Out-1)
	}
}

// idle is the number of weights, and of bytes, of the experts that a token is not routed to.
func (m *MoE) idle() (weights, bytes int64) {
	experts := int64(m.Router.N)
	for _, l := range []*device.Linear{&m.Gate, &m.Up, &m.Down} {
		weights += int64(l.In)*int64(l.Out)*experts + int64(len(l.Bias))
		bytes += int64(l.Type.RowBytes(l.In)) * int64(l.Out) * experts
	}
	idle := experts - int64(m.Router.Used)
	return weights / experts * idle, bytes / experts * idle
}
