package tokenizer

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// randomText strings together bits that rules and merges care about.
func randomText(r *rand.Rand, n int) string {
	bits := []string{
		"a", "a", "a", "b", "c", " ", " ", "  ", "\n", "\r\n", "\t", "1", "22", "٣", "²", "'s", "'LL", "'", "A", "É", "ǅ", "ʰ", "é", "e\u0301",
		"\u0301", "hello", "no", "<|bos|>", "<|", "<tool>", "<think>", "word", "你", "々", "〇", "⺀", "ア", "가", "ㄅ", "ก", "…", "。", "/", "!", "$",
		"_", "\u200d", "\u3000", "\u00a0", "\u0085", "😀", "▁", "\x00", "\x1b", "\u00ad", "\U000e0041", "\ufffd",
	}
	var b strings.Builder
	for range n {
		b.WriteString(bits[r.IntN(len(bits))])
	}
	return b.String()
}

// roundTrips reports whether a tokenizer gives every text back: all but SentencePiece, which puts spaces in front.
func roundTrips(tok *Tokenizer) bool {
	m, ok := tok.model().(*sentencePiece)
	return !ok || !m.prefix
}

// checkText holds the laws for one text in user, template and mixed form.
func checkText(t testing.TB, tok *Tokenizer, text string, spans Spans) {
	clean := strings.Map(func(r rune) rune { return r }, text) // each broken byte is U+FFFD
	user := tok.Append(nil, text)
	requireNoControl(t, tok, user)
	require.Equal(t, len(user), tok.Count(text))
	require.Equal(t, user, tok.AppendMixed(nil, text, Spans{}))
	template := tok.AppendSpecial(nil, text)
	mixed := tok.AppendMixed(nil, text, spans)
	if !roundTrips(tok) {
		return
	}
	if strings.Contains(clean, markText) && !tok.byteLevel {
		return // which cannot be told from a space
	}
	at := 0
	for _, id := range mixed {
		piece := tok.AppendText(nil, true, id)
		if k := tok.Kind(id); k != Normal && k != Byte && (k != UserDefined || markup(tok.PieceText(id))) && utf8.ValidString(text) {
			require.True(t, trusted(spans, at, at+len(piece)), "token %q in untrusted text", piece)
		}
		at += len(piece)
	}
	for _, ids := range [][]int32{user, template, mixed} {
		require.Equal(t, clean, string(tok.AppendText(nil, true, ids...)))
		d, out := tok.NewDecoder(true), ""
		for _, id := range ids {
			piece := d.Push(id)
			require.True(t, utf8.ValidString(piece))
			out += piece
		}
		require.Equal(t, clean, out+d.Flush())
	}
}

// trusted reports whether all bytes from lo to hi are in spans.
func trusted(spans Spans, lo, hi int) bool {
	for i := lo; i < hi; i++ {
		in := false
		for _, s := range spans {
			in = in || s.Lo <= i && i < s.Hi
		}
		if !in {
			return false
		}
	}
	return true
}

func TestRandomTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, tok := range small(t) {
		for range 200 {
			text := randomText(r, 1+r.IntN(60))
			a, b := r.IntN(len(text)+1), r.IntN(len(text)+1)
			c := r.IntN(len(text) + 1)
			spans := Spans{{min(a, b), max(a, b)}, {max(a, b, c), len(text)}}
			t.Log(name)
			checkText(t, tok, text, spans)
		}
	}
}

// naiveMerge is the definition: the lowest rank anywhere, the leftmost of equals, one merge at a time.
func naiveMerge(p pairing, syms []piece) []piece {
	for {
		best, rank, id := -1, uint32(noRank), int32(-1)
		for i := range len(syms) - 1 {
			if r, x := p.pair(syms[i], syms[i+1]); r < rank {
				best, rank, id = i, r, x
			}
		}
		if best < 0 {
			return syms
		}
		syms[best] = piece{id, syms[best].start, syms[best+1].end}
		syms = append(syms[:best+1], syms[best+2:]...)
	}
}

func TestMergingFollowsItsDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	level := mustNew(t, byteVocab("llama-bpe")).model().(*byteLevel)
	spm := mustNew(t, spmVocab()).model().(*sentencePiece)
	raw := mustNew(t, rawVocab()).model().(*rawBPE)
	for range 3000 {
		text := make([]byte, 1+r.IntN(80))
		for i := range text {
			text[i] = "aaaabchelno \n"[r.IntN(13)]
		}
		var syms []piece
		for _, b := range text {
			syms = append(syms, piece{id: level.bytes[b]})
		}
		e := new(encoder)
		level.word(e, string(text))
		require.Equal(t, kept(naiveMerge(level.merges, syms)), e.dst, "%q", text)

		marked := strings.ReplaceAll(string(text), " ", markText)
		for _, c := range []struct {
			m *vocab
			p pairing
			w *words
		}{{spm.vocab, &scored{spm.vocab, marked}, spm.words}, {raw.vocab, raw.merges, raw.words}} {
			syms = syms[:0]
			for i, ch := range marked {
				end := i + utf8.RuneLen(ch)
				syms = append(syms, piece{c.m.normal(marked[i:end]), int32(i), int32(end)})
			}
			e = new(encoder)
			p := c.p
			if _, ok := p.(*scored); ok {
				e.scored.vocab = c.m
				p = &e.scored
			}
			e.mergeWords(marked, c.m, c.w, p, -1)
			want := new(encoder)
			for _, s := range naiveMerge(c.p, syms) {
				if s.id >= 0 {
					want.emit(s.id)
				} else {
					want.emitBytes(marked[s.start:s.end], c.m, -1)
				}
			}
			require.Equal(t, want.dst, e.dst, "%q", marked)
		}
	}
}

func kept(syms []piece) (ids []int32) {
	for _, s := range syms {
		if s.id >= 0 {
			ids = append(ids, s.id)
		}
	}
	return ids
}

func TestWordsAreCutWhereNoTokenCrosses(t *testing.T) {
	m := rawVocab()
	w := newWords(mustNew(t, m).vocab)
	require.Equal(t, len("▁▁a"), w.end("▁▁a▁b"))
	require.Equal(t, len("a"), w.end("a▁▁b"))
	m[keyTokens] = append(m[keyTokens].([]string), ">▁</")
	m[keyTypes] = append(m[keyTypes].([]int32), int32(Normal))
	w = newWords(mustNew(t, m).vocab)
	require.Equal(t, len("b>▁▁a"), w.end("b>▁▁a▁b"))
	require.Equal(t, len("▁"), w.end("▁"))
}

func TestRandomTextsSplit(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, pre := range rulesWithoutNFC {
		for range 300 {
			text := strings.ToValidUTF8(randomText(r, 1+r.IntN(20)), "")
			require.Equal(t, text, strings.Join(splitWords(t, pre, text), ""))
		}
	}
}

// splitWords returns the words of a rule. Its scanners must go forward, stay within the text and on the borders of characters.
func splitWords(t *testing.T, pre, text string) []string {
	r, _ := ruleFor(pre)
	words := []string{text}
	for _, match := range r.passes {
		var next []string
		for _, w := range words {
			gap := 0
			for i := 0; i < len(w); {
				end, ok := match(w, i)
				require.Greater(t, end, i, pre)
				require.LessOrEqual(t, end, len(w), pre)
				require.True(t, end == len(w) || utf8.RuneStart(w[end]), pre)
				if ok {
					if gap < i {
						next = append(next, w[gap:i])
					}
					next, gap = append(next, w[i:end]), end
				}
				i = end
			}
			if gap < len(w) {
				next = append(next, w[gap:])
			}
		}
		words = next
	}
	return words
}

// Splits read off the published patterns by hand, for what the fixtures' vocabulary cannot tell apart.
func TestWordRules(t *testing.T) {
	for _, c := range []struct{ pre, text, want string }{
		{"gpt-2", "I'll go  now\n\nx", "I|'ll| go| | now|\n|\n|x"},
		{"gpt-2", "DON'T it's", "DON|'|T| it|'s"},
		{"llama-bpe", "DON'T 12345", "DON|'T| |123|45"},
		{"llama-bpe", "a  1", "a| | |1"},
		{"minicpm5", "a  1", "a|  |1"},
		{"llama-bpe", "x \n\n y", "x| \n\n| y"},
		{"gpt-4o", "ABCdef camelCase 你ABC ABC你 you'LL", "ABCdef| camel|Case| 你|ABC| ABC你| you'LL"},
		{"gpt-4o", "a\u0301ABC", "a\u0301|ABC"},
		{"gpt-4o", "\u0301ABC", "\u0301|ABC"},
		{"tekken", "you'll 12", "you|'ll| |1|2"},
		{"kimi-k2", "你好World你", "你好|World|你"},
		{"qwen35", "e\u0301a 1", "e\u0301a| |1"},
		{"exaone-moe", "one two  three, four", "one two| | three|,| four"},
		{"tiny_aya", "1234567 1234x", "1|234|567| |123|4|x"},
		{"afmoe", "1234567 12 1234x", "1|234|567| |12| |1|234|x"},
		{"laguna", "a \n b", "a| |\n| b"},
		{"deepseek-v3", "你好a!b 1234", "你好|a|!b| |123|4"},
		{"spark2_5", "a!\n\nb", "a|!|\n|\n|b"},
		{"ufakzeka", "it's", "it|'s"},
		{"ufakzeka", "1's", "1|'s"},
		{"smollm", "a  12", "a|  |1|2"},
		{"falcon", "a`b 1234", "a|`|b| |123|4"},
		{"default", "a`b 1234", "a|`|b| |123|4"},
		{"bloom", "a, b(c)", "a|,| b|(|c|)"},
		{"jais-2", "a" + strings.Repeat(" ", 8) + "b", "a|" + "    |  | | b"},
		{"jais-2", strings.Repeat(" ", 8) + "\n" + "b", strings.Repeat(" ", 8) + "\n|b"},
		{"jais-2", "a" + strings.Repeat(" ", 7), "a|    |  | "},
		{"jais-2", strings.Repeat(" ", 600) + "\nb", strings.Repeat(" ", 600) + "\n|b"},
		{"deepseek-llm", "ab ，你12", "ab| ，|你|1|2"},
		{"youtu", "你好ABCdef，가", "你好|ABCdef|，|가"},
		{"seed-coder", "a!\nb", "a|!|\n|b"},
	} {
		require.Equal(t, c.want, strings.Join(splitWords(t, c.pre, c.text), "|"), "%s %q", c.pre, c.text)
	}
}

func FuzzText(f *testing.F) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 30 {
		text := randomText(r, 20)
		f.Add(text, uint16(r.IntN(len(text))), uint16(r.IntN(len(text))))
	}
	f.Add("\xff\xc0\x80\xed\xa0\x80<|bos|>\xf0\x9f", uint16(3), uint16(12))
	toks, norm := small(f), mustNew(f, byteVocab("qwen2"))
	names := slices.Sorted(maps.Keys(toks))
	f.Fuzz(func(t *testing.T, text string, a, b uint16) {
		spans := Spans{{int(min(a, b)), int(max(a, b))}}
		for _, name := range names {
			checkText(t, toks[name], text, spans)
		}
		requireNoControl(t, norm, norm.Append(nil, text))
	})
}

func FuzzVocabulary(f *testing.F) {
	f.Add("<0x-1>", "<0xZZ>", "a b", "ab", int32(6), uint16(3))
	f.Add("", "", " ", "  ", int32(3), uint16(0))
	f.Add("a", "aa", "a a", "aaa", int32(4), uint16(259))
	f.Fuzz(func(t *testing.T, one, two, merge, text string, kind int32, at uint16) {
		for _, m := range []meta{byteVocab("llama-bpe"), spmVocab(), rawVocab()} {
			tokens, types := m[keyTokens].([]string), m[keyTypes].([]int32)
			i := int(at) % (len(tokens) - 1)
			tokens[i], tokens[i+1], types[i] = one, two, kind
			if merges, ok := m[keyMerges].([]string); ok {
				m[keyMerges] = append(merges, merge)
			}
			tok, err := New(m)
			if err != nil {
				continue
			}
			requireNoControl(t, tok, tok.Append(nil, text+one+two))
			tok.AppendText(nil, false, tok.AppendSpecial(nil, one+two+text)...)
		}
	})
}
