package llm

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestToolOutput(t *testing.T) {
	for in, want := range map[string]string{
		"":                  `null`,
		`{"a": [1, "<b>"]}`: `{"a": [1, "<b>"]}`,
		` 1 `:               ` 1 `,
		`plain <b> & "c"`:   `"plain <b> & \"c\""`,
		`{"a":1} {"b":2}`:   `"{\"a\":1} {\"b\":2}"`,
		"\"\xff\"":          "\"\uFFFD\"",
		"\xff":              "\"\uFFFD\"",
		strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000): `"` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `"`,
	} {
		require.Equal(t, want, string(toolOutput(json.RawMessage(in), maxToolOutput)))
	}
	in := json.RawMessage(`"mine"`)
	out := toolOutput(in, maxToolOutput)
	copy(in, `"your"`)
	require.Equal(t, `"mine"`, string(out))
}

// Whatever a tool returns, the model is given JSON in valid UTF-8 of bounded size, and the beginning of a long text.
func TestLongToolOutputIsCut(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	alphabet := []string{"a", "b", " ", "\n", `"`, `\`, "\x00", "é", "漢", "🙂", "\u2028", "<", "\xff", "{", ":"}
	cuts := 0
	for range 60 {
		n, limit := 1+r.IntN(len(alphabet)), maxToolOutput
		if r.IntN(2) == 0 {
			limit = minToolOutput + r.IntN(1000)
		}
		var b strings.Builder
		for size := r.IntN(2 * limit); b.Len() < size; {
			b.WriteString(alphabet[r.IntN(n)])
		}
		text := b.String()
		valid := strings.ToValidUTF8(text, "\uFFFD")
		quoted, err := json.Marshal(text)
		require.NoError(t, err)
		var decoded string
		require.NoError(t, json.Unmarshal(quoted, &decoded))
		for name, got := range map[string]json.RawMessage{
			"text": toolOutput(json.RawMessage("!"+text), limit), "string": toolOutput(quoted, limit),
			"object": toolOutput(json.RawMessage(`{"a":`+string(quoted)+`}`), limit),
			"error":  errorOutput(text, limit),
		} {
			require.LessOrEqual(t, len(got), limit)
			require.True(t, json.Valid(got))
			require.True(t, utf8.Valid(got))
			s, source := "", map[string]string{"text": "!" + valid, "string": decoded, "object": `{"a":` + string(quoted) + `}`, "error": valid}[name]
			switch {
			case name == "error":
				var e map[string]string
				require.NoError(t, json.Unmarshal(got, &e))
				require.Len(t, e, 1)
				s = e["error"]
			case got[0] == '{':
				s = string(got)
			default:
				require.NoError(t, json.Unmarshal(got, &s))
			}
			before, _, cut := strings.Cut(s, "… [cut: the beginning of ")
			if !cut {
				require.Equal(t, source, s, name)
				continue
			}
			cuts++
			require.True(t, strings.HasPrefix(source, before), name)
			require.Greater(t, len(got), limit-16, "a whole character more would fit")
		}
	}
	require.Greater(t, cuts, 40)
}
