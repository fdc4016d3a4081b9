package sampler

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
)

const (
	maxLine  = 64 << 20 // bytes of one request
	maxCount = 1 << 20  // tokens of one request
)

type request struct {
	ID       string     `json:"id"`
	Logits   []*float64 `json:"logits"` // null: minus infinity
	History  []int32    `json:"history"`
	Mask     *[]int32   `json:"mask"` // absent: all
	Sampling settings   `json:"sampling"`
	Position uint64     `json:"position"`
	Count    int        `json:"count"`
	Words    []struct {
		Seed     uint64 `json:"seed,string"`
		Position uint64 `json:"position"`
		Token    uint32 `json:"token"`
		Stream   uint32 `json:"stream"`
	} `json:"words"`
}

type settings struct {
	Temperature      float32           `json:"temperature"`
	TopP             float32           `json:"top_p"`
	MinP             float32           `json:"min_p"`
	TypicalP         float32           `json:"typical_p"`
	RepeatPenalty    float32           `json:"repeat_penalty"`
	FrequencyPenalty float32           `json:"frequency_penalty"`
	PresencePenalty  float32           `json:"presence_penalty"`
	TopK             int               `json:"top_k"`
	RepeatLastN      int               `json:"repeat_last_n"`
	Seed             uint64            `json:"seed,string"`
	LogitBias        map[int32]float32 `json:"logit_bias"`
}

type response struct {
	ID     string    `json:"id"`
	Error  *string   `json:"error"`
	Kept   []int32   `json:"kept,omitempty"`
	Probs  []float64 `json:"probs,omitempty"`
	Tokens []int32   `json:"tokens,omitempty"`
	Words  []uint32  `json:"words,omitempty"`
}

// Serve answers each line of JSON with one line, before it reads the next, until r ends. A request is
//
//	{"id","logits":[…],"history":[ids],"mask":[ids],"sampling":{"temperature",…},"position","count"}
//	{"id","words":[{"seed","position","token","stream"},…]}
//
// and the answer {"id","error","kept","probs","tokens"}, or {"id","error","words"}. It needs no model: the caller
// brings logits. A wrong request is answered with its error; the error returned is one of reading or writing.
func Serve(r io.Reader, w io.Writer) error {
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxLine)
	out := json.NewEncoder(w)
	for in.Scan() {
		if len(in.Bytes()) == 0 {
			continue
		}
		var req request
		var res response
		err := json.Unmarshal(in.Bytes(), &req)
		if err == nil {
			res, err = req.answer()
		}
		if err != nil {
			text := err.Error()
			res = response{Error: &text}
		}
		res.ID = req.ID
		if err := out.Encode(&res); err != nil {
			return err
		}
	}
	return in.Err()
}

func (q *request) answer() (response, error) {
	if q.Words != nil {
		var res response
		for _, w := range q.Words {
			res.Words = append(res.Words, Word(w.Seed, w.Position, w.Token, w.Stream))
		}
		return res, nil
	}
	if q.Count < 0 || q.Count > maxCount {
		return response{}, fmt.Errorf("count is %d, must be from 0 to %d", q.Count, maxCount)
	}
	logits, mask, err := q.row()
	if err != nil {
		return response{}, err
	}
	s, err := New(len(logits), q.params())
	if err != nil {
		return response{}, err
	}
	s.Reset(q.History)
	return q.sample(s, logits, mask)
}

func (q *request) sample(s *Sampler, logits []float32, mask []uint64) (res response, err error) {
	if res.Kept, res.Probs, err = s.Kept(logits, mask); err != nil {
		return response{}, err
	}
	for i := range uint64(q.Count) {
		id, err := s.Sample(logits, mask, q.Position+i)
		if err != nil {
			return response{}, err
		}
		res.Tokens = append(res.Tokens, id)
	}
	return res, nil
}

// row turns the request's logits and mask into those of Sample.
func (q *request) row() ([]float32, bitset, error) {
	logits := make([]float32, len(q.Logits))
	for i, x := range q.Logits {
		logits[i] = float32(math.Inf(-1))
		if x != nil {
			logits[i] = float32(*x)
		}
	}
	if q.Mask == nil {
		return logits, nil, nil
	}
	mask := newBitset(len(logits))
	for _, id := range *q.Mask {
		if id < 0 || int(id) >= len(logits) {
			return nil, nil, errors.New("mask has a token outside the vocabulary")
		}
		mask.set(id)
	}
	return logits, mask, nil
}

// params leaves out a bias of a token that does not exist: here, unlike in New, it changes nothing.
func (q *request) params() Params {
	p := Params(q.Sampling)
	p.LogitBias = map[int32]float32{}
	for id, b := range q.Sampling.LogitBias {
		if id >= 0 && int(id) < len(q.Logits) {
			p.LogitBias[id] = b
		}
	}
	return p
}
