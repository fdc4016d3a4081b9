package calc

// parser computes while it reads: recursive descent, one method for each precedence.
type parser struct {
	scanner
	depth int
}

// whole reads the expression.
func (p *parser) whole() (value, error) {
	if err := p.next(); err != nil {
		return value{}, err
	}
	if p.token.kind == tokenEnd {
		return value{}, p.errorAt(0, "the expression is empty")
	}
	v, err := p.sum()
	if err != nil {
		return value{}, err
	}
	if p.token.kind != tokenEnd {
		return value{}, p.unexpected()
	}
	return v, nil
}

// unexpected is the error of a token where an operator should be.
func (p *parser) unexpected() error {
	switch {
	case p.is(","):
		return p.errorAt(p.token.at, "unexpected comma: decimals have a point, thousands come in groups of three digits")
	case p.is(")"):
		return p.errorAt(p.token.at, "a closing parenthesis has no opening one")
	case p.is("x"):
		return p.errorAt(p.token.at, "unexpected x: write * to multiply")
	case p.startsOperand():
		return p.errorAt(p.token.at, "an operator is missing before %s: write * to multiply", p.describe())
	}
	return p.errorAt(p.token.at, "unexpected %s", p.describe())
}

// startsOperand reports whether the current token begins a number.
func (p *parser) startsOperand() bool {
	switch p.token.kind {
	case tokenNumber:
		return true
	case tokenName:
		return !p.is("of") && !p.is("mod")
	}
	return p.is("(")
}

// apply computes a op b; the operator stands at a byte of the expression.
func (p *parser) apply(op func(a, b value) (value, error), a, b value, at int) (value, error) {
	v, err := op(a, b)
	if err == nil {
		v, err = v.limited()
	}
	if err != nil {
		return value{}, p.errorAt(at, "%w", err)
	}
	return v, nil
}

// binary reads operands of the next higher precedence, joined by the given operators from left to right.
func (p *parser) binary(operand func() (value, error), operators map[string]func(a, b value) (value, error)) (value, error) {
	v, err := operand()
	for err == nil && (p.token.kind == tokenOperator || p.token.kind == tokenName) {
		op, at := operators[p.token.text], p.token.at
		if op == nil {
			break
		}
		var w value
		if err = p.next(); err != nil {
			break
		}
		if w, err = operand(); err != nil {
			break
		}
		v, err = p.apply(op, v, w, at)
	}
	return v, err
}

var (
	sumOperators     = map[string]func(a, b value) (value, error){"+": add, "-": subtract}
	productOperators = map[string]func(a, b value) (value, error){"*": multiply, "/": divide, "%": remainder, "of": multiply, "mod": remainder}
)

func (p *parser) sum() (value, error) { return p.binary(p.product, sumOperators) }

func (p *parser) product() (value, error) { return p.binary(p.signed, productOperators) }

// signed reads a sign and what it belongs to: -2^2 is -(2^2).
func (p *parser) signed() (value, error) {
	if p.depth++; p.depth > maxDepth {
		return value{}, p.errorAt(p.token.at, "nested too deep: at most %d levels", maxDepth)
	}
	defer func() { p.depth-- }()
	minus := p.is("-")
	if !minus && !p.is("+") {
		return p.power()
	}
	if err := p.next(); err != nil {
		return value{}, err
	}
	v, err := p.signed()
	if err != nil || !minus {
		return v, err
	}
	return negate(v), nil
}

func (p *parser) power() (value, error) {
	v, err := p.postfix()
	if err != nil || !p.is("^") {
		return v, err
	}
	at := p.token.at
	if err := p.next(); err != nil {
		return value{}, err
	}
	exponent, err := p.signed()
	if err != nil {
		return value{}, err
	}
	return p.apply(power, v, exponent, at)
}

// postfix reads factorials and percent signs.
func (p *parser) postfix() (value, error) {
	v, err := p.primary()
	for err == nil {
		at := p.token.at
		switch {
		case p.is("!"):
			v, err = p.apply(func(a, _ value) (value, error) { return factorial(a) }, v, v, at)
		case p.is("%") && !p.isRemainder():
			v, err = p.apply(divide, v, whole(100), at)
		default:
			return v, nil
		}
		if err == nil {
			err = p.next()
		}
	}
	return value{}, err
}

// isRemainder reports whether something to divide by follows the percent sign.
func (p *parser) isRemainder() bool {
	ahead := *p
	return ahead.next() == nil && ahead.startsOperand()
}

// primary reads a number, a name or parentheses.
func (p *parser) primary() (value, error) {
	t := p.token
	switch {
	case t.kind == tokenNumber:
		v, err := parseNumber(t.text)
		if err != nil {
			return value{}, p.errorAt(t.at, "%w", err)
		}
		return v, p.next()
	case t.kind == tokenName:
		return p.named()
	case p.is("("):
		v, err := p.group(false, p.sum)
		return v, err
	}
	return value{}, p.errorAt(t.at, "a number is missing before %s", p.describe())
}

// group reads what stands in parentheses.
func (p *parser) group(call bool, inside func() (value, error)) (v value, err error) {
	opened, outer := p.token.at, p.inCall
	p.inCall = call
	if err = p.next(); err != nil {
		return v, err
	}
	if v, err = inside(); err != nil {
		return v, err
	}
	if !p.is(")") {
		if p.token.kind == tokenEnd {
			return v, p.errorAt(opened, "a parenthesis is not closed")
		}
		return v, p.unexpected()
	}
	p.inCall = outer
	return v, p.next()
}

// named reads a constant or the call of a function.
func (p *parser) named() (value, error) {
	name := p.token
	c, isConstant := constants[name.text]
	f, isFunction := functions[name.text]
	if err := p.next(); err != nil {
		return value{}, err
	}
	switch {
	case isConstant:
		return c, nil
	case !isFunction:
		return value{}, p.errorAt(name.at, "unknown name %q; known: %s", name.text, Names())
	case !p.is("("):
		return value{}, p.errorAt(name.at, "%s needs its arguments in parentheses", name.text)
	}
	return p.group(true, func() (value, error) { return p.arguments(name, f) })
}

// arguments reads the arguments of a function and calls it.
func (p *parser) arguments(name token, f function) (value, error) {
	var args []value
	for more := !p.is(")"); more; {
		v, err := p.sum()
		if err != nil {
			return value{}, err
		}
		args = append(args, v)
		if more = p.is(","); more {
			if err := p.next(); err != nil {
				return value{}, err
			}
		}
	}
	if len(args) < f.min || len(args) > f.max {
		return value{}, p.errorAt(name.at, "%s takes %s, not %d", name.text, f.takes(), len(args))
	}
	return p.apply(func(value, value) (value, error) { return f.call(args) }, value{}, value{}, name.at)
}
