package arch

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/internal/device"
	"llm/internal/gguf"
	"llm/internal/source"
	"llm/quant"
)

func TestUnclaimedTensorsAreListed(t *testing.T) {
	f := changed(t, fixture(t, "llama"), change{shape: map[string][]int64{"blk.0.extra.weight": {4}, "vision.weight": {4}}})
	s, err := Read(f)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"blk.0.extra.weight", "vision.weight"}, s.Unused)
}

// TestNoExperts: a file of a mixture's architecture without experts is dense.
func TestNoExperts(t *testing.T) {
	c := change{set: keys{"expert_count": num(0)}, shape: map[string][]int64{}}
	for _, layer := range []string{"blk.0.", "blk.1."} {
		c.drop = append(c.drop, layer+"ffn_gate_inp.weight", layer+"ffn_gate_exps.weight", layer+"ffn_up_exps.weight", layer+"ffn_down_exps.weight")
		c.shape[layer+"ffn_gate.weight"], c.shape[layer+"ffn_up.weight"] = []int64{48, 32}, []int64{48, 32}
		c.shape[layer+"ffn_down.weight"] = []int64{32, 48}
	}
	s, err := Read(changed(t, fixture(t, "granitemoe"), c))
	require.NoError(t, err)
	require.Empty(t, s.Unused)
	require.Equal(t, s.Parameters, s.ActiveParameters)
	requireWhole(t, s)
}

// TestRelatives: these architectures compute what another does under other names.
func TestRelatives(t *testing.T) {
	for name, like := range map[string]string{"seed_oss": "qwen2", "qwen3vl": "qwen3", "qwen3vlmoe": "qwen3moe", "ernie4_5": "llama"} {
		t.Run(name, func(t *testing.T) {
			s, err := Read(renamed(t, fixture(t, like), name))
			require.NoError(t, err)
			require.Empty(t, s.Unused)
			want := answer(t, like)
			requireLogits(t, decode(t, s, append(want.Prompt, want.Greedy...)), want)
		})
	}
}

// renamed returns a file under the name of another architecture.
func renamed(t *testing.T, f *gguf.File, name string) *gguf.File {
	old, err := f.Str("general.architecture", "")
	require.NoError(t, err)
	var w gguf.Writer
	require.NoError(t, w.CopyMetadata(f))
	w.Set("general.architecture", gguf.Of(name))
	for _, key := range f.Keys() {
		if rest, ok := strings.CutPrefix(key, old+"."); ok {
			v, _ := f.Value(key)
			w.Set(name+"."+rest, v)
		}
	}
	for i := range f.Tensors() {
		tensor := f.Tensors()[i]
		if name == "seed_oss" {
			tensor.Name = strings.Replace(tensor.Name, "ffn_norm", "post_attention_norm", 1)
		}
		w.CopyTensor(f, &tensor)
	}
	var b bytes.Buffer
	_, err = w.WriteTo(&b)
	require.NoError(t, err)
	return open(t, source.Bytes(b.Bytes()))
}

// TestFusedTensors: q, k, v in one tensor and gate, up in one are the same model.
func TestFusedTensors(t *testing.T) {
	f := fixture(t, "gpt-oss")
	fused, err := Read(fuse(t, f))
	require.NoError(t, err)
	require.Empty(t, fused.Unused)
	apart, err := Read(f)
	require.NoError(t, err)
	for i, l := range apart.Layers {
		a, b := l.Attention, fused.Layers[i].Attention
		requireSame(t, []device.Linear{a.Q, a.K, a.V}, []device.Linear{b.Q, b.K, b.V})
		requireSame(t, []device.Linear{l.MoE.Gate, l.MoE.Up}, []device.Linear{fused.Layers[i].MoE.Gate, fused.Layers[i].MoE.Up})
	}
}

func requireSame(t *testing.T, want, got []device.Linear) {
	t.Helper()
	for i := range want {
		require.Equal(t, want[i].Data, got[i].Data)
		require.Equal(t, want[i].Bias, got[i].Bias)
	}
}

// fuse joins what may be joined, weights and biases.
func fuse(t *testing.T, f *gguf.File) *gguf.File {
	var w gguf.Writer
	require.NoError(t, w.CopyMetadata(f))
	joined := map[string][]string{"attn_qkv": {"attn_q", "attn_k", "attn_v"}, "ffn_gate_up_exps": {"ffn_gate_exps", "ffn_up_exps"}}
	gone := map[string]bool{}
	for _, layer := range []string{"blk.0.", "blk.1."} {
		for whole, parts := range joined {
			for suffix, rows := range map[string]int{".weight": 1, ".bias": 0} {
				join(t, &w, f, layer+whole+suffix, layer, parts, suffix, rows)
				for _, p := range parts {
					gone[layer+p+suffix] = true
				}
			}
		}
	}
	for i := range f.Tensors() {
		if old := &f.Tensors()[i]; !gone[old.Name] {
			w.CopyTensor(f, old)
		}
	}
	var b bytes.Buffer
	_, err := w.WriteTo(&b)
	require.NoError(t, err)
	return open(t, source.Bytes(b.Bytes()))
}

// join adds a tensor whose dimension along is the sum of that of its parts, expert by expert.
func join(t *testing.T, w *gguf.Writer, f *gguf.File, name, layer string, parts []string, suffix string, along int) {
	var shape []int64
	var data [][]byte
	experts := 1
	for _, p := range parts {
		old, ok := f.Tensor(layer + p + suffix)
		require.True(t, ok)
		d, err := f.Data(old)
		require.NoError(t, err)
		data = append(data, d)
		if shape == nil {
			shape = slices.Clone(old.Shape)
			shape[along] = 0
		}
		shape[along] += old.Shape[along]
	}
	if len(shape) > along+1 {
		experts = int(shape[along+1])
	}
	w.Add(name, quant.F32, shape, func(out io.Writer) error {
		for e := range experts {
			for _, d := range data {
				n := len(d) / experts
				if _, err := out.Write(d[e*n : (e+1)*n]); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
