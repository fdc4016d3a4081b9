package prompt

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// piece is a piece of text as generation delivers it.
type piece struct {
	text    string
	control bool
}

// pieces cuts text at its control tokens, which are written «so».
func pieces(text string) (out []piece) {
	for text != "" {
		at := strings.Index(text, "«")
		if at < 0 {
			return append(out, piece{text, false})
		}
		if at > 0 {
			out = append(out, piece{text[:at], false})
		}
		end := strings.Index(text, "»")
		out = append(out, piece{text[at+len("«") : end], true})
		text = text[end+len("»"):]
	}
	return out
}

type split struct {
	answer, reasoning string
	thinking          bool
}

func run(t testing.TB, s Splitter, in []piece) split {
	var got split
	emit := func(k Kind, text string) bool {
		require.NotEmpty(t, text)
		if k == Reasoning {
			got.reasoning += text
		} else {
			got.answer += text
		}
		return true
	}
	for _, p := range in {
		require.True(t, s.Push(p.text, p.control, emit))
	}
	got.thinking = s.Thinking()
	require.True(t, s.Flush(emit))
	return got
}

// rendered is a prompt that the template wrote whole.
func rendered(text string) Rendered { return Rendered{text, []Span{{0, len(text)}}} }

func markersOf(t testing.TB, sign string) Markers {
	m := FindMarkers(sign, func(string) bool { return false })
	require.True(t, m.Harmony || m.Close != "", sign)
	return m
}

var splitCases = []struct {
	name, sign, prompt, text string
	want                     split
}{
	{"no reasoning", "<think>", "assistant\n", "Hello «<|im_end|>»", split{"Hello ", "", false}},
	{"think", "<think>", "assistant\n", "<think>\nLet me see.\n\nYes.\n</think>\n\nHello.\n\nBye.\n", split{"Hello.\n\nBye.\n", "Let me see.\n\nYes.", false}},
	{"think as control tokens", "<think>", "assistant\n", "«<think>»\nhm\n«</think>»\n\nHello«<|im_end|>»", split{"Hello", "hm", false}},
	{"opened by the prompt", "<think>", "assistant\n<think>\n", "hm\n</think>\n\nHello", split{"Hello", "hm", false}},
	{"closed by the prompt", "<think>", "assistant\n<think>\n\n</think>\n\n", "\nHello <think>x</think>", split{"Hello <think>x</think>", "", false}},
	{"unfinished", "<think>", "assistant\n", "<think>\nhm\n\n", split{"", "hm", true}},
	{"half a marker", "<think>", "assistant\n", "<thi", split{"<thi", "", false}},
	{"half a closer", "<think>", "assistant\n<think>", "a </thin", split{"", "a </thin", true}},
	{"marker in the answer", "<think>", "assistant\n", "Write <think>x</think>.", split{"Write <think>x</think>.", "", false}},
	{"closed at once", "<think>", "assistant\n", "\n</think>\nHello", split{"Hello", "", false}},
	{"opened twice", "<think>", "assistant\n<think>\n", "<think>\nhm\n</think>\n\nHello", split{"Hello", "hm", false}},
	{"opened, then a word like it", "<think>", "<think>", "<this> is", split{"", "<this> is", true}},
	{"opened, then nothing", "<think>", "<think>", "\n", split{"", "", true}},
	{"functionary", ">>>all", ">>>", "all\nHello", split{"Hello", "", false}},
	{"kimi k3", "<|open|>", "<|open|>think<|sep|>", "hm«<|close|>»think«<|sep|>»«<|open|>»response«<|sep|>»Hello«<|close|>»response«<|sep|>»«<|close|>»message«<|sep|>»«<|end_of_msg|>»", split{"Hello", "hm", false}},
	{"muse", "<atem:function_calls>", "<|start|>assistant", " to=self«<|message|>»hm«<|eom|>»«<|start|>»assistant to=user«<|message|>»Hello«<|eot|>»", split{"Hello", "hm", false}},
	{"white space first", "<think>", "assistant\n", " \n Hello", split{" \n Hello", "", false}},
	{"white space only", "<think>", "assistant\n", " \n ", split{" \n ", "", false}},
	{"like a closer", "<think>", "assistant\n<think>", "a < b </ c </b></think>d", split{"d", "a < b </ c </b>", false}},
	{"mistral", "[THINK]", "[/INST]", "«[THINK]»hm«[/THINK]»Hello«</s>»", split{"Hello", "hm", false}},
	{"gemma4", "<|channel>", "model\n", "«<|channel>»thought\nhm\n«<channel|>»Hello«<turn|>»", split{"Hello", "hm", false}},
	{"gemma4 off", "<|channel>", "model\n<|channel>thought\n<channel|>", "Hello«<turn|>»", split{"Hello", "", false}},
	{"hunyuan", "<|extra_0|>", "", "<think>\nhm\n</think>\n<answer>\nHello\n</answer>", split{"Hello\n", "hm", false}},
	{"solar", "<|tool_call:begin|>", "«<|begin|>»assistant", "«<|think|>»hm«<|end|>»«<|begin|>»assistant«<|content|>»Hello«<|end|>»", split{"Hello", "hm", false}},
	{"harmony", "<|channel|>", "<|start|>assistant", "«<|channel|>»analysis«<|message|>»hm«<|end|>»«<|start|>»assistant«<|channel|>»final«<|message|>»Hello«<|return|>»", split{"Hello", "hm", false}},
	{"harmony twice", "<|channel|>", "<|start|>assistant", "«<|channel|>»analysis«<|message|>»a«<|end|>»«<|start|>»assistant«<|channel|>»analysis«<|message|>»b«<|end|>»«<|start|>»assistant«<|channel|>»final«<|message|>»C", split{"C", "ab", false}},
	{"harmony opened", "<|channel|>", "<|start|>assistant<|channel|>final<|message|>", "Hello<|end|>", split{"Hello", "", false}},
	{"harmony preamble", "<|channel|>", "<|start|>assistant", "«<|channel|>»commentary«<|message|>»I will look.«<|end|>»", split{"I will look.", "", false}},
	{"harmony unframed", "<|channel|>", "<|start|>assistant", "Hello", split{"Hello", "", false}},
	{"harmony unfinished", "<|channel|>", "<|start|>assistant", "«<|channel|>»analysis«<|message|>»hm", split{"", "hm", true}},
}

func TestSplit(t *testing.T) {
	for _, c := range splitCases {
		t.Run(c.name, func(t *testing.T) {
			s := markersOf(t, c.sign).Splitter(rendered(c.prompt))
			require.Equal(t, c.want, run(t, s, pieces(c.text)))
		})
	}
}

// However the text is cut, the answer is the same.
func TestSplitIsTheSameForAllPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range splitCases {
		for round := range 60 {
			var cut []piece
			for _, p := range pieces(c.text) {
				for !p.control && len(p.text) > 1 {
					n := 1
					if round > 0 {
						n += r.IntN(len(p.text) - 1)
					}
					for n < len(p.text) && !utf8.RuneStart(p.text[n]) {
						n++
					}
					cut = append(cut, piece{p.text[:n], false})
					p.text = p.text[n:]
				}
				if p.text != "" {
					cut = append(cut, p)
				}
			}
			s := markersOf(t, c.sign).Splitter(rendered(c.prompt))
			require.Equal(t, c.want, run(t, s, cut), "%s, %q", c.name, cut)
		}
	}
}

// A marker at the end of the prompt counts only where the template wrote it.
func TestOpenerInUserTextOpensNothing(t *testing.T) {
	p := Rendered{"user: <think>", []Span{{0, 6}}}
	require.Equal(t, split{answer: "Hello"}, run(t, markersOf(t, "<think>").Splitter(p), pieces("Hello")))
}

func TestSplitterStopsWithItsReader(t *testing.T) {
	for _, c := range splitCases {
		n := 0
		s := markersOf(t, c.sign).Splitter(rendered(c.prompt))
		stop := func(Kind, string) bool { n++; return false }
		for _, p := range pieces(c.text) {
			if !s.Push(p.text, p.control, stop) {
				break
			}
		}
		require.LessOrEqual(t, n, 1, c.name)
	}
}

func FuzzSplit(f *testing.F) {
	for _, c := range splitCases {
		f.Add(c.sign, c.prompt, c.text, uint8(3))
	}
	f.Fuzz(func(t *testing.T, sign, prompt, text string, n uint8) {
		m := FindMarkers(sign, func(string) bool { return false })
		whole := run(t, m.Splitter(rendered(prompt)), nonEmpty(text, len(text)))
		require.Equal(t, whole, run(t, m.Splitter(rendered(prompt)), nonEmpty(text, max(1, int(n)))))
		if m.Close == "" && !m.Harmony {
			require.Equal(t, text, whole.answer)
		}
	})
}

func nonEmpty(text string, n int) (out []piece) {
	for len(text) > n {
		out = append(out, piece{text[:n], false})
		text = text[n:]
	}
	if text != "" {
		out = append(out, piece{text, false})
	}
	return out
}

// Steady text costs no allocation.
func TestSplitAllocatesNothing(t *testing.T) {
	for _, sign := range []string{"<think>", "<|channel|>", "none"} {
		s := FindMarkers(sign, func(string) bool { return false }).Splitter(Rendered{})
		emit := func(Kind, string) bool { return true }
		for _, p := range pieces("«<|channel|>»final«<|message|>»Hello") {
			s.Push(p.text, p.control, emit)
		}
		require.Zero(t, testing.AllocsPerRun(100, func() { s.Push(" word", false, emit) }), sign)
	}
}
