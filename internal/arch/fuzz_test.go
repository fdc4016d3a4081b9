package arch

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/internal/errs"
	"llm/internal/gguf"
)

// optional are keys that not every fixture has.
var optional = []string{
	"attention.key_length", "attention.value_length", "attention.scale", "rope.dimension_count", "rope.freq_base", "rope.scaling.type",
	"rope.scaling.factor", "rope.scaling.attn_factor", "rope.scaling.original_context_length", "rope.scaling.finetuned",
	"expert_count", "expert_used_count", "expert_feed_forward_length", "expert_shared_feed_forward_length", "expert_shared_count",
	"expert_weights_scale", "leading_dense_block_count", "attention.sliding_window", "attention.sliding_window_pattern",
	"nextn_predict_layers",
}

// FuzzMetadata changes two values of a fixture: the answer is a typed error or a Spec that keeps its promises.
func FuzzMetadata(f *testing.F) {
	names := []string{"llama", "llama-rope-yarn", "llama-mixtral-old", "qwen2moe", "qwen3moe", "olmoe", "granitemoe-shared", "deepseek", "gpt-oss", "bailingmoe2", "gemma3", "granite_swa-moe", "mimo2"}
	for i := range names {
		f.Add(uint8(i), uint8(7), uint8(0), uint64(2), uint8(40), uint8(3), uint64(1<<40))
	}
	f.Fuzz(func(t *testing.T, which, key1, kind1 uint8, value1 uint64, key2, kind2 uint8, value2 uint64) {
		file := fixture(t, names[int(which)%len(names)])
		arch, err := file.Str("general.architecture", "")
		require.NoError(t, err)
		all := file.Keys()
		for _, key := range optional {
			all = append(all, arch+"."+key)
		}
		set := keys{}
		for _, edit := range []struct {
			key, kind uint8
			value     uint64
		}{{key1, kind1, value1}, {key2, kind2, value2}} {
			if key := all[int(edit.key)%len(all)]; key != "general.alignment" {
				set[key] = valueOf(edit.kind, edit.value)
			}
		}
		requireTyped(t, changed(t, file, change{set: set}))
	})
}

func requireTyped(t *testing.T, file *gguf.File) {
	s, err := Read(file)
	if err == nil {
		requireWhole(t, s)
		return
	}
	var at *errs.FormatError
	require.ErrorAs(t, err, &at)
	require.True(t, errors.Is(err, errs.ErrCorrupt) || errors.Is(err, errs.ErrUnsupported), err)
}

// valueOf makes a value of some kind from 8 bytes.
func valueOf(kind uint8, n uint64) gguf.Value {
	switch kind % 8 {
	case 0:
		return gguf.Of(uint32(n))
	case 1:
		return gguf.Of(int64(n))
	case 2:
		return gguf.Of(math.Float32frombits(uint32(n)))
	case 3:
		return gguf.Of(math.Float64frombits(n))
	case 4:
		return gguf.Of(n&1 == 1)
	case 5:
		return gguf.ListOf(uint32(n), uint32(n>>32))
	case 6:
		return gguf.Of([]string{"none", "linear", "yarn", "longrope", "llama", "gpt-oss", "granite"}[n%7])
	}
	return gguf.ListOf(binary.LittleEndian.AppendUint64(nil, n)...)
}
