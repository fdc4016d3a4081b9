package schemaof

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"strings"
)

// Bounds of floating-point numbers are round ones within those of their kind: they stand in prompts, and nobody misses the rest.
const (
	maxFloat32 = "1e38"
	maxFloat64 = "1e308"
)

func isInteger(k reflect.Kind) bool { return reflect.Int <= k && k <= reflect.Uintptr }

func isNumber(k reflect.Kind) bool {
	return isInteger(k) || k == reflect.Float32 || k == reflect.Float64
}

// bounds returns the least and the largest number of a kind, as JSON.
func bounds(t reflect.Type) (lo, hi string) {
	switch k := t.Kind(); {
	case k == reflect.Float32:
		return "-" + maxFloat32, maxFloat32
	case k == reflect.Float64:
		return "-" + maxFloat64, maxFloat64
	case k >= reflect.Uint:
		return "0", strconv.FormatUint(^uint64(0)>>(64-t.Bits()), 10)
	default:
		least := int64(-1) << (t.Bits() - 1)
		return strconv.FormatInt(least, 10), strconv.FormatInt(-(least + 1), 10)
	}
}

// number returns the schema of a number: within the bounds of its kind and those of the tag.
func number(t reflect.Type, tag tag, path string) (*schema, error) {
	s := &schema{Type: typeNames{"number"}}
	if isInteger(t.Kind()) {
		s.Type[0] = "integer"
	}
	if tag.enum != nil {
		values, err := enumeration(tag, path, t, false)
		s.Enum = values
		return s, err
	}
	if tag.format+tag.pattern != "" {
		return nil, fail(path, "format and pattern do not apply to %v", t)
	}
	lo, hi := bounds(t)
	least, err := within(t, cmp.Or(string(tag.min), lo), path)
	if err != nil {
		return nil, err
	}
	most, err := within(t, cmp.Or(string(tag.max), hi), path)
	if err != nil {
		return nil, err
	}
	if least.Cmp(most) > 0 {
		return nil, fail(path, "llm tag: min is more than max")
	}
	s.Minimum, s.Maximum = cmp.Or(tag.min, json.Number(lo)), cmp.Or(tag.max, json.Number(hi))
	return s, nil
}

// within reads a bound that a number of type t could have.
func within(t reflect.Type, text, path string) (*big.Rat, error) {
	lo, hi := bounds(t)
	v, ok := new(big.Rat).SetString(text)
	least, _ := new(big.Rat).SetString(lo)
	most, _ := new(big.Rat).SetString(hi)
	if !ok || v.Cmp(least) < 0 || v.Cmp(most) > 0 || isInteger(t.Kind()) && !v.IsInt() {
		return nil, fail(path, "llm tag: %s is no bound of %v", text, t)
	}
	return v, nil
}

// integerPattern returns the pattern of the integers of a kind as texts, without needless zeros.
func integerPattern(t reflect.Type) string {
	lo, hi := bounds(t)
	p := "0|" + upTo(hi)
	if lo != "0" {
		p += "|-(?:" + upTo(lo[1:]) + ")"
	}
	return "^(?:" + p + ")$"
}

// upTo returns the alternatives for the numbers from 1 to limit.
func upTo(limit string) string {
	var alts []string
	n := len(limit)
	if n > 1 {
		alts = append(alts, fmt.Sprintf("[1-9][0-9]{0,%d}", n-2))
	}
	for i := range n { // equal up to digit i, which is less
		least := byte('0')
		if i == 0 {
			least = '1'
		}
		if limit[i] > least {
			alts = append(alts, fmt.Sprintf("%s[%c-%c][0-9]{%d}", limit[:i], least, limit[i]-1, n-1-i))
		}
	}
	return strings.Join(append(alts, limit), "|")
}
