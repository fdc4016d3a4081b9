package jinja

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
)

func pyBool(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// reprFloat is Python's repr of a float: the shortest digits that read back, an exponent from 1e16 and below 1e-4.
func reprFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case f != 0 && (math.Abs(f) >= 1e16 || math.Abs(f) < 1e-4):
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// fromBig returns the smallest representation of v.
func fromBig(v *big.Int) (Value, error) {
	if v.IsInt64() {
		return integer(v.Int64()), nil
	}
	if v.BitLen() > maxIntBits {
		return nil, &LimitError{"number size", maxIntBits}
	}
	return bigInt{v}, nil
}

// toBig returns an integer or boolean as a big integer.
func toBig(v Value) (*big.Int, bool) {
	switch v := v.(type) {
	case boolean:
		if v {
			return big.NewInt(1), true
		}
		return new(big.Int), true
	case integer:
		return big.NewInt(int64(v)), true
	case bigInt:
		return v.v, true
	}
	return nil, false
}

// toInt returns an integer or boolean that fits.
func toInt(v Value) (int64, bool) {
	switch v := v.(type) {
	case boolean:
		if v {
			return 1, true
		}
		return 0, true
	case integer:
		return int64(v), true
	}
	return 0, false
}

// toFloat returns a number as a float; infinite when it is too large.
func toFloat(v Value) (float64, bool) {
	switch v := v.(type) {
	case float:
		return float64(v), true
	case bigInt:
		f, _ := new(big.Float).SetInt(v.v).Float64()
		return f, true
	}
	i, ok := toInt(v)
	return float64(i), ok
}

func isNumber(v Value) bool {
	_, ok := toFloat(v)
	return ok
}

// bigString prints an integer as Python does, which refuses more than 4300 digits.
func (m *machine) bigString(v *big.Int) (string, error) {
	if v.BitLen() > maxIntDigits*10/3 {
		return "", failf("Exceeds the limit (%d digits) for integer string conversion", maxIntDigits)
	}
	return v.String(), m.step(v.BitLen())
}

// parseInt reads an integer as Python's int(s, base) does: space around, a sign, underscores, any decimal digits.
func parseInt(s string, base int) (Value, bool) {
	if base != 0 && (base < 2 || base > 36) || len(s) > 4*maxIntDigits {
		return nil, false
	}
	s = strings.ToLower(strings.TrimFunc(s, isSpace))
	sign, digits := "", s
	if s != "" && (s[0] == '-' || s[0] == '+') {
		sign, digits = s[:1], s[1:]
	}
	prefixed := false
	if len(digits) > 1 && digits[0] == '0' {
		want := map[byte]int{'x': 16, 'o': 8, 'b': 2}[digits[1]]
		if want != 0 && (base == 0 || base == want) {
			base, digits, prefixed = want, digits[2:], true
		}
	}
	if base == 0 {
		if len(digits) > 1 && digits[0] == '0' && strings.Trim(digits, "0_") != "" {
			return nil, false
		}
		base = 10
	}
	if prefixed {
		digits = strings.TrimPrefix(digits, "_")
	}
	clean, ok := asciiDigits(digits)
	if !ok {
		return nil, false
	}
	v, ok := new(big.Int).SetString(sign+clean, base)
	if !ok {
		return nil, false
	}
	n, err := fromBig(v)
	return n, err == nil
}

// asciiDigits turns decimal digits of any script into ASCII and takes out single underscores between digits.
func asciiDigits(s string) (string, bool) {
	if s == "" || s[0] == '_' || s[len(s)-1] == '_' || strings.Contains(s, "__") {
		return "", false
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '_':
		case r < 0x80 && (unicode.IsDigit(r) || unicode.IsLetter(r)):
			b.WriteRune(r)
		case unicode.Is(unicode.Nd, r):
			b.WriteByte('0' + byte(digitValue(r)))
		default:
			return "", false
		}
	}
	return b.String(), true
}

// digitValue is the value of a decimal digit: scripts encode their ten in a row.
func digitValue(r rune) int {
	n := 0
	for n < 10 && unicode.Is(unicode.Nd, r-1) {
		r--
		n++
	}
	return n % 10
}

// parseFloat reads a float as Python's float(s) does.
func parseFloat(s string) (float64, bool) {
	s = strings.ToLower(strings.TrimFunc(s, isSpace))
	body := strings.TrimLeft(s, "+-")
	switch body {
	case "inf", "infinity", "nan":
		f, err := strconv.ParseFloat(s, 64)
		return f, err == nil
	}
	if strings.ContainsAny(body, "xpin") || strings.HasPrefix(body, "_") || strings.HasSuffix(body, "_") || strings.Contains(body, "__") {
		return 0, false
	}
	for _, bad := range []string{"_.", "._", "_e", "e_", "-_", "+_"} {
		if strings.Contains(body, bad) {
			return 0, false
		}
	}
	clean := strings.Map(func(r rune) rune {
		switch {
		case r == '_':
			return -1
		case r >= 0x80 && unicode.Is(unicode.Nd, r):
			return '0' + rune(digitValue(r))
		}
		return r
	}, s)
	f, err := strconv.ParseFloat(clean, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

// floatToInt truncates toward zero, as int(f) does.
func floatToInt(f float64) (Value, error) {
	if math.IsNaN(f) {
		return nil, failf("cannot convert float NaN to integer")
	}
	if math.IsInf(f, 0) {
		return nil, failf("cannot convert float infinity to integer")
	}
	b, _ := big.NewFloat(math.Trunc(f)).Int(nil)
	return fromBig(b)
}

// arith applies + - * / // % ** to two numbers.
func (m *machine) arith(op string, a, b Value) (Value, error) {
	_, af := a.(float)
	_, bf := b.(float)
	if af || bf || op == "/" {
		return floatArith(op, a, b)
	}
	x, xok := toInt(a)
	y, yok := toInt(b)
	if xok && yok {
		if v, ok := smallArith(op, x, y); ok {
			return integer(v), nil
		}
	}
	p, _ := toBig(a)
	q, _ := toBig(b)
	return m.bigArith(op, p, q)
}

// smallArith does what needs no more than 64 bits.
func smallArith(op string, x, y int64) (int64, bool) {
	switch op {
	case "+":
		s := x + y
		return s, (s > x) == (y > 0)
	case "-":
		d := x - y
		return d, (d < x) == (y > 0)
	case "*":
		if x == 0 || y == 0 {
			return 0, true
		}
		p := x * y
		return p, p/y == x && (x != -1 || y != math.MinInt64) && (y != -1 || x != math.MinInt64)
	case "//", "%":
		if y == 0 || y == -1 {
			return 0, false
		}
		q, r := x/y, x%y
		if r != 0 && (r < 0) != (y < 0) {
			q, r = q-1, r+y
		}
		if op == "%" {
			return r, true
		}
		return q, true
	}
	return 0, false
}

func (m *machine) bigArith(op string, a, b *big.Int) (Value, error) {
	words := len(a.Bits())*len(b.Bits()) + len(a.Bits()) + len(b.Bits())
	if err := m.alloc(words/bytesPerStep + objectBytes); err != nil {
		return nil, err
	}
	switch op {
	case "+":
		return fromBig(new(big.Int).Add(a, b))
	case "-":
		return fromBig(new(big.Int).Sub(a, b))
	case "*":
		return fromBig(new(big.Int).Mul(a, b))
	case "//", "%":
		if b.Sign() == 0 {
			return nil, failf("integer division or modulo by zero")
		}
		q, r := new(big.Int).QuoRem(a, b, new(big.Int))
		if r.Sign() != 0 && r.Sign() != b.Sign() {
			q.Sub(q, big.NewInt(1))
			r.Add(r, b)
		}
		if op == "%" {
			return fromBig(r)
		}
		return fromBig(q)
	case "**":
		return m.power(a, b)
	}
	return nil, failf("unsupported operator %s", op)
}

// power is a ** b for integers. Its size is known before it is computed.
func (m *machine) power(a, b *big.Int) (Value, error) {
	if b.Sign() < 0 {
		if a.Sign() == 0 {
			return nil, failf("0.0 cannot be raised to a negative power")
		}
		return floatArith("**", bigInt{a}, bigInt{b})
	}
	if a.BitLen() <= 1 { // -1, 0, 1
		if a.Sign() == 0 && b.Sign() != 0 {
			return integer(0), nil
		}
		if a.Sign() < 0 && b.Bit(0) == 1 {
			return integer(-1), nil
		}
		return integer(1), nil
	}
	if !b.IsInt64() || b.Int64() > maxIntBits || int64(a.BitLen()-1)*b.Int64() > maxIntBits {
		return nil, &LimitError{"number size", maxIntBits}
	}
	words := a.BitLen() * int(b.Int64()) / 64
	if err := m.alloc(8*words + words*words/bytesPerStep); err != nil {
		return nil, err
	}
	return fromBig(new(big.Int).Exp(a, b, nil))
}

func floatArith(op string, a, b Value) (Value, error) {
	x, _ := toFloat(a)
	y, _ := toFloat(b)
	for _, v := range []Value{a, b} {
		if f, _ := toFloat(v); math.IsInf(f, 0) {
			if _, isInt := v.(bigInt); isInt {
				return nil, failf("int too large to convert to float")
			}
		}
	}
	switch op {
	case "+":
		return float(x + y), nil
	case "-":
		return float(x - y), nil
	case "*":
		return float(x * y), nil
	case "/":
		if y == 0 {
			if _, ok := a.(float); ok {
				return nil, failf("float division by zero")
			}
			return nil, failf("division by zero")
		}
		return quotient(a, b, x, y)
	case "//", "%":
		if y == 0 {
			return nil, failf("float floor division by zero")
		}
		q, r := floorDiv(x, y)
		if op == "%" {
			return float(r), nil
		}
		return float(q), nil
	case "**":
		if x == 0 && y < 0 {
			return nil, failf("0.0 cannot be raised to a negative power")
		}
		if x < 0 && y != math.Trunc(y) && !math.IsInf(x, 0) {
			return nil, failf("complex numbers are not supported")
		}
		p := math.Pow(x, y)
		if math.IsInf(p, 0) && !math.IsInf(x, 0) && !math.IsInf(y, 0) {
			return nil, failf("(34, 'Numerical result out of range')")
		}
		return float(p), nil
	}
	return nil, failf("unsupported operator %s", op)
}

// quotient is the correctly rounded a / b.
func quotient(a, b Value, x, y float64) (Value, error) {
	p, pok := toBig(a)
	q, qok := toBig(b)
	if !pok || !qok || (math.Abs(x) < 1<<53 && math.Abs(y) < 1<<53) {
		return float(x / y), nil
	}
	f, _ := new(big.Rat).SetFrac(p, q).Float64()
	return float(f), nil
}

// floorDiv is Python's divmod for floats.
func floorDiv(x, y float64) (q, r float64) {
	r = math.Mod(x, y)
	q = (x - r) / y
	if r != 0 && (r < 0) != (y < 0) {
		r += y
		q--
	}
	if r == 0 {
		r = math.Copysign(0, y)
	}
	if q == 0 {
		return math.Copysign(0, x/y), r
	}
	floor := math.Floor(q)
	if q-floor > 0.5 {
		floor++
	}
	return floor, r
}

// compareNumbers returns -1, 0, 1 exactly, or false when one is not a number.
func compareNumbers(a, b Value) (int, bool) {
	if x, ok := toInt(a); ok {
		if y, ok := toInt(b); ok {
			switch {
			case x < y:
				return -1, true
			case x > y:
				return 1, true
			}
			return 0, true
		}
	}
	x, _ := toFloat(a)
	y, _ := toFloat(b)
	if math.IsNaN(x) || math.IsNaN(y) {
		return 0, false
	}
	p, pok := toBig(a)
	q, qok := toBig(b)
	switch {
	case pok && qok:
		return p.Cmp(q), true
	case pok && !math.IsInf(y, 0):
		return new(big.Float).SetInt(p).Cmp(big.NewFloat(y)), true
	case qok && !math.IsInf(x, 0):
		return big.NewFloat(x).Cmp(new(big.Float).SetInt(q)), true
	case pok:
		return -int(math.Copysign(1, y)), true
	case qok:
		return int(math.Copysign(1, x)), true
	case x < y:
		return -1, true
	case x > y:
		return 1, true
	}
	return 0, true
}
