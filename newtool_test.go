package llm_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"llm"
)

type place struct {
	City string `json:"city" jsonschema:"city and country"`
	Unit string `json:"unit,omitempty" llm:"enum=c|f"`
}

func TestToolCallsItsFunction(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "here")
	tool, err := llm.NewTool("weather.now-2_x", "Weather of a city", func(ctx context.Context, in *place) (map[string]any, error) {
		return map[string]any{"in": in.City + " <&>", "unit": in.Unit, "ctx": ctx.Value(key{})}, nil
	})
	require.NoError(t, err)
	require.Equal(t, "weather.now-2_x", tool.Name())
	require.Equal(t, "Weather of a city", tool.Description())
	want, err := llm.SchemaOf[place]()
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(tool.Schema()))
	out, err := tool.Call(ctx, json.RawMessage(` {"city":"Oslo","unit":"c"} `))
	require.NoError(t, err)
	require.Equal(t, `{"ctx":"here","in":"Oslo <&>","unit":"c"}`, string(out))
}

func TestToolRefusesOtherArguments(t *testing.T) {
	tool, err := llm.NewTool("f", "", func(_ context.Context, in *place) (string, error) { return in.City, nil })
	require.NoError(t, err)
	for args, want := range map[string]string{
		``:                                 "not a JSON object",
		`null`:                             "not a JSON object",
		`["Oslo"]`:                         "not a JSON object",
		`{"city":"Oslo","country":"NO"}`:   `unknown field "country"`,
		`{"city":1}`:                       "city",
		`{"city":"Oslo"} {"city":"Paris"}`: "more than one",
		`{"city":"Oslo"}}`:                 "more than one",
		`{"city":"Oslo"`:                   "unexpected EOF",
	} {
		_, err := tool.Call(t.Context(), json.RawMessage(args))
		require.ErrorContains(t, err, want, args)
		require.ErrorContains(t, err, "arguments: ", args)
	}
}

func TestToolResults(t *testing.T) {
	type none = struct{}
	call := func(tool llm.Tool, err error) string {
		require.NoError(t, err)
		out, err := tool.Call(t.Context(), json.RawMessage(`{}`))
		require.NoError(t, err)
		return string(out)
	}
	require.Equal(t, `"5 < 6"`, call(llm.NewTool("f", "", func(context.Context, none) (string, error) { return "5 < 6", nil })))
	require.Equal(t, `null`, call(llm.NewTool("f", "", func(context.Context, none) (*int, error) { return nil, nil })))
	require.Equal(t, `null`, call(llm.NewTool("f", "", func(context.Context, none) (any, error) { return nil, nil })))
	require.Equal(t, `{"a":[1]}`, call(llm.NewTool("f", "", func(context.Context, map[string]int) (json.RawMessage, error) {
		return json.RawMessage(`{ "a": [1] }`), nil
	})))
	own := errors.New("own")
	tool, err := llm.NewTool("f", "", func(context.Context, none) (int, error) { return 0, own })
	require.NoError(t, err)
	_, err = tool.Call(t.Context(), json.RawMessage(`{}`))
	require.Equal(t, own, err)
	tool, err = llm.NewTool("f", "", func(context.Context, none) (func(), error) { return nil, nil })
	require.NoError(t, err)
	_, err = tool.Call(t.Context(), json.RawMessage(`{}`))
	require.ErrorContains(t, err, "result: ")
}

func TestToolsThatCannotBe(t *testing.T) {
	for _, name := range []string{"", "get weather", "größe", "a/b", "a\n", strings.Repeat("a", 65)} {
		_, err := llm.NewTool(name, "", func(context.Context, place) (int, error) { return 0, nil })
		require.ErrorContains(t, err, "name", name)
	}
	_, err := llm.NewTool[place, int](strings.Repeat("a", 64), "", nil)
	require.ErrorContains(t, err, "no function")
	_, err = llm.NewTool("f", "", func(context.Context, int) (int, error) { return 0, nil })
	require.ErrorContains(t, err, "not int")
	_, err = llm.NewTool("f", "", func(context.Context, any) (int, error) { return 0, nil })
	require.ErrorContains(t, err, "struct or a map")
	_, err = llm.NewTool("f", "", func(context.Context, []place) (int, error) { return 0, nil })
	require.ErrorContains(t, err, "not []llm_test.place")
	_, err = llm.NewTool("f", "", func(context.Context, struct{ C chan int }) (int, error) { return 0, nil })
	require.ErrorContains(t, err, "field C")
}
