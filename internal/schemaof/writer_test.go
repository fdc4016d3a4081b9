package schemaof

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/internal/constrain"
)

// writer draws sentences of a constraint, byte by byte.
type writer struct{ rnd *rand.Rand }

func newWriter(seed uint64) *writer { return &writer{rand.New(rand.NewPCG(seed, 1))} }

// sentence draws a text. The longer it is, the sooner it ends.
func (w *writer) sentence(t *testing.T, m *constrain.Matcher) string {
	mask := make([]uint64, m.Words())
	patience := 10 + w.rnd.IntN(300)
	var text []byte
	for {
		require.Less(t, len(text), 1<<16, "does not end: %.200s", text)
		if m.CanEnd() && (m.Done() || len(text) > patience || w.rnd.IntN(4) == 0) {
			return string(text)
		}
		m.Mask(mask)
		var legal []byte
		for b := range 256 {
			if mask[b>>6]>>(b&63)&1 != 0 {
				legal = append(legal, byte(b))
			}
		}
		if solid := bytes.Trim(legal, " \n\r\t"); len(solid) > 0 { // blanks come first
			legal = solid
		}
		require.NotEmpty(t, legal, "%s", text)
		b := legal[w.rnd.IntN(len(legal))]
		switch i := bytes.IndexAny(legal, `"}]`); {
		case len(text) > patience:
			b = w.closing(legal)
		case i >= 0 && w.rnd.IntN(6) == 0:
			b = legal[i]
		}
		require.NoError(t, m.Advance(int32(b)))
		text = append(text, b)
	}
}

// closing chooses what ends something, most of the time.
func (w *writer) closing(legal []byte) byte {
	order := []byte("Z}],n\"[{")
	if bytes.IndexByte(legal, '\\') >= 0 || bytes.IndexByte(legal, 'A') >= 0 { // in a string
		order = []byte("\"\\Z@")
	}
	for _, c := range order {
		if bytes.IndexByte(legal, c) >= 0 && w.rnd.IntN(3) > 0 {
			return c
		}
	}
	return legal[w.rnd.IntN(len(legal))]
}
