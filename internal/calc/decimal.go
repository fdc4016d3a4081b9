package calc

import (
	"math/big"
	"strconv"
	"strings"
)

// Lengths of what is written.
const (
	maxExactDigits    = 60  // of a decimal number with a fraction
	maxWholeDigits    = 400 // of a whole number
	maxFractionDigits = 120 // of numerator and denominator together
	maxZeros          = 30  // after the point or before it, where digits were left out
)

func power10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// nearest rounds to a whole number, halves away from zero.
func nearest(x *big.Rat) *big.Int {
	n := new(big.Int).Lsh(new(big.Int).Abs(x.Num()), 1)
	n.Add(n, x.Denom())
	n.Quo(n, new(big.Int).Lsh(x.Denom(), 1))
	if x.Sign() < 0 {
		n.Neg(n)
	}
	return n
}

// decimal returns the digits of |x|, rounded to so many significant ones, and the exponent of the first: 0.0123 is 123 and -2.
func decimal(x *big.Rat, digits int) (string, int) {
	if x.Sign() == 0 {
		return strings.Repeat("0", digits), 0
	}
	a := new(big.Rat).Abs(x)
	exp := (a.Num().BitLen() - a.Denom().BitLen()) * 30103 / 100000
	for { // the estimate is one off at most
		text := nearest(scale(a, digits-1-exp)).String()
		switch {
		case len(text) > digits:
			exp++
		case len(text) < digits:
			exp--
		default:
			return text, exp
		}
	}
}

// scale returns x·10ⁿ.
func scale(x *big.Rat, n int) *big.Rat {
	f := new(big.Rat).SetInt(power10(max(n, -n)))
	if n < 0 {
		f.Inv(f)
	}
	return f.Mul(f, x)
}

// round rounds to significant digits.
func round(x *big.Rat, digits int) *big.Rat {
	text, exp := decimal(x, digits)
	n, _ := new(big.Int).SetString(text, 10)
	if x.Sign() < 0 {
		n.Neg(n)
	}
	return scale(new(big.Rat).SetInt(n), exp-digits+1)
}

// result writes a number.
func (v value) result() Result {
	if text, ok := exact(v.Rat); ok && !v.approximate {
		return Result{Value: text}
	}
	r := Result{Value: rounded(v.Rat), Approximate: true}
	if f := v.RatString(); !v.approximate && !v.IsInt() && len(f) <= maxFractionDigits {
		r.Fraction, r.Approximate = f, false
	}
	return r
}

// exact returns a number as a decimal one, if it is one and short.
func exact(x *big.Rat) (string, bool) {
	if x.IsInt() {
		text := x.Num().String()
		return text, len(text) <= maxWholeDigits
	}
	places, ok := x.FloatPrec()
	if !ok || places > maxExactDigits {
		return "", false
	}
	text := x.FloatString(places)
	significant := strings.TrimLeft(strings.Replace(text, ".", "", 1), "-0")
	return text, len(significant) <= maxExactDigits
}

// rounded returns a number rounded to the digits that are shown.
func rounded(x *big.Rat) string {
	text, exp := decimal(x, shownDigits)
	text = strings.TrimRight(text, "0")
	sign := ""
	if x.Sign() < 0 {
		sign = "-"
	}
	switch {
	case text == "":
		return "0"
	case exp < -maxZeros || exp >= shownDigits+maxZeros:
		if len(text) > 1 {
			text = text[:1] + "." + text[1:]
		}
		return sign + text + "e" + strconv.Itoa(exp)
	case exp < 0:
		return sign + "0." + strings.Repeat("0", -exp-1) + text
	case len(text) > exp+1:
		return sign + text[:exp+1] + "." + text[exp+1:]
	}
	return sign + text + strings.Repeat("0", exp+1-len(text))
}
