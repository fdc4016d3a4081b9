package constrain

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func mustCompile(t *testing.T, schema string, o Options) *Constraint {
	k, err := CompileSchema(schema, o)
	require.NoError(t, err)
	return k
}

func requireMatches(t *testing.T, k *Constraint, yes, no []string) {
	t.Helper()
	for _, text := range yes {
		at, ok := k.Match(text)
		require.True(t, ok, "refused at %d: %q", at, text)
	}
	for _, text := range no {
		_, ok := k.Match(text)
		require.False(t, ok, "%q", text)
	}
}

const notationSchema = `{"type":"object","properties":{
	"s":{"type":"string","maxLength":4},"n":{"type":["integer","null"]},"l":{"type":"array","items":{"enum":["a",true,""]},"maxItems":2},
	"o":{"type":"object","properties":{"k-1":{"type":"boolean"},"a b":{"type":"number"}},"additionalProperties":{"type":"null"}}},
	"required":["s"],"additionalProperties":false}`

// TestKeywordArguments holds values as Python writes them.
func TestKeywordArguments(t *testing.T) {
	n := &Notation{Members: &Members{Open: Text("("), Between: Text(","), Close: Text(")"), Names: "[a-z]+",
		Forms: func(string) []Form { return []Form{{Begin: Text("="), Python: true}} }}}
	k := mustCompile(t, notationSchema, Options{Notation: n})
	requireMatches(t, k,
		[]string{`(s='a"b')`, `(s="a'b", n=None)`, `(s='it\'s')`, `(s='', n=-7, l=['a', True])`, `(s='\n', o={'k-1': False, "a b": 1.5, 'x': None})`, "( s='x' ,n=0 )"},
		[]string{``, `()`, `(n=1)`, `(s=x)`, `(s='abcde')`, `(s='a'b')`, `(s='x', n=null)`, `(s='x', l=[true])`, `(s='x', l=['a','a','a'])`, `(s='x', s='y')`, `(s='x', n=1, s='y')`, `(s='x', z=1)`, `(s='x'`, `(s="it\'s")`})
	require.NoError(t, k.Validate(`{"s":"x"}`), "validation is of JSON")

	k = mustCompile(t, notationSchema, Options{Notation: n, AnyOrder: true})
	requireMatches(t, k, []string{`(n=1, s='y')`}, []string{`(n=1)`, `(n=1, n=2, s='y')`, `(,s='y')`, `(s='y',)`})
}

// TestBareObjects holds objects with bare keys and strings between quotes of their own.
func TestBareObjects(t *testing.T) {
	quote := Text("<q>")
	k := mustCompile(t, notationSchema, Options{Notation: &Notation{Quote: &quote}, Avoid: []string{"<q>"}})
	requireMatches(t, k,
		[]string{`{s:<q>a"\<q>}`, `{s:<q><<q>,n:null}`, `{ s : <q><q> , l : [ <q>a<q> , true ] }`, `{s:<q>x<q>,l:[<q><q>]}`, `{s:<q>x<q>,o:{k-1:true,"a b":2,zz:null}}`},
		[]string{`{"s":<q>x<q>}`, `{s:"x"}`, `{s:<q>abcde<q>}`, `{s:<q>x<q>,o:{a b:2}}`, `{s:<q>x<q>,o:{"zz":null}}`, `{}`})
}

// TestTexts holds strings that are written as they are, and those that may be null.
func TestTexts(t *testing.T) {
	tags := func(text, null bool) *Notation {
		return &Notation{Members: &Members{Close: Text("."), Names: "[a-z]+", Forms: func(name string) []Form {
			if name == "" {
				return nil
			}
			return []Form{{Open: Text("<"), Begin: Text(">"), Close: Text("</>"), Text: text, Null: null}}
		}}}
	}
	schema := `{"type":"object","properties":{"a":{"type":["string","null"],"minLength":2,"maxLength":6},"b":{"enum":["null","</>","x",null]}},"additionalProperties":false}`
	avoid := []string{"</>"}
	requireMatches(t, mustCompile(t, schema, Options{Notation: tags(true, true), Avoid: avoid}),
		[]string{".", "<a>\"\\\n</>.", "<a>null</><b>x</>.", "<a>nulls</> <b>null</> .", "<a></</>."},
		[]string{"<a> null</>.", "<a>null </>.", "<a>x</>.", "<a>abcdefg</>.", "<a>a</></>.", "<b></></>.", "<c>xx</>.", "<a>xx</>"})
	requireMatches(t, mustCompile(t, schema, Options{Notation: tags(true, false), Avoid: avoid}),
		[]string{"<a>null</>.", "<a> null</>.", "<b>null</>."}, nil)
	requireMatches(t, mustCompile(t, schema, Options{Notation: tags(false, false), Avoid: avoid}),
		[]string{`<a>"null"</>.`, "<a>null</>.", `<a>"ab"</>.`}, []string{`<a>"</>"</>.`, "<a>xx</>."})

	_, err := CompileSchema(`{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}`, Options{Notation: tags(true, false)})
	require.Error(t, err, "an integer is no text")
}

// TestElements holds arrays and objects that are written as elements.
func TestElements(t *testing.T) {
	var element func(name string) Form
	element = func(name string) Form {
		return Form{Open: Text("<"), Begin: Text(">"), Close: Text("</" + name + ">"), Tree: &Element{Key: name, EmptyObject: true,
			Item:    func() Form { return Form{Open: Text("<i>"), Close: Text("</i>")} },
			Members: func(name string) []Form { return []Form{element(name)} }}}
	}
	n := &Notation{Members: &Members{Close: Text("."), Names: "[a-z]+", Forms: func(name string) []Form {
		if name == "" {
			return nil
		}
		return []Form{element(name)}
	}}}
	k := mustCompile(t, `{"type":"object","$defs":{"t":{"type":"object","properties":{"v":{"type":"integer"},"t":{"$ref":"#/$defs/t"}},"additionalProperties":false}},
		"properties":{"t":{"$ref":"#/$defs/t"},"l":{"type":"array","items":{"type":"boolean"},"minItems":1,"maxItems":3}},"required":["l"],"additionalProperties":false}`, Options{Notation: n})
	requireMatches(t, k,
		[]string{"<l><i>true</i></l>.", "<t></t><l><i>true</i> <i>false</i>\n<i>true</i></l>.", "<t><v>1</v><t><t></t></t></t><l><i>true</i></l>."},
		[]string{"<l></l>.", "<l>[]</l>.", "<l><i>true</i><i>true</i><i>true</i><i>true</i></l>.", "<l><i>1</i></l>.", "<t>{}</t><l><i>true</i></l>.", "<t><w>1</w></t><l><i>true</i></l>."})
}

// TestWithout holds text in which something must not be found.
func TestWithout(t *testing.T) {
	p, err := Without(`<end>|\A\s*\{|>\z`)
	require.NoError(t, err)
	k, err := Compose(Each(p, Blank(), Text("<end>")))
	require.NoError(t, err)
	requireMatches(t, k, []string{"<end>", "a {<end>", "<en<end>", "日本\n<end>"}, []string{"", "a", "a<end><end>", " {<end>", "a><end>", "\xff<end>"})
	_, err = Without("(")
	require.Error(t, err)
	_, err = Without("")
	require.Error(t, err, "nothing is everywhere")
}

// TestObjectOnly holds that only objects are left.
func TestObjectOnly(t *testing.T) {
	requireMatches(t, mustCompile(t, `{"properties":{"a":{"type":"string"}}}`, Options{Object: true, Avoid: []string{"}}"}}),
		[]string{`{}`, `{"a":"x}"}`, `{"b":[1]}`}, []string{`1`, `[]`, `{"a":"}}"}`, `{"b":"}}"}`, `{"}}":1}`})
	_, err := CompileSchema(`{"type":"string"}`, Options{Object: true})
	require.Error(t, err)
}

// TestEndThatGoesOn holds that a token that ends a text may also be a part of it.
func TestEndThatGoesOn(t *testing.T) {
	v := newTestVocabulary(newRand(), 256, nil)
	end := v.EOG()[0]
	k, err := Compose(Each(Text("a"), Repeat(Each(Tokens(end), Text("b")), 0, 1)))
	require.NoError(t, err)
	x := NewMatcher(k, NewTrie(v))
	require.NoError(t, x.Advance('a'))
	require.NoError(t, x.Advance(end))
	require.True(t, x.CanEnd(), "it may have ended")
	require.False(t, x.Done())
	require.NoError(t, x.Advance('b'))
	require.True(t, x.CanEnd())
	require.NoError(t, x.Advance(end))
	require.True(t, x.Done())
}

// TestMaskIsAcceptsInNotations compares masks with what each token on its own is told, as TestMaskIsAccepts does.
func TestMaskIsAcceptsInNotations(t *testing.T) {
	quote := Text("<q>")
	all := []*Notation{{Quote: &quote}, {Members: &Members{Open: Text("("), Between: Text(","), Close: Text(")"), Names: "[a-z]+",
		Forms: func(string) []Form { return []Form{{Begin: Text("="), Python: true}} }}},
		{Members: &Members{Close: Text("</>"), Names: "[a-z]+", Forms: func(string) []Form {
			return []Form{{Open: Text("<"), Begin: Text(">"), Close: Text("</v>"), Text: true, Null: true}, {Open: Text("<"), Begin: Text(">"), Close: Text("</v>")}}
		}}}}
	rnd := newRand()
	cases := fixtureCases(t, "real.jsonl.gz")
	for range walksPerFile(len(cases)) {
		c := &cases[rnd.IntN(len(cases))]
		o := Options{Notation: all[rnd.IntN(len(all))], Object: true, AnyOrder: rnd.IntN(2) == 0, Avoid: []string{"<q>", "</v>"}}
		k, err := c.compile(o)
		if err != nil {
			continue
		}
		k = &Constraint{prog: k.prog} // what its Validate reads is JSON
		walk(t, c.ID, rnd, k, newTestVocabulary(rnd, 350, []string{"</v><q>'a':None,(x='y')", "<name>null</v>"}))
	}
}
