package sampler

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fixture opens a file of the sampling fixtures, or skips the test where they are absent.
func fixture(t *testing.T, name string) []byte {
	t.Helper()
	shared := os.Getenv("LLM_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	data, err := os.ReadFile(filepath.Join(shared, "fixtures", "sampling", name))
	if os.IsNotExist(err) {
		t.Skipf("no fixture sampling/%s", name)
	}
	require.NoError(t, err)
	return data
}

type goldenCase struct {
	request
	Kept   []int32   `json:"kept"`
	Probs  []float64 `json:"probs"`
	Tokens []int32   `json:"tokens"`
	Expect string    `json:"expect"`
}

// goldens returns the cases and, one for each, the lines they were read from.
func goldens(t *testing.T) (cases []goldenCase, lines []string) {
	zipped, err := gzip.NewReader(bytes.NewReader(fixture(t, "sampler.jsonl.gz")))
	require.NoError(t, err)
	in := bufio.NewScanner(zipped)
	in.Buffer(nil, maxLine)
	for in.Scan() {
		var c goldenCase
		require.NoError(t, json.Unmarshal(in.Bytes(), &c))
		cases, lines = append(cases, c), append(lines, in.Text())
	}
	require.NoError(t, in.Err())
	require.Len(t, cases, 444)
	return cases, lines
}

func TestGoldens(t *testing.T) {
	cases, lines := goldens(t)
	var out bytes.Buffer
	require.NoError(t, Serve(strings.NewReader(strings.Join(lines, "\n")), &out))
	answers := json.NewDecoder(&out)
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			var got response
			require.NoError(t, answers.Decode(&got))
			require.Equal(t, c.ID, got.ID)
			if c.Expect == "error" {
				require.NotNil(t, got.Error)
				return
			}
			require.Nil(t, got.Error)
			require.Equal(t, c.Tokens, got.Tokens)
			probs := map[int32]float64{}
			for i, id := range got.Kept {
				probs[id] = got.Probs[i]
			}
			for i, id := range c.Kept {
				p, ok := probs[id]
				require.True(t, ok || c.Probs[i] < 1e-12, "token %d is missing", id)
				require.InDelta(t, c.Probs[i], p, 1e-6)
				delete(probs, id)
			}
			for id, p := range probs {
				require.Less(t, p, 1e-12, "token %d was to be cut", id)
			}
		})
	}
}

func block(c [4]uint32, k0, k1 uint32) (out [4]uint32) {
	out[0], out[1], out[2], out[3] = philox(c[0], c[1], c[2], c[3], k0, k1)
	return out
}

func TestPhiloxKnownAnswers(t *testing.T) {
	var known struct {
		Philox []struct{ Counter, Key, Out []string } `json:"philox4x32_10"`
		Words  []struct {
			Seed     uint64 `json:"seed,string"`
			Position uint64
			Token    uint32
			Stream   uint32
			Word     uint32
			Gumbel   float64
		}
	}
	require.NoError(t, json.Unmarshal(fixture(t, "random.json"), &known))
	require.NotEmpty(t, known.Philox)
	require.NotEmpty(t, known.Words)
	hex := func(s string) uint32 {
		v, err := strconv.ParseUint(s, 16, 32)
		require.NoError(t, err)
		return uint32(v)
	}
	for _, k := range known.Philox {
		var counter, want [4]uint32
		for i := range 4 {
			counter[i], want[i] = hex(k.Counter[i]), hex(k.Out[i])
		}
		require.Equal(t, want, block(counter, hex(k.Key[0]), hex(k.Key[1])))
	}
	for _, w := range known.Words {
		require.Equal(t, w.Word, Word(w.Seed, w.Position, w.Token, w.Stream))
		require.InDelta(t, w.Gumbel, gumbel(w.Word), 1e-12)
	}
}

// Known answers published with Random123 (kat_vectors, philox4x32 10).
func TestPhiloxPublishedVectors(t *testing.T) {
	const ones = 0xffffffff
	require.Equal(t, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, block([4]uint32{}, 0, 0))
	require.Equal(t, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
		block([4]uint32{ones, ones, ones, ones}, ones, ones))
	require.Equal(t, [4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
		block([4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0))
}
