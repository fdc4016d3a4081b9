package constrain

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// resolve finds what a JSON Pointer (RFC 6901) names in a decoded value.
func resolve(v any, pointer string) (any, error) {
	if pointer == "" {
		return v, nil
	}
	if pointer[0] != '/' {
		return nil, fmt.Errorf("%q is no JSON Pointer", pointer)
	}
	for _, step := range strings.Split(pointer[1:], "/") {
		step = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
		switch x := v.(type) {
		case map[string]any:
			part, ok := x[step]
			if !ok {
				return nil, fmt.Errorf("%q: no property %q", pointer, step)
			}
			v = part
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(x) || strconv.Itoa(i) != step {
				return nil, fmt.Errorf("%q: no item %q", pointer, step)
			}
			v = x[i]
		default:
			return nil, fmt.Errorf("%q: nothing is in %v", pointer, v)
		}
	}
	return v, nil
}

func decodeJSON(text string) (v any, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return v, d.Decode(&v)
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

var (
	otherType = regexp.MustCompile(`^[a-z ]+ expected, (null|boolean|number|integer|string|array|object) found$`)
	missing   = regexp.MustCompile(`^property ("[^"\\…]*") is missing$`)
)

// What the fixtures call invalid is said to be so at a place that is there, and what is said of the place is true.
func TestFlawsOfFixtures(t *testing.T) {
	places, told := map[string]int{}, 0
	for _, file := range fixtureFiles {
		for _, c := range fixtureCases(t, file) {
			if c.Kind != "schema" {
				continue
			}
			schema := string(c.Schema)
			if c.SchemaText != nil {
				schema = *c.SchemaText
			}
			check, err := NewValidator(schema)
			if err != nil {
				continue
			}
			for _, x := range c.Texts {
				err := check(x.T)
				root, broken := decodeJSON(x.T)
				if err == nil || broken != nil {
					continue
				}
				var e *Error
				require.True(t, errors.As(err, &e), "%s: %v", c.ID, err)
				if e.Kind != Invalid || strings.HasPrefix(e.Msg, "byte ") {
					continue // what is no JSON, or too costly
				}
				about := fmt.Sprintf("%s: %.200s: %v", c.ID, x.T, err)
				at, err := resolve(root, e.Pointer)
				require.NoError(t, err, about)
				require.True(t, utf8.ValidString(e.Msg), about)
				require.LessOrEqual(t, len(e.Pointer), maxFlawPointer, about)
				require.LessOrEqual(t, len(e.Msg), maxFlawText+len("somewhere in it: "), about)
				if m := otherType.FindStringSubmatch(e.Msg); m != nil {
					require.Equal(t, strings.Replace(m[1], "integer", "number", 1), kindOf(at), about)
				}
				if m := missing.FindStringSubmatch(e.Msg); m != nil {
					name, err := strconv.Unquote(m[1])
					require.NoError(t, err, about)
					require.NotContains(t, at, name, about)
				}
				told++
				places[e.Pointer]++
			}
		}
	}
	t.Logf("%d flaws in %d places", told, len(places))
	require.Greater(t, told, 1000)
	require.Less(t, places[""], told*2/3)
}

func TestFlaws(t *testing.T) {
	const shop = `{"type":"object","properties":{"items":{"type":"array","items":{"type":"object","properties":{"price":{"type":"number","minimum":0},
		"kind":{"enum":["a","b","c"]},"code":{"type":"string","pattern":"^[A-Z]+$","maxLength":5}},"required":["price"],"additionalProperties":false}},
		"mode":{"const":"fast"},"n":{"type":["integer","null"],"exclusiveMaximum":10,"multipleOf":3}},"required":["items"]}`
	const union = `{"oneOf":[
		{"type":"object","properties":{"kind":{"const":"circle"},"r":{"type":"number"}},"required":["kind","r"],"additionalProperties":false},
		{"type":"object","properties":{"kind":{"const":"square"},"a":{"type":"number"}},"required":["kind","a"],"additionalProperties":false},
		{"type":"null"}]}`
	for _, c := range []struct{ schema, text, pointer, msg string }{
		{shop, `{"items":[{"price":1},{"price":2},{"price":3},{"price":"4"}]}`, "/items/3/price", `number expected, string found`},
		{shop, `{}`, "", `property "items" is missing`},
		{shop, `{"items":[{"price":1},{}]}`, "/items/1", `property "price" is missing`},
		{shop, `{"items":[{"price":1,"kind":"d"}]}`, "/items/0/kind", `one of "a", "b", "c" expected, "d" found`},
		{shop, `{"items":[{"price":-1}]}`, "/items/0/price", `at least 0 expected, -1 found`},
		{shop, `{"items":[{"price":1,"code":"ab"}]}`, "/items/0/code", `pattern "^[A-Z]+$" expected, "ab" found`},
		{shop, `{"items":[{"price":1,"code":"ABCDEF"}]}`, "/items/0/code", `at most 5 characters expected, 6 found`},
		{shop, `{"items":[{"price":1,"cost":2}]}`, "/items/0/cost", `this property is not allowed: the schema has "price", "kind", "code"`},
		{shop, `{"items":[],"mode":"slow"}`, "/mode", `"fast" expected, "slow" found`},
		{shop, `{"items":[],"n":1.5}`, "/n", `null or integer expected, number found`},
		{shop, `{"items":[],"n":10}`, "/n", `less than 10 expected, 10 found`},
		{shop, `{"items":[],"n":4}`, "/n", `a multiple of 3 expected, 4 found`},
		{union, `{"kind":"square","r":1}`, "/r", `this property is not allowed: the schema has "kind", "a"`},
		{union, `{"kind":"square"}`, "", `property "a" is missing`},
		{union, `{"kind":"circle","r":"1"}`, "/r", `number expected, string found`},
		{union, `{"kind":"line"}`, "/kind", `"circle" expected, "line" found; or "square" expected, "line" found`},
		{union, `7`, "", `object expected, integer found; or null expected, integer found`},
		{`{"oneOf":[{"minimum":1},{"maximum":5}]}`, `3`, "", `valid under 2 alternatives of oneOf, exactly one expected`},
		{`{"anyOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/a"}],"$defs":{"a":{"anyOf":[{"type":"null"},{"type":"array"}]}}}`, `3`, "",
			`null expected, integer found; or array expected, integer found`},
		{`{"additionalProperties":{"type":"null"}}`, `{"a/b~c":1}`, "/a~1b~0c", `null expected, integer found`},
		{`{"additionalProperties":{"type":"null"}}`, `{"":1}`, "/", `null expected, integer found`},
		{`{"propertyNames":{"maxLength":2}}`, `{"abc":1}`, "/abc", `the name "abc" is not allowed: at most 2 characters expected, 3 found`},
		{`{"prefixItems":[true],"items":false}`, `[1,2]`, "/1", `nothing is allowed here`},
		{`{"uniqueItems":true}`, `[1,2,1.0]`, "/2", `an item is there twice: 1.0`},
		{`{"contains":{"type":"null"},"minContains":2}`, `[null,3]`, "", `at least 2 items of the kind that the list must contain expected, 1 found`},
		{`{"minItems":1,"maxItems":2}`, `[]`, "", `1 to 2 items expected, 0 found`},
		{`{"items":{"minProperties":2,"maxProperties":2}}`, `[{}]`, "/0", `2 properties expected, 0 found`},
		{`{"not":{"type":"string"}}`, `"x"`, "", `"x" is excluded`},
		{`{"format":"ipv4"}`, `"1.2.3"`, "", `format "ipv4" expected, "1.2.3" found`},
		{`{"if":{"required":["a"]},"then":{"properties":{"b":{"type":"null"}}}}`, `{"a":1,"b":2}`, "/b", `null expected, integer found`},
		{`{"dependentRequired":{"a":["b"]}}`, `{"a":1}`, "", `property "b" is missing`},
		{`{"properties":{"a":true},"unevaluatedProperties":false}`, `{"a":1,"b":2}`, "/b", `this property is not allowed: the schema has "a"`},
		{`{"unevaluatedItems":{"type":"null"}}`, `[1]`, "/0", `null expected, integer found`},
		{`{"maximum":1e300}`, `1e400`, "", `at most 1e300 expected, 1e400 found`},
		{`false`, `1`, "", `nothing is allowed here`},
	} {
		check, err := NewValidator(c.schema)
		require.NoError(t, err)
		err = check(c.text)
		require.Equal(t, &Error{Invalid, c.pointer, c.msg}, err, "%s under %s", c.text, c.schema)
	}
}

// What an attacker writes is quoted, and does not make an error long.
func TestFlawsAreBounded(t *testing.T) {
	check, err := NewValidator(`{"additionalProperties":{"anyOf":[{"type":"null"},{"$ref":"#"}],"type":["object","null"]}}`)
	require.NoError(t, err)
	long := strings.Repeat("é\n", 1<<16)
	for _, text := range []string{
		`{` + quote(long) + `:` + quote(long) + `}`,
		strings.Repeat(`{"a":`, 9000) + `1` + strings.Repeat(`}`, 9000),
		strings.Repeat(`{"a/~b":`, 50) + quote(long) + strings.Repeat(`}`, 50),
		`{"a\u0000\n\u001b[31m":[]}`,
	} {
		err := check(text)
		require.Error(t, err)
		require.Less(t, len(err.Error()), 1000)
		require.NotRegexp(t, `[[:cntrl:]]`, err.Error())
		root, err2 := decodeJSON(text)
		require.NoError(t, err2)
		_, err2 = resolve(root, err.(*Error).Pointer)
		require.NoError(t, err2)
	}
	var names, values []string
	for i := range 1000 {
		names = append(names, fmt.Sprintf(`"%s%d":{}`, strings.Repeat("n", 1000), i))
		values = append(values, fmt.Sprintf(`{"const":"%s%d"}`, strings.Repeat("v", 1000), i))
	}
	for _, schema := range []string{
		`{"properties":{` + strings.Join(names, ",") + `},"additionalProperties":false}`,
		`{"items":{"anyOf":[` + strings.Join(values, ",") + `]}}`,
	} {
		check, err := NewValidator(schema)
		require.NoError(t, err)
		for _, text := range []string{`{"a":1}`, `[1]`} {
			if err := check(text); err != nil {
				require.Less(t, len(err.Error()), 1000)
				require.True(t, utf8.ValidString(err.Error()))
			}
		}
	}
}

// No text moves a terminal's cursor or turns what is printed around it, whichever error repeats it.
func TestFlawsArePrintable(t *testing.T) {
	const text = "\u009b31m\u202e\u007f" // C1 controls are commands as well
	quoted := `"\u009b31m\u202e\u007f"`
	for schema, value := range map[string]string{
		`{"maximum":1,"type":"number"}`:                                   `{` + quoted + `:1}`,
		`{"additionalProperties":false}`:                                  `{` + quoted + `:1}`,
		`{"propertyNames":{"const":"a"}}`:                                 `{` + quoted + `:1}`,
		`{"enum":["a",` + quoted + `]}`:                                   quoted[:len(quoted)-1] + `x"`,
		`{"pattern":` + quoted + `}`:                                      `"a"`,
		`{"pattern":"^a"}`:                                                quoted,
		`{"not":{"const":` + quoted + `}}`:                                quoted,
		`{"items":{"type":"string"},"uniqueItems":true}`:                  `[` + quoted + `,` + quoted + `]`,
		`{"required":[` + quoted + `],"type":"object"}`:                   `{}`,
		`{"properties":{` + quoted + `:{"type":"null"}}}`:                 `{` + quoted + `:1}`,
		`{"properties":{` + quoted + `:{}},"additionalProperties":false}`: `{"a":1}`,
	} {
		check, err := NewValidator(schema)
		require.NoError(t, err)
		err = check(value)
		require.Error(t, err, schema)
		require.NotContains(t, err.Error(), text, schema)
		require.False(t, strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }), "%q", err.Error())
	}
}

// A short text cannot make the validator take much memory, whatever the schema is: it forgets.
func TestValidatorForgets(t *testing.T) {
	var list []string
	for i := range 500 {
		list = append(list, fmt.Sprintf(`{"anyOf":[{"const":"a%d"}]}`, i))
	}
	doc, err := loadSchema(`{"items":{"anyOf":[` + strings.Join(list, ",") + `]}}`)
	require.NoError(t, err)
	v, err := readJSON("["+strings.Repeat(`"a499",`, 1000)+`1]`, maxValueDepth, true)
	require.NoError(t, err)
	c := &checker{doc: doc}
	f := c.check(doc.root, v, nil)
	require.NoError(t, c.costly)
	require.Greater(t, c.steps, 2*maxMemo)
	require.LessOrEqual(t, len(c.memo), maxMemo)
	pointer, _ := v.pointerTo(f.at)
	require.Equal(t, "/1000", pointer)
}

// Neither can one that is nested deep, all of whose values have to be compared: texts of all levels would be its length squared.
func TestValidatorComparesLittle(t *testing.T) {
	const n = 16_000 // 250 MB
	text := strings.Repeat("[", n) + "1" + strings.Repeat("]", n)
	for _, schema := range []string{
		`{"uniqueItems":true,"items":{"$ref":"#"}}`,
		`{"anyOf":[{"enum":[[2],1]},{"type":"array","items":{"$ref":"#"}}]}`,
		`{"items":{"$ref":"#"},"not":{"const":[2]}}`,
	} {
		check, err := NewValidator(schema)
		require.NoError(t, err)
		require.NoError(t, check(text[n-100:n+101]))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err = check(text)
		runtime.ReadMemStats(&after)
		require.Equal(t, &Error{Limit, "", "validating the text takes too long"}, err, schema)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(200<<20), schema)
	}
}
