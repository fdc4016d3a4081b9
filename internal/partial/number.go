package partial

// numberState is a place in a number.
type numberState uint8

const (
	numberStart numberState = iota
	numberMinus
	numberZero
	numberWhole
	numberPoint
	numberFraction
	numberE
	numberSign
	numberExponent
)

// next moves past c and reports whether it goes on the number.
func (n *numberState) next(c byte) bool {
	to := numberStart
	switch {
	case c == '-' && *n == numberStart:
		to = numberMinus
	case c == '0' && *n <= numberMinus:
		to = numberZero
	case c >= '0' && c <= '9':
		to = n.digit()
	case c == '.' && (*n == numberZero || *n == numberWhole):
		to = numberPoint
	case (c == 'e' || c == 'E') && (*n == numberZero || *n == numberWhole || *n == numberFraction):
		to = numberE
	case (c == '+' || c == '-') && *n == numberE:
		to = numberSign
	}
	if to == numberStart {
		return false
	}
	*n = to
	return true
}

// digit returns where a digit leads.
func (n numberState) digit() numberState {
	switch n {
	case numberStart, numberMinus, numberWhole:
		return numberWhole
	case numberPoint, numberFraction:
		return numberFraction
	case numberE, numberSign, numberExponent:
		return numberExponent
	}
	return numberStart
}

// whole reports whether the number may end here.
func (n numberState) whole() bool {
	return n == numberZero || n == numberWhole || n == numberFraction || n == numberExponent
}
