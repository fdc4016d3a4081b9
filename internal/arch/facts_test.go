package arch

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/internal/device"
	"llm/internal/source"
)

// The facts are those of the fixtures' README and of the models' configurations, which the fixtures copy in small.

func TestGPTOSS(t *testing.T) {
	s := spec(t, "gpt-oss")
	require.Equal(t, 8, s.Layers[0].Attention.Window)
	require.Zero(t, s.Layers[1].Attention.Window)
	for _, l := range s.Layers {
		a := l.Attention
		require.Len(t, a.Sinks, a.Heads)
		require.False(t, a.Rope.Interleaved)
		require.InDelta(t, 0.1*math.Log(32)+1, a.Rope.Magnitude, 1e-6)
		require.NotNil(t, a.O.Bias)
		require.Equal(t, device.Router{N: 5, Used: 2, Gating: device.GateSoftmaxChosen}, l.MoE.Router)
		require.Len(t, l.MoE.RouterWeight.Bias, 5)
		require.Len(t, l.MoE.Down.Bias, 5*48)
		require.Equal(t, device.SwiGLUOAI, l.MoE.Act)
	}
	long := spec(t, "gpt-oss-long")
	for i, l := range long.Layers {
		require.Equal(t, i%2 == 0, l.Attention.Window > 0, i)
	}
}

func TestTiedBiased(t *testing.T) {
	s := spec(t, "llama-tied-biased")
	require.Same(t, &s.Embed.Data[0][0], &s.Output.Data[0][0])
	a, f := s.Layers[0].Attention, s.Layers[0].FFN
	require.Equal(t, 24, a.KDim)
	for _, m := range []device.Linear{a.Q, a.K, a.V, a.O, f.Gate, f.Up, f.Down} {
		require.Len(t, m.Bias, m.Out, m.Name)
	}
	require.NotSame(t, &spec(t, "llama").Embed.Data[0][0], &spec(t, "llama").Output.Data[0][0])
}

func TestRouters(t *testing.T) {
	softmax := device.GateSoftmax
	for name, want := range map[string]device.Router{
		"llama-mixtral": {N: 6, Used: 2, Gating: softmax, Normalize: true},
		"qwen2moe":      {N: 6, Used: 4, Gating: softmax},
		"qwen3moe":      {N: 6, Used: 3, Gating: softmax, Normalize: true},
		"olmoe":         {N: 6, Used: 3, Gating: softmax},
		"granitemoe":    {N: 6, Used: 3, Gating: softmax, Normalize: true},
		"deepseek":      {N: 8, Used: 3, Gating: softmax, Scale: 1},
	} {
		layers := spec(t, name).Layers
		require.Equal(t, want, layers[len(layers)-1].MoE.Router, name)
	}
}

func TestSharedExperts(t *testing.T) {
	require.Nil(t, spec(t, "granitemoe").Layers[0].MoE.Shared)
	plain := spec(t, "granitemoe-shared").Layers[0].MoE
	require.Equal(t, 48, plain.Shared.Up.Out)
	require.False(t, plain.SharedGate.Set())
	gated := spec(t, "qwen2moe").Layers[0].MoE
	require.Equal(t, 40, gated.Shared.Up.Out)
	require.Equal(t, 1, gated.SharedGate.Out)
	deep := spec(t, "deepseek").Layers
	require.Equal(t, 96, deep[0].FFN.Up.Out)
	require.Equal(t, 2*24, deep[1].MoE.Shared.Up.Out)
}

func TestGraniteMultipliers(t *testing.T) {
	for _, name := range []string{"granite", "granitemoe"} {
		s := spec(t, name)
		require.Equal(t, float32(2), s.EmbedScale)
		require.InDelta(t, 1/1.5, s.LogitScale, 1e-7)
		require.Equal(t, float32(0.22), s.Layers[0].ResidualScale)
		require.Equal(t, float32(0.08), s.Layers[0].Attention.Scale)
		require.True(t, s.Layers[0].Attention.Rope.Interleaved)
	}
}

func TestNormsOfHeads(t *testing.T) {
	whole, each := spec(t, "olmoe").Layers[0].Attention, spec(t, "qwen3").Layers[0].Attention
	require.True(t, whole.QNorm.Whole)
	require.Len(t, whole.KNorm.Weight, whole.KVHeads*whole.KDim)
	require.False(t, each.QNorm.Whole)
	require.Len(t, each.KNorm.Weight, each.KDim)
	require.Equal(t, 32, each.KDim)
}

func TestOldExpertsAreStacked(t *testing.T) {
	old, stacked := spec(t, "llama-mixtral-old"), spec(t, "llama-mixtral")
	for i, l := range stacked.Layers {
		require.Equal(t, l.MoE.Router, old.Layers[i].MoE.Router)
		require.Len(t, old.Layers[i].MoE.Gate.Data, 6)
		require.Equal(t, l.MoE.Gate.Out, old.Layers[i].MoE.Gate.Out)
	}
	require.Less(t, stacked.ActiveParameters, stacked.Parameters)
}

func TestRotations(t *testing.T) {
	plain, linear := spec(t, "llama"), spec(t, "llama-rope-linear")
	require.Same(t, plain.Layers[0].Attention.Rope, plain.Layers[1].Attention.Rope)
	for i, f := range plain.Layers[0].Attention.Rope.Freq {
		require.InDelta(t, math.Pow(10000, -float64(i)/6), f, 1e-12)
		require.Equal(t, f/4, linear.Layers[0].Attention.Rope.Freq[i])
	}
	// YaRN, factor 4 from 64 positions, heads of 32: dimension 0 turns 10 times in them, so nothing turns 32 times and the
	// ramp begins at 0; once is turned at 32·ln(64/2π)/(2·ln 10000) = 4.03, so it ends at 5.
	yarn := spec(t, "llama-rope-yarn").Layers[0].Attention.Rope
	require.InDelta(t, 0.1*math.Log(4)+1, yarn.Magnitude, 1e-6)
	for i, f := range yarn.Freq {
		m := min(float64(i)/5, 1)
		require.InEpsilon(t, math.Pow(10000, -float64(i)/16)*(1-m+m/4), f, 1e-12)
	}
	// llama 3 leaves what is fast as it is and divides what is slow by the factor.
	slow := spec(t, "llama-rope-llama3").Layers[0].Attention.Rope.Freq
	require.InEpsilon(t, 1, slow[0], 1e-12)
	require.Less(t, slow[15], math.Pow(10000, -15.0/16)/2)
}

func TestSmallModelCounts(t *testing.T) {
	f := open(t, source.File(shared(t, "models", "smolmoe-tiny-Q8_0.gguf")))
	s, err := Read(f)
	require.NoError(t, err)
	require.Empty(t, s.Unused)
	const (
		embedding = 64 * 512
		attention = 64*64*2 + 64*32*2
		experts   = 8 * 3 * 64 * 32
		rest      = 64*8 + 3*64*64 + 2*64 // router, shared expert, norms
	)
	require.EqualValues(t, embedding+64+3*(attention+experts+rest), s.Parameters)
	require.EqualValues(t, embedding+64+3*(attention+experts*2/8+rest), s.ActiveParameters)
	require.Equal(t, 512, s.Context)
}

func TestReadHeaderLeavesMatricesOut(t *testing.T) {
	f := fixture(t, "qwen2moe")
	full, err := Read(f)
	require.NoError(t, err)
	head, err := ReadHeader(f)
	require.NoError(t, err)
	require.Equal(t, full.ActiveParameters, head.ActiveParameters)
	require.Len(t, head.Layers, len(full.Layers))
	require.True(t, head.Output.Set())
	require.Nil(t, head.Output.Data[0])
}
