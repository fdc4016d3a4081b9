// Package debugquants answers requests to the tensor types as JSON lines, so that checks outside the process can compare every
// type and every kernel with another implementation.
package debugquants

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"llm/quant"
)

// maxLine bounds a request: a row of a million weights in base64, with room to spare.
const maxLine = 64 << 20

type request struct {
	ID         json.RawMessage `json:"id"`
	Op         string          `json:"op"`
	Type       string          `json:"type"`
	N          int             `json:"n"`
	Data       []byte          `json:"data"`
	Importance []byte          `json:"imatrix"`
	X          []byte          `json:"x"`
	Y          []byte          `json:"y"`
	Impl       string          `json:"impl"`
}

type response struct {
	ID    json.RawMessage `json:"id"`
	Data  *[]byte         `json:"data,omitempty"`
	Value *float32        `json:"value,omitempty"`
	Error string          `json:"error,omitempty"`
}

// Serve reads one request a line from r and writes one answer a line to w, in order, until r ends. Requests are
//
//	{"id":1,"op":"dequantize","type":"Q4_K","n":512,"data":B}            answered by {"id":1,"data":B}, float32
//	{"id":2,"op":"quantize","type":"Q4_K","n":512,"data":B,"imatrix":B}  answered by {"id":2,"data":B}, blocks; imatrix may be missing
//	{"id":3,"op":"dot","type":"Q4_K","n":1024,"x":B,"y":B,"impl":"avx2"} answered by {"id":3,"value":V}; impl may be missing
//
// where B is base64 of little-endian bytes, x holds blocks and y float32. One that cannot be served is answered by
// {"id":N,"error":"…"}. The error is that of r or w, or a line beyond 64 MiB.
func Serve(r io.Reader, w io.Writer) error {
	in, out := bufio.NewScanner(r), bufio.NewWriter(w)
	in.Buffer(nil, maxLine)
	for in.Scan() {
		line, err := json.Marshal(answer(in.Bytes()))
		if err != nil {
			return err
		}
		out.Write(append(line, '\n')) // an error stays until Flush
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return in.Err()
}

func answer(line []byte) response {
	var q request
	if err := json.Unmarshal(line, &q); err != nil {
		return response{ID: q.ID, Error: err.Error()}
	}
	a, err := q.serve()
	if err != nil {
		a = response{Error: err.Error()}
	}
	a.ID = q.ID
	return a
}

func (q *request) serve() (response, error) {
	t, ok := quant.Parse(q.Type)
	if !ok {
		return response{}, fmt.Errorf("unknown type %q", q.Type)
	}
	if q.N < 0 {
		return response{}, fmt.Errorf("n is %d", q.N)
	}
	switch q.Op {
	case "dequantize":
		return q.dequantize(t)
	case "quantize":
		return q.quantize(t)
	case "dot":
		return q.dot(t)
	}
	return response{}, fmt.Errorf("unknown op %q", q.Op)
}

// holds reports whether have bytes are q's row in t. It is asked first, so that only rows that exist are allocated.
func (q *request) holds(t quant.Type, have int) error {
	if n := t.Block(); q.N%n != 0 {
		return fmt.Errorf("%d weights are no multiple of the block of %d", q.N, n)
	}
	if q.N/t.Block() != have/t.BlockBytes() || have%t.BlockBytes() != 0 {
		return fmt.Errorf("%d bytes do not hold %d weights of %v", have, q.N, t)
	}
	return nil
}

func (q *request) dequantize(t quant.Type) (response, error) {
	if err := q.holds(t, len(q.Data)); err != nil {
		return response{}, err
	}
	row := make([]float32, q.N)
	if err := quant.Dequantize(t, row, q.Data); err != nil {
		return response{}, err
	}
	data := make([]byte, 4*len(row))
	for i, f := range row {
		binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(f))
	}
	return response{Data: &data}, nil
}

func (q *request) quantize(t quant.Type) (response, error) {
	row, err := q.floats(q.Data)
	if err != nil {
		return response{}, err
	}
	var importance []float32
	if q.Importance != nil {
		if importance, err = q.floats(q.Importance); err != nil {
			return response{}, err
		}
	}
	if n := t.Block(); q.N%n != 0 {
		return response{}, fmt.Errorf("%d weights are no multiple of the block of %d", q.N, n)
	}
	data := make([]byte, t.RowBytes(q.N))
	if err := quant.Quantize(t, data, row, importance); err != nil {
		return response{}, err
	}
	return response{Data: &data}, nil
}

func (q *request) dot(t quant.Type) (response, error) {
	if err := q.holds(t, len(q.X)); err != nil {
		return response{}, err
	}
	y, err := q.floats(q.Y)
	if err != nil {
		return response{}, err
	}
	v, err := dot(q.Impl, t, q.X, y)
	if err != nil {
		return response{}, err
	}
	if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
		return response{}, fmt.Errorf("the product is %v, which JSON cannot hold", f)
	}
	return response{Value: &v}, nil
}

// floats reads a row of q.N float32.
func (q *request) floats(b []byte) ([]float32, error) {
	if len(b)%4 != 0 || len(b)/4 != q.N {
		return nil, fmt.Errorf("%d bytes are not %d float32", len(b), q.N)
	}
	row := make([]float32, q.N)
	for i := range row {
		row[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return row, nil
}
