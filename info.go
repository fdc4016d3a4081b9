package llm

import (
	"fmt"

	"llm/internal/arch"
	"llm/internal/gguf"
)

// Info describes a checkpoint.
type Info struct {
	Architecture     string       `json:"architecture"`
	Name             string       `json:"name"`
	Parameters       int64        `json:"parameters"`        // weights in all
	ActiveParameters int64        `json:"active_parameters"` // that take part in one token; 0 if the architecture is not supported
	ActiveBytes      int64        `json:"active_bytes"`      // of tensors read for one token; 0 as above
	Context          int          `json:"context"`           // positions the model was trained for
	Vocabulary       int          `json:"vocabulary"`        // tokens
	Layers           int          `json:"layers"`
	Experts          int          `json:"experts"`      // of a mixture-of-experts layer, 0: none
	ExpertsUsed      int          `json:"experts_used"` // by one token
	Bytes            int64        `json:"bytes"`        // of all files
	Supported        bool         `json:"supported"`    // Open can run it
	Problem          string       `json:"problem,omitempty"`
	ChatTemplate     bool         `json:"chat_template"` // the checkpoint carries one
	Tensors          []TensorInfo `json:"tensors"`
	Unused           []string     `json:"unused,omitempty"` // tensors that nothing uses
}

// TensorInfo is one tensor. Shape has the fastest dimension first: [in, out] for a matrix, [in, out, experts] for a stack.
type TensorInfo struct {
	Name  string  `json:"name"`
	Type  string  `json:"type"`
	Shape []int64 `json:"shape"`
	Bytes int64   `json:"bytes"`
}

func (i Info) String() string {
	return fmt.Sprintf("%s (%s, %.1f M parameters, %.1f M active)", i.Name, i.Architecture, float64(i.Parameters)/1e6, float64(i.ActiveParameters)/1e6)
}

// Inspect reads the header of a checkpoint, also of one that Open cannot run: Supported and Problem say so. Errors are
// those of a file that cannot be read or is no checkpoint.
func Inspect(src Source) (Info, error) {
	f, err := gguf.OpenHeader(src.s)
	if err != nil {
		return Info{}, err
	}
	defer f.Close()
	spec, problem := arch.ReadHeader(f)
	i, err := describe(f, spec, problem)
	return i, named(err, src)
}

// describe sums up a checkpoint; problem is why it has no spec.
func describe(f *gguf.File, spec *arch.Spec, problem error) (Info, error) {
	i := Info{Bytes: f.Size(), ChatTemplate: f.Has("tokenizer.chat_template")}
	var err error
	if i.Architecture, err = f.Str("general.architecture", ""); err != nil {
		return Info{}, err
	}
	if i.Name, err = f.Str("general.name", ""); err != nil {
		return Info{}, err
	}
	for _, t := range f.Tensors() {
		n := int64(1)
		for _, d := range t.Shape {
			n *= d
		}
		i.Parameters += n
		i.Tensors = append(i.Tensors, TensorInfo{t.Name, t.Type.String(), t.Shape, t.Bytes})
	}
	if problem != nil {
		i.Problem = problem.Error()
		return i, nil
	}
	i.Supported = true
	i.Parameters, i.ActiveParameters, i.Unused = spec.Parameters, spec.ActiveParameters, spec.Unused
	i.ActiveBytes = spec.ActiveBytes
	i.Context, i.Vocabulary, i.Layers = spec.Context, spec.Vocab, len(spec.Layers)
	for _, l := range spec.Layers {
		if l.MoE != nil {
			i.Experts, i.ExpertsUsed = l.MoE.Router.N, l.MoE.Router.Used
		}
	}
	return i, nil
}
