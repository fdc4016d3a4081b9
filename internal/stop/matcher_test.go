package stop

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// whole is the definition on the whole text: cut before the stop string that ends first, the longest of those ending there.
func whole(text string, stops []string) (before, found string) {
	end := -1
	for _, s := range stops {
		if i := strings.Index(text, s); i >= 0 {
			if e := i + len(s); end < 0 || e < end || e == end && len(s) > len(found) {
				end, found = e, s
			}
		}
	}
	if end < 0 {
		return text, ""
	}
	return text[:end-len(found)], found
}

// pieces feeds a text in pieces and checks every intermediate promise.
func pieces(t *testing.T, stops, cut []string) (out, found string) {
	t.Helper()
	m, err := New(stops)
	require.NoError(t, err)
	want, _ := whole(strings.Join(cut, ""), stops)
	var got []byte
	for _, piece := range cut {
		var hit bool
		before := len(got)
		got, hit = m.Push(got, []byte(piece))
		require.True(t, strings.HasPrefix(want, string(got)), "%q let through of %q", got, want)
		if utf8.ValidString(want) {
			require.True(t, utf8.Valid(got[before:]), "%q", got[before:])
		}
		require.Equal(t, hit, m.Found() != "")
		if hit {
			found = m.Found()
		}
	}
	return string(m.Flush(got)), found
}

func TestPush(t *testing.T) {
	for _, c := range []struct {
		stops []string
		text  string
		want  string
		found string
	}{
		{nil, "text", "text", ""},
		{[]string{"\n\n"}, "a\nb\n\nc", "a\nb", "\n\n"},
		{[]string{"END"}, "ENEND", "EN", "END"},
		{[]string{"END"}, "EN", "EN", ""},
		{[]string{"aab"}, "aaab", "a", "aab"},
		{[]string{"abcd", "bc"}, "abcd", "a", "bc"}, // complete first
		{[]string{"bc", "abc"}, "xabc", "x", "abc"}, // longest of those complete
		{[]string{"b", "a"}, "ab", "", "a"},
		{[]string{"é"}, "è é", "è ", "é"},
		{[]string{"<|im_end|>", "</s>"}, "hi</s><|im_end|>", "hi", "</s>"},
	} {
		got, found := pieces(t, c.stops, []string{c.text})
		require.Equal(t, c.want, got)
		require.Equal(t, c.found, found)
		got, found = pieces(t, c.stops, strings.Split(c.text, ""))
		require.Equal(t, c.want, got)
		require.Equal(t, c.found, found)
	}
}

func TestPushHoldsNoMoreThanItMust(t *testing.T) {
	m, err := New([]string{"STOP"})
	require.NoError(t, err)
	for _, c := range [][2]string{{"one", "one"}, {" S", " "}, {"T", ""}, {"x", "STx"}, {"STO", ""}, {"STO", "STO"}, {"\xc3", "STO"}, {"\xa9", "é"}, {"\xc3", ""}, {"S", "\xc3"}} {
		out, hit := m.Push(nil, []byte(c[0]))
		require.False(t, hit)
		require.Equal(t, c[1], string(out))
	}
	require.Equal(t, "S", string(m.Flush(nil)))
	out, hit := m.Push(nil, []byte("TOP")) // the text before is forgotten
	require.False(t, hit)
	require.Equal(t, "TOP", string(out))
}

func TestNothingComesAfterAHit(t *testing.T) {
	m, err := New([]string{"."})
	require.NoError(t, err)
	out, hit := m.Push(nil, []byte("one. two"))
	require.True(t, hit)
	require.Equal(t, "one", string(out))
	out, hit = m.Push(out, []byte("three"))
	require.True(t, hit)
	require.Equal(t, "one", string(m.Flush(out)))
	require.Empty(t, m.Found())
}

func TestNewRefuses(t *testing.T) {
	for _, stops := range [][]string{{""}, {"a", ""}, {"\xff"}, {strings.Repeat("a", maxBytes), "b"}, make([]string, maxStrings+1)} {
		_, err := New(stops)
		require.Error(t, err)
	}
}

// Over a small alphabet, where stop strings overlap each other and themselves, every chunking gives the same answer.
func TestEveryChunkingAgrees(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	alphabet := []string{"a", "b", "é", "è", "€", "😀", "😁"}
	random := func(n, letters int) string {
		var s strings.Builder
		for range n {
			s.WriteString(alphabet[rng.IntN(letters)])
		}
		return s.String()
	}
	for range 20_000 {
		letters := 2 + rng.IntN(len(alphabet)-1)
		var stops []string
		for range rng.IntN(4) {
			stops = append(stops, random(1+rng.IntN(5), letters))
		}
		text := random(rng.IntN(30), letters)
		want, wantFound := whole(text, stops)
		var cut []string
		for rest := text; rest != ""; {
			n := 1 + rng.IntN(min(len(rest), 6)) // anywhere, also within a rune
			cut, rest = append(cut, rest[:n]), rest[n:]
		}
		got, found := pieces(t, stops, cut)
		require.Equal(t, want, got, "%q in %q", stops, cut)
		require.Equal(t, wantFound, found, "%q in %q", stops, cut)
	}
}

func TestPushDoesNotAllocate(t *testing.T) {
	m, err := New([]string{"<|im_end|>", "\n\n", "User:"})
	require.NoError(t, err)
	dst := make([]byte, 0, 64)
	text := [][]byte{[]byte("Hello"), []byte(" <|im"), []byte("_en"), []byte("d!"), []byte("\n"), []byte("Use"), []byte("d \xf0\x9f")}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for _, piece := range text {
			if _, hit := m.Push(dst[:0], piece); hit {
				t.Fatal("no stop string is there")
			}
		}
	}))
}

func FuzzPush(f *testing.F) {
	f.Add("the text STOP here", "STOP", "here", uint64(1))
	f.Add("\xff\xf0\x9f\x98aab", "aab", "\xf0", uint64(2))
	f.Add("abababac", "ababac", "abac", uint64(3))
	f.Fuzz(func(t *testing.T, text, a, b string, seed uint64) {
		stops := []string{a, b}
		if _, err := New(stops); err != nil {
			return
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		var cut []string
		for rest := text; rest != ""; {
			n := 1 + rng.IntN(min(len(rest), 9))
			cut, rest = append(cut, rest[:n]), rest[n:]
		}
		want, wantFound := whole(text, stops)
		got, found := pieces(t, stops, cut)
		require.Equal(t, want, got)
		require.Equal(t, wantFound, found)
	})
}

func BenchmarkPush(b *testing.B) {
	m, err := New([]string{"<|im_end|>", "\n\n", "User:", "</s>"})
	require.NoError(b, err)
	dst, piece := make([]byte, 0, 64), []byte(" token")
	for b.Loop() {
		m.Push(dst[:0], piece)
	}
}
