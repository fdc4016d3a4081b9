package sampler

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServeAnswersWrongRequests(t *testing.T) {
	for _, line := range []string{
		`{`,
		`[]`,
		`{"id":"empty"}`,
		`{"id":"count","logits":[1],"sampling":{},"count":-1}`,
		`{"id":"count","logits":[1],"sampling":{},"count":1000000000}`,
		`{"id":"mask","logits":[1],"mask":[1],"sampling":{}}`,
		`{"id":"mask","logits":[1],"mask":[-1],"sampling":{}}`,
		`{"id":"seed","logits":[1],"sampling":{"seed":"-1"}}`,
		`{"id":"field","logits":[1],"sampling":{"top_p":7}}`,
		`{"id":"nothing","logits":[null,null],"sampling":{"temperature":1},"count":1}`,
		`{"id":"forbidden","logits":[1,2],"mask":[],"sampling":{"temperature":1},"count":1}`,
	} {
		var out bytes.Buffer
		require.NoError(t, Serve(strings.NewReader(line+"\n"), &out))
		var got response
		require.NoError(t, json.Unmarshal(out.Bytes(), &got), line)
		require.NotNil(t, got.Error, line)
	}
}

func TestServeAnswersBeforeItReadsOn(t *testing.T) {
	ask, requests := io.Pipe()
	answers, reply := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- Serve(requestsOnly{ask}, reply)
	}()
	read := json.NewDecoder(answers)
	for range 3 {
		_, err := requests.Write([]byte(`{"id":"a","logits":[0,9],"sampling":{"temperature":0},"count":2}` + "\n"))
		require.NoError(t, err)
		var got response
		require.NoError(t, read.Decode(&got))
		require.Nil(t, got.Error)
		require.Equal(t, []int32{1, 1}, got.Tokens)
	}
	require.NoError(t, requests.Close())
	require.NoError(t, <-done)
}

// requestsOnly hides everything of a pipe but Read.
type requestsOnly struct{ io.Reader }

func TestServeReportsAFailedWrite(t *testing.T) {
	r, w := io.Pipe()
	require.NoError(t, r.Close())
	require.ErrorIs(t, Serve(strings.NewReader("{}\n"), w), io.ErrClosedPipe)
}
