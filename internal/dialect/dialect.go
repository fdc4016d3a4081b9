package dialect

import "strings"

// Dialect says how a family of models writes reasoning and tool calls. It is data, and safe for concurrent use: what reads it
// is a Parser.
type Dialect struct {
	// Name is the format's name in the field's terms, such as "hermes" or "harmony".
	Name string
	// Injected says that the template does not teach it: the prompt has to, with Instructions.
	Injected bool

	think   span     // around reasoning
	frames  []string // around the answer; not part of it
	labels  []string // before it: the role, where the prompt does not end with it
	ends    []string // of the turn
	headers *headers // messages have headers, as in harmony
	calls   format

	varied bool // models with reasoning and without write it
	silent bool // neither template nor vocabulary know reasoning: a turn that is held to something has none

	ids func(text string) (id int32, ok bool) // the vocabulary's tokens that no text yields; nil: not known
}

// headers is how messages of a turn are told apart where each has one: role, recipient and channel, in any order.
type headers struct {
	start, message     string // around a header
	channel, constrain string // before the channel, and the kind of the content
	thinking           string // channel of reasoning
	self               string // recipient of reasoning
	tools              bool   // other recipients are tools, and the message is the arguments
	between            string // ends a message, not the turn
	ends               []string
}

// span is text between two markers.
type span struct{ open, close string }

// format is how calls are written. A section has a marker at its beginning, then one or more calls, then a marker at its end.
type format struct {
	open  []string // any of these
	close []string // any of these; none: the section ends when no further call follows
	call  []part   // what a call is made of; empty: calls are values only
	value values   // calls may also be written as these
	keys  callKeys // of calls as objects
	bare  bool     // calls may be the whole message, without a marker
	many  bool     // further calls follow without the section's marker, which has no closer

	content string // a call of this name is none: what follows is the answer
}

// callKeys are the keys that a model was taught: id, where one comes first, name and arguments. The zero value is for calls with
// "name", "arguments", and perhaps an "id" at the end.
type callKeys struct{ id, name, args string }

// values are ways to write calls as values.
type values uint8

const (
	objects   values = 1 << iota // {"name": N, "arguments": A}, a few or a list of them
	keyed                        // {N: A}
	pythonic                     // N(k=v, …), a few or a list of them
	listBegun                    // the marker ends with the list's bracket
)

// part is a piece of a call.
type part struct {
	kind  partKind
	text  string   // of literal, optional, until, identity; of name: what models write before it, and a colon and a number after it
	like  string   // of until: what models write before text, as a regular expression
	args  notation // of object
	param *param   // of params
}

type partKind int

const (
	literalPart  partKind = iota // text
	optionalPart                 // text, or nothing
	untilPart                    // anything up to text
	namePart                     // the tool's name
	identityPart                 // the call's id, after text; or nothing, where the text is missing
	objectPart                   // the arguments as an object
	paramsPart                   // the arguments one by one
	treePart                     // the arguments as elements in elements
)

// param is how an argument is written by its own: open key keyEnd attributes begin value close.
type param struct {
	open, keyEnd, begin, close string
	attribute                  string // between keyEnd and begin: says whether the value is a string ("string"), or its type ("type")
	end                        string // of all of them: the call is complete
	lines                      bool   // the value is on lines of its own
	python                     bool   // values are written as Python does, too
	cdata                      bool   // the value may be in <![CDATA[ ]]>
}

// Continues reports whether the turn goes on after a token that may also end it: generation must not stop there, in GigaChat 3.0
// while tools are offered, in harmony ever.
func (d *Dialect) Continues(end string) bool {
	for _, open := range d.calls.open {
		if strings.HasPrefix(open, end) && open != end {
			return true
		}
	}
	return d.headers != nil && end == d.headers.between
}

// ReasoningEnd is the text that ends reasoning, "" if the model does not reason.
func (d *Dialect) ReasoningEnd() string {
	if d.silent {
		return ""
	}
	if d.headers != nil && (d.headers.thinking != "" || d.headers.self != "") {
		return d.headers.between
	}
	return d.think.close
}

func lit(text string) part         { return part{kind: literalPart, text: text} }
func opt(text string) part         { return part{kind: optionalPart, text: text} }
func until(text, like string) part { return part{kind: untilPart, text: text, like: like} }
func identity(text string) part    { return part{kind: identityPart, text: text} }
func params(p param) part          { return part{kind: paramsPart, param: &p} }
func object(n notation) part       { return part{kind: objectPart, args: n} }

var name = part{kind: namePart}
