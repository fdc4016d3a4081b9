package tokenizer

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
)

// Where runs of marks are short, package norm is right and the two must agree.
func TestComposeAgreesWithNorm(t *testing.T) {
	for _, s := range []string{
		"", "a", "e\u0301", "\u00e9\u0323", "q\u0307\u0323", "\u1100\u1161\u11a8", "\uac00\u11a8", "\u0958", "\u212b", "\u0344", "\u0301a",
		"\u0b47\u0b3e", "\u1e0a\u0323", "a\u0315\u0300\u05ae\u0300b", "\U0001d157\U0001d165", "\u2adc", "\u0f73\u0f71",
	} {
		var got []rune
		for _, c := range compose(decompose(s)) {
			got = append(got, c.r)
		}
		require.Equal(t, norm.NFC.String(s), string(got), "%+q", s)
	}
}

func TestLongMarkRunsGetNoJoiner(t *testing.T) {
	for _, n := range []int{30, 31, 100, 1000} {
		require.Equal(t, "\u00e9"+strings.Repeat("\u0301", n), string(appendNFC(nil, "e"+strings.Repeat("\u0301", n+1))))
		require.Equal(t, "q"+strings.Repeat("\u0323", n)+strings.Repeat("\u0301", n), string(appendNFC(nil, "q"+strings.Repeat("\u0301\u0323", n))))
	}
	require.Equal(t, "a"+joiner, string(appendNFC(nil, "a"+joiner)))
}
