package jinja

import (
	"fmt"
	"strings"
)

// callArgs are evaluated arguments.
type callArgs struct {
	pos []Value
	kw  []namedValue
}

type namedValue struct {
	name string
	v    Value
}

const maxKeywords = 256

func (a *callArgs) addKeyword(name string, v Value) error {
	if a.has(name) {
		return failf("got multiple values for keyword argument '%s'", clip(name))
	}
	if len(a.kw) == maxKeywords {
		return failf("more than %d keyword arguments", maxKeywords)
	}
	a.kw = append(a.kw, namedValue{name, v})
	return nil
}

func (a *callArgs) has(name string) bool {
	for _, k := range a.kw {
		if k.name == name {
			return true
		}
	}
	return false
}

// take removes and returns a keyword argument.
func (a *callArgs) take(name string) (Value, bool) {
	for i, k := range a.kw {
		if k.name == name {
			a.kw = append(append([]namedValue(nil), a.kw[:i]...), a.kw[i+1:]...)
			return k.v, true
		}
	}
	return nil, false
}

// operation is a builtin filter, test, method or function. Its signature names the parameters in order; those that end in
// "?" may be left out and are nil then. A signature that begins with "/" takes no keywords, "*" takes anything.
type operation struct {
	signature string
	run       func(m *machine, a []Value) (Value, error)
	any       func(m *machine, a callArgs) (Value, error) // for the signature "*"
}

// apply binds arguments to the parameters and runs the operation.
func (o operation) apply(m *machine, name string, a callArgs) (Value, error) {
	if o.any != nil {
		return o.any(m, a)
	}
	params := strings.Fields(strings.TrimPrefix(o.signature, "/"))
	if len(a.pos) > len(params) {
		return nil, failf("%s() takes %d arguments but %d were given", name, len(params), len(a.pos))
	}
	bound := make([]Value, len(params))
	copy(bound, a.pos)
	for _, k := range a.kw {
		i := indexParam(params, k.name)
		if i < 0 || strings.HasPrefix(o.signature, "/") {
			return nil, failf("%s() got an unexpected keyword argument '%s'", name, clip(k.name))
		}
		if bound[i] != nil {
			return nil, failf("%s() got multiple values for argument '%s'", name, clip(k.name))
		}
		bound[i] = k.v
	}
	for i, p := range params {
		if bound[i] == nil && !strings.HasSuffix(p, "?") {
			return nil, failf("%s() missing required argument '%s'", name, p)
		}
	}
	return o.run(m, bound)
}

func indexParam(params []string, name string) int {
	for i, p := range params {
		if strings.TrimSuffix(p, "?") == name {
			return i
		}
	}
	return -1
}

// macro is a macro or the body of a call block, with the scope it was defined in.
type macro struct {
	def   *macroDef
	scope *scope
}

func (*macro) pyType() string { return "Macro" }

// object is a builtin thing with attributes that are computed.
type object struct {
	kind string
	attr func(name string) Value // nil when there is none
	call func(m *machine, a callArgs) (Value, error)
}

func (o *object) pyType() string { return o.kind }

func callable(v Value) bool {
	switch v := v.(type) {
	case *function, *macro, *loop:
		return true
	case *object:
		return v.call != nil
	}
	return false
}

func (m *machine) call(fn Value, a callArgs) (Value, error) {
	switch f := fn.(type) {
	case *function:
		return f.call(m, a)
	case *macro:
		return m.callMacro(f, a)
	case *loop:
		return m.recurse(f, a)
	case *object:
		if f.call != nil {
			return f.call(m, a)
		}
	case *undefined:
		return nil, f.raise()
	}
	return nil, failf("'%s' object is not callable", fn.pyType())
}

func (m *machine) callMacro(f *macro, a callArgs) (Value, error) {
	d := f.def
	in, err := m.inner(f.scope)
	if err != nil {
		return nil, err
	}
	if err := m.bindMacro(d, a, in); err != nil {
		return nil, err
	}
	if err := m.enterCall(); err != nil {
		return nil, err
	}
	defer m.leaveCall()
	line := m.line
	t, _, err := m.captureIn(d.body, in)
	if err == nil {
		m.line = line
	}
	return t, err
}

// bindMacro sets the parameters of a macro in its scope.
func (m *machine) bindMacro(d *macroDef, a callArgs, in *scope) error {
	explicitCaller := false
	for i, p := range d.params {
		explicitCaller = explicitCaller || p == "caller"
		var v Value
		if i < len(a.pos) {
			v = a.pos[i]
		} else if kw, ok := a.take(p); ok {
			v = kw
		} else if k := i - (len(d.params) - len(d.defaults)); k >= 0 {
			var err error
			if v, err = m.eval(d.defaults[k], in); err != nil {
				return err
			}
		} else {
			v = &undefined{hint: fmt.Sprintf("parameter '%s' was not provided", clip(p))}
		}
		if err := m.setName(in, p, v); err != nil {
			return err
		}
	}
	if d.caller && !explicitCaller {
		v, ok := a.take("caller")
		if !ok {
			v = &undefined{hint: "No caller defined"}
		}
		if err := m.setName(in, "caller", v); err != nil {
			return err
		}
	}
	if d.kwargs {
		kw := &Map{own: true}
		for _, k := range a.kw {
			if err := m.set(kw, plain(k.name), k.v); err != nil {
				return err
			}
		}
		if err := m.setName(in, "kwargs", kw); err != nil {
			return err
		}
	} else if len(a.kw) > 0 {
		return failf("macro '%s' takes no keyword argument '%s'", clip(d.name), clip(a.kw[0].name))
	}
	if len(a.pos) <= len(d.params) && !d.varags {
		return nil
	}
	if !d.varags {
		return failf("macro '%s' takes not more than %d argument(s)", clip(d.name), len(d.params))
	}
	rest := &list{tuple: true, items: a.pos[min(len(a.pos), len(d.params)):]}
	return m.setName(in, "varargs", rest)
}

func (m *machine) callBlock(n *callBlock, s *scope) error {
	fn, err := m.eval(n.call.fn, s)
	if err != nil {
		return err
	}
	a, err := m.arguments(&n.call.args, s)
	if err != nil {
		return err
	}
	if err := a.addKeyword("caller", &macro{&n.caller, s}); err != nil {
		return err
	}
	v, err := m.call(fn, a)
	if err != nil {
		return err
	}
	return m.emit(v)
}

func (m *machine) filter(n *filterCall, v Value, s *scope) (Value, error) {
	a, err := m.arguments(&n.args, s)
	if err != nil {
		return nil, err
	}
	return m.applyFilter(n.name, v, a)
}

func (m *machine) applyFilter(name string, v Value, a callArgs) (Value, error) {
	op, ok := filters[name]
	if !ok {
		return nil, failf("No filter named '%s'.", clip(name))
	}
	if err := m.enter(); err != nil {
		return nil, err
	}
	a.pos = append([]Value{v}, a.pos...)
	out, err := op.apply(m, "do_"+name, a)
	m.leave()
	return out, err
}

func (m *machine) testNode(n *testCall, s *scope) (Value, error) {
	v, err := m.eval(n.x, s)
	if err != nil {
		return nil, err
	}
	a, err := m.arguments(&n.args, s)
	if err != nil {
		return nil, err
	}
	return m.applyTest(n.name, v, a)
}

func (m *machine) applyTest(name string, v Value, a callArgs) (Value, error) {
	op, ok := tests[name]
	if !ok {
		return nil, failf("No test named '%s'.", clip(name))
	}
	if err := m.enter(); err != nil {
		return nil, err
	}
	a.pos = append([]Value{v}, a.pos...)
	out, err := op.apply(m, "test_"+name, a)
	m.leave()
	return out, err
}
