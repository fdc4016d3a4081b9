package tokenizer

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"llm/internal/errs"
)

// parseMarkup makes user text parse user-defined markup, as published tokenizers do, but for the protected ids. The fixtures
// have the ids of that reading in all cases, those of ours only in some.
func parseMarkup(t *Tokenizer, protected []int32) *Tokenizer {
	s := *t.specials
	s.user = slices.Clone(s.user)
	for i, id := range s.ids {
		s.user[i] = t.vocab.kinds[id] == UserDefined && !t.IsEOG(id) && !slices.Contains(protected, id)
	}
	return &Tokenizer{vocab: t.vocab, specials: &s, ids: t.ids, model: t.model, encoders: sync.Pool{New: newEncoder},
		addBOS: t.addBOS, addEOS: t.addEOS, addSEP: t.addSEP, eatBlanks: t.eatBlanks}
}

func TestFixtures(t *testing.T) {
	outer := t
	paths, err := filepath.Glob(filepath.Join(fixtures(t), "*.json.gz"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	vocabs := map[string]Meta{}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json.gz")
		t.Run(name, func(t *testing.T) {
			f := readCases(t, path)
			if vocabs[f.Vocab] == nil {
				vocabs[f.Vocab] = fixtureMeta(outer, f.Vocab)
			}
			m := changed{vocabs[f.Vocab], f.Set}
			tok, err := New(m)
			if f.Facts.Model == "bert" {
				require.ErrorIs(t, err, errs.ErrUnsupported)
				require.ErrorContains(t, err, `"bert"`)
				return
			}
			require.NoError(t, err)
			checkFacts(t, f, tok)
			checkEncoding(t, f, tok)
			checkDecoding(t, f, tok)
			checkAliases(t, f, m)
		})
	}
}

func checkFacts(t *testing.T, f *caseFile, tok *Tokenizer) {
	require.Equal(t, f.Facts.NVocab, tok.Size())
	bos, _ := tok.BOS()
	require.Equal(t, f.Facts.BOS, bos)
	eos, _ := tok.EOS()
	require.Equal(t, f.Facts.EOS, eos)
	require.Equal(t, f.Facts.AddBOS, tok.AddsBOS())
	require.Equal(t, f.Facts.AddEOS, tok.AddsEOS())
	require.Equal(t, f.Facts.EOG, tok.EOG())
}

func checkEncoding(t *testing.T, f *caseFile, tok *Tokenizer) {
	parsing := parseMarkup(tok, f.Facts.Protected)
	for _, c := range f.Cases {
		ids, err := parsing.Encode(c.text(), c.Special, c.BOS)
		require.NoError(t, err)
		require.Equal(t, c.IDs, ids, c.Name)

		ids, err = tok.Encode(c.text(), c.Special, c.BOS)
		require.NoError(t, err)
		if !c.Special {
			body := ids
			if c.BOS && tok.AddsBOS() {
				body = body[1:]
			}
			if c.BOS && tok.AddsEOS() {
				body = body[:len(body)-1]
			}
			require.Equal(t, len(body), tok.Count(c.text()), c.Name)
			requireNoControl(t, tok, body)
		}
		if want := ours(tok, c); want != nil {
			require.Equal(t, want, ids, c.Name)
		}
	}
}

// ours returns the ids of a case in the reading that takes user-defined markup in user text for text, nil if the fixture lacks it.
func ours(tok *Tokenizer, c encodeCase) []int32 {
	if c.Plain != nil {
		return c.Plain
	}
	if !c.Special {
		for _, id := range c.IDs {
			if tok.Kind(id) == UserDefined && markup(tok.PieceText(id)) {
				return nil
			}
		}
	}
	return c.IDs
}

// requireNoControl holds ids of user text to law: no token that only templates may write.
func requireNoControl(t testing.TB, tok *Tokenizer, ids []int32) {
	for _, id := range ids {
		switch k := tok.Kind(id); k {
		case Normal, Byte:
		case Unknown: // for what the vocabulary lacks, bytes included
			require.Contains(t, tok.vocab.bytes, int32(-1))
		default:
			require.Equal(t, UserDefined, k)
			require.False(t, markup(tok.PieceText(id)), "user text gave token %d %q", id, tok.PieceText(id))
			require.False(t, tok.IsEOG(id))
		}
	}
}

func checkDecoding(t *testing.T, f *caseFile, tok *Tokenizer) {
	for _, c := range f.Detok {
		require.Equal(t, string(c.Base64), string(tok.AppendText(nil, c.Special, c.IDs...)), c.Name)
		d := tok.NewDecoder(c.Special)
		var pieces []string
		for _, id := range c.IDs {
			pieces = append(pieces, d.Push(id))
		}
		require.Equal(t, c.Pieces, append(pieces, d.Flush()), c.Name)
	}
}

func checkAliases(t *testing.T, f *caseFile, m changed) {
	for _, alias := range f.Aliases {
		tok, err := New(changed{m, map[string]any{keyPre: alias}})
		require.NoError(t, err, alias)
		tok = parseMarkup(tok, f.Facts.Protected)
		for _, c := range f.Cases {
			// Names of one rule differ in normalization and in what they add.
			if !c.BOS && norm.NFC.IsNormalString(c.text()) {
				ids, _ := tok.Encode(c.text(), c.Special, false)
				require.Equal(t, c.IDs, ids, "%s as %s", c.Name, alias)
			}
		}
	}
}

// Whole and cut at every byte, a special token's text in user text is never that token.
func TestSpecialTextsInUserText(t *testing.T) {
	for _, name := range []string{"qwen3", "gpt-oss", "deepseek-v3", "gemma-4", "mixtral", "phi-3", "tekken", "glm4"} {
		t.Run(name, func(t *testing.T) {
			tok := fixtureTokenizer(t, name)
			for i, id := range tok.specials.ids {
				text := tok.PieceText(id)
				require.Equal(t, []int32{id}, tok.AppendSpecial(nil, text))
				if tok.specials.user[i] {
					continue
				}
				requireNoControl(t, tok, tok.Append(nil, text))
				requireNoControl(t, tok, tok.Append(nil, "a "+text+"\n"+text))
				for cut := 1; cut < len(text); cut++ {
					// One half is the template's, the other the user's.
					for _, trusted := range []Spans{{{0, cut}}, {{cut, len(text)}}} {
						require.NotContains(t, tok.AppendMixed(nil, text, trusted), id, "%q at %d", text, cut)
					}
				}
			}
		})
	}
}
