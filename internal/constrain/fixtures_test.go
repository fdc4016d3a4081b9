package constrain

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFixtures checks every constraint and text of the fixtures, cut into single bytes.
func TestFixtures(t *testing.T) {
	trie := NewTrie(Bytewise{})
	for _, file := range fixtureFiles {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			real, exact := 0, 0
			for _, c := range fixtureCases(t, file) {
				ok := checkCase(t, &c, trie, Bytewise{})
				if file == "real.jsonl.gz" {
					real++
					if ok {
						exact++
					}
				}
			}
			if real > 0 {
				t.Logf("%d of %d schemas are exact by the mask alone", exact, real)
				require.GreaterOrEqual(t, float64(exact), 0.87*float64(real))
			}
		})
	}
}

// TestFixturesTokens does the same with texts cut by the tokenizer of a checkpoint.
func TestFixturesTokens(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	v := fixtureVocabulary(t, "qwen3")
	trie := NewTrie(v)
	for _, file := range fixtureFiles {
		t.Run(file, func(t *testing.T) {
			for _, c := range fixtureCases(t, file) {
				checkCase(t, &c, trie, v)
			}
		})
	}
}

// checkCase reports whether a case compiled without a relaxation.
func checkCase(t *testing.T, c *fixtureCase, trie *Trie, v Vocabulary) bool {
	k, err := c.compile(Options{AnyOrder: true})
	if err != nil {
		checkError(t, c, err)
		return false
	}
	if !oneOf(c.Expect, "", "any", "hostile") {
		t.Errorf("%s: compiled, expected %s", c.ID, c.Expect)
		return false
	}
	loose := c.TightOK || oneOf(c.Expect, "any", "hostile")
	if len(k.Relaxed()) > 0 && c.Need == "exact" && !loose {
		t.Errorf("%s: must be exact: %v", c.ID, k.Relaxed())
	}
	for _, x := range c.Texts {
		got := k.Judge(trie, v, x.T)
		if problem := checkVerdict(&x, got, len(k.Relaxed()) > 0, loose); problem != "" {
			t.Errorf("%s: %s at %d: %.80q %s", c.ID, problem, got.At, x.T, x.Why)
		}
	}
	checkOrder(t, c, trie, v)
	return len(k.Relaxed()) == 0
}

func oneOf(s string, list ...string) bool {
	for _, x := range list {
		if s == x {
			return true
		}
	}
	return false
}

func checkError(t *testing.T, c *fixtureCase, err error) {
	var e *Error
	require.True(t, errors.As(err, &e), "%s: %v", c.ID, err)
	kind := string(e.Kind)
	switch c.Expect {
	case "any", "hostile", "error":
	case "invalid":
		require.True(t, oneOf(kind, "invalid", "limit"), "%s: %v", c.ID, err)
	case "unsupported", "unsatisfiable":
		require.Equal(t, c.Expect, kind, "%s: %v", c.ID, err)
	default:
		possible := false
		for _, x := range c.Texts {
			possible = possible || x.V != "no"
		}
		if c.Need != "any" && (kind != "unsatisfiable" || possible) {
			t.Errorf("%s: refused: %v", c.ID, err)
		}
	}
}

func checkVerdict(x *fixtureText, got Verdict, relaxed, loose bool) string {
	switch {
	case x.V == "yes" && !loose && !(got.Accepted && got.Valid):
		return "refused"
	case x.V == "may" && got.Accepted && !got.Valid:
		return "accepted, then called invalid"
	case x.V == "no" && got.Accepted && got.Valid:
		return "leak"
	case x.V == "no" && got.Accepted && !relaxed:
		return "leak that is caught, but not reported"
	case x.V == "no" && x.At != nil && !got.Accepted && got.At != *x.At:
		return "stopped elsewhere"
	}
	return ""
}

// checkOrder checks the texts that have the properties in the declared order.
func checkOrder(t *testing.T, c *fixtureCase, trie *Trie, v Vocabulary) {
	var k *Constraint
	for _, x := range c.Texts {
		if x.Order != "declared" || x.V != "yes" {
			continue
		}
		if k == nil {
			var err error
			k, err = c.compile(Options{})
			require.NoError(t, err, c.ID)
		}
		if got := k.Judge(trie, v, x.T); !got.Accepted {
			t.Errorf("%s: declared order refused at %d: %.80q", c.ID, got.At, x.T)
		}
	}
}
