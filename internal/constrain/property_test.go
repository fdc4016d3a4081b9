package constrain

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"llm/internal/tokenizer"

	"github.com/stretchr/testify/require"
)

// testVocabulary is a vocabulary made of pieces of texts, all bytes, some reserved tokens and two that end.
type testVocabulary struct{ tokens [][]byte }

func newTestVocabulary(rnd *rand.Rand, size int, texts []string) *testVocabulary {
	v := &testVocabulary{}
	for b := range 256 {
		v.tokens = append(v.tokens, []byte{byte(b)})
	}
	extra := []string{`",`, `":`, `"}`, `{"`, `", "`, `": "`, `"]`, `]}`, "}}", "  ", "\n    ", `\"`, `\u00`, `\ud83d`, "\xf0\x9f", "\x98\x80\"", "ab\"", "é", "10", "000", "-1", "true,", "null"}
	for len(v.tokens) < size {
		s := extra[rnd.IntN(len(extra))]
		if len(texts) > 0 && rnd.IntN(3) > 0 {
			t := texts[rnd.IntN(len(texts))]
			if len(t) == 0 {
				continue
			}
			at := rnd.IntN(len(t))
			s = t[at:min(len(t), at+1+rnd.IntN(9))]
		}
		v.tokens = append(v.tokens, []byte(s))
	}
	return v
}

func (v *testVocabulary) Size() int { return len(v.tokens) + 3 }

func (v *testVocabulary) Bytes(id int32) []byte {
	if int(id) < len(v.tokens) {
		return v.tokens[id]
	}
	return []byte("<|end|>")
}

func (v *testVocabulary) Kind(id int32) tokenizer.Kind {
	if int(id) < len(v.tokens) {
		return tokenizer.Normal
	}
	return tokenizer.Control
}

func (v *testVocabulary) EOG() []int32 {
	return []int32{int32(len(v.tokens)), int32(len(v.tokens) + 2)}
}

func (v *testVocabulary) Append(dst []int32, text string) []int32 {
	return Bytewise{}.Append(dst, text)
}

// TestMaskIsAccepts walks constraints at random and compares, at every step, the mask with what each token on its own is told.
// What ends is a sentence, and valid where nothing is relaxed; every place has a way on or an end.
func TestMaskIsAccepts(t *testing.T) {
	for _, file := range fixtureFiles {
		t.Run(file, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(1, 2))
			cases := fixtureCases(t, file)
			for range walksPerFile(len(cases)) {
				c := &cases[rnd.IntN(len(cases))]
				k, err := c.compile(Options{AnyOrder: rnd.IntN(3) == 0})
				if err != nil {
					continue
				}
				var texts []string
				for _, x := range c.Texts {
					texts = append(texts, x.T)
				}
				v := newTestVocabulary(rnd, 300+rnd.IntN(200), texts)
				walk(t, c.ID, rnd, k, v)
			}
		})
	}
}

func newRand() *rand.Rand { return rand.New(rand.NewPCG(9, 10)) }

func walksPerFile(cases int) int {
	if testing.Short() {
		return min(cases, 30)
	}
	return min(cases, 120)
}

func walk(t *testing.T, id string, rnd *rand.Rand, k *Constraint, v *testVocabulary) {
	trie := NewTrie(v)
	x := NewMatcher(k, trie)
	mask := make([]uint64, x.Words()+1)
	var text []byte
	for range 60 {
		mask[len(mask)-1] = ^uint64(0)
		x.Mask(mask)
		var legal []int32
		for tok := range int32(v.Size()) {
			bit := mask[tok>>6]>>(tok&63)&1 != 0
			require.Equal(t, x.Accepts(tok), bit, "%s: token %q after %q", id, v.Bytes(tok), text)
			if bit {
				legal = append(legal, tok)
			}
		}
		require.Zero(t, mask[len(mask)-1])
		require.NotEmpty(t, legal, "%s: dead end after %q", id, text)
		only, forced := x.Forced()
		require.Equal(t, len(legal) == 1, forced)
		if forced {
			require.Equal(t, legal[0], only)
		}
		require.Equal(t, trie.ending(legal[len(legal)-1]), x.CanEnd())
		tok := legal[rnd.IntN(len(legal))]
		if x.CanEnd() && rnd.IntN(4) == 0 {
			tok = v.EOG()[rnd.IntN(2)]
		}
		require.NoError(t, x.Advance(tok))
		if trie.ending(tok) {
			finish(t, id, k, x, mask, string(text))
			return
		}
		text = append(text, v.Bytes(tok)...)
	}
}

func finish(t *testing.T, id string, k *Constraint, x *Matcher, mask []uint64, text string) {
	if !slices.ContainsFunc(k.prog.nodes, func(n node) bool { return n.kind == nodeTokens }) {
		_, ok := k.Match(text)
		require.True(t, ok, "%s: %q", id, text)
	}
	if len(k.Relaxed()) == 0 && k.check != nil {
		require.NoError(t, k.Validate(text), "%s: %q", id, text)
	}
	x.Mask(mask)
	for _, w := range mask {
		require.Zero(t, w, "nothing may follow the end")
	}
	require.True(t, x.Done())
	require.ErrorIs(t, x.Advance('a'), ErrNotAllowed)
}

// TestRollback goes forth and back at random: a place looks the same however it was come to.
func TestRollback(t *testing.T) {
	k, err := CompileSchema(`{"type":"object","properties":{"a":{"type":"array","items":{"type":"string","maxLength":7},"maxItems":4},"b":{"type":"integer"}},
		"additionalProperties":{"type":"number","multipleOf":0.5},"maxProperties":5}`, Options{})
	require.NoError(t, err)
	rnd := rand.New(rand.NewPCG(3, 4))
	v := newTestVocabulary(rnd, 400, []string{`{"a":["xyz","é"],"b":12,"other":2.5}`})
	trie := NewTrie(v)
	for range 20 {
		x := NewMatcher(k, trie)
		var path []int32
		for range 80 {
			if len(path) > 0 && rnd.IntN(3) == 0 {
				n := rnd.IntN(min(len(path), keptPoints) + 1)
				require.NoError(t, x.Rollback(n))
				path = path[:len(path)-n]
			} else if id, ok := anyLegal(rnd, x); ok {
				require.NoError(t, x.Advance(id))
				path = append(path, id)
			}
			fresh := NewMatcher(k, trie)
			for _, id := range path {
				require.NoError(t, fresh.Advance(id))
			}
			requireSameMask(t, fresh, x)
			requireSameMask(t, fresh, x.Fork())
		}
		require.Error(t, x.Rollback(len(path)+1))
		require.Error(t, x.Rollback(-1))
	}
}

func requireSameMask(t *testing.T, a, b *Matcher) {
	m, n := make([]uint64, a.Words()), make([]uint64, b.Words())
	a.Mask(m)
	b.Mask(n)
	require.Equal(t, m, n)
}

func anyLegal(rnd *rand.Rand, x *Matcher) (int32, bool) {
	mask := make([]uint64, x.Words())
	x.Mask(mask)
	var legal []int32
	for i := range int32(64 * len(mask)) {
		if mask[i>>6]>>(i&63)&1 != 0 {
			legal = append(legal, i)
		}
	}
	if len(legal) == 0 {
		return 0, false
	}
	return legal[rnd.IntN(len(legal))], true
}

// TestForkGoesItsOwnWay advances a matcher and its fork in turns.
func TestForkGoesItsOwnWay(t *testing.T) {
	k, err := CompileJSON()
	require.NoError(t, err)
	trie := NewTrie(Bytewise{})
	x := NewMatcher(k, trie)
	for _, b := range []byte(`{"a":[[`) {
		require.NoError(t, x.Advance(int32(b)))
	}
	y := x.Fork()
	for _, b := range []byte(`1]],"b":2}`) {
		require.NoError(t, x.Advance(int32(b)))
	}
	for _, b := range []byte(`{"c":[]}]]}`) {
		require.NoError(t, y.Advance(int32(b)))
	}
	require.True(t, x.Done())
	require.True(t, y.CanEnd())
}

// TestVocabularySizes checks masks of vocabularies that end anywhere in a word.
func TestVocabularySizes(t *testing.T) {
	k, err := CompileRegexp(`a+`)
	require.NoError(t, err)
	rnd := rand.New(rand.NewPCG(5, 6))
	for size := 256; size < 400; size++ {
		v := newTestVocabulary(rnd, size, nil)
		x := NewMatcher(k, NewTrie(v))
		require.NoError(t, x.Advance('a'))
		mask := make([]uint64, x.Words())
		x.Mask(mask)
		for id := range int32(64 * len(mask)) {
			require.Equal(t, x.Accepts(id), mask[id>>6]>>(id&63)&1 != 0)
		}
		require.False(t, x.Accepts(-1))
		require.False(t, x.Accepts(int32(v.Size())))
		require.Error(t, x.Advance(int32(v.Size()-2)), "a control token that ends nothing")
	}
}

// TestMatchersAtOnce runs matchers of one constraint and validates texts at the same time, for the race detector.
func TestMatchersAtOnce(t *testing.T) {
	k, err := CompileSchema(orderSchema, Options{})
	require.NoError(t, err)
	trie := NewTrie(newTestVocabulary(newRand(), 500, []string{orderText}))
	want := k.Judge(trie, Bytewise{}, orderText)
	require.Equal(t, Verdict{Accepted: true, At: len(orderText), Valid: true}, want)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 5 {
				if got := k.Judge(trie, Bytewise{}, orderText); got != want {
					t.Errorf("%v", got)
				}
			}
		})
	}
	group.Wait()
}

// TestWhitespaceIsBounded checks that the bound lies at the same byte however the text is cut.
func TestWhitespaceIsBounded(t *testing.T) {
	k, err := CompileSchema(`{"type":"array","items":{"type":"integer"}}`, Options{})
	require.NoError(t, err)
	for _, step := range []int{1, 2, 3, 7, 64, 100, 511, 512, 513, 2000} {
		v := &testVocabulary{}
		for b := range 256 {
			v.tokens = append(v.tokens, []byte{byte(b)})
		}
		v.tokens = append(v.tokens, []byte(strings.Repeat(" ", step)))
		x := NewMatcher(k, NewTrie(v))
		require.NoError(t, x.Advance('['))
		mask := make([]uint64, x.Words())
		for run := 0; ; {
			x.Mask(mask)
			require.Equal(t, run < maxBlanks, mask[0]>>' '&1 != 0, "%d blanks", run)
			require.Equal(t, run+step <= maxBlanks, x.Accepts(256), "%d and %d blanks", run, step)
			require.Equal(t, x.Accepts(256), mask[4]&1 != 0)
			if id := int32(256); x.Accepts(id) {
				require.NoError(t, x.Advance(id))
				run += step
			} else if run == maxBlanks {
				break
			} else {
				require.NoError(t, x.Advance(' '))
				run++
			}
		}
		require.NoError(t, x.Advance(']'))
		require.True(t, x.CanEnd())
	}
	x := NewMatcher(k, NewTrie(Bytewise{}))
	require.NoError(t, x.Advance('['))
	lines := 0
	for ; x.Accepts('\n'); lines++ {
		require.NoError(t, x.Advance('\n'))
	}
	require.Equal(t, maxBlanks/lineWeight, lines)
}
