package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// modFunc is a Moderator of a function.
type modFunc struct {
	window int
	judge  func(text string, input bool) ([]Violation, error)
}

func (m modFunc) Window() int { return m.window }
func (m modFunc) Moderate(_ context.Context, text string, input bool) ([]Violation, error) {
	return m.judge(text, input)
}

func patternsOf(t testing.TB, expr ...string) Moderator {
	t.Helper()
	m, err := PatternModerator(map[string][]string{"c": expr})
	require.NoError(t, err)
	return m
}

// randomPattern writes an expression in which every repetition has a bound.
func randomPattern(r *rand.Rand, depth int) string {
	atoms := []string{"a", "b", "k", "s", "é", "漢", "[ab]", "[^a]", "(?-i)K", ".", `\b`, `\B`, "^", "$", `\n`, "(?s:.)", `\w`, " "}
	if depth == 0 {
		return atoms[r.IntN(len(atoms))]
	}
	sub := func() string { return randomPattern(r, depth-1) }
	switch r.IntN(6) {
	case 0:
		return "(" + sub() + "|" + sub() + ")"
	case 1:
		low := r.IntN(3)
		return fmt.Sprintf("(?:%s){%d,%d}%s", sub(), low, low+r.IntN(3), []string{"", "?"}[r.IntN(2)])
	case 2:
		return "(?:" + sub() + ")?"
	}
	return sub() + sub()
}

func randomText(r *rand.Rand, n int) string {
	alphabet := []string{"a", "b", "A", "K", "k", "\u212a", "s", "ſ", "é", "É", "漢", "🙂", " ", "\n", "x", "y", "z"}
	few := 2 + r.IntN(len(alphabet)-1)
	r.Shuffle(len(alphabet), func(i, j int) { alphabet[i], alphabet[j] = alphabet[j], alphabet[i] })
	var b strings.Builder
	for range n {
		b.WriteString(alphabet[r.IntN(few)])
	}
	return b.String()
}

// firstMatch is what package regexp finds in the whole text.
func firstMatch(patterns map[string][]string, text string) (start int, categories map[string]bool) {
	start = len(text) + 1
	for c, list := range patterns {
		for _, p := range list {
			loc := regexp.MustCompile("(?im)" + p).FindStringIndex(text)
			if loc != nil && loc[0] < start {
				start, categories = loc[0], map[string]bool{}
			}
			if loc != nil && loc[0] == start {
				categories[c] = true
			}
		}
	}
	return start, categories
}

// What passes is the text before the first match in the whole of it, however it is cut into pieces, and is not held longer than
// a window takes.
func TestFilterReleasesWhatComesBeforeTheFirstMatch(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	clean, blocked := 0, 0
	for range 6000 {
		patterns := map[string][]string{}
		for _, c := range []string{"one", "two", "three"}[:1+r.IntN(3)] {
			for range 1 + r.IntN(2) {
				patterns[c] = append(patterns[c], []string{"", "(?-i)"}[r.IntN(2)]+randomPattern(r, r.IntN(4)))
			}
		}
		m, err := PatternModerator(patterns)
		if err != nil {
			require.ErrorContains(t, err, "matches the empty text")
			continue
		}
		text := randomText(r, r.IntN(120))
		start, categories := firstMatch(patterns, text)
		f := newOutputFilter(t.Context(), m)
		released, largest := "", 1+r.IntN(12)
		take := func(piece string, v *Violation, err error) {
			require.NoError(t, err)
			released += piece
			require.True(t, strings.HasPrefix(text[:min(start, len(text))], released), "%q: %q of %q", patterns, released, text)
			require.True(t, utf8.ValidString(released))
		}
		var v *Violation
		for rest := text; rest != ""; {
			n := min(len(rest), 1+r.IntN(largest))
			var piece string
			piece, v, err = f.push(rest[:n])
			take(piece, v, err)
			rest = rest[n:]
			if pushed := len(text) - len(rest); v == nil {
				require.LessOrEqual(t, pushed-len(released), m.Window()*5/4+utf8.UTFMax)
			}
		}
		piece, v, err := f.flush()
		take(piece, v, err)
		if categories == nil {
			clean++
			require.Equal(t, text, released, "%q", patterns)
			require.Nil(t, v)
			continue
		}
		blocked++
		require.Equal(t, text[:start], released, "%q in %q", patterns, text)
		require.Equal(t, start, v.Start)
		require.True(t, categories[v.Category])
		require.Greater(t, v.End, v.Start)
		require.LessOrEqual(t, v.End-v.Start, m.Window())
		whole, err := firstViolation(t.Context(), m, text, 0, true)
		require.NoError(t, err)
		require.Equal(t, whole, v)
		piece, again, err := f.push("more")
		require.Equal(t, "", piece)
		require.Equal(t, v, again)
		require.NoError(t, err)
	}
	require.Greater(t, clean, 500)
	require.Greater(t, blocked, 500)
}

// Whether a word ends here is not known before what follows is.
func TestFilterWaitsForTheBorder(t *testing.T) {
	f := newOutputFilter(t.Context(), patternsOf(t, `(?-i)\bbad\b`))
	released := ""
	for _, c := range "badge abad bad" {
		piece, v, err := f.push(string(c))
		require.NoError(t, err)
		require.Nil(t, v)
		released += piece
	}
	require.Equal(t, "badge abad ", released)
	piece, v, err := f.flush()
	require.NoError(t, err)
	require.Empty(t, piece)
	require.Equal(t, &Violation{"c", 11, 14}, v)
}

// No match is longer than the window says, and some are just as long.
func TestPatternWindow(t *testing.T) {
	for expr, want := range map[string]int{
		"abc": 3, "Key": 5, "(?-i)Key": 3, "miss": 6, "[a-z]": 3, "(?-i)[a-z]": 1, ".": 4, "é|ab{2,3}": 4, "a?b?c": 3, `\bx\b`: 1, "^x$": 1, "(?:ab){3}": 6,
		"a.*b": 1026, "[0-9]+": 1025, "a{2,}": 1026, "x(?:a*|bc)": 1025, `\d{4} \d{4}`: 9, `\x{D800}|a`: 3,
	} {
		require.Equal(t, want, patternsOf(t, expr).Window(), expr)
	}
	require.Equal(t, 1025, patternsOf(t, "a", "[0-9]+", "bc").Window())
	loc := regexp.MustCompile("(?i)miss").FindStringIndex("miſſ")
	require.Equal(t, 6, loc[1])
}

func TestPatternModeratorRefuses(t *testing.T) {
	for expr, want := range map[string]string{
		"": "empty text", "x*": "empty text", "a|b?": "empty text", `\b`: "empty text", "(a?){3}": "empty text", "(": "missing closing", "a)(b": "unexpected )",
		`\Aa`: "being written", `a\z`: "being written", "(?-m)^a": "being written", "(?-m)a$": "being written",
		"(?:" + strings.Repeat("🙂", 1000) + "){1000}": "more than 1048576 bytes",
		`\Qab`: "", `[[:alpha:]]`: "", "(?P<x>a)(?P<y>b)": "",
	} {
		_, err := PatternModerator(map[string][]string{"good": {"y"}, "c": {"x", expr}})
		if want == "" {
			require.NoError(t, err, expr)
			continue
		}
		require.ErrorContains(t, err, want, "%.40s", expr)
		require.ErrorContains(t, err, `category "c"`)
	}
	for _, patterns := range []map[string][]string{nil, {}, {"c": nil}, {"": {"a"}}} {
		_, err := PatternModerator(patterns)
		require.Error(t, err)
	}
}

func TestPatternModeratorNamesCategories(t *testing.T) {
	m, err := PatternModerator(map[string][]string{"card": {`\d{4} \d{4}`}, "name": {"bob", "alice"}, "b": {"bobby"}, "a": {"bobby"}})
	require.NoError(t, err)
	found, err := m.Moderate(t.Context(), "I am ALICE, bob: 1234 5678", true)
	require.NoError(t, err)
	require.Equal(t, []Violation{{"card", 17, 26}, {"name", 5, 10}}, found)
	v, err := firstViolation(t.Context(), m, "say Bobby", 0, true)
	require.NoError(t, err)
	require.Equal(t, &Violation{"a", 4, 9}, v)
	out, err := json.Marshal(v)
	require.NoError(t, err)
	require.JSONEq(t, `{"category":"a","start":4,"end":9}`, string(out))
}

// A match in which repetitions without a bound stay within 1 KiB each never leaves.
func TestOpenRepetitions(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		secret := "key" + strings.Repeat("x", r.IntN(openRepeat+1)) + "end"
		before := strings.Repeat("clean ", r.IntN(500))
		text := before + secret + strings.Repeat(" after", r.IntN(500))
		f := newOutputFilter(t.Context(), patternsOf(t, "key.*end"))
		released := ""
		for rest := text; rest != ""; {
			n := min(len(rest), 1+r.IntN(200))
			piece, _, err := f.push(rest[:n])
			require.NoError(t, err)
			released, rest = released+piece, rest[n:]
		}
		piece, v, err := f.flush()
		require.NoError(t, err)
		require.Equal(t, before, released+piece)
		require.Equal(t, len(before), v.Start)
	}
	found, err := patternsOf(t, "key.*end").Moderate(t.Context(), "key"+strings.Repeat("é", 3000)+"end", true)
	require.NoError(t, err)
	require.Equal(t, []Violation{{"c", 0, 1031}}, found, "whole characters within the window of 1032: k may take three bytes")
}

// Each byte is judged a bounded number of times, however small the pieces.
func TestFilterJudgesLinearly(t *testing.T) {
	for _, window := range []int{0, 1, 3, 4, 7, 16, 100, 1000} {
		for _, size := range []int{1, 3, 50, 5000} {
			judged := 0
			f := newOutputFilter(t.Context(), modFunc{window, func(text string, input bool) ([]Violation, error) {
				require.False(t, input)
				judged += len(text)
				return nil, nil
			}})
			piece, released, n := strings.Repeat("x", size), 0, 20_000/size
			for range n {
				out, _, err := f.push(piece)
				require.NoError(t, err)
				released += len(out)
			}
			out, _, err := f.flush()
			require.NoError(t, err)
			require.Equal(t, n*size, released+len(out))
			require.LessOrEqual(t, judged, 9*n*size)
		}
	}
}

// What a moderator of the user's own says is taken as it is; where it fails, nothing passes.
func TestFilterWithOtherModerators(t *testing.T) {
	run := func(window int, judge func(string, bool) ([]Violation, error), text string) (released string, v *Violation, err error) {
		f := newOutputFilter(t.Context(), modFunc{window, judge})
		for _, c := range text {
			var piece string
			if piece, v, err = f.push(string(c)); err != nil || v != nil {
				return released + piece, v, err
			}
			released += piece
		}
		piece, v, err := f.flush()
		return released + piece, v, err
	}
	const text = "all is well, but then evil comes: évil and more of it"
	at := strings.Index(text, "evil")
	whole := func(s string, _ bool) ([]Violation, error) {
		if !strings.Contains(s, "evil") {
			return nil, nil
		}
		return []Violation{{"late", len(s), len(s)}, {"all", 0, len(s)}}, nil
	}
	released, v, err := run(12, whole, text)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(text[:at], released))
	require.Equal(t, "all", v.Category)
	require.Equal(t, len(released), v.Start)

	half := func(s string, _ bool) ([]Violation, error) { // begins inside a character
		if i := strings.Index(s, "évil"); i >= 0 {
			return []Violation{{"half", i + 1, i + 3}}, nil
		}
		return nil, nil
	}
	released, _, err = run(8, half, text)
	require.NoError(t, err)
	require.Equal(t, text[:strings.Index(text, "évil")], released)

	odd := errors.New("odd")
	for want, judge := range map[string]func(string, bool) ([]Violation, error){
		"odd":                      func(string, bool) ([]Violation, error) { return nil, odd },
		"panic: boom":              func(string, bool) ([]Violation, error) { panic("boom") },
		"from -1 to 1":             func(string, bool) ([]Violation, error) { return []Violation{{"x", -1, 1}}, nil },
		"from 2 to 1":              func(string, bool) ([]Violation, error) { return []Violation{{"x", 2, 1}}, nil },
		"from 0 to 1000 in a text": func(string, bool) ([]Violation, error) { return []Violation{{"x", 0, 1000}}, nil },
	} {
		released, v, err := run(4, judge, text)
		require.ErrorContains(t, err, want)
		require.Nil(t, v)
		require.Empty(t, released)
	}
	_, _, err = run(4, func(string, bool) ([]Violation, error) { return nil, odd }, text)
	require.ErrorIs(t, err, odd)
}

func TestCheckModerator(t *testing.T) {
	require.NoError(t, checkModerator(modFunc{}))
	require.NoError(t, checkModerator(modFunc{window: maxWindow}))
	require.NoError(t, checkModerator(patternsOf(t, "a")))
	for _, m := range []Moderator{nil, modFunc{window: -1}, modFunc{window: maxWindow + 1}} {
		require.Error(t, checkModerator(m))
	}
}

// Text that is not UTF-8 does not stay behind.
func TestFilterOfInvalidText(t *testing.T) {
	f := newOutputFilter(t.Context(), patternsOf(t, "bad"))
	released := ""
	for range 1000 {
		piece, v, err := f.push("\x80")
		require.NoError(t, err)
		require.Nil(t, v)
		released += piece
	}
	require.Greater(t, len(released), 980)
}

func TestStatsCountFilteredAnswers(t *testing.T) {
	m := tiny(t)
	for _, reason := range []Reason{ReasonStop, ReasonFiltered, ReasonError, ReasonFiltered} {
		m.count(&Result{Reason: reason})
	}
	s := m.Stats()
	require.EqualValues(t, 4, s.Requests)
	require.EqualValues(t, 2, s.Filtered)
}

func BenchmarkOutputFilter(b *testing.B) {
	m, err := PatternModerator(map[string][]string{"card": {`\b\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}\b`}, "word": {`\bdarn\b`, `\bheck\b`}})
	require.NoError(b, err)
	b.SetBytes(4)
	f := newOutputFilter(b.Context(), m)
	for b.Loop() {
		f.push("abcd")
	}
}
