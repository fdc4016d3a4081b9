package calc

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
)

// function is what can be called.
type function struct {
	min, max int // arguments
	call     func(args []value) (value, error)
}

// many is more arguments than fit into an expression.
const many = maxInput

func (f function) takes() string {
	switch {
	case f.max == many:
		return fmt.Sprintf("%d or more arguments", f.min)
	case f.min < f.max:
		return fmt.Sprintf("%d to %d arguments", f.min, f.max)
	}
	return "1 argument"
}

var functions = map[string]function{
	"abs":   {1, 1, func(a []value) (value, error) { return value{new(big.Rat).Abs(a[0].Rat), a[0].approximate}, nil }},
	"ceil":  {1, 1, func(a []value) (value, error) { return negate(floor(negate(a[0]))), nil }},
	"floor": {1, 1, func(a []value) (value, error) { return floor(a[0]), nil }},
	"gcd":   {1, many, func(a []value) (value, error) { return fold(a, gcd) }},
	"lcm":   {1, many, func(a []value) (value, error) { return fold(a, lcm) }},
	"max":   {1, many, func(a []value) (value, error) { return slices.MaxFunc(a, compare), nil }},
	"min":   {1, many, func(a []value) (value, error) { return slices.MinFunc(a, compare), nil }},
	"round": {1, 2, roundTo},
	"sqrt":  {1, 1, squareRoot},
}

var constants = map[string]value{
	"pi": constant("3.14159265358979323846264338327950288419716939937510582097494459"),
	"π":  constant("3.14159265358979323846264338327950288419716939937510582097494459"),
	"e":  constant("2.71828182845904523536028747135266249775724709369995957496696763"),
}

func constant(digits string) value {
	r, _ := new(big.Rat).SetString(digits)
	return value{r, true}
}

// Names lists the functions and constants.
func Names() string {
	names := slices.Sorted(maps.Keys(functions))
	return strings.Join(append(names, "pi", "e"), ", ")
}

func compare(a, b value) int { return a.Cmp(b.Rat) }

// fold joins whole numbers by an operation.
func fold(args []value, join func(a, b *big.Int) *big.Int) (value, error) {
	var v value
	for i, a := range args {
		n, err := a.integer()
		if err != nil {
			return value{}, err
		}
		n = new(big.Int).Abs(n)
		if i > 0 {
			n = join(v.Num(), n)
		}
		if v, err = (value{new(big.Rat).SetInt(n), v.approximate || a.approximate}).limited(); err != nil {
			return value{}, err
		}
	}
	return v, nil
}

func gcd(a, b *big.Int) *big.Int { return new(big.Int).GCD(nil, nil, a, b) }

func lcm(a, b *big.Int) *big.Int {
	if a.Sign() == 0 || b.Sign() == 0 {
		return new(big.Int)
	}
	q := new(big.Int).Quo(a, gcd(a, b))
	return q.Mul(q, b)
}

// maxPlaces is to how many decimal places can be rounded.
const maxPlaces = 1000

// roundTo rounds to decimal places, halves away from zero.
func roundTo(args []value) (value, error) {
	places := int64(0)
	if len(args) == 2 {
		n, err := args[1].integer()
		if err != nil || n.CmpAbs(big.NewInt(maxPlaces)) > 0 {
			return value{}, fmt.Errorf("the places to round to are a whole number up to %d", maxPlaces)
		}
		places = n.Int64()
	}
	a := args[0].settled()
	unit := new(big.Rat).SetInt(power10(int(abs64(places))))
	if places > 0 {
		unit.Inv(unit)
	}
	q := new(big.Rat).Quo(a.Rat, unit)
	q.SetInt(nearest(q))
	return value{q.Mul(q, unit), a.approximate}, nil
}

// squareRoot is exact where the root is a fraction.
func squareRoot(args []value) (value, error) {
	a := args[0]
	if a.Sign() < 0 {
		return value{}, errors.New("a negative number has no real square root")
	}
	num, den := new(big.Int).Sqrt(a.Num()), new(big.Int).Sqrt(a.Denom())
	root := new(big.Rat).SetFrac(num, den)
	if new(big.Rat).Mul(root, root).Cmp(a.Rat) == 0 {
		return value{root, a.approximate}, nil
	}
	_, exp := decimal(a.Rat, 1)
	shift := max(0, keptDigits+5-exp/2)
	scaled := new(big.Int).Mul(a.Num(), power10(2*shift))
	scaled.Quo(scaled, a.Denom())
	return value{new(big.Rat).SetFrac(scaled.Sqrt(scaled), power10(shift)), true}, nil
}
