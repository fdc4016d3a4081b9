package arch

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"llm/quant"
)

// TestLogits runs Specs through the plainest decoder there can be, in float64, and compares with the logits that other
// engines computed: what a Spec says is then what the model is.
func TestLogits(t *testing.T) {
	for _, name := range readable {
		t.Run(name, func(t *testing.T) {
			want := answer(t, name)
			got := decode(t, spec(t, name), append(want.Prompt, want.Greedy...))
			requireLogits(t, got, want)
		})
	}
}

// requireLogits checks that the error is within the budget against one of the references.
func requireLogits(t *testing.T, got [][]float64, want reference) {
	t.Helper()
	rows := want.Positions
	if rows == nil {
		for i := range got {
			rows = append(rows, i)
		}
	}
	best := squares(t, got, rows, want.Logits)
	if want.Alternative != "" {
		best = min(best, squares(t, got, rows, want.Alternative))
	}
	require.LessOrEqual(t, best, want.Budget)
	t.Logf("error %.1e of %.0e", best, want.Budget)
}

type reference struct {
	Prompt, Greedy []int
	Positions      []int
	Logits         string
	Alternative    string `json:"logits_alt"`
	Budget         float64
}

func answer(t *testing.T, name string) (r reference) {
	file, err := os.Open(shared(t, "fixtures", "arch", name+".json.gz"))
	require.NoError(t, err)
	defer file.Close()
	z, err := gzip.NewReader(file)
	require.NoError(t, err)
	require.NoError(t, json.NewDecoder(z).Decode(&r))
	return r
}

// squares is the squared error relative to the squares of the reference, over the rows that it has.
func squares(t *testing.T, got [][]float64, rows []int, encoded string) float64 {
	raw, err := base64.StdEncoding.DecodeString(encoded)
	require.NoError(t, err)
	want := make([]float32, len(raw)/4)
	require.NoError(t, quant.Dequantize(quant.F32, want, raw))
	require.Len(t, want, len(rows)*len(got[0]))
	var diff, all float64
	for i, row := range rows {
		for j, x := range got[row] {
			w := float64(want[i*len(got[0])+j])
			diff, all = diff+(x-w)*(x-w), all+w*w
		}
	}
	return diff / all
}
