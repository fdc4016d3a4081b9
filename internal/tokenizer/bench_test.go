package tokenizer

import (
	"strings"
	"testing"
)

const prose = "It's 12,345 words - naïve, isn't it? The quick brown fox jumps over the lazy dog;\nfunc main() { return x + 1 }\n"

func BenchmarkNew(b *testing.B) {
	for _, name := range []string{"gpt-oss", "gemma-4", "mixtral"} {
		b.Run(name, func(b *testing.B) {
			m := fixtureMeta(b, name+".gguf.gz")
			for b.Loop() {
				mustNew(b, m)
			}
		})
	}
}

func BenchmarkFirstUse(b *testing.B) {
	m := fixtureMeta(b, "gpt-oss.gguf.gz")
	for b.Loop() {
		b.StopTimer()
		tok := mustNew(b, m)
		b.StartTimer()
		tok.Count("x")
	}
}

func BenchmarkAppend(b *testing.B) {
	text := strings.Repeat(prose, 100)
	for _, name := range []string{"gpt-oss", "qwen3", "deepseek-v3", "gemma-4", "mixtral"} {
		b.Run(name, func(b *testing.B) {
			tok := fixtureTokenizer(b, name)
			dst := tok.Append(nil, text)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				tok.Append(dst[:0], text)
			}
		})
	}
}
