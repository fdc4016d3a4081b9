package jinja

import "strings"

// expression parses a conditional expression, the loosest there is.
func (p *parser) expression() expr {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	start := p.pos
	x := p.or()
	for n := 0; p.isName("if"); n++ {
		if n > maxParseDepth {
			p.fail("too many conditions")
			break
		}
		soft := p.soft
		p.soft = true
		p.next()
		test := p.or()
		var other expr
		if p.skipName("else") {
			other = p.expression()
		}
		p.soft = soft
		p.soften(start)
		x = &conditional{test, x, other}
	}
	return x
}

// soften is called when the expression that started at token start turned out to be conditional: an unknown filter in it
// raises only when reached.
func (p *parser) soften(start int) {
	for len(p.unknowns) > 0 && p.unknowns[len(p.unknowns)-1].pos >= start {
		p.unknowns = p.unknowns[:len(p.unknowns)-1]
	}
}

func (p *parser) or() expr { return p.logical("or", p.and) }

func (p *parser) and() expr { return p.logical("and", p.not) }

func (p *parser) logical(word string, operand func() expr) expr {
	x := operand()
	if !p.isName(word) {
		return x
	}
	n := &logic{isOr: word == "or", items: []expr{x}}
	for p.skipName(word) {
		n.items = append(n.items, operand())
	}
	return n
}

func (p *parser) not() expr {
	if !p.isName("not") {
		return p.compare()
	}
	if !p.enter() {
		return nil
	}
	defer p.leave()
	p.next()
	return &negation{p.not()}
}

func (p *parser) compareOp() string {
	t := p.cur()
	if t.kind == tokOp {
		switch t.text {
		case "==", "!=", "<", "<=", ">", ">=":
			p.next()
			return t.text
		}
		return ""
	}
	if p.skipName("in") {
		return "in"
	}
	if n := p.peek(); p.isName("not") && n.kind == tokName && n.text == "in" {
		p.next()
		p.next()
		return "not in"
	}
	return ""
}

func (p *parser) compare() expr {
	x := p.sum()
	op := p.compareOp()
	if op == "" {
		return x
	}
	n := &comparison{first: x}
	for ; op != ""; op = p.compareOp() {
		n.rest = append(n.rest, operand{op, p.sum()})
	}
	return n
}

// chain parses operands joined by operators of one level, which bind to the left.
func (p *parser) chain(next func() expr, ops ...string) expr {
	x := next()
	var n *arithmetic
	for p.cur().kind == tokOp {
		found := ""
		for _, op := range ops {
			if p.isOp(op) {
				found = op
			}
		}
		if found == "" {
			break
		}
		p.next()
		if n == nil {
			n = &arithmetic{first: x}
			x = n
		}
		n.rest = append(n.rest, operand{found, next()})
	}
	return x
}

func (p *parser) sum() expr { return p.chain(p.concat, "+", "-") }

func (p *parser) concat() expr {
	x := p.product()
	if !p.isOp("~") {
		return x
	}
	n := &concatenation{[]expr{x}}
	for p.skipOp("~") {
		n.items = append(n.items, p.product())
	}
	return n
}

func (p *parser) product() expr { return p.chain(p.pow, "*", "/", "//", "%") }

func (p *parser) pow() expr { return p.chain(func() expr { return p.unary(true) }, "**") }

func (p *parser) unary(filters bool) expr {
	var x expr
	if p.isOp("-") || p.isOp("+") {
		if !p.enter() {
			return nil
		}
		minus := p.next().text == "-"
		x = &sign{minus, p.unary(false)}
		p.leave()
	} else {
		x = p.primary()
	}
	x = p.postfix(x)
	if filters {
		x = p.filterExpr(x)
	}
	return x
}

func (p *parser) primary() expr {
	t := p.cur()
	switch t.kind {
	case tokName:
		p.next()
		switch t.text {
		case "true", "True":
			return constant{boolean(true)}
		case "false", "False":
			return constant{boolean(false)}
		case "none", "None":
			return constant{none{}}
		}
		p.mention(t.text)
		return nameRef{t.text}
	case tokString:
		var s strings.Builder
		for p.cur().kind == tokString {
			s.WriteString(p.next().text)
		}
		return constant{trustedText(s.String())}
	case tokNumber:
		p.next()
		return constant{t.value}
	case tokOp:
		switch t.text {
		case "(":
			p.next()
			x := p.tuple(tupleRules{brackets: true})
			p.wantOp(")")
			return x
		case "[":
			return p.list()
		case "{":
			return p.dict()
		}
	}
	p.fail("unexpected '%s'", clip(t.describe()))
	return nil
}

// mention tells the open macros that their body reads a name.
func (p *parser) mention(name string) {
	for _, m := range p.macros {
		switch name {
		case "caller":
			m.caller = true
		case "kwargs":
			m.kwargs = true
		case "varargs":
			m.varags = true
		}
	}
}

func (p *parser) list() expr {
	p.next()
	n := &display{}
	for p.err == nil && !p.isOp("]") {
		n.items = append(n.items, p.expression())
		if !p.isOp("]") {
			p.wantOp(",")
		}
	}
	p.wantOp("]")
	return n
}

func (p *parser) dict() expr {
	p.next()
	n := &dictDisplay{}
	for p.err == nil && !p.isOp("}") {
		n.keys = append(n.keys, p.expression())
		p.wantOp(":")
		n.vals = append(n.vals, p.expression())
		if !p.isOp("}") {
			p.wantOp(",")
		}
	}
	p.wantOp("}")
	return n
}

// tooLong stops a chain of postfixes or filters: each one is a level of the tree.
func (p *parser) tooLong(n int) bool {
	if n > maxParseDepth && p.err == nil {
		p.err = &LimitError{"depth", maxParseDepth}
	}
	return p.err != nil
}

func (p *parser) postfix(x expr) expr {
	for n := 0; !p.tooLong(n); n++ {
		switch {
		case p.skipOp("."):
			t := p.next()
			switch {
			case t.kind == tokName:
				x = &attribute{x, t.text}
			case t.kind == tokNumber && isInteger(t.value):
				x = &subscript{x, constant{t.value}}
			default:
				p.failAt(t.line, "expected name or number")
			}
		case p.isOp("["):
			x = p.subscript(x)
		case p.isOp("("):
			x = &call{x, p.arguments()}
		default:
			return x
		}
	}
	return x
}

func isInteger(v Value) bool {
	_, ok := toBig(v)
	return ok
}

func (p *parser) subscript(x expr) expr {
	p.next()
	var keys []expr
	for p.err == nil && !p.isOp("]") {
		if len(keys) > 0 {
			p.wantOp(",")
		}
		keys = append(keys, p.subscriptKey())
	}
	p.wantOp("]")
	if len(keys) == 1 {
		return &subscript{x, keys[0]}
	}
	for _, k := range keys {
		if _, ok := k.(*slicing); ok {
			p.fail("slices cannot be combined")
		}
	}
	return &subscript{x, &display{keys, true}}
}

func (p *parser) subscriptKey() expr {
	var s slicing
	if !p.isOp(":") {
		x := p.expression()
		if !p.isOp(":") {
			return x
		}
		s.lo = x
	}
	p.wantOp(":")
	if !p.isOp(":") && !p.isOp("]") && !p.isOp(",") {
		s.hi = p.expression()
	}
	if p.skipOp(":") && !p.isOp("]") && !p.isOp(",") {
		s.step = p.expression()
	}
	return &s
}

func (p *parser) arguments() arguments {
	var a arguments
	p.wantOp("(")
	for p.err == nil && !p.isOp(")") {
		ok := true
		switch n := p.peek(); {
		case p.skipOp("*"):
			ok = a.star == nil && a.double == nil
			a.star = p.expression()
		case p.skipOp("**"):
			ok = a.double == nil
			a.double = p.expression()
		case p.cur().kind == tokName && n.kind == tokOp && n.text == "=":
			ok = a.double == nil
			name := p.next().text
			p.next()
			a.kw = append(a.kw, keyword{name, p.expression()})
		default:
			ok = a.star == nil && a.double == nil && a.kw == nil
			a.pos = append(a.pos, p.expression())
		}
		if !ok {
			p.fail("invalid syntax for function call expression")
		}
		if !p.isOp(")") {
			p.wantOp(",")
		}
	}
	p.wantOp(")")
	return a
}

// filterExpr parses filters, tests and calls of their results.
func (p *parser) filterExpr(x expr) expr {
	for n := 0; !p.tooLong(n); n++ {
		switch {
		case p.isOp("|"):
			x = p.filters(x, false)
		case p.isName("is"):
			x = p.test(x)
		case p.isOp("("):
			x = &call{x, p.arguments()}
		default:
			return x
		}
	}
	return x
}

func (p *parser) dottedName() string {
	name := p.want(tokName).text
	for p.skipOp(".") {
		name += "." + p.want(tokName).text
	}
	return name
}

// filters parses a chain of filters. With started, the first one has no bar before it.
func (p *parser) filters(x expr, started bool) expr {
	for n := 0; !p.tooLong(n) && (started || p.skipOp("|")); n++ {
		started = false
		line := p.cur().line
		f := &filterCall{x: x, name: p.dottedName()}
		if p.isOp("(") {
			f.args = p.arguments()
		}
		if _, ok := filters[f.name]; !ok {
			p.unknown(line, "filter", f.name)
		}
		x = f
	}
	return x
}

// unknown notes a filter or test that does not exist. It is an error unless an if or a conditional stands around it.
func (p *parser) unknown(line int, kind, name string) {
	if !p.soft {
		p.unknowns = append(p.unknowns, unknownName{p.pos, line, "No " + kind + " named '" + clip(name) + "'."})
	}
}

func (p *parser) test(x expr) expr {
	p.next()
	negated := p.skipName("not")
	line := p.cur().line
	t := &testCall{x: x, name: p.dottedName()}
	c := p.cur()
	switch {
	case p.isOp("("):
		t.args = p.arguments()
	case p.isName("else"), p.isName("or"), p.isName("and"):
	case p.isName("is"):
		p.fail("You cannot chain multiple tests with is")
	case c.kind == tokName, c.kind == tokString, c.kind == tokNumber, p.isOp("["), p.isOp("{"):
		t.args.pos = []expr{p.postfix(p.primary())}
	}
	if _, ok := tests[t.name]; !ok {
		p.unknown(line, "test", t.name)
	}
	if negated {
		return &negation{t}
	}
	return t
}
