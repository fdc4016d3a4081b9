package constrain

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fuzz walks a constraint that compiled: no panic, no dead end, and what is refused at compile time is an *Error.
func fuzz(t *testing.T, k *Constraint, err error) {
	if err != nil {
		var e *Error
		require.True(t, errors.As(err, &e), "%v", err)
		return
	}
	rnd := rand.New(rand.NewPCG(7, 8))
	trie := NewTrie(Bytewise{})
	x := NewMatcher(k, trie)
	var text []byte
	for range 24 {
		id, ok := anyLegal(rnd, x)
		require.True(t, ok || x.m.full, "dead end after %q", text)
		if !ok || trie.ending(id) {
			break
		}
		require.NoError(t, x.Advance(id))
		text = append(text, byte(id))
	}
	_ = k.Validate(string(text))
	_ = k.Validate(`{"a":[1,"é",{"b":null}]}`)
}

func FuzzSchema(f *testing.F) {
	for _, s := range []string{
		`true`, `{}`, `{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}`, `{"allOf":[{"$ref":"#"}]}`,
		`{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/a"}}}`, `{"multipleOf":1e-400}`, `{"multipleOf":1e999999999}`,
		`{"minimum":1e999999999,"maximum":-1e-999999999}`, `{"minLength":4294967295,"maxLength":4294967294}`, `{"maxItems":1e9,"minItems":999999999}`,
		`{"pattern":"(((a{1,1000}){1,1000}){1,1000})"}`, `{"pattern":"(?=(?=(?=a)))[^]\\1\\k<x>"}`, `{"pattern":"(){1000000000}"}`,
		`{"$id":"::","$ref":"x#%zz"}`, `{"enum":["\ud800",1e400,{"a":[]}]}`, `{"oneOf":[{"oneOf":[{},{}]},{"anyOf":[]}]}`,
		`{"patternProperties":{"a":{},"b":{},"a|b":false,"^c":{}},"propertyNames":{"maxLength":3},"minProperties":2,"maxProperties":3}`,
		`{"if":{"properties":{"a":{"const":1}}},"then":{"required":["b"]},"else":false,"unevaluatedProperties":false}`,
		`{"dependentSchemas":{"a":{"$ref":"#"}},"unevaluatedItems":{"not":{}}}`, strings.Repeat(`{"not":`, 600) + `{}` + strings.Repeat(`}`, 600),
		`{"type":"string","format":"hostname","minLength":300}`, `{"type":"string","format":"email","maxLength":20,"pattern":"a"}`,
		`{"$schema":"http://json-schema.org/draft-04/schema#","exclusiveMinimum":true,"minimum":3,"items":[{},{}],"dependencies":{"a":"b"}}`,
	} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, anyOrder bool) {
		k, err := CompileSchema(s, Options{AnyOrder: anyOrder})
		fuzz(t, k, err)
	})
}

func FuzzGrammar(f *testing.F) {
	for _, s := range []string{
		`root ::= "a"`, `root ::= root | "a"`, `root ::= (("a"{1000}){1000}){1000}`, "root ::= a*\na ::= b*\nb ::= \"x\"?", `root ::= [^]{0,4}`,
		"root ::= s\ns ::= s2 s2 | \"a\"\ns2 ::= s | s s | \"a\" \"a\"?", `root ::= ((((("a"*)*)*)*)*)* "b"`, `root ::= "a"{3,1}`, `root ::= <[7]>`,
		"root ::= x\nx ::= \"a\" x \"b\" x | \"a\" x | ", "root ::= (\"a\" | \"a\"){0,100000000} \"b\"", strings.Repeat("(", 600), `root ::= [\U0010ffff-\x00]`,
		"root ::= (\"a\"?){0,100000} (\"b\"? \"c\"?){5,}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k, err := CompileGrammar(s)
		fuzz(t, k, err)
	})
}

func FuzzRegexp(f *testing.F) {
	for _, s := range []string{
		`a+`, `(?i)straße|k`, `\bfoo\b.*`, `(?m)^a$\n^b$`, `((a{0,100}){0,9}){0,9}`, `(a|b)*a(a|b){30}`, `[^\x00-\x{10FFFF}]`, `\pL{3}\PN+`, `(?s).{1000}`,
		`x{0}`, `$^`, `(|a|b)+c`, `(.*.*.*.*x){20}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k, err := CompileRegexp(s)
		fuzz(t, k, err)
	})
}

// FuzzValidate compares what masks let through with the validator, for schemas that are exact.
func FuzzValidate(f *testing.F) {
	f.Add(`{"type":"array","items":{"type":"number","minimum":-3.5,"multipleOf":0.25}}`, `[1.25,-3.5]`)
	f.Add(`{"type":"string","pattern":"^\\p{L}+$","maxLength":3}`, `"\u00e9a"`)
	f.Add(`{"properties":{"a":{"type":"integer"}},"additionalProperties":{"type":"string"}}`, `{"a":1,"\u0061b":"x"}`)
	f.Fuzz(func(t *testing.T, schema, text string) {
		k, err := CompileSchema(schema, Options{AnyOrder: true})
		if err != nil || len(k.Relaxed()) > 0 {
			return
		}
		if _, ok := k.Match(text); ok {
			err := k.Validate(text)
			var e *Error
			if errors.As(err, &e) && e.Kind == Limit {
				return
			}
			require.NoError(t, err)
		}
	})
}
