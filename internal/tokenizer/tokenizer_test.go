package tokenizer

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/internal/errs"
)

// byteVocab is a small byte-level vocabulary: all bytes, a few merges, and special tokens of each kind.
func byteVocab(pre string) meta {
	m := meta{keyModel: "gpt2", keyPre: pre}
	var tokens []string
	var types []int32
	add := func(k Kind, texts ...string) {
		for _, s := range texts {
			tokens, types = append(tokens, s), append(types, int32(k))
		}
	}
	for b := range 256 {
		add(Normal, string(byteRune(byte(b))))
	}
	add(Control, "<|bos|>", "<|eos|>", "<|eos|>!", "<unk>")
	add(UserDefined, "<think>", "</think>", "<|eot_id|>", "  ", "    ", "word")
	add(Unused, "[unused]")
	merges := []string{"a a", "aa a", "aa aa", "b c", "a bc", "Ġ a", "Ġ Ġ", "ĠĠ ĠĠ", "Ċ Ċ", "< |", "h e", "l l", "he ll", "hell o", "Ã ©", "n o"}
	for _, x := range merges {
		add(Normal, strings.ReplaceAll(x, " ", ""))
	}
	m[keyTokens], m[keyTypes], m[keyMerges] = tokens, types, merges
	m[prefix+"bos_token_id"], m[prefix+"eos_token_id"] = uint64(256), uint64(257)
	return m
}

// spmVocab is a small SentencePiece vocabulary with byte tokens.
func spmVocab() meta {
	tokens := []string{"<unk>", "<s>", "</s>"}
	types := []int32{int32(Unknown), int32(Control), int32(Control)}
	scores := []float32{0, 0, 0}
	for b := range 256 {
		tokens, types, scores = append(tokens, fmt.Sprintf("<0x%02X>", b)), append(types, int32(Byte)), append(scores, 0)
	}
	for i, s := range []string{"▁a", "ab", "▁ab", "▁▁", "▁▁▁▁", "▁", "a", "b", "c", "é", "ca", "cab", "<", "s", ">", "<s"} {
		tokens, types, scores = append(tokens, s), append(types, int32(Normal)), append(scores, -float32(i))
	}
	tokens, types, scores = append(tokens, "<tool>", "  "), append(types, int32(UserDefined), int32(UserDefined)), append(scores, 0, 0)
	return meta{keyModel: "llama", keyTokens: tokens, keyTypes: types, keyScores: scores}
}

// rawVocab is a small vocabulary of the kind of Gemma 4.
func rawVocab() meta {
	m := spmVocab()
	m[keyModel] = "gemma4"
	m[keyMerges] = []string{"▁ a", "a b", "▁ ▁", "▁▁ ▁▁", "c a", "ca b", "< s"}
	delete(m, keyScores)
	return m
}

func mustNew(t testing.TB, m Meta) *Tokenizer {
	tok, err := New(m)
	require.NoError(t, err)
	return tok
}

func small(t testing.TB) map[string]*Tokenizer {
	toks := map[string]*Tokenizer{"spm": mustNew(t, spmVocab()), "raw": mustNew(t, rawVocab())}
	for _, pre := range rulesWithoutNFC {
		toks[pre] = mustNew(t, byteVocab(pre))
	}
	return toks
}

// rulesWithoutNFC has one name of each rule; those that normalize share their passes with one that does not.
var rulesWithoutNFC = []string{
	"gpt-2", "smollm", "llama-bpe", "dbrx", "grok-2", "seed-coder", "minicpm5", "ufakzeka", "laguna", "jais-2", "exaone-moe", "gpt-4o",
	"tekken", "kimi-k2", "tiny_aya", "youtu", "deepseek-v3", "spark2_5", "afmoe", "deepseek-llm", "deepseek-coder", "falcon", "default",
	"bloom", "viking",
}

func TestAppendKeepsControlOut(t *testing.T) {
	tok := mustNew(t, byteVocab("llama-bpe"))
	require.Equal(t, []int32{256, 'h', 257}, tok.AppendSpecial(nil, "<|bos|>h<|eos|>"))
	requireNoControl(t, tok, tok.Append(nil, "<|bos|>h<|eos|>!<think><|eot_id|>    word"))
	word, _ := tok.ID("word")
	spaces, _ := tok.ID("    ")
	require.Equal(t, []int32{spaces, word}, tok.Append(nil, "    word"), "user-defined without markup stays")
}

func TestLeftmostLongestSpecial(t *testing.T) {
	tok := mustNew(t, byteVocab("llama-bpe"))
	long, _ := tok.ID("<|eos|>!")
	require.Equal(t, []int32{long}, tok.AppendSpecial(nil, "<|eos|>!"))
	// Only the shorter one is all trusted.
	require.Equal(t, int32(257), tok.AppendMixed(nil, "<|eos|>!", Spans{{0, 7}})[0])
}

func TestMergesCrossTrust(t *testing.T) {
	tok := mustNew(t, byteVocab("llama-bpe"))
	want := tok.Append(nil, "hello")
	require.Len(t, want, 1)
	for cut := range 6 {
		require.Equal(t, want, tok.AppendMixed(nil, "hello", Spans{{0, cut}}))
	}
	// Ranges that touch are one.
	require.Equal(t, []int32{256}, tok.AppendMixed(nil, "<|bos|>", Spans{{0, 3}, {3, 4}, {4, 7}}))
}

func TestPromptHasOneBOS(t *testing.T) {
	tok := mustNew(t, byteVocab("llama-bpe"))
	all := func(s string) Spans { return Spans{{0, len(s)}} }
	require.Equal(t, []int32{7, 256, 'n'}, tok.AppendPrompt([]int32{7}, "n", nil))
	require.Equal(t, []int32{256, 'n'}, tok.AppendPrompt(nil, "<|bos|>n", all("<|bos|>n")))
	require.Greater(t, len(tok.AppendPrompt(nil, "<|bos|>n", nil)), 3, "a user cannot take BOS away")
	require.Equal(t, []int32{256}, tok.AppendPrompt(nil, "", nil))
	ids, err := tok.Encode("<|bos|>n", true, true)
	require.NoError(t, err)
	require.Equal(t, []int32{256, 256, 'n'}, ids)
}

func TestNoVocabulary(t *testing.T) {
	for _, m := range []meta{{}, {keyModel: "none"}, {keyModel: "no_vocab"}} {
		tok := mustNew(t, m)
		require.ErrorIs(t, tok.Err(), errs.ErrUnsupported)
		require.Empty(t, tok.Append(nil, "text"))
		require.Empty(t, tok.AppendPrompt(nil, "text", nil))
		require.Zero(t, tok.Count("text"))
		require.Empty(t, tok.AppendText(nil, true, 0, -1, 7))
		_, ok := tok.BOS()
		require.False(t, ok)
		_, err := tok.Encode("text", true, true)
		require.ErrorIs(t, err, errs.ErrUnsupported)
	}
}

func TestUnsupportedIsNamed(t *testing.T) {
	for _, m := range []meta{
		{keyModel: "bert"}, {keyModel: "t5"}, {keyModel: "rwkv"}, {keyModel: "gpt2", keyPre: "superbpe"}, {keyModel: "gpt2", keyPre: "of-tomorrow"},
		{keyModel: "gpt2", keyPre: "chameleon"}, {keyModel: "gpt2", keyPre: "mmbert"},
	} {
		_, err := New(m)
		var f *errs.FormatError
		require.ErrorAs(t, err, &f)
		require.ErrorIs(t, err, errs.ErrUnsupported)
		name := m[keyModel]
		if pre, ok := m[keyPre]; ok {
			name = pre
		}
		require.ErrorContains(t, err, name.(string))
	}
	require.Len(t, mustNew(t, byteVocab("default")).Warnings(), 1)
	require.Empty(t, mustNew(t, byteVocab("gpt-2")).Warnings())
}

func TestUnknownCharacters(t *testing.T) {
	m := spmVocab()
	require.Len(t, mustNew(t, m).Append(nil, "x你"), 1+1+3, "byte tokens")
	m[keyTypes].([]int32)[3+'x'] = int32(Unused)
	require.Equal(t, int32(0), mustNew(t, m).Append(nil, "x")[1])
	m[prefix+"unknown_token_id"] = uint64(1) // a control token
	require.Len(t, mustNew(t, m).Append(nil, "x"), 1)
}

// Vocabularies as no honest converter writes them: an error, or a tokenizer that works.
func TestHostileVocabularies(t *testing.T) {
	corrupt := map[string]func(m meta){
		"byte <0x-1>":            func(m meta) { m[keyTokens].([]string)[3] = "<0x-1>" },
		"byte <0xZZ>":            func(m meta) { m[keyTokens].([]string)[3] = "<0xZZ>" },
		"byte <0x100>":           func(m meta) { m[keyTokens].([]string)[3] = "<0x100>" },
		"byte without text":      func(m meta) { m[keyTokens].([]string)[3] = "" },
		"byte twice":             func(m meta) { m[keyTokens].([]string)[3+0x0a] = "<0x0B>"; m[keyTokens].([]string)[3+0x0b] = "<0x0b>" },
		"token twice":            func(m meta) { m[keyTokens].([]string)[260] = m[keyTokens].([]string)[261] },
		"scores too short":       func(m meta) { m[keyScores] = m[keyScores].([]float32)[:5] },
		"scores too long":        func(m meta) { m[keyScores] = append(m[keyScores].([]float32), 1) },
		"scores missing":         func(m meta) { delete(m, keyScores) },
		"types too short":        func(m meta) { m[keyTypes] = m[keyTypes].([]int32)[:5] },
		"type 0":                 func(m meta) { m[keyTypes].([]int32)[9] = 0 },
		"type 7":                 func(m meta) { m[keyTypes].([]int32)[9] = 7 },
		"type -1":                func(m meta) { m[keyTypes].([]int32)[9] = -1 },
		"bos out of range":       func(m meta) { m[prefix+"bos_token_id"] = uint64(len(m[keyTokens].([]string))) },
		"eot out of range":       func(m meta) { m[prefix+"eot_token_id"] = uint64(1 << 40) },
		"unknown out of range":   func(m meta) { m[prefix+"unknown_token_id"] = uint64(1<<32 + 1) },
		"fim pad out of range":   func(m meta) { m[prefix+"fim_pad_token_id"] = uint64(9999) },
		"suppressed negative":    func(m meta) { m[keySuppress] = []int32{-1} },
		"suppressed beyond":      func(m meta) { m[keySuppress] = []int32{1, 9999} },
		"model is no string":     func(m meta) { m[keyModel] = uint64(1) },
		"tokens are no strings":  func(m meta) { m[keyTokens] = []int32{1} },
		"add_bos is no bool":     func(m meta) { m[prefix+"add_bos_token"] = "yes" },
		"gpt2 without merges":    func(m meta) { m[keyModel], m[keyPre] = "gpt2", "gpt-2" },
		"gemma4 without merges":  func(m meta) { m[keyModel] = "gemma4" },
		"tokens missing":         func(m meta) { delete(m, keyTokens) },
		"merges are no strings":  func(m meta) { m[keyModel], m[keyPre], m[keyMerges] = "gpt2", "gpt-2", []int32{1} },
		"general.name no string": func(m meta) { m["general.name"] = true },
	}
	for name, change := range corrupt {
		m := spmVocab()
		change(m)
		_, err := New(m)
		require.ErrorIs(t, err, errs.ErrCorrupt, name)
		var f *errs.FormatError
		require.ErrorAs(t, err, &f, name)
	}

	odd := map[string]func(m meta){
		"empty tokens":          func(m meta) { m[keyTokens].([]string)[257] = ""; m[keyTokens].([]string)[258] = "" },
		"merges without space":  func(m meta) { m[keyMerges] = []string{"ab", "", " ", "a", "  ", " a", "a ", "   "} },
		"merges of no tokens":   func(m meta) { m[keyMerges] = []string{"zz yy", "a zz", "a a"} },
		"merge to control":      func(m meta) { m[keyMerges] = []string{"< |bos|>", "n o"} },
		"equal merges":          func(m meta) { m[keyMerges] = strings.Split(strings.Repeat("a a,", 1e5)+"n o", ",") },
		"no merges":             func(m meta) { m[keyMerges] = []string{} },
		"ids of -1":             func(m meta) { m[prefix+"padding_token_id"] = uint64(1<<32 - 1) },
		"no types":              func(m meta) { delete(m, keyTypes) },
		"special that is bytes": func(m meta) { m[keyTokens].([]string)[257] = "\xff\xfe" },
		"special of 16 MiB":     func(m meta) { m[keyTokens].([]string)[257] = strings.Repeat("a", 16<<20) },
		"bytes are control": func(m meta) {
			for b := range 256 {
				m[keyTypes].([]int32)[b] = int32(Control)
			}
		},
	}
	for name, change := range odd {
		m := byteVocab("llama-bpe")
		change(m)
		tok := mustNew(t, m)
		for _, text := range []string{"", "aaaa no <|bos|>\xff", strings.Repeat("a", 1<<16)} {
			if name != "no types" {
				requireNoControl(t, tok, tok.Append(nil, text))
			}
			tok.AppendText(nil, true, tok.AppendSpecial(nil, text)...)
		}
	}
	for _, m := range []meta{
		{keyModel: "gpt2", keyPre: "gpt-2", keyTokens: []string{}, keyMerges: []string{}},
		{keyModel: "llama", keyTokens: []string{}, keyScores: []float32{}},
		{keyModel: "gemma4", keyTokens: []string{""}, keyMerges: []string{"a b"}},
	} {
		tok := mustNew(t, m)
		require.Empty(t, tok.AppendPrompt(nil, "text\n\n", nil))
	}
}

func TestDefaultEOSEndsNothingIfItIsAPiece(t *testing.T) {
	m := byteVocab("gpt-2")
	delete(m, prefix+"eos_token_id")
	eot, _ := mustNew(t, m).ID("<|eot_id|>")
	require.Equal(t, []int32{eot}, mustNew(t, m).EOG())
	m = spmVocab()
	require.Equal(t, []int32{2}, mustNew(t, m).EOG())
}

func TestOutOfRangeIDs(t *testing.T) {
	for _, tok := range []*Tokenizer{mustNew(t, byteVocab("gpt-2")), mustNew(t, spmVocab())} {
		for _, id := range []int32{-1, -1 << 31, int32(tok.Size()), 1<<31 - 1} {
			require.Empty(t, tok.AppendText(nil, true, id))
			require.Empty(t, tok.Bytes(id))
			require.Empty(t, tok.PieceText(id))
			require.Zero(t, tok.Kind(id))
			require.False(t, tok.IsEOG(id))
			require.Empty(t, tok.NewDecoder(true).Push(id))
		}
	}
}

func TestScoreRanksOrder(t *testing.T) {
	scores := []float32{1e38, 2, 1, 1e-40, 0, -1e-40, -1, -2, -1e38}
	for i := 1; i < len(scores); i++ {
		require.Less(t, scoreRank(scores[i-1]), scoreRank(scores[i]))
	}
	zero := float32(0)
	require.Equal(t, scoreRank(zero), scoreRank(-zero))
	require.Less(t, scoreRank(-1e38), scoreRank(zero/zero))
	require.Less(t, scoreRank(zero/zero), uint32(noRank))
}

func TestByteRunesAreABijection(t *testing.T) {
	seen := map[rune]bool{}
	for b := range 256 {
		r := byteRune(byte(b))
		back, ok := runeByte(r)
		require.True(t, ok)
		require.Equal(t, byte(b), back)
		seen[r] = true
	}
	require.Len(t, seen, 256)
	require.Equal(t, 'Ġ', byteRune(' '))
	require.Equal(t, 'Ċ', byteRune('\n'))
	require.Equal(t, 'Ń', byteRune(0xAD))
	_, ok := runeByte(0x144)
	require.False(t, ok)
	_, ok = runeByte(0x2581)
	require.False(t, ok)
}

func TestDecoderWritesWholeCharacters(t *testing.T) {
	tok := mustNew(t, spmVocab())
	for text, want := range map[string][]string{
		"\xf0\x9f\x98\x80": {"", "", "", "😀", ""},
		"\xc3a":            {"", "\ufffda", ""},
		"\xf0\x9f\x98":     {"", "", "", "\ufffd"},
		"\xf0\x9f\x98\x98": {"", "", "", "😘", ""},
		"\xf0\x9fa":        {"", "", "\ufffda", ""},
		"\xe0\x80":         {"", "\ufffd\ufffd", ""},
		"\xff\x80":         {"\ufffd", "\ufffd", ""},
		"\xf4\x90":         {"", "\ufffd\ufffd", ""},
		"\xed\xa0\x80":     {"", "", "\ufffd\ufffd\ufffd", ""},
	} {
		d := tok.NewDecoder(false)
		var got []string
		for i := range len(text) {
			got = append(got, d.Push(tok.vocab.bytes[text[i]]))
		}
		require.Equal(t, want, append(got, d.Flush()), "%q", text)
		require.Empty(t, d.Flush())
	}
}

func TestServe(t *testing.T) {
	tok := mustNew(t, byteVocab("llama-bpe"))
	in := strings.Join([]string{
		`{"text":"hello","special":false,"bos":false}`, `{"base64":"aGVsbG8=","bos":true}`, `{"text":"<|bos|>","special":true}`, `{"text":""}`,
		`{"ids":[256,266],"special":true}`, `{"ids":[256],"special":false}`, `{"ids":[99999]}`, `{"ids":[-1]}`, `{`, ``, `{}`, `[]`, `{"text":"a","ids":[1]}`,
		`{"base64":"%"}`, `{"ids":[]}`, `{"ids":["a"]}`, `{"text":"no"}`,
	}, "\n")
	var out bytes.Buffer
	require.NoError(t, Serve(strings.NewReader(in), &out, tok))
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	require.Len(t, lines, 17)
	hello, _ := tok.ID("hello")
	no, _ := tok.ID("no")
	want := map[int]string{
		0: fmt.Sprintf(`{"ids":[%d]}`, hello), 1: fmt.Sprintf(`{"ids":[256,%d]}`, hello), 2: `{"ids":[256]}`, 3: `{"ids":[]}`,
		4: `{"base64":"PHxib3N8Pg==","pieces":["<|bos|>","",""]}`, 5: `{"base64":"","pieces":["",""]}`, 14: `{"base64":"","pieces":[""]}`,
		16: fmt.Sprintf(`{"ids":[%d]}`, no),
	}
	for i, line := range lines {
		if w, ok := want[i]; ok {
			require.Equal(t, w, line)
		} else {
			require.True(t, strings.HasPrefix(line, `{"error":"`), line)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	for _, m := range []meta{byteVocab("llama-bpe"), spmVocab(), rawVocab()} {
		tok, want := mustNew(t, m), mustNew(t, m)
		text := strings.Repeat("hello <|bos|> aaaa  cab é\xff ", 20)
		ids := want.Append(nil, text)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 20 {
					if got := tok.Append(nil, text); fmt.Sprint(got) != fmt.Sprint(ids) || tok.Count(text) != len(ids) {
						t.Error("another answer")
					}
				}
			})
		}
		wg.Wait()
	}
}

func TestNoAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector drops pooled memory")
	}
	text := strings.Repeat("hello <|bos|> aaaa  cab é ", 20)
	toks := small(t)
	toks["qwen2"] = mustNew(t, byteVocab("qwen2"))
	for name, tok := range toks {
		dst := make([]int32, 0, 4096)
		ids := tok.AppendSpecial(nil, text)
		d, out := tok.NewDecoder(true), make([]byte, 0, 4096)
		spans := Spans{{0, 5}, {9, 20}}
		require.Zero(t, testing.AllocsPerRun(20, func() {
			tok.Append(dst[:0], text)
			tok.AppendSpecial(dst[:0], text)
			tok.AppendMixed(dst[:0], text, spans)
			tok.AppendPrompt(dst[:0], text, spans)
			tok.Count(text)
			out = out[:0]
			for _, id := range ids {
				out = d.Append(out, id)
			}
		}), name)
		if name != "spm" { // whose texts get a space in front
			require.True(t, strings.HasSuffix(string(out), text), name)
		}
	}
}

// Texts that make backtracking engines and repeated scans quadratic: 64 KiB of each, through every rule. A scan that is not linear
// takes minutes here.
func TestHostileTexts(t *testing.T) {
	n := 1 << 16
	if testing.Short() {
		n = 1 << 14
	}
	texts := []string{
		strings.Repeat("a", n), strings.Repeat(" ", n), strings.Repeat("7", n), strings.Repeat("\n", n), strings.Repeat(" \n", n/2),
		strings.Repeat("\t", n), strings.Repeat("'", n), strings.Repeat("ab", n/2), strings.Repeat("啊", n/3), strings.Repeat("\u0301", n/2),
		strings.Repeat("A", n/2) + strings.Repeat("a", n/2), strings.Repeat(" ", n-1) + "x", strings.Repeat("7", n-1) + "x",
		strings.Repeat("<|", n/2), strings.Repeat("<|bos|>", n/7), strings.Repeat("你A", n/4), strings.Repeat("a ", n/2), strings.Repeat("\u3000", n/3),
	}
	for name, tok := range small(t) {
		for _, text := range texts {
			ids := tok.AppendSpecial(nil, text)
			back := string(tok.AppendText(nil, true, ids...))
			if name == "spm" {
				back = strings.TrimPrefix(back, " ")
			}
			if name != "spm" || !strings.Contains(text, "  ") {
				require.True(t, back == text, "%s: %.20q does not come back", name, text)
			}
		}
	}
}

func TestRulesCoverTheirAliases(t *testing.T) {
	for _, pre := range rulesWithoutNFC {
		r, ok := ruleFor(pre)
		require.True(t, ok, pre)
		require.False(t, r.nfc, pre)
	}
}
