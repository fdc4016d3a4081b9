package jinja

// expr is a node of an expression.
type expr interface{}

type (
	constant struct{ v Value }
	nameRef  struct{ name string }
	display  struct { // a list or tuple
		items []expr
		tuple bool
	}
	dictDisplay struct{ keys, vals []expr }
	conditional struct{ test, then, other expr } // other may be nil
	logic       struct {                         // and, or
		isOr  bool
		items []expr
	}
	negation   struct{ x expr } // not
	comparison struct {
		first expr
		rest  []operand
	}
	arithmetic struct { // a chain of one level of precedence, left to right
		first expr
		rest  []operand
	}
	operand struct {
		op string
		x  expr
	}
	concatenation struct{ items []expr } // ~
	sign          struct {
		minus bool
		x     expr
	}
	attribute struct {
		x    expr
		name string
	}
	subscript struct{ x, key expr }
	slicing   struct{ lo, hi, step expr } // only as key of a subscript
	call      struct {
		fn   expr
		args arguments
	}
	filterCall struct {
		x    expr // nil stands for the text of a block
		name string
		args arguments
	}
	testCall struct {
		x    expr
		name string
		args arguments
	}
	arguments struct {
		pos    []expr
		kw     []keyword
		star   expr
		double expr
	}
	keyword struct {
		name string
		x    expr
	}
)

// stmt is a statement; line says where it starts.
type stmt struct {
	line int
	node any
}

type (
	output  struct{ items []expr }
	ifBlock struct {
		branches []branch
		other    []stmt
	}
	branch struct {
		test expr
		body []stmt
	}
	forLoop struct {
		target    target
		iter      expr
		test      expr // may be nil
		recursive bool
		body      []stmt
		other     []stmt
	}
	assign struct {
		target target
		value  expr
	}
	assignBlock struct {
		target target
		filter expr // may be nil
		body   []stmt
	}
	with struct {
		targets []target
		values  []expr
		body    []stmt
	}
	macroDef struct {
		name                   string
		params                 []string
		defaults               []expr // of the last parameters
		body                   []stmt
		caller, kwargs, varags bool // what the body mentions
	}
	callBlock struct {
		call   call
		caller macroDef
	}
	filterBlock struct {
		filter expr
		body   []stmt
	}
	scoped     struct{ body []stmt } // generation
	autoescape struct {
		on   expr
		body []stmt
	}
	block struct {
		name             string
		scoped, required bool
		body             []stmt
	}
	breakLoop    struct{}
	continueLoop struct{}
	loader       struct{ tag string } // include, import, extends: always refused
)

// target is what an assignment writes: a name, an attribute of a namespace, or a tuple of targets.
type target struct {
	name  string
	attr  string // of the namespace called name
	items []target
	tuple bool
}
