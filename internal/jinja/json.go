package jinja

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// FromJSON reads one JSON value. Objects keep their order, integers stay exact at any size a template may print, 1 and
// 1.0 stay apart. All strings and keys count as data.
func FromJSON(data []byte) (Value, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := readJSON(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, failf("more than one JSON value")
	}
	return v, nil
}

func readJSON(d *json.Decoder, depth int) (Value, error) {
	if depth > maxValueDepth {
		return nil, &LimitError{"depth", maxValueDepth}
	}
	tok, err := d.Token()
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	switch t := tok.(type) {
	case bool:
		return boolean(t), nil
	case string:
		return plain(t), nil
	case json.Number:
		return readNumber(string(t))
	case json.Delim:
		if t == '[' {
			l := &list{}
			for d.More() {
				v, err := readJSON(d, depth+1)
				if err != nil {
					return nil, err
				}
				l.items = append(l.items, v)
			}
			_, err := d.Token()
			return l, err
		}
		return readObject(d, depth)
	}
	return none{}, nil
}

func readObject(d *json.Decoder, depth int) (Value, error) {
	m := &Map{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := key.(string)
		if !ok {
			return nil, failf("object key is no string")
		}
		v, err := readJSON(d, depth+1)
		if err != nil {
			return nil, err
		}
		m.Set(name, v)
	}
	_, err := d.Token()
	return m, err
}

func readNumber(s string) (Value, error) {
	if strings.ContainsAny(s, ".eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil && !math.IsInf(f, 0) {
			return nil, err
		}
		return float(f), nil
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return integer(i), nil
	}
	if len(s) > maxIntDigits {
		return nil, &LimitError{"number size", maxIntBits}
	}
	b, ok := new(big.Int).SetString(s, 10)
	if !ok {
		return nil, failf("unreadable number")
	}
	return fromBig(b)
}
