package dialect

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func convert(text string, n notation) (string, bool) {
	var l literal
	out, ok := l.convert(nil, []byte(text), n)
	return string(out), ok
}

// What the reader takes for JSON is what encoding/json does, line ends inside strings aside.
func TestJSONIsWhatTheStandardLibraryReads(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	pieces := []string{"{", "}", "[", "]", ",", ":", `"a"`, `"\n\u00e9\\"`, "1", "-0.5e+3", "01", "1.", "true", "null", "None", " ", `"`, `\`, "'", "é", "-", `"\x"`, `"\ud83d"`}
	valid := 0
	for range 200_000 {
		var b strings.Builder
		for range 1 + r.IntN(9) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		text := b.String()
		got, ok := convert(text, jsonNotation)
		require.Equal(t, json.Valid([]byte(text)), ok, text)
		if ok {
			valid++
			var want bytes.Buffer
			require.NoError(t, json.Compact(&want, []byte(text)))
			require.Equal(t, want.String(), got)
		}
	}
	require.Greater(t, valid, 1000)
}

func TestPythonLiterals(t *testing.T) {
	for text, want := range map[string]string{ // from Python's json.dumps(…, ensure_ascii=False, separators=(',', ':'))
		`'it\'s'`:                       `"it's"`,
		`"a\"b"`:                        `"a\"b"`,
		`'a"b'`:                         `"a\"b"`,
		`'\x41\u00e9\U0001F600'`:        `"\u0041\u00e9😀"`,
		`'\q'`:                          `"\\q"`,
		`'tab\there'`:                   `"tab\there"`,
		`'\a\v\0'`:                      `"\u0007\u000b\u0000"`,
		`{'a': True, 'b': [None, 1,],}`: `{"a":true,"b":[null,1]}`,
		`(1, 2)`:                        `[1,2]`,
		`[]`:                            `[]`,
		`{}`:                            `{}`,
		`.5`:                            `0.5`,
		`1.`:                            `1`,
		`-3`:                            `-3`,
		`1e3`:                           `1e3`,
	} {
		got, ok := convert(text, pythonNotation)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
		require.True(t, json.Valid([]byte(got)), text)
	}
	for _, text := range []string{`Paris`, `007`, `{1: 2}`, `'a`, `[1`, `[1 2]`, `nan`, `inf`, `0x10`, `1 2`, ``, `{'a'}`, `f(x)`, `'\x4'`, `'\U00110000'`, `--1`, `[,]`} {
		got, ok := convert(text, pythonNotation)
		require.False(t, ok, "%s: %s", text, got)
	}
}

func TestGemmaLiterals(t *testing.T) {
	gemma := notation{bare: true, quote: `<|"|>`}
	for text, want := range map[string]string{
		`{a:<|"|>x "y" \z<|"|>,b_1:[1,<|"|><|"|>],c:{d:None}}`: `{"a":"x \"y\" \\z","b_1":[1,""],"c":{"d":null}}`,
		`{<|"|>a b<|"|>:true}`:                                 `{"a b":true}`,
		`{}`:                                                   `{}`,
	} {
		got, ok := convert(text, gemma)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
	_, ok := convert(`{a:<|"|>x<|"`, gemma)
	require.False(t, ok)
}

func TestNestingIsBounded(t *testing.T) {
	for n, want := range map[int]bool{maxDepth: true, maxDepth + 1: false, 1_000_000: false} {
		_, ok := convert(strings.Repeat("[", n)+strings.Repeat("]", n), jsonNotation)
		require.Equal(t, want, ok)
	}
}

func TestTypesComeFromTheSchema(t *testing.T) {
	root := json.RawMessage(`{"properties":{
		"s":{"type":"string"}, "e":{"enum":["a","b"]}, "c":{"const":1}, "n":{"type":["string","null"]}, "u":{"type":["integer","string"]},
		"a":{"anyOf":[{"type":"string"},{"type":"null"}]}, "o":{"$ref":"#/$defs/o"}, "d":{"$ref":"#/definitions/l"}, "x":{},
		"loop":{"$ref":"#/$defs/loop"}, "wide":{"$ref":"#/$defs/wide"}, "bad":7, "b":{"type":"boolean"}, "m":{"enum":["a",null]}},
		"$defs":{"o":{"type":"object","properties":{"s":{"type":"string"}}},"loop":{"$ref":"#/$defs/loop"},
			"wide":{"anyOf":[{"$ref":"#/$defs/wide"},{"$ref":"#/$defs/wide"},{"$ref":"#/$defs/wide"}]}},
		"definitions":{"l":{"type":"array","items":{"type":"string"}}},"additionalProperties":{"type":"integer"}}`)
	s := schema{root, root}
	for key, want := range map[string]valueType{
		"s": stringType, "e": stringType, "c": otherType, "n": nullableText, "u": stringType, "a": nullableText, "o": objectType, "d": listType,
		"x": anyType, "loop": anyType, "wide": anyType, "bad": anyType, "b": otherType, "m": nullableText, "unknown": otherType,
	} {
		require.Equal(t, want, s.property(key).kind(), key)
	}
	require.Equal(t, stringType, s.property("o").property("s").kind())
	require.Equal(t, stringType, s.property("d").items().kind())
	require.Equal(t, anyType, schema{}.property("s").kind())
}
