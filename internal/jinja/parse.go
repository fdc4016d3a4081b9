package jinja

import (
	"fmt"
	"slices"
	"strings"
)

// Template is a parsed template. It is immutable and safe for concurrent use.
type Template struct {
	body   []stmt
	blocks map[string]*block
}

// Parse reads a template. Errors are *SyntaxError, or *LimitError for one that is too long or nested too deeply.
func Parse(src string) (*Template, error) {
	if len(src) > maxSource {
		return nil, &LimitError{"source size", maxSource}
	}
	p := &parser{lex: newLexer(strings.ToValidUTF8(src, "\uFFFD")), blocks: map[string]*block{}}
	body, err := p.statements()
	if err != nil {
		return nil, err
	}
	if p.err != nil {
		return nil, p.err
	}
	if len(p.unknowns) > 0 {
		return nil, &SyntaxError{p.unknowns[0].line, p.unknowns[0].msg}
	}
	return &Template{body: body, blocks: p.blocks}, nil
}

// parser is a recursive descent parser whose depth is limited. The first error is kept in err; from then on every token
// reads as the end.
type parser struct {
	lex    *lexer
	ahead  []token // not yet consumed
	pos    int     // tokens consumed
	err    error
	depth  int
	blocks map[string]*block

	soft   bool        // inside an if: unknown filters and tests raise only when reached
	loops  int         // open for bodies in which break is allowed
	inFor  int         // open for blocks of any kind: loop may not be assigned
	macros []*macroDef // open macros: they learn which special names they mention

	unknowns []unknownName
}

// unknownName is a filter or test that does not exist.
type unknownName struct {
	pos, line int
	msg       string
}

func (p *parser) failAt(line int, format string, args ...any) error {
	if p.err == nil {
		p.err = &SyntaxError{line, fmt.Sprintf(format, args...)}
	}
	return p.err
}

func (p *parser) fail(format string, args ...any) { p.failAt(p.cur().line, format, args...) }

// enter counts nesting; it reports whether to go on.
func (p *parser) enter() bool {
	if p.depth++; p.depth > maxParseDepth && p.err == nil {
		p.err = &LimitError{"depth", maxParseDepth}
	}
	return p.err == nil
}

func (p *parser) leave() { p.depth-- }

// look returns the token n places ahead.
func (p *parser) look(n int) token {
	for len(p.ahead) <= n && p.err == nil {
		t, err := p.lex.next()
		if err != nil {
			p.err = err
		}
		p.ahead = append(p.ahead, t)
	}
	if p.err != nil {
		return token{kind: tokEOF}
	}
	return p.ahead[n]
}

func (p *parser) cur() token { return p.look(0) }

func (p *parser) peek() token { return p.look(1) }

func (p *parser) next() token {
	t := p.cur()
	if p.err == nil {
		copy(p.ahead, p.ahead[1:])
		p.ahead = p.ahead[:len(p.ahead)-1]
		p.pos++
	}
	return t
}

func (p *parser) isOp(op string) bool { t := p.cur(); return t.kind == tokOp && t.text == op }

func (p *parser) isName(name string) bool { t := p.cur(); return t.kind == tokName && t.text == name }

func (p *parser) skipOp(op string) bool {
	if p.isOp(op) {
		p.next()
		return true
	}
	return false
}

func (p *parser) skipName(name string) bool {
	if p.isName(name) {
		p.next()
		return true
	}
	return false
}

func (p *parser) wantOp(op string) {
	if !p.skipOp(op) {
		p.unexpected(op)
	}
}

func (p *parser) want(k tokenKind) token {
	t := p.cur()
	if t.kind != k {
		p.unexpected(k.String())
		return t
	}
	return p.next()
}

func (p *parser) unexpected(wanted string) {
	if t := p.cur(); t.kind == tokEOF {
		p.fail("unexpected end of template, expected '%s'.", wanted)
	} else {
		p.fail("expected token '%s', got '%s'", wanted, clip(t.describe()))
	}
}

// statements parses up to one of the end tags, which is left as the current token, or the end of the template.
func (p *parser) statements(ends ...string) ([]stmt, error) {
	var body []stmt
	var out *output
	add := func(line int, x expr) {
		if out == nil {
			out = &output{}
			body = append(body, stmt{line, out})
		}
		out.items = append(out.items, x)
	}
	for p.err == nil {
		t := p.cur()
		switch t.kind {
		case tokEOF:
			if len(ends) > 0 {
				p.fail("Unexpected end of template. Jinja was looking for the following tags: '%s'.", strings.Join(ends, "' or '"))
			}
			return body, p.err
		case tokData:
			p.next()
			add(t.line, constant{trustedText(t.text)})
		case tokPrintBegin:
			p.next()
			add(t.line, p.tuple(tupleRules{}))
			p.want(tokPrintEnd)
		case tokBlockBegin:
			out = nil
			p.next()
			if n := p.cur(); n.kind == tokName && slices.Contains(ends, n.text) {
				return body, nil
			}
			if node := p.statement(); node != nil {
				body = append(body, stmt{t.line, node})
			}
			p.want(tokBlockEnd)
		default:
			p.fail("unexpected '%s'", t.describe())
		}
	}
	return nil, p.err
}

// body parses the inside of a block tag, from the end of the opening tag to the closing tag's name, which it returns.
func (p *parser) body(ends ...string) ([]stmt, string) {
	if !p.enter() {
		return nil, ""
	}
	defer p.leave()
	p.skipOp(":")
	p.want(tokBlockEnd)
	b, _ := p.statements(ends...)
	return b, p.next().text
}

// hard parses f outside of any if: unknown filters are errors there.
func (p *parser) hard(f func()) {
	soft := p.soft
	p.soft = false
	f()
	p.soft = soft
}

func (p *parser) statement() any {
	t := p.cur()
	if t.kind != tokName {
		p.fail("tag name expected")
		return nil
	}
	p.next()
	switch t.text {
	case "if":
		return p.parseIf()
	case "for":
		return p.parseFor()
	case "set":
		return p.parseSet()
	case "with":
		return p.parseWith()
	case "macro":
		return p.parseMacro()
	case "call":
		return p.parseCall()
	case "filter":
		f := &filterBlock{filter: p.filters(nil, true)}
		p.hard(func() { f.body, _ = p.body("endfilter") })
		return f
	case "print":
		return p.parsePrint()
	case "generation":
		s := &scoped{}
		p.hard(func() { s.body, _ = p.body("endgeneration") })
		return s
	case "autoescape":
		a := &autoescape{on: p.expression()}
		p.hard(func() { a.body, _ = p.body("endautoescape") })
		return a
	case "block":
		return p.parseBlock()
	case "break", "continue":
		if p.loops == 0 {
			p.fail("'%s' outside loop", t.text)
		}
		if t.text == "break" {
			return breakLoop{}
		}
		return continueLoop{}
	case "include", "import", "from", "extends":
		return p.parseLoader(t.text)
	}
	p.failAt(t.line, "Encountered unknown tag '%s'.", clip(t.text))
	return nil
}

func (p *parser) parseIf() any {
	soft := p.soft
	p.soft = true
	defer func() { p.soft = soft }()
	n := &ifBlock{}
	for {
		test := p.tuple(tupleRules{noCond: true})
		body, end := p.body("elif", "else", "endif")
		n.branches = append(n.branches, branch{test, body})
		if end == "else" {
			n.other, _ = p.body("endif")
		}
		if end != "elif" {
			return n
		}
	}
}

func (p *parser) parseFor() any {
	p.inFor++
	defer func() { p.inFor-- }()
	n := &forLoop{target: p.assignTarget(false, "in")}
	if !p.skipName("in") {
		p.unexpected("in")
	}
	n.iter = p.tuple(tupleRules{noCond: true, end: "recursive"})
	soft := p.soft
	p.soft = false
	defer func() { p.soft = soft }()
	if p.skipName("if") {
		n.test = p.expression()
	}
	n.recursive = p.skipName("recursive")
	p.loops++
	body, end := p.body("endfor", "else")
	p.loops--
	n.body = body
	if end == "else" {
		n.other, _ = p.body("endfor")
	}
	return n
}

func (p *parser) parseSet() any {
	t := p.assignTarget(true, "")
	if p.skipOp("=") {
		return &assign{t, p.tuple(tupleRules{})}
	}
	n := &assignBlock{target: t}
	if p.isOp("|") {
		n.filter = p.filters(nil, false)
	}
	p.hard(func() { n.body, _ = p.body("endset") })
	return n
}

func (p *parser) parseWith() any {
	n := &with{}
	for p.err == nil && p.cur().kind != tokBlockEnd {
		if len(n.targets) > 0 {
			p.wantOp(",")
		}
		n.targets = append(n.targets, p.assignTarget(false, ""))
		p.wantOp("=")
		n.values = append(n.values, p.expression())
	}
	p.hard(func() { n.body, _ = p.body("endwith") })
	return n
}

// parseMacro parses from the macro's name on.
func (p *parser) parseMacro() any {
	n := &macroDef{name: p.assignName()}
	p.function(n, func() { p.signature(n) }, "endmacro")
	return n
}

// function parses the rest of a macro or call block, in whose body no outer loop can be left.
func (p *parser) function(n *macroDef, head func(), end string) {
	loops := p.loops
	p.loops = 0
	p.macros = append(p.macros, n)
	p.hard(func() {
		head()
		n.body, _ = p.body(end)
	})
	p.macros = p.macros[:len(p.macros)-1]
	p.loops = loops
}

func (p *parser) signature(n *macroDef) {
	p.wantOp("(")
	for p.err == nil && !p.isOp(")") {
		if len(n.params) > 0 {
			p.wantOp(",")
		}
		n.params = append(n.params, p.assignName())
		if p.skipOp("=") {
			n.defaults = append(n.defaults, p.expression())
		} else if len(n.defaults) > 0 {
			p.fail("non-default argument follows default argument")
		}
	}
	p.wantOp(")")
}

func (p *parser) parseCall() any {
	n := &callBlock{}
	n.caller.name = "caller"
	p.function(&n.caller, func() {
		if p.isOp("(") {
			p.signature(&n.caller)
		}
		p.macros, n.caller.caller = p.macros[:len(p.macros)-1], false // the call itself is outside the body
		c, ok := p.expression().(*call)
		p.macros = append(p.macros, &n.caller)
		if !ok {
			p.fail("expected call")
			return
		}
		n.call = *c
	}, "endcall")
	return n
}

func (p *parser) parsePrint() any {
	n := &output{}
	for p.err == nil && p.cur().kind != tokBlockEnd {
		if len(n.items) > 0 {
			p.wantOp(",")
		}
		n.items = append(n.items, p.expression())
	}
	return n
}

func (p *parser) parseBlock() any {
	n := &block{name: p.want(tokName).text}
	n.scoped = p.skipName("scoped")
	n.required = p.skipName("required")
	if p.blocks[n.name] != nil {
		p.fail("block '%s' defined twice", clip(n.name))
	}
	p.blocks[n.name] = n
	loops := p.loops
	p.loops = 0
	p.hard(func() { n.body, _ = p.body("endblock") })
	p.loops = loops
	p.skipName(n.name)
	return n
}

// parseLoader parses the tags that would load another template; there is none to load.
func (p *parser) parseLoader(tag string) any {
	p.expression()
	for p.err == nil && p.cur().kind != tokBlockEnd {
		if t := p.cur(); t.kind != tokName && !p.isOp(",") {
			p.unexpected("end of statement block")
		}
		p.next()
	}
	return loader{tag}
}

func (p *parser) assignName() string {
	t := p.want(tokName)
	p.checkName(t)
	return t.text
}

func (p *parser) checkName(t token) {
	switch t.text {
	case "true", "false", "none", "True", "False", "None":
		p.failAt(t.line, "can't assign to 'const'")
	}
}

// assignTarget parses what an assignment writes. attrs allows attributes of namespaces; end is a name that ends a tuple.
func (p *parser) assignTarget(attrs bool, end string) target {
	if !p.enter() {
		return target{}
	}
	defer p.leave()
	var t target
	for p.err == nil {
		if c := p.cur(); c.kind == tokBlockEnd || c.kind == tokPrintEnd || p.isOp(")") || end != "" && p.isName(end) {
			break
		}
		t.items = append(t.items, p.oneTarget(attrs))
		if !p.skipOp(",") {
			break
		}
		t.tuple = true
	}
	if !t.tuple && len(t.items) == 1 {
		return t.items[0]
	}
	if len(t.items) == 0 {
		p.fail("Expected an expression, got '%s'", p.cur().describe())
	}
	return t
}

func (p *parser) oneTarget(attrs bool) target {
	if p.skipOp("(") {
		t := p.assignTarget(attrs, "")
		p.wantOp(")")
		return t
	}
	tok := p.cur()
	if tok.kind != tokName {
		p.fail("can't assign to '%s'", clip(tok.describe()))
		return target{}
	}
	p.next()
	p.checkName(tok)
	if attrs && p.skipOp(".") {
		p.mention(tok.text)
		return target{name: tok.text, attr: p.want(tokName).text}
	}
	if tok.text == "loop" && p.inFor > 0 {
		p.fail("Can't assign to special loop variable in for-loop target")
	}
	return target{name: tok.text}
}

// tupleRules says how an expression that may be a tuple without brackets ends.
type tupleRules struct {
	noCond   bool   // a conditional expression is not part of it
	end      string // a name that ends it
	brackets bool   // it stands in brackets and may be empty
}

func (p *parser) tuple(r tupleRules) expr {
	var items []expr
	isTuple := false
	for p.err == nil {
		c := p.cur()
		if c.kind == tokPrintEnd || c.kind == tokBlockEnd || p.isOp(")") || r.end != "" && p.isName(r.end) {
			break
		}
		if r.noCond {
			items = append(items, p.or())
		} else {
			items = append(items, p.expression())
		}
		if !p.skipOp(",") {
			break
		}
		isTuple = true
	}
	if !isTuple && len(items) == 1 {
		return items[0]
	}
	if !isTuple && !r.brackets {
		p.fail("Expected an expression, got '%s'", p.cur().describe())
	}
	return &display{items, true}
}
