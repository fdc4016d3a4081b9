package debugquants

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// serve answers lines and returns the answers.
func serve(t *testing.T, lines ...string) (answers []map[string]any) {
	var out bytes.Buffer
	require.NoError(t, Serve(strings.NewReader(strings.Join(lines, "\n")+"\n"), &out))
	for s := bufio.NewScanner(&out); s.Scan(); {
		var a map[string]any
		require.NoError(t, json.Unmarshal(s.Bytes(), &a))
		answers = append(answers, a)
	}
	require.Len(t, answers, len(lines))
	return answers
}

func TestRowsGoThereAndBack(t *testing.T) {
	// 0.5, 1 and zeros are exact in Q8_0 but for the rounding of its scale.
	row := base64.StdEncoding.EncodeToString(append([]byte{0, 0, 0, 63, 0, 0, 128, 63}, make([]byte, 120)...))
	a := serve(t, fmt.Sprintf(`{"id":7,"op":"quantize","type":"Q8_0","n":32,"data":"%s","imatrix":"%s"}`, row, row))[0]
	require.EqualValues(t, 7, a["id"])
	blocks, err := base64.StdEncoding.DecodeString(a["data"].(string))
	require.NoError(t, err)
	require.Equal(t, []byte{8, 32, 64, 127}, blocks[:4]) // f16(1/127), 63.5 rounded away from zero, 127
	a = serve(t, fmt.Sprintf(`{"id":8,"op":"dequantize","type":"F32","n":32,"data":"%s"}`, row))[0]
	require.Equal(t, row, a["data"])
	a = serve(t, fmt.Sprintf(`{"id":9,"op":"dot","type":"F32","n":32,"x":"%s","y":"%s","impl":"generic"}`, row, row))[0]
	require.EqualValues(t, 1.25, a["value"])
}

func TestBadRequestsAreAnswered(t *testing.T) {
	bad := []string{
		`{"op":"dequantize","type":"Q8_0","n":32,"data":"AAA="}`,
		`{"op":"dequantize","type":"Q8_0","n":33,"data":""}`,
		`{"op":"dequantize","type":"Q8_0","n":-32,"data":""}`,
		`{"op":"dequantize","type":"Q8_0","n":4611686018427387904,"data":""}`,
		`{"op":"quantize","type":"Q4_K","n":4611686018427387904,"data":""}`,
		`{"op":"quantize","type":"F32","n":1,"data":"AAAAAA==","imatrix":"AAA="}`,
		`{"op":"quantize","type":"IQ2_S","n":0,"data":""}`,
		`{"op":"dequantize","type":"Q9","n":0,"data":""}`,
		`{"op":"dequantize","type":"F32","n":1,"data":"%"}`,
		`{"op":"mix","type":"F32","n":1,"data":"AAAAAA=="}`,
		`{"op":"dot","type":"F32","n":1,"x":"AAAAAA==","y":"AAAAAA==","impl":"abacus"}`,
		`{"op":"dot","type":"F32","n":1,"x":"AADAfw==","y":"AAAAAA=="}`,
		`{"op":"dot","type":"F32","n":1,"x":"AAAAAA==","y":""}`,
		`{"op":"dequantize","n":1e99}`, `[]`, `{`, ``, `null`,
	}
	for i, a := range serve(t, bad...) {
		require.NotEmpty(t, a["error"], bad[i])
	}
}

func TestTooLongLineEndsWithAnError(t *testing.T) {
	require.Error(t, Serve(strings.NewReader(strings.Repeat(" ", maxLine+1)), &bytes.Buffer{}))
}
