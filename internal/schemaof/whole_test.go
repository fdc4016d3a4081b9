package schemaof

import (
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"llm/internal/constrain"
	"llm/internal/partial"
)

// TestEveryBeginningDecodes: a text for a type, closed at any place, decodes into that type.
func TestEveryBeginningDecodes(t *testing.T) {
	trie := constrain.NewTrie(constrain.Bytewise{})
	for i, v := range types {
		of := reflect.TypeOf(v)
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			c := schemaFor(t, of)
			w := newWriter(uint64(i))
			for range sentences() / 15 {
				text := w.sentence(t, constrain.NewMatcher(c, trie))
				text = text[:min(len(text), 1000)]
				d := &partial.Document{Whole: func(path []string) bool { return Whole(of, path) }}
				for i := range len(text) {
					_, err := d.Write([]byte{text[i]})
					require.NoError(t, err)
					if value, ok := d.Value(); ok {
						_, err := decode(of, string(value))
						require.NoError(t, err, "%v: %s", of, value)
					}
				}
			}
		})
	}
}

func TestWhole(t *testing.T) {
	type inner struct {
		Note string `json:"note"`
		Unit string `json:"unit" llm:"enum=c|f"`
	}
	of := reflect.TypeFor[struct {
		Text  *string
		At    time.Time
		Bytes []byte
		Kinds []color `llm:"enum=a|b"`
		Words []color
		In    map[string]*[]inner
		Any   any
		N     int `json:",string"`
	}]()
	for _, c := range []struct {
		whole bool
		path  []string
	}{
		{false, []string{"Text"}}, {true, []string{"At"}}, {true, []string{"Bytes"}}, {true, []string{"Kinds", "0"}}, {false, []string{"Words", "7"}},
		{false, []string{"In", "x", "0", "note"}}, {true, []string{"In", "x", "0", "unit"}}, {false, []string{"Any"}},
		{false, []string{"Any", "a", "b"}}, {true, []string{"N"}}, {true, []string{"other"}}, {true, []string{"Text", "deeper"}},
	} {
		require.Equal(t, c.whole, Whole(of, c.path), "%v", c.path)
	}
	require.False(t, Whole(reflect.TypeFor[string](), nil))
	require.True(t, Whole(reflect.TypeFor[time.Time](), nil))
}
