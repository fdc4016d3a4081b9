package calc

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// TestFacts: values computed with Python's fractions and decimal.
func TestFacts(t *testing.T) {
	exact := func(text string) Result { return Result{Value: text} }
	about := func(text string) Result { return Result{Value: text, Approximate: true} }
	for expression, want := range map[string]Result{
		"2+2":                   exact("4"),
		"0.1 + 0.2":             exact("0.3"),
		"1.1*1.1":               exact("1.21"),
		"1/3":                   {Value: "0.333333333333333333333333333333", Fraction: "1/3"},
		"22/7":                  {Value: "3.14285714285714285714285714286", Fraction: "22/7"},
		"-2/3":                  {Value: "-0.666666666666666666666666666667", Fraction: "-2/3"},
		"1,000,001 / 3":         {Value: "333333.666666666666666666666667", Fraction: "1000001/3"},
		"1/3*3":                 exact("1"),
		"1/1024":                exact("0.0009765625"),
		"0.1^60":                exact("0." + strings.Repeat("0", 59) + "1"),
		"1/2^60":                exact("0.000000000000000000867361737988403547205962240695953369140625"),
		"1/2^61":                {Value: "0.000000000000000000433680868994201773602981120348", Fraction: "1/2305843009213693952"},
		"1.05^20":               exact("2.6532977051444201339454307651519775390625"),
		"1.01**10":              exact("1.10462212541120451001"),
		"-2^2":                  exact("-4"),
		"(-2)^2":                exact("4"),
		"2^-3":                  exact("0.125"),
		"2^3^2":                 exact("512"),
		"2^200":                 exact("1606938044258990275541962092341162602522202993782792835301376"),
		"(-1)^10^300":           exact("1"),
		"(-1)^(10^300+1)":       exact("-1"),
		"0^0":                   exact("1"),
		"0^10^300":              exact("0"),
		"2^5000":                about("1.41246703213942603683520966702e1505"),
		"1/3^300":               about("7.30505658114782000701300678186e-144"),
		"2 - -3":                exact("5"),
		"10 - 4 - 3":            exact("3"),
		"100 / 10 / 5":          exact("2"),
		"2 + 3 × 4 ÷ 6 − 1":     exact("3"),
		"7 mod 3":               exact("1"),
		"-7 mod 3":              exact("2"),
		"7 mod -3":              exact("-2"),
		"7.5 % 2":               exact("1.5"),
		"-0.1 % 0.3":            exact("0.2"),
		"17 % (2+3)":            exact("2"),
		"15% of 80":             exact("12"),
		"15% * 80":              exact("12"),
		"80 - 15%":              exact("79.85"),
		"50%%":                  exact("0.005"),
		"(1+19%) * 250":         exact("297.5"),
		"1,234,567.89 + 1":      exact("1234568.89"),
		"1_000_000 * 2":         exact("2000000"),
		"1e3 + 2.5E-1 + .5":     exact("1000.75"),
		"5. + 1":                exact("6"),
		"5!":                    exact("120"),
		"3!!":                   exact("720"),
		"-3!":                   exact("-6"),
		"0!":                    exact("1"),
		"30!":                   exact("265252859812191058636308480000000"),
		"100!/98!":              exact("9900"),
		"500!":                  about("1.22013682599111006870123878542e1134"),
		"sqrt(144)":             exact("12"),
		"sqrt(2.25)":            exact("1.5"),
		"sqrt(4/9)":             {Value: "0.666666666666666666666666666667", Fraction: "2/3"},
		"sqrt(0)":               exact("0"),
		"sqrt(2)":               about("1.41421356237309504880168872421"),
		"sqrt(0.5)":             about("0.707106781186547524400844362105"),
		"sqrt(2e41)":            about("447213595499957939281.834733746"),
		"sqrt(123456789)":       about("11111.1110605555554405416661434"),
		"sqrt(1e-10)":           exact("0.00001"),
		"sqrt(2)+sqrt(3)":       about("3.14626436994197234232913506572"),
		"sqrt(2)^2":             about("2"),
		"sqrt(2)^2 - 2":         about("0"),
		"floor(sqrt(2)^2)":      about("2"),
		"pi":                    about("3.14159265358979323846264338328"),
		"2π":                    {},
		"2*π":                   about("6.28318530717958647692528676656"),
		"pi^2":                  about("9.86960440108935861883449099988"),
		"pi * 1e60":             about("3.14159265358979323846264338328e60"),
		"pi / 1e29":             about("0.0000000000000000000000000000314159265358979323846264338328"),
		"pi / 1e31":             about("3.14159265358979323846264338328e-31"),
		"e^10":                  about("22026.4657948067165169579006453"),
		"1/e":                   about("0.367879441171442321595523770161"),
		"e^-200":                about("1.38389652673673753064868145698e-87"),
		"abs(-5.5)":             exact("5.5"),
		"min(3, -1, 2)":         exact("-1"),
		"max(100,200)":          exact("200"),
		"MAX(1, (1,000))":       exact("1000"),
		"max(1,2) + 1,000":      exact("1002"),
		"round(2.5)":            exact("3"),
		"round(-2.5)":           exact("-3"),
		"round(-0.5)":           exact("-1"),
		"round(2.675, 2)":       exact("2.68"),
		"round(0.125, 2)":       exact("0.13"),
		"round(1234.5, -2)":     exact("1200"),
		"round(2/3, 4)":         exact("0.6667"),
		"floor(-1.5)":           exact("-2"),
		"ceil(-1.5)":            exact("-1"),
		"ceil(1.000001)":        exact("2"),
		"gcd(1071, 462, 21)":    exact("21"),
		"gcd(-4, 0)":            exact("4"),
		"lcm(4, 6, 21)":         exact("84"),
		"lcm(0, 3)":             exact("0"),
		"max(1, min(2, 3), -1)": exact("2"),
		"12345678901234567890*98765432109876543210": exact("1219326311370217952237463801111263526900"),
	} {
		got, err := Eval(expression)
		if want.Value == "" {
			require.Error(t, err, expression)
			continue
		}
		require.NoError(t, err, expression)
		require.Equal(t, want, got, expression)
	}
}

// TestErrorsHelp: what is wrong, and at which character.
func TestErrorsHelp(t *testing.T) {
	for expression, want := range map[string]string{
		"":                         "empty",
		"  ":                       "empty",
		"1/0":                      "division by zero (at character 2)",
		"5 mod 0":                  "division by zero (at character 3)",
		"0^-1":                     "division by zero (at character 2)",
		"1/(pi-pi)":                "division by zero",
		"foo(1)":                   `unknown name "foo"; known: abs, ceil, floor, gcd, lcm, max, min, round, sqrt, pi, e (at character 1)`,
		"×2":                       `a number is missing before "×" (at character 1)`,
		"3 ×":                      "a number is missing before the end (at character 4)",
		"ππ":                       "unknown name",
		"2 x 3":                    "write * to multiply (at character 3)",
		"2(3)":                     `an operator is missing before "("`,
		"2 pi":                     `an operator is missing before "pi"`,
		"(1+2":                     "a parenthesis is not closed (at character 1)",
		"1+2)":                     "a closing parenthesis has no opening one (at character 4)",
		"3,14":                     "unexpected comma",
		"1,00":                     "unexpected comma",
		"max(1,000)":               "the number 000 begins with 0",
		"007":                      "begins with 0",
		"1,0000":                   "an operator is missing",
		"2 $ 3":                    "unexpected '$' (at character 3)",
		"2 + 2 =":                  "unexpected '=' (at character 7)",
		"sqrt 4":                   "sqrt needs its arguments in parentheses",
		"sqrt()":                   "sqrt takes 1 argument, not 0",
		"round(1,2,3)":             "round takes 1 to 2 arguments, not 3",
		"max()":                    "max takes 1 or more arguments, not 0",
		"max(1,)":                  `a number is missing before ")"`,
		"sqrt(-1)":                 "a negative number has no real square root",
		"2^0.5":                    "exponents must be whole numbers",
		"(-1)!":                    "only whole numbers from 0 have a factorial",
		"1.5!":                     "only whole numbers from 0 have a factorial",
		"gcd(1.5, 2)":              "only whole numbers",
		"round(1, 1001)":           "up to 1000",
		"round(1, 0.5)":            "up to 1000",
		"round(1, -2^63)":          "up to 1000",
		"2^100000":                 "too many digits",
		"9^9^9":                    "too many digits",
		"2^-9^9^9":                 "too many digits",
		"5000!":                    "too many digits",
		"1e7000":                   "too many digits",
		"1e-99999999999999999999":  "too many digits",
		"pi^20000":                 "too many digits",
		"(1/pi)^20000":             "too many digits",
		strings.Repeat("(", 101):   "nested too deep",
		strings.Repeat("-", 101):   "nested too deep",
		strings.Repeat("2^", 101):  "nested too deep",
		strings.Repeat("1+", 2049): "too long",
		"\xff":                     "unexpected",
	} {
		_, err := Eval(expression)
		require.ErrorContains(t, err, want, expression)
		require.True(t, utf8.ValidString(err.Error()))
	}
	_, err := Eval(strings.Repeat("1+", 2047) + "1")
	require.NoError(t, err)
}

// TestLimitsAreTight: the largest numbers are let through, the next ones are not.
func TestLimitsAreTight(t *testing.T) {
	for good, bad := range map[string]string{
		"2086!": "2087!", "2^19999": "2^20000", "1/2^19999": "1/2^20000", "1e6000": "1e6021", strings.Repeat("(", 99) + "1" + strings.Repeat(")", 99): strings.Repeat("(", 100) + "1" + strings.Repeat(")", 100),
	} {
		_, err := Eval(good)
		require.NoError(t, err, good)
		_, err = Eval(bad)
		require.Error(t, err, bad)
	}
	r, err := Eval("10^399")
	require.NoError(t, err)
	require.Equal(t, Result{Value: "1" + strings.Repeat("0", 399)}, r)
	r, err = Eval("10^400")
	require.NoError(t, err)
	require.Equal(t, Result{Value: "1e400", Approximate: true}, r)
}

// number writes a number at random.
func number(r *rand.Rand) string {
	switch r.IntN(4) {
	case 0:
		return fmt.Sprint(r.IntN(10))
	case 1:
		return fmt.Sprintf("(%d/%d)", r.Int64()-r.Int64(), 1+r.Int64N(1e9))
	case 2:
		return fmt.Sprintf("%d.%d", r.IntN(1e6), r.IntN(1e6))
	}
	return fmt.Sprintf("(-%de-%d)", r.IntN(1e6), r.IntN(30))
}

// TestLaws of fractions, for numbers at random.
func TestLaws(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		a, b, c := number(rnd), number(rnd), number(rnd)
		same := func(x, y string) {
			names := strings.NewReplacer("a", a, "b", b, "c", c)
			x, y = names.Replace(x), names.Replace(y)
			v, err := Eval(x)
			w, err2 := Eval(y)
			require.NoError(t, err, x)
			require.NoError(t, err2, y)
			require.Equal(t, w, v, "%s = %s", x, y)
		}
		same("a*(b+c)", "a*b+a*c")
		same("a-b-c", "a-(b+c)")
		same("(a+b)^3", "a^3+3*a^2*b+3*a*b^2+b^3")
		if v, err := Eval(a); err == nil && v.Value != "0" {
			same("a*(b/a)", "b")
			same("a^-2", "1/a/a")
			same("(b mod a) + a*0", "b mod a")
			zero, err := Eval(strings.NewReplacer("a", a, "b", b).Replace("(b - b mod a)/a"))
			require.NoError(t, err)
			require.NotContains(t, zero.Value, ".")
		}
	}
}

// TestAgainstFractions evaluates trees of operations with big.Rat and as text.
func TestAgainstFractions(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var build func(depth int) (string, *big.Rat)
	build = func(depth int) (string, *big.Rat) {
		if depth == 0 || rnd.IntN(5) == 0 {
			n := rnd.Int64N(2000)
			return fmt.Sprintf("%d.%03d", n/1000, n%1000), big.NewRat(n, 1000)
		}
		x, a := build(depth - 1)
		y, b := build(depth - 1)
		switch rnd.IntN(4) {
		case 0:
			return "(" + x + "+" + y + ")", a.Add(a, b)
		case 1:
			return "(" + x + " - " + y + ")", a.Sub(a, b)
		case 2:
			return "(" + x + "*" + y + ")", a.Mul(a, b)
		}
		if b.Sign() == 0 {
			return x, a
		}
		return "(" + x + "/" + y + ")", a.Quo(a, b)
	}
	for range 500 {
		text, want := build(5)
		got, err := Eval(text)
		require.NoError(t, err, text)
		requireValue(t, want, got, text)
	}
}

func requireValue(t *testing.T, want *big.Rat, got Result, text string) {
	shown, ok := new(big.Rat).SetString(got.Value)
	require.True(t, ok, got.Value)
	if got.Fraction != "" {
		require.Equal(t, want.RatString(), got.Fraction, text)
	} else if !got.Approximate {
		require.Zero(t, want.Cmp(shown), "%s = %s", text, got.Value)
	}
	off := new(big.Rat).Sub(shown, want)
	off.Abs(off.Mul(off, big.NewRat(2e15, 1).Mul(big.NewRat(1e14, 1), big.NewRat(2e15, 1))))
	require.LessOrEqual(t, off.Cmp(new(big.Rat).Abs(want)), 0, "%s = %s: more than half of the 30th digit", text, got.Value)
}

// TestApproximations against big.Float.
func TestApproximations(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		text := fmt.Sprintf("%d.%de%d", rnd.IntN(1000), 1+rnd.IntN(1000), rnd.IntN(600)-300)
		x, _, err := big.ParseFloat(text, 10, 400, big.ToNearestEven)
		require.NoError(t, err)
		root, _ := x.Sqrt(x).Rat(nil)
		got, err := Eval("sqrt(" + text + ")")
		require.NoError(t, err)
		if got.Approximate {
			requireValue(t, root, got, text)
		}
	}
}

var form = regexp.MustCompile(`^-?[0-9]+(\.[0-9]*[1-9])?(e-?[0-9]+)?$`)

func FuzzEval(f *testing.F) {
	for _, text := range []string{"1+2*3", "sqrt(2)^-5 mod pi", "max(1,2,-3!)%", "15% of 80", "1,000.5e3", "((((1))))", "round(1/3,900)", "2^-2^3", "gcd(4,6)!",
		"lcm(1e3000+1,1e2999+3)", "e^9999", "1e-6000/pi", "sqrt(1e-6000*3)", "2086!/2085!", "×÷−", "\xf0\x9f"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Eval(text)
		switch {
		case err != nil && err.Error() == "":
			t.Fatal("an error without words")
		case err == nil && !form.MatchString(r.Value):
			t.Fatalf("%q", r.Value)
		}
	})
}

// BenchmarkSlowest: what takes the longest that was found.
func BenchmarkSlowest(b *testing.B) {
	text := strings.Repeat("sqrt(3e5990)+", maxInput/13)[:maxInput/13*13-1]
	for b.Loop() {
		if _, err := Eval(text); err != nil {
			b.Fatal(err)
		}
	}
}
