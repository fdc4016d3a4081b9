// Package calc evaluates arithmetic exactly: fractions of whole numbers of any size, within limits of time and memory. Nothing is
// executed; errors are sentences for the model or the person who wrote the expression.
package calc

import "fmt"

// Limits of one expression.
const (
	maxInput = 4 << 10 // bytes
	maxBits  = 20_000  // of a numerator or denominator: about 6,000 digits
	maxDepth = 100     // parentheses, powers and signs in one another
)

// Result is the value of an expression.
type Result struct {
	// Value is a decimal number: exact if Fraction is empty and Approximate false, else rounded to 30 significant digits. Numbers far
	// from 1 are written like 1.5e-40.
	Value string `json:"result"`
	// Fraction is the exact value, like 1/3, where no short decimal number is.
	Fraction string `json:"fraction,omitempty"`
	// Approximate is set where the value is not exact: roots, pi and e, and what is too long to be written.
	Approximate bool `json:"approximate,omitempty"`
}

// Eval computes an expression of at most 4 KiB: + - * / ^ and parentheses; % after a number or as the remainder, which has the sign
// of the divisor; x! and the functions and constants of Names. 1,000 is a thousand, but for commas between the arguments of functions.
// Exponents are whole numbers. The time is bounded for any input. Errors say at which character of the expression.
func Eval(expression string) (Result, error) {
	if len(expression) > maxInput {
		return Result{}, fmt.Errorf("the expression is too long: %d bytes, at most %d", len(expression), maxInput)
	}
	p := &parser{scanner: scanner{text: expression}}
	v, err := p.whole()
	if err != nil {
		return Result{}, err
	}
	return v.result(), nil
}
