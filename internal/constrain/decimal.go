package constrain

import (
	"math/big"
	"strconv"
	"strings"
)

// decimal is an exact number: ±0.digits × 10^exp, without zeros at the ends of digits; zero has none.
type decimal struct {
	neg    bool
	digits string
	exp    int64
}

const maxExponent = 1 << 40

// parseDecimal reads a number as JSON spells it. Exponents beyond 2^40 are cut to that.
func parseDecimal(s string) decimal {
	var d decimal
	s, d.neg = strings.CutPrefix(s, "-")
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e := strings.TrimPrefix(s[i+1:], "+")
		n, err := strconv.ParseInt(e, 10, 64)
		if err != nil && strings.HasPrefix(e, "-") || n < -maxExponent {
			n = -maxExponent
		} else if err != nil || n > maxExponent {
			n = maxExponent
		}
		d.exp, s = n, s[:i]
	}
	whole, frac, _ := strings.Cut(s, ".")
	d.exp += int64(len(whole))
	all := whole + frac
	rest := strings.TrimLeft(all, "0")
	d.exp -= int64(len(all) - len(rest))
	d.digits = strings.TrimRight(rest, "0")
	if d.digits == "" {
		return decimal{}
	}
	return d
}

func (d decimal) zero() bool { return d.digits == "" }

// integer reports whether d is whole.
func (d decimal) integer() bool { return int64(len(d.digits)) <= d.exp || d.zero() }

// compare returns -1, 0 or 1.
func (d decimal) compare(e decimal) int {
	switch {
	case d.sign() != e.sign():
		if d.sign() < e.sign() {
			return -1
		}
		return 1
	case d.neg:
		return e.compareSize(d)
	}
	return d.compareSize(e)
}

func (d decimal) sign() int {
	switch {
	case d.zero():
		return 0
	case d.neg:
		return -1
	}
	return 1
}

func (d decimal) compareSize(e decimal) int {
	if d.exp != e.exp && !d.zero() && !e.zero() {
		if d.exp < e.exp {
			return -1
		}
		return 1
	}
	return strings.Compare(d.digits, e.digits)
}

// appendKey appends a text that equal numbers share.
func (d decimal) appendKey(b []byte) []byte {
	if d.neg {
		b = append(b, '-')
	}
	return strconv.AppendInt(append(append(b, '.'), d.digits...), d.exp, 10)
}

// plain returns the number without an exponent, if it takes at most the given number of digits.
func (d decimal) plain(limit int64) (string, bool) {
	if d.zero() {
		return "0", true
	}
	n := int64(len(d.digits))
	if d.exp > limit || d.exp < -limit || n-d.exp > limit {
		return "", false
	}
	s := d.digits
	switch {
	case d.exp <= 0:
		s = "0." + strings.Repeat("0", int(-d.exp)) + s
	case d.exp >= n:
		s += strings.Repeat("0", int(d.exp-n))
	default:
		s = s[:d.exp] + "." + s[d.exp:]
	}
	if d.neg {
		s = "-" + s
	}
	return s, true
}

// count returns d as a number of things: at most unbounded-1, which no text reaches.
func (d decimal) count() (uint32, bool) {
	if d.neg || !d.integer() {
		return 0, false
	}
	if d.exp > 9 {
		return unbounded - 1, true
	}
	s, _ := d.plain(10)
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil
}

// scaled returns d as an integer times a power of ten.
func (d decimal) scaled() (*big.Int, int64) {
	n, _ := new(big.Int).SetString("0"+d.digits, 10)
	return n, d.exp - int64(len(d.digits))
}

// multipleOf reports whether d is a whole multiple of m, which is not zero.
func (d decimal) multipleOf(m decimal) bool {
	if d.zero() {
		return true
	}
	n, e := d.scaled()
	by, f := m.scaled()
	if e < f {
		return false // n does not end in zero, so that no power of ten divides it
	}
	p := new(big.Int).Exp(big.NewInt(10), big.NewInt(e-f), by)
	return n.Mul(n, p).Mod(n, by).Sign() == 0
}

// commonMultiple returns the least common multiple of two positive numbers, if it is not very large.
func commonMultiple(d, e decimal) (decimal, bool) {
	n, i := d.scaled()
	m, j := e.scaled()
	low := min(i, j)
	if max(i, j)-low > 50 {
		return decimal{}, false
	}
	ten := big.NewInt(10)
	n.Mul(n, new(big.Int).Exp(ten, big.NewInt(i-low), nil))
	m.Mul(m, new(big.Int).Exp(ten, big.NewInt(j-low), nil))
	gcd := new(big.Int).GCD(nil, nil, n, m)
	n.Mul(n.Div(n, gcd), m)
	out := parseDecimal(n.String())
	out.exp += low
	return out, true
}
