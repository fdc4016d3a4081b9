package llm_test

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"llm"
)

func TestCalculator(t *testing.T) {
	tool := llm.Calculator()
	call := func(expression string) (string, error) {
		args, err := json.Marshal(map[string]string{"expression": expression})
		require.NoError(t, err)
		out, err := tool.Call(t.Context(), args)
		return string(out), err
	}
	for expression, want := range map[string]string{
		"15% of 80": `{"result":"12"}`,
		"1/3":       `{"result":"0.333333333333333333333333333333","fraction":"1/3"}`,
		"sqrt(2)":   `{"result":"1.41421356237309504880168872421","approximate":true}`,
	} {
		got, err := call(expression)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := call("1/0")
	require.EqualError(t, err, "division by zero (at character 2)")
	_, err = tool.Call(t.Context(), json.RawMessage(`{"expr":"1"}`))
	require.ErrorContains(t, err, `unknown field "expr"`)
}

// TestCalculatorSaysWhatItCanDo: its schema is that of its arguments, and the examples for the model work.
func TestCalculatorSaysWhatItCanDo(t *testing.T) {
	tool := llm.Calculator()
	want, err := llm.SchemaOf[struct {
		Expression string `json:"expression" jsonschema:"what to compute, such as 3 * (4.5 + 2)"`
	}]()
	require.NoError(t, err)
	require.Equal(t, string(want), string(tool.Schema()))
	examples := regexp.MustCompile(`"[^"]+"`).FindAllString(tool.Description(), -1)
	require.Greater(t, len(examples), 3)
	for _, e := range examples {
		_, err := tool.Call(t.Context(), json.RawMessage(`{"expression":`+e+`}`))
		require.NoError(t, err, e)
	}
}
