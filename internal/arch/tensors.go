package arch

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"

	"llm/internal/device"
	"llm/internal/gguf"
	"llm/quant"
)

// tensors reads tensors whose names begin with prefix. Dimensions are those of GGUF, fastest first.
type tensors struct {
	*reader
	prefix string
}

// layer is one block of the trunk while it is read.
type layer struct {
	tensors
	Layer
	index int
}

// layers walks the trunk and appends each layer to the Spec once it is read. It ends at the first error, so that no
// memory is taken for layers without tensors.
func (r *reader) layers() iter.Seq[*layer] {
	return func(yield func(*layer) bool) {
		for i := 0; i < r.trunk && r.err == nil; i++ {
			l := &layer{tensors: tensors{r, fmt.Sprintf("blk.%d.", i)}, index: i}
			if !yield(l) {
				return
			}
			r.spec.Layers = append(r.spec.Layers, l.Layer)
		}
	}
}

// has reports whether the file has the tensor.
func (t tensors) has(name string) bool {
	_, ok := t.f.Tensor(t.prefix + name)
	return ok
}

// rows returns the second dimension of a matrix that must be there.
func (r *reader) rows(name string) int {
	t, ok := r.f.Tensor(name)
	if !ok {
		r.corrupt(name, "tensor is missing")
		return 0
	}
	if len(t.Shape) < 2 || t.Shape[1] < 1 || t.Shape[1] > maxVocab {
		r.corrupt(name, "shape %v is not that of a vocabulary", t.Shape)
		return 0
	}
	return int(t.Shape[1])
}

// claim returns the tensor after a check of its shape, nil after an error; dimensions of 1 at the end do not count.
func (t tensors) claim(name string, shape ...int) *gguf.Tensor {
	if t.err != nil {
		return nil
	}
	name = t.prefix + name
	found, ok := t.f.Tensor(name)
	if !ok {
		t.corrupt(name, "tensor is missing")
		return nil
	}
	if !sameShape(found.Shape, shape) {
		t.corrupt(name, "shape %v, where %v is needed", found.Shape, shape)
		return nil
	}
	t.claimed[name] = true
	return found
}

// data returns the tensor's bytes, of which a header alone has none for matrices.
func (r *reader) data(t *gguf.Tensor) []byte {
	data, err := r.f.Data(t)
	if err != nil {
		r.fail(t.Name, err)
	}
	return data
}

func sameShape(have []int64, want []int) bool {
	for i := range max(len(have), len(want)) {
		h, w := int64(1), int64(1)
		if i < len(have) {
			h = have[i]
		}
		if i < len(want) {
			w = int64(want[i])
		}
		if h != w || h < 1 {
			return false
		}
	}
	return true
}

// stack returns n matrices of out rows of in values that are one tensor [in, out, n].
func (t tensors) stack(name string, in, out, n int) device.Weight {
	found := t.claim(name, in, out, n)
	if found == nil {
		return device.Weight{}
	}
	if !quant.Supported(found.Type) {
		t.unsupported(found.Name, "tensor type %v", found.Type)
		return device.Weight{}
	}
	w := device.Weight{Name: found.Name, Type: found.Type, In: in, Out: out, Data: make([][]byte, n)}
	if t.headerOnly {
		return w
	}
	data, size := t.data(found), out*found.Type.RowBytes(in)
	if len(data) != n*size {
		t.corrupt(found.Name, "%d bytes, where %d are needed", len(data), n*size)
		return device.Weight{}
	}
	for i := range w.Data {
		w.Data[i] = data[i*size : (i+1)*size : (i+1)*size]
	}
	return w
}

// linear returns NAME.weight [in, out] with its bias and scale where the file has them.
func (t tensors) linear(name string, in, out int) device.Linear {
	return t.linears(name, in, out, 1)
}

// linears is linear for a stack of n.
func (t tensors) linears(name string, in, out, n int) device.Linear {
	return t.attached(name, device.Linear{Weight: t.stack(name+".weight", in, out, n)}, n)
}

// attached adds what may come with the weight of n matrices called name. The scale of quantized activations has no
// meaning here, where activations carry their own.
func (t tensors) attached(name string, l device.Linear, n int) device.Linear {
	if t.has(name + ".bias") {
		l.Bias = t.vector(name+".bias", l.Out, n)
	}
	if t.has(name + ".scale") {
		l.Scale = t.factor(name+".scale", n)
	}
	if t.has(name + ".input_scale") {
		t.claimed[t.prefix+name+".input_scale"] = true
	}
	return l
}

func (t tensors) factor(name string, n int) float32 {
	if n > 1 {
		t.unsupported(t.prefix+name, "a scale for each expert")
		return 0
	}
	v := t.vector(name, 1)
	if v == nil {
		return 0
	}
	if v[0] == 0 || math.IsNaN(float64(v[0])) || math.IsInf(float64(v[0]), 0) {
		t.corrupt(t.prefix+name, "scale is %v", v[0])
	}
	return v[0]
}

// part returns the rows from to from+n of l as a product of its own.
func part(l device.Linear, from, n int) device.Linear {
	l.Weight = l.Rows(from, n)
	if l.Bias != nil {
		l.Bias = l.Bias[from : from+n : from+n]
	}
	return l
}

// norm returns NAME.weight [Width] with the epsilon of the model.
func (t tensors) norm(name string) device.Norm { return t.normOf(name, t.spec.Width) }

// post reads a norm of the result of a branch.
func (t tensors) post(name string) *device.Norm {
	n := t.norm(name)
	return &n
}

func (t tensors) normOf(name string, n int) device.Norm {
	return device.Norm{Weight: t.vector(name+".weight", n), Eps: t.eps}
}

// vector returns a copy of a tensor of floats, widened to float32.
func (t tensors) vector(name string, shape ...int) []float32 {
	found := t.claim(name, shape...)
	if found == nil {
		return nil
	}
	if !slices.Contains(vectorTypes, found.Type) {
		t.unsupported(found.Name, "tensor type %v of a vector", found.Type)
		return nil
	}
	v := make([]float32, found.Elements())
	if err := quant.Dequantize(found.Type, v, t.data(found)); err != nil {
		t.fail(found.Name, err)
		return nil
	}
	return v
}

// vectorTypes are the types that vectors may have.
var vectorTypes = []quant.Type{quant.F32, quant.F16, quant.BF16}

// experts returns n matrices of out rows called NAME_exps, or in old files NAME.0 to NAME.n-1.
func (t tensors) experts(name string, in, out, n int) device.Linear {
	if t.has(name+"_exps.weight") || !t.has(name+".0.weight") {
		return t.linears(name+"_exps", in, out, n)
	}
	var all device.Linear
	for i := range n {
		one := t.stack(name+"."+strconv.Itoa(i)+".weight", in, out, 1)
		if t.err != nil {
			return device.Linear{}
		}
		if i > 0 && one.Type != all.Type {
			t.unsupported(one.Name, "type %v beside experts of type %v", one.Type, all.Type)
			return device.Linear{}
		}
		one.Data = append(all.Data, one.Data...)
		all.Weight = one
	}
	all.Name = t.prefix + name
	return all
}
