package dialect

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"llm/internal/constrain"
)

// Function is a tool compiled for a dialect: the automata of its arguments in the notations that the dialect writes. It is
// immutable and safe for concurrent use, and may be part of any number of turns.
type Function struct {
	dialect string
	tool    Tool
	relaxed []constrain.Relaxed
	check   func(text string) error // nil: the schema is invalid and refuses nothing

	json   constrain.Part // as a JSON object
	python constrain.Part // as keyword arguments, in parentheses
	own    constrain.Part // as the parts of the dialect's own calls write them
}

// Compile compiles a tool. A schema that is invalid, unsatisfiable or too large for an automaton gives a Function that any object
// can be passed to, which Relaxed says. No schema stands for any object.
func (d *Dialect) Compile(t Tool) *Function {
	f := &Function{dialect: d.Name, tool: t}
	if len(t.Schema) == 0 {
		f.tool.Schema = json.RawMessage(`{"type":"object"}`)
	}
	f.check, _ = constrain.NewValidator(string(f.tool.Schema))
	calls := &d.calls
	if calls.value&(objects|keyed) != 0 || d.headers != nil && d.headers.tools {
		f.json = f.compile(constrain.Options{})
	}
	if calls.value&pythonic != 0 {
		f.python = f.compile(pythonOptions())
	}
	for i := range calls.call {
		switch p := &calls.call[i]; p.kind {
		case objectPart:
			f.own = f.compile(d.objectOptions(p.args))
		case paramsPart:
			f.own = f.compile(d.paramOptions(p.param, f.tool.Schema))
		case treePart:
			f.own = f.compile(d.treeOptions(f.tool.Schema))
		}
	}
	return f
}

// Name returns the tool's name.
func (f *Function) Name() string { return f.tool.Name }

// Schema returns the JSON Schema of its arguments. The caller must not change it.
func (f *Function) Schema() json.RawMessage { return f.tool.Schema }

// Relaxed lists where masks let more arguments through than the schema allows. Validate refuses them.
func (f *Function) Relaxed() []constrain.Relaxed { return f.relaxed }

// Validate checks the arguments of a call against the schema to the letter: they are an object, and valid. A schema that is itself
// invalid refuses no object.
func (f *Function) Validate(args json.RawMessage) error {
	if f.check != nil {
		if err := f.check(string(args)); err != nil {
			return err
		}
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(args, &object); err != nil {
		return fmt.Errorf("the arguments are no object: %w", err)
	}
	if object == nil {
		return fmt.Errorf("the arguments are no object but null")
	}
	return nil
}

// maxStates bounds the automaton of one tool's arguments, so that no tool takes the room of the others in a turn.
const maxStates = 1 << 15

// compile returns the arguments under some options.
func (f *Function) compile(o constrain.Options) constrain.Part {
	o.Object, o.AnyOrder = true, true // a model that has left an argument out may write it later
	c, err := constrain.CompileSchema(string(f.tool.Schema), o)
	if err == nil && c.States() > maxStates {
		err = fmt.Errorf("%d states, at most %d", c.States(), maxStates)
	}
	if err != nil {
		f.relax(constrain.Relaxed{Why: fmt.Sprintf("the whole schema: %v", err)})
		if c, err = constrain.CompileSchema("true", o); err != nil {
			return constrain.OneOf() // nothing can be written: a mistake in a dialect, which its tests find
		}
	}
	for _, r := range c.Relaxed() {
		f.relax(r)
	}
	return constrain.Whole(c)
}

func (f *Function) relax(r constrain.Relaxed) {
	if !slices.Contains(f.relaxed, r) {
		f.relaxed = append(f.relaxed, r)
	}
}

// naming says which names can be written where a delimiter ends them, not a quotation mark. The Parser bounds them by maxName.
type naming struct {
	declared *regexp.Regexp
	others   string // the same for names that are not declared, with few states
}

var (
	tagNames = newNaming("[^\\x00-\\x20<>\"|\\x7f\\x{85}\\p{Z}]", "( ?%s)")
	argNames = newNaming("[^\\x00-\\x20\\x7f<>\\[\\](){}\"'`=,;|\\x{85}\\p{Z}]", "%s")
)

func newNaming(char, more string) naming {
	more = fmt.Sprintf(more, char)
	return naming{regexp.MustCompile("^" + char + more + "*$"), char + more + "{0,15}"}
}

func (n naming) allows(name string) bool {
	return name == "" || len(name) < maxName && n.declared.MatchString(name)
}

// pythonOptions is how keyword arguments are written.
func pythonOptions() constrain.Options {
	form := []constrain.Form{{Begin: constrain.Text("="), Python: true}}
	return constrain.Options{Notation: &constrain.Notation{Members: &constrain.Members{
		Open: constrain.Text("("), Between: constrain.Text(","), Close: constrain.Text(")"),
		Names: argNames.others,
		Forms: func(name string) []constrain.Form {
			if !argNames.allows(name) {
				return nil
			}
			return form
		}}}}
}

// objectOptions is how an object is written.
func (d *Dialect) objectOptions(n notation) constrain.Options {
	if n.quote == "" {
		return constrain.Options{}
	}
	quote := d.wire(n.quote)
	o := constrain.Options{Notation: &constrain.Notation{Quote: &quote}}
	if !d.isToken(n.quote) {
		o.Avoid = []string{n.quote}
	}
	return o
}

// paramOptions is how arguments are written one by one.
func (d *Dialect) paramOptions(p *param, root json.RawMessage) constrain.Options {
	var o constrain.Options
	if !d.isToken(p.close) {
		o.Avoid = append(o.Avoid, p.close)
	}
	if p.cdata {
		o.Avoid = append(o.Avoid, cdata, "]]>")
	}
	open, end := d.wire(p.open), d.wire(p.close)
	between := constrain.Each() // little white space: the Parser looks for what begins the value no further than for a name
	if atTags(p.keyEnd, p.begin) {
		between = constrain.Repeat(space(), 0, maxGap)
	}
	begin := func(attribute string) constrain.Part {
		return constrain.Each(d.wire(p.keyEnd), between, constrain.Text(attribute), d.wire(p.begin))
	}
	form := func(attribute string, text, null bool) constrain.Form {
		f := constrain.Form{Open: open, Begin: begin(attribute), Close: end, Text: text, Null: null}
		if p.lines {
			line := constrain.Text("\n")
			f.Begin, f.Close = constrain.Each(f.Begin, line), constrain.Each(line, end)
		}
		return f
	}
	typed := p.typedForms(form)
	o.Notation = &constrain.Notation{Members: &constrain.Members{
		Close: d.wire(p.end), Names: tagNames.others,
		Forms: func(name string) []constrain.Form {
			if !tagNames.allows(name) {
				return nil
			}
			if typed != nil {
				return typed
			}
			kind := argumentKind(root, name)
			f := form("", kind == stringType || kind == nullableText, kind == nullableText)
			all := []constrain.Form{f}
			if f.Text && p.cdata {
				verbatim := form("", true, false)
				verbatim.Begin = constrain.Each(verbatim.Begin, constrain.Text(cdata))
				verbatim.Close = constrain.Each(constrain.Text("]]>"), verbatim.Close)
				all = append(all, verbatim)
			}
			if !f.Text && p.python {
				python := f
				python.Python = true
				all = append(all, python)
			}
			return all
		}}}
	return o
}

// typedForms returns the forms where an attribute says the type, else nil.
func (p *param) typedForms(form func(attribute string, text, null bool) constrain.Form) (all []constrain.Form) {
	switch p.attribute {
	case "":
	case "string":
		return []constrain.Form{form(` string="true"`, true, false), form(` string="false"`, false, false)}
	default:
		all = append(all, form(" "+p.attribute+`="string"`, true, false))
		for _, t := range []string{"number", "integer", "boolean", "object", "array", "null"} {
			all = append(all, form(" "+p.attribute+`="`+t+`"`, false, false))
		}
	}
	return all
}

// treeOptions is how arguments are written as elements.
func (d *Dialect) treeOptions(root json.RawMessage) constrain.Options {
	return constrain.Options{Avoid: []string{treeSign}, Notation: &constrain.Notation{Members: &constrain.Members{
		Close: d.wire(treeSign + "</invoke>"), Names: tagNames.others, Forms: d.elements(schema{root, root}, objectType)}}}
}

// elements is how the members of an object are written. The closing tag has the name, so those that are not declared cannot be. Where
// it is not known that it is an object, a first member called item would make it a list.
func (d *Dialect) elements(s schema, kind valueType) func(name string) []constrain.Form {
	return func(name string) []constrain.Form {
		if name == "" || name[0] == '/' || !tagNames.allows(name) || name == "item" && kind != objectType {
			return nil
		}
		f := d.element(s.property(name), name)
		f.Open, f.Begin = d.wire(treeSign+"<"), d.wire(">")
		return []constrain.Form{f}
	}
}

// element is how a value of a schema is written between two tags.
func (d *Dialect) element(s schema, tag string) constrain.Form {
	kind := s.kind()
	f := constrain.Form{Close: d.wire(treeSign + "</" + tag + ">"), Text: kind == stringType || kind == nullableText, Null: kind == nullableText}
	if !f.Text {
		f.Tree = &constrain.Element{Key: string(s.node), Members: d.elements(s, kind), EmptyArray: kind == listType, EmptyObject: kind == objectType}
		if kind != objectType {
			f.Tree.Item = func() constrain.Form {
				item := d.element(s.items(), "item")
				item.Open = d.wire(treeSign + "<item>")
				return item
			}
		}
	}
	return f
}

// argumentKind returns how the Parser reads an argument; that of one that is not declared for the name "".
func argumentKind(root json.RawMessage, name string) valueType {
	return schema{root, root}.property(name).kind()
}
