package calc

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
)

// value is a number. An approximate one is kept to 50 significant digits.
type value struct {
	*big.Rat
	approximate bool
}

// Significant digits of approximate numbers: as they are kept, as whole numbers are told from others, as they are shown.
const (
	keptDigits    = 50
	settledDigits = 40
	shownDigits   = 30
)

var (
	errZero    = errors.New("division by zero")
	errTooLong = errors.New("the number has too many digits: about 6000 is the limit")
	errWhole   = errors.New("only whole numbers can stand here")
)

func whole(n int64) value { return value{Rat: big.NewRat(n, 1)} }

// maxExponent is what the exponent of a number may be at most, 10 to the power of it being of maxBits.
const maxExponent = maxBits * 3 / 10

// parseNumber reads digits with a point and an exponent.
func parseNumber(text string) (value, error) {
	if _, exp, ok := strings.Cut(strings.ToLower(text), "e"); ok {
		if n, err := strconv.Atoi(exp); err != nil || n > maxExponent || n < -maxExponent {
			return value{}, errTooLong
		}
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return value{}, errors.New("not a number: " + text)
	}
	return value{Rat: r}.limited()
}

// limited returns the number, rounded if it is approximate, or an error if it is too large.
func (v value) limited() (value, error) {
	if v.approximate {
		v.Rat = round(v.Rat, keptDigits)
	}
	if v.Num().BitLen() > maxBits || v.Denom().BitLen() > maxBits {
		return value{}, errTooLong
	}
	return v, nil
}

// settled returns an approximate number without its last digits, so that 2 is 2 where it was computed as 1.99…9.
func (v value) settled() value {
	if v.approximate {
		v.Rat = round(v.Rat, settledDigits)
	}
	return v
}

// integer returns a whole number.
func (v value) integer() (*big.Int, error) {
	v = v.settled()
	if !v.IsInt() {
		return nil, errWhole
	}
	return v.Num(), nil
}

func negate(a value) value { return value{new(big.Rat).Neg(a.Rat), a.approximate} }

func add(a, b value) (value, error) {
	v := value{new(big.Rat).Add(a.Rat, b.Rat), a.approximate || b.approximate}
	if v.approximate && cancels(v.Rat, a.Rat) {
		v.Rat = new(big.Rat)
	}
	return v, nil
}

// cancels reports whether a sum is nothing but what approximate terms had too much.
func cancels(sum, term *big.Rat) bool {
	least := new(big.Rat).SetFrac(big.NewInt(1), power10(settledDigits))
	return least.Mul(least, new(big.Rat).Abs(term)).Cmp(new(big.Rat).Abs(sum)) > 0
}

func subtract(a, b value) (value, error) { return add(a, negate(b)) }

func multiply(a, b value) (value, error) {
	return value{new(big.Rat).Mul(a.Rat, b.Rat), a.approximate || b.approximate}, nil
}

func divide(a, b value) (value, error) {
	if b.Sign() == 0 {
		return value{}, errZero
	}
	return value{new(big.Rat).Quo(a.Rat, b.Rat), a.approximate || b.approximate}, nil
}

// remainder has the sign of the divisor.
func remainder(a, b value) (value, error) {
	q, err := divide(a, b)
	if err != nil {
		return value{}, err
	}
	product, _ := multiply(b, floor(q))
	return subtract(a, product)
}

func floor(a value) value {
	a = a.settled()
	q := new(big.Int).Div(a.Num(), a.Denom()) // Euclidean, and the divisor is positive
	return value{new(big.Rat).SetInt(q), a.approximate}
}

// power computes a to a whole power.
func power(a, b value) (value, error) {
	n, err := b.integer()
	if err != nil {
		return value{}, errors.New("exponents must be whole numbers; for roots there is sqrt")
	}
	if a.Sign() == 0 && n.Sign() < 0 {
		return value{}, errZero
	}
	v := value{approximate: a.approximate || b.approximate}
	one := a.Denom().IsInt64() && a.Denom().Int64() == 1 && a.Num().IsInt64() && a.Num().Int64() >= -1 && a.Num().Int64() <= 1
	if one { // 0, 1 and -1, to any power
		n = big.NewInt(int64(n.Sign()) * (2 - int64(n.Bit(0))))
	}
	size := max(a.Num().BitLen(), a.Denom().BitLen())
	if !n.IsInt64() || n.Int64() > maxBits || n.Int64() < -maxBits || !a.approximate && (size-1)*int(abs64(n.Int64())) > maxBits {
		return value{}, errTooLong
	}
	if a.approximate {
		v.Rat, err = approximatePower(a.Rat, abs64(n.Int64()))
	} else {
		e := big.NewInt(abs64(n.Int64()))
		v.Rat = new(big.Rat).SetFrac(new(big.Int).Exp(a.Num(), e, nil), new(big.Int).Exp(a.Denom(), e, nil))
	}
	if err == nil && n.Sign() < 0 {
		if v.Sign() == 0 {
			return value{}, errTooLong
		}
		v.Inv(v.Rat)
	}
	return v, err
}

func abs64(n int64) int64 { return max(n, -n) }

// approximatePower squares and rounds.
func approximatePower(a *big.Rat, n int64) (*big.Rat, error) {
	out := big.NewRat(1, 1)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			out = round(out.Mul(out, a), keptDigits+10)
		}
		a = round(new(big.Rat).Mul(a, a), keptDigits+10)
		if size := max(a.Num().BitLen(), a.Denom().BitLen()); size > maxBits && n > 1 {
			return nil, errTooLong
		}
	}
	return out, nil
}

// maxFactorial is the largest number whose factorial has at most maxBits bits.
const maxFactorial = 2086

func factorial(a value) (value, error) {
	n, err := a.integer()
	switch {
	case err != nil || n.Sign() < 0:
		return value{}, errors.New("only whole numbers from 0 have a factorial")
	case !n.IsInt64() || n.Int64() > maxFactorial:
		return value{}, errTooLong
	}
	return value{new(big.Rat).SetInt(new(big.Int).MulRange(1, n.Int64())), a.approximate}, nil
}
