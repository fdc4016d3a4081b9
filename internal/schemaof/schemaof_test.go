package schemaof

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/require"

	"llm/internal/constrain"
)

type (
	color string
	level int
	unit  int // decodes itself

	list   struct{ Next *list }
	forest []tree
	tree   struct {
		Name     string `json:"name" jsonschema:"what it is called"`
		Children []tree `json:"children,omitempty"`
	}
	nested  []nested
	catalog map[string]catalog
	husband struct {
		Wife *wife `json:"wife"`
	}
	wife struct {
		Husband  *husband           `json:"husband,omitempty"`
		Children map[string]husband `json:"children"`
	}
	family struct {
		Left, Right wife
		Roots       forest
		Lists       []nested
	}
	generic[T any] struct {
		Value T
		More  []generic[T]
	}

	base struct {
		ID   int  `json:"id"`
		None bool // as in other: nobody's
		Same int8 `json:"Same"` // before other's, which has no tag
	}
	other struct {
		None bool
		Same string
		Deep bool
	}
	Named struct{ Inside int8 }
	Self  struct {
		*Self
		X int8
	}
	Word  string
	Again struct{ Inside, Too int8 }

	unreadable chan int
)

func (u *unit) UnmarshalText(b []byte) error {
	i := slices.Index([]string{"celsius", "kelvin"}, string(b))
	*u = unit(i)
	if i < 0 {
		return fmt.Errorf("unknown unit %q", b)
	}
	return nil
}

// types are one or more for each rule.
var types = []any{
	struct{}{},
	struct{ A, B bool }{},
	struct {
		Int8   int8
		Int16  int16
		Int32  int32
		Int64  int64
		Int    int
		Uint8  uint8
		Uint16 uint16
		Uint32 uint32
		Uint64 uint64
		Uint   uint
		Ptr    uintptr
	}{},
	struct {
		F float32
		D float64
	}{},
	struct {
		S color
		L level
		D time.Duration
	}{},
	struct {
		At    time.Time
		Maybe *time.Time
	}{},
	struct {
		Bytes []byte
		Few   [3]byte
		More  [][]byte
	}{},
	struct {
		Raw json.RawMessage
		N   json.Number
	}{},
	struct{ X any }{},
	map[string]any{},
	[]any{},
	struct {
		Addr netip.Addr
		Opt  *netip.Addr
		Big  big.Int
		BigP *big.Int
	}{},
	struct {
		P  *int8
		PP **string
		Q  *struct{ Z *bool }
	}{},
	struct {
		L []int8
		A [2]string
		Z [0]int
		M [][]bool
	}{},
	struct {
		A map[string]int8
		B map[color]bool
		C map[int8]bool
		D map[uint16]string
		E map[int64]bool
		F map[uint64][]bool
	}{},
	list{}, forest{}, tree{}, nested{}, catalog{}, husband{}, wife{}, family{}, generic[int8]{}, generic[generic[bool]]{},
	struct {
		A string `json:"a,omitempty"`
		B int8   `json:"b,omitzero"`
		C bool   `json:"-"`
		E bool   `json:"weird name!"`
		g chan int
		H bool `json:",omitempty"`
	}{},
	struct {
		A int8    `json:"a,string"`
		B uint64  `json:",string"`
		C bool    `json:",string"`
		D float32 `json:",string"`
		E float64 `json:",string"`
		F *int64  `json:",string"`
		G string  `json:",string"`
		I *string `json:",string"`
	}{},
	struct {
		base
		other
		Named `json:"named"`
		Word
		*Self
		ID uint8
	}{},
	struct {
		*Named
		Inside string `json:"Inside"`
	}{},
	struct {
		Color  string         `llm:"enum=red|green|light blue"`
		Level  level          `llm:"enum=1|5|-7"`
		Share  float64        `llm:"min=0,max=1"`
		Count  uint8          `llm:"min=1,max=100"`
		Name   string         `llm:"min=1,max=5"`
		Code   string         `llm:"pattern=^[a-z]{2,3}(,[0-9])?$"`
		Date   string         `llm:"format=date"`
		ID     *string        `llm:"format=uuid,nonnull"`
		Tags   []string       `llm:"min=1,max=3,enum=a|b"`
		All    []int8         `llm:"nonnull"`
		Maybe  *color         `llm:"enum=x|y"`
		Where  map[string]int `llm:"max=1"`
		Half   float32        `llm:"enum=0.5|1e3"`
		Unit   unit           `llm:"enum=celsius|kelvin"`
		Units  []*unit        `llm:"enum=kelvin"`
		Mail   []string       `llm:"format=email"`
		Server struct {
			Host string `json:"host" llm:"format=ipv6"`
		}
	}{},
	odd, "", 0.5, int64(1), true, [2]bool{}, [][]string{},
}

// odd has tags that are legal, and mistakes in the eyes of linters.
var odd = reflect.Zero(reflect.StructOf([]reflect.StructField{
	{Name: "Dash", Type: reflect.TypeFor[bool](), Tag: `json:"-,"`},
	{Name: "Quote", Type: reflect.TypeFor[bool](), Tag: `json:"bad\"name"`},
	{Name: "Ignored", Type: reflect.TypeFor[[]int8](), Tag: `json:",string"`},
})).Interface()

func schemaFor(t *testing.T, of reflect.Type) *constrain.Constraint {
	t.Helper()
	s, err := For(of)
	require.NoError(t, err, "%v", of)
	c, err := constrain.CompileSchema(string(s), constrain.Options{})
	require.NoError(t, err, "%v: %s", of, s)
	require.Empty(t, c.Relaxed(), "%v: %s", of, s)
	return c
}

func decode(of reflect.Type, text string) (reflect.Value, error) {
	v := reflect.New(of)
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(v.Interface())
	return v, err
}

// TestWhatIsValidDecodes draws texts at random from each schema.
func TestWhatIsValidDecodes(t *testing.T) {
	trie := constrain.NewTrie(constrain.Bytewise{})
	for i, v := range types {
		of := reflect.TypeOf(v)
		t.Run(fmt.Sprintf("%d", i), func(t *testing.T) {
			c := schemaFor(t, of)
			w := newWriter(uint64(i))
			for range sentences() {
				text := w.sentence(t, constrain.NewMatcher(c, trie))
				require.NoError(t, c.Validate(text), "%s", text)
				_, err := decode(of, text)
				require.NoError(t, err, "%v: %s", of, text)
			}
		})
	}
}

func sentences() int {
	if testing.Short() {
		return 30
	}
	return 300
}

// TestWhatIsEncodedIsValid: the schemas are not narrower than the types, floats near their limits aside. Values at random, as
// encoding/json writes them.
func TestWhatIsEncodedIsValid(t *testing.T) {
	for _, v := range []any{
		struct{ A, B bool }{}, struct {
			A int8
			B int64
			C uint64
			E string
			F [2]*int16
			G []color
			H map[int8]string
			I map[uint64]*bool
			J map[int64]struct{ X []string }
			K time.Duration
			L uint8 `json:",string"`
			M int64 `json:"m,string"`
			N bool  `json:",omitempty,string"`
		}{}, struct {
			Named `json:"named"`
			Word
			Again
			ID uint8
		}{}, struct {
			Named
			Again
			ID uint8
		}{},
	} {
		of := reflect.TypeOf(v)
		c := schemaFor(t, of)
		check := func(args []reflect.Value) bool {
			text, err := json.Marshal(args[0].Interface())
			require.NoError(t, err)
			require.NoError(t, c.Validate(string(text)), "%s", text)
			return true
		}
		f := reflect.MakeFunc(reflect.FuncOf([]reflect.Type{of}, []reflect.Type{reflect.TypeFor[bool]()}, false), func(args []reflect.Value) []reflect.Value {
			return []reflect.Value{reflect.ValueOf(check(args))}
		})
		require.NoError(t, quick.Check(f.Interface(), nil))
	}
}

// TestBoundsAreThoseOfTheKind: the last number that fits is valid, the next is not.
func TestBoundsAreThoseOfTheKind(t *testing.T) {
	for of, b := range map[reflect.Type][2]string{
		reflect.TypeFor[int8]():   {"-128", "127"},
		reflect.TypeFor[uint16](): {"0", "65535"},
		reflect.TypeFor[int32]():  {"-2147483648", "2147483647"},
		reflect.TypeFor[int64]():  {"-9223372036854775808", "9223372036854775807"},
		reflect.TypeFor[uint64](): {"0", "18446744073709551615"},
	} {
		c := schemaFor(t, of)
		m := schemaFor(t, reflect.MapOf(of, reflect.TypeFor[bool]()))
		for i, text := range b {
			n, _ := new(big.Int).SetString(text, 10)
			beyond := n.Add(n, big.NewInt(int64(2*i-1))).String()
			_, err := decode(of, beyond)
			require.Error(t, err)
			require.NoError(t, c.Validate(text))
			require.Error(t, c.Validate(beyond), "%v", of)
			require.NoError(t, m.Validate(`{"`+text+`":true}`))
			require.Error(t, m.Validate(`{"`+beyond+`":true}`), "%v", of)
		}
	}
	for _, text := range []string{"1e38", "1e39", "1e308", "1e309"} {
		for _, of := range []reflect.Type{reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[any]()} {
			_, err := decode(of, text)
			require.Equal(t, err == nil, schemaFor(t, of).Validate(text) == nil, "%v %s", of, text)
		}
	}
}

// TestPatternOfIntegers compares every number near every bound.
func TestPatternOfIntegers(t *testing.T) {
	for _, limit := range []int{1, 9, 10, 11, 99, 100, 127, 128, 1000, 1234, 9090, math.MaxInt16, 1 << 15} {
		c, err := constrain.CompileRegexp(upTo(fmt.Sprint(limit)))
		require.NoError(t, err)
		for n := range 2*limit + 2 {
			require.Equal(t, n >= 1 && n <= limit, c.Validate(fmt.Sprint(n)) == nil, "%d of %d", n, limit)
		}
		for _, text := range []string{"", "01", "-1", "1.0", "1e0", "+1", "0"} {
			require.Error(t, c.Validate(text))
		}
	}
}

// TestSameReadingOfTagsAsTheLibrary: one struct serves both, so names, order, what is required and descriptions agree.
func TestSameReadingOfTagsAsTheLibrary(t *testing.T) {
	type inner struct {
		X int8   `json:"x" jsonschema:"how far"`
		Y string `json:"y,omitempty"`
	}
	for _, v := range []any{
		tagged{}, inner{},
		struct {
			A inner             `json:"a" jsonschema:"a place <here> & now"`
			B *inner            `json:"b,omitzero"`
			C []inner           `json:"c" jsonschema:"several"`
			D map[string]*inner `json:"d,omitempty"`
			E [3]bool           `jsonschema:"three"`
			F *string
			G bool   `json:"-"`
			H uint16 `json:",omitempty"`
			i int
		}{},
		struct {
			Z string
			base
			Named
			A string
		}{},
	} {
		of := reflect.TypeOf(v)
		theirs, err := jsonschema.ForType(of, nil)
		require.NoError(t, err)
		ours, err := For(of)
		require.NoError(t, err)
		require.NotContains(t, string(ours), `\u00`)
		var s jsonschema.Schema
		require.NoError(t, json.Unmarshal(ours, &s))
		requireSame(t, theirs, &s)
		requireSameOrder(t, theirs, ours)
	}
}

type tagged struct {
	City string `json:"city" jsonschema:"city and country"`
	Unit string `json:"unit,omitempty" llm:"enum=c|f"`
	Days uint8  `json:"days"`
}

// requireSame compares what both say, bounds and enumerations aside.
func requireSame(t *testing.T, a, b *jsonschema.Schema) {
	require.Equal(t, a.Type, b.Type)
	require.Equal(t, a.Types, b.Types)
	require.Equal(t, a.Description, b.Description)
	require.Equal(t, a.Required, b.Required)
	require.Equal(t, a.MinItems, b.MinItems)
	require.Equal(t, a.MaxItems, b.MaxItems)
	require.Len(t, b.Properties, len(a.Properties))
	for name, p := range a.Properties {
		require.Contains(t, b.Properties, name)
		requireSame(t, p, b.Properties[name])
	}
	for _, pair := range [][2]*jsonschema.Schema{{a.Items, b.Items}, {a.AdditionalProperties, b.AdditionalProperties}} {
		require.Equal(t, pair[0] == nil, pair[1] == nil)
		if pair[0] != nil {
			requireSame(t, pair[0], pair[1])
		}
	}
}

func requireSameOrder(t *testing.T, want *jsonschema.Schema, got json.RawMessage) {
	at := -1
	for _, name := range want.PropertyOrder {
		var top struct{ Properties json.RawMessage }
		require.NoError(t, json.Unmarshal(got, &top))
		i := strings.Index(string(top.Properties), fmt.Sprintf("%q:", name))
		require.Greater(t, i, at, name)
		at = i
	}
}

// TestTheirValidatorAgrees: texts at random are valid for the library that will read our schemas elsewhere.
func TestTheirValidatorAgrees(t *testing.T) {
	trie := constrain.NewTrie(constrain.Bytewise{})
	for i, v := range types {
		of := reflect.TypeOf(v)
		text, err := For(of)
		require.NoError(t, err)
		var s jsonschema.Schema
		require.NoError(t, json.Unmarshal(text, &s), "%s", text)
		r, err := s.Resolve(nil)
		require.NoError(t, err, "%s", text)
		w := newWriter(uint64(i))
		c := schemaFor(t, of)
		judged := 0
		for range 20 {
			sentence := w.sentence(t, constrain.NewMatcher(c, trie))
			var instance any
			if json.Unmarshal([]byte(sentence), &instance) != nil {
				continue // a number that only json.Number and json.RawMessage can hold
			}
			judged++
			require.NoError(t, r.Validate(instance), "%s\n%s", text, sentence)
		}
		require.Positive(t, judged)
	}
}

func TestForm(t *testing.T) {
	for _, c := range []struct {
		of   any
		want string
	}{
		{tagged{}, `{"type":"object","properties":{"city":{"type":"string","description":"city and country"},"unit":{"type":"string","enum":["c","f"]},` +
			`"days":{"type":"integer","minimum":0,"maximum":255}},"required":["city","days"],"additionalProperties":false}`},
		{list{}, `{"type":"object","properties":{"Next":{"anyOf":[{"type":"null"},{"$ref":"#"}]}},"required":["Next"],"additionalProperties":false}`},
		{&[]tree{}, `{"type":"array","items":{"$ref":"#/$defs/tree"},"$defs":{"tree":{"type":"object","properties":{"name":{"type":"string","description":"what it is called"},` +
			`"children":{"type":["null","array"],"items":{"$ref":"#/$defs/tree"}}},"required":["name"],"additionalProperties":false}}}`},
		{struct{ T time.Time }{}, `{"type":"object","properties":{"T":{"type":"string","pattern":"T[0-9:]{6}[0-5][^z]*$","format":"date-time"}},` +
			`"required":["T"],"additionalProperties":false}`},
		{struct{ X json.RawMessage }{}, `{"type":"object","properties":{"X":{}},"required":["X"],"additionalProperties":false}`},
		{odd, `{"type":"object","properties":{"-":{"type":"boolean"},"Quote":{"type":"boolean"},"Ignored":{"type":["null","array"],` +
			`"items":{"type":"integer","minimum":-128,"maximum":127}}},"required":["-","Quote","Ignored"],"additionalProperties":false}`},
		{struct{}{}, `{"type":"object","properties":{},"additionalProperties":false}`},
		{map[string]*bool{}, `{"type":"object","additionalProperties":{"type":["null","boolean"]}}`},
		{[]byte{}, `{"type":"string","pattern":"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$","contentEncoding":"base64"}`},
	} {
		got, err := For(reflect.TypeOf(c.of))
		require.NoError(t, err)
		require.Equal(t, c.want, string(got))
	}
}

// TestEmbedded: what encoding/json does is what counts, for names that several have above all.
func TestEmbedded(t *testing.T) {
	of := reflect.TypeFor[struct {
		base
		other
	}]()
	c := schemaFor(t, of)
	text := `{"id":1,"Same":2,"Deep":true}`
	require.NoError(t, c.Validate(text))
	_, err := decode(of, text)
	require.NoError(t, err)
	for _, text := range []string{`{"id":1,"Same":2,"Deep":true,"None":true}`, `{"id":1,"Same":"2","Deep":true}`} {
		require.Error(t, c.Validate(text))
		_, err := decode(of, text)
		require.Error(t, err)
	}
}

// TestErrorsNameTheField: the path from the type to what is wrong, and why.
func TestErrorsNameTheField(t *testing.T) {
	type pointer *pointer
	type embedded struct{ *base }
	for want, v := range map[string]any{
		"field C: ": struct{ C chan int }{},
		"field F: ": struct{ F func() }{},
		"field Z: ": struct{ Z complex64 }{},
		"field A.B[]{}.C: ": struct {
			A struct {
				B []map[string]struct{ C unreadable }
			}
		}{},
		"field U: ":                 struct{ U *unit }{},
		"decodes itself":            struct{ time.Time }{},
		"llm:\"enum=a|b\"":          struct{ U []unit }{},
		"field I: ":                 struct{ I error }{},
		"keys of type unit":         nil,
		"keys of type float":        struct{ M map[float64]int }{},
		"embedded pointer":          embedded{},
		"field N: schemaof.pointer": struct{ N pointer }{},
		"unknown \"enums\"": struct {
			S string `llm:"enums=a|b"`
		}{},
		"\"enum=\" has no value": struct {
			S string `llm:"enum="`
		}{},
		"twice": struct {
			S string `llm:"enum=a|b|a"`
		}{},
		"enum stands alone": struct {
			S string `llm:"enum=a,max=3"`
		}{},
		"\"300\" is no": struct {
			S int8 `llm:"enum=1|300"`
		}{},
		"\"rankine\" is no": struct {
			S unit `llm:"enum=kelvin|rankine"`
		}{},
		"-1 is no bound": struct {
			S uint `llm:"min=-1"`
		}{},
		"1.5 is no bound": struct {
			S int `llm:"min=1.5"`
		}{},
		"1e39 is no bound": struct {
			S float32 `llm:"max=1e39"`
		}{},
		"min=x is no number": struct {
			S int `llm:"min=x"`
		}{},
		"field S: llm tag: min is more": struct {
			S int `llm:"min=3,max=2"`
		}{},
		"field T: llm tag: min is more": struct {
			T []string `llm:"min=3,max=2"`
		}{},
		"-3 is no count": struct {
			S string `llm:"max=-3"`
		}{},
		"format \"colour\"": struct {
			S string `llm:"format=colour"`
		}{},
		"field P: llm tag: invalid": struct {
			P string `llm:"pattern=a("`
		}{},
		"field P: llm tag: unsat": struct {
			P string `llm:"min=3,pattern=^ab?$"`
		}{},
		"does not apply to bool": struct {
			B bool `llm:"enum=true"`
		}{},
		"does not apply to time.Time": struct {
			T time.Time `llm:"min=3"`
		}{},
		"does not apply to int: it is": struct {
			N int `llm:"nonnull"`
		}{},
		"empty jsonschema tag": struct {
			S string `jsonschema:""`
		}{},
		"must not begin with WORD=": struct {
			S string `jsonschema:"enum=a|b"`
		}{},
		"option string": struct {
			N json.Number `json:",string"`
		}{},
		"does not apply to int8": struct {
			N int8 `json:",string" llm:"min=1"`
		}{},
		"is recursive": struct {
			N nested `llm:"max=2"`
		}{},
	} {
		of := reflect.TypeOf(v)
		if want == "keys of type unit" {
			of, want = reflect.TypeFor[struct{ M map[unit]int }](), "keys of type schemaof.unit"
		}
		_, err := For(of)
		require.ErrorContains(t, err, want, "%v", of)
		require.ErrorContains(t, err, "schema of ")
	}
	_, err := For(nil)
	require.Error(t, err)
}
