package constrain

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestComposedCalls puts calls of two tools together, framed by control tokens.
func TestComposedCalls(t *testing.T) {
	weather, err := CompileSchema(`{"type":"object","properties":{"city":{"type":"string","pattern":"^[a-z]+$","maxLength":30}},"required":["city"],"additionalProperties":false}`, Options{})
	require.NoError(t, err)
	clock, err := CompileSchema(`{"type":"object","properties":{},"additionalProperties":false}`, Options{})
	require.NoError(t, err)
	v := newTestVocabulary(newRand(), 400, []string{`{"name":"weather","arguments":{"city":"oslo"}}`})
	opened, ended := int32(v.Size()-2), v.EOG()[0]
	call := func(name string, c *Constraint) Part {
		return Each(Text(`{"name":"`+name+`","arguments":`), Whole(c), Text("}"))
	}
	k, err := Compose(Each(Free(), Repeat(Each(Tokens(opened), OneOf(call("weather", weather), call("clock", clock)), Tokens(opened)), 1, 2)))
	require.NoError(t, err)
	x := NewMatcher(k, NewTrie(v))
	say := func(text string) {
		for i := range len(text) {
			require.NoError(t, x.Advance(int32(text[i])), "%d of %s", i, text)
		}
	}
	say("I shall look. <|end|>")
	require.False(t, x.Accepts(ended))
	require.NoError(t, x.Advance(opened))
	require.False(t, x.Accepts('I'), "the call has begun")
	say(`{"name":"weather","arguments":{"city":"oslo"}}`)
	require.False(t, x.CanEnd())
	only, forced := x.Forced()
	require.True(t, forced)
	require.Equal(t, opened, only)
	require.NoError(t, x.Advance(only))
	require.True(t, x.CanEnd())
	require.NoError(t, x.Advance(opened))
	say(`{"name":"clock","arguments":{ }}`)
	require.NoError(t, x.Advance(opened))
	require.True(t, x.CanEnd())
	require.False(t, x.Accepts(opened), "twice is enough")
	require.NoError(t, x.Advance(ended))
	require.True(t, x.Done())

	rnd := rand.New(rand.NewPCG(1, 1))
	for range 10 {
		walk(t, "composed", rnd, k, v)
	}
}

// TestTokensOfGrammar checks terminals that name a token.
func TestTokensOfGrammar(t *testing.T) {
	k, err := CompileGrammar(`root ::= "a" <[258]> "b"`)
	require.NoError(t, err)
	v := newTestVocabulary(newRand(), 256, nil)
	x := NewMatcher(k, NewTrie(v))
	require.NoError(t, x.Advance('a'))
	mask := make([]uint64, x.Words())
	x.Mask(mask)
	require.Equal(t, []uint64{0, 0, 0, 0, 1 << 2}, mask)
	require.NoError(t, x.Advance(258))
	require.NoError(t, x.Advance('b'))
	require.True(t, x.Done())
}
