package constrain

import "unicode/utf8"

// partial is the beginning of a code point: which form, the value so far, what is missing. 0 is none.
type partial uint64

type form uint8

const (
	formNone    form = iota
	formUTF8         // value: bits so far; left: bytes to come; length: of the sequence
	formAnyUTF8      // as formUTF8, of which only left matters
	formEscape       // after \
	formHex          // after \u; left: digits to come
	formPair         // after a high surrogate
	formPairU        // after a high surrogate and \
	formLow          // after a high surrogate and \u; left: digits to come
)

func newPartial(f form, value rune, left, length int, high rune) partial {
	return partial(f) | partial(left)<<4 | partial(length)<<8 | partial(value)<<12 | partial(high)<<36
}

func (p partial) form() form  { return form(p & 15) }
func (p partial) left() int   { return int(p >> 4 & 15) }
func (p partial) length() int { return int(p >> 8 & 15) }
func (p partial) value() rune { return rune(p >> 12 & 0xFFFFFF) }
func (p partial) high() rune  { return rune(p >> 36) }

// least is the smallest code point that UTF-8 writes with so many bytes.
var least = [...]rune{0, 0, 0x80, 0x800, 0x10000}

// reach returns the code points that a partial UTF-8 sequence can become.
func (p partial) reach() (lo, hi rune) {
	shift := 6 * p.left()
	lo, hi = p.value()<<shift, (p.value()+1)<<shift-1
	return max(lo, least[p.length()]), min(hi, utf8.MaxRune)
}

// lead returns what the first byte of a UTF-8 sequence begins.
func lead(b byte) (partial, bool) {
	switch {
	case b < 0xC2 || b > 0xF4:
		return 0, false
	case b < 0xE0:
		return newPartial(formUTF8, rune(b&0x1F), 1, 2, 0), true
	case b < 0xF0:
		return newPartial(formUTF8, rune(b&0x0F), 2, 3, 0), true
	}
	return newPartial(formUTF8, rune(b&0x07), 3, 4, 0), true
}

// target is what a node lets through, as the decoder of code points asks for it.
type target interface {
	// meets reports whether any code point from lo to hi goes on.
	meets(lo, hi rune) bool
	// all reports whether all characters from lo to hi go on as the last one of Unicode does.
	all(lo, hi rune) bool
}

// outcome of one byte.
type outcome uint8

const (
	dead    outcome = iota
	waiting         // for the rest of a code point
	arrived         // at a code point
	quoted          // at the quotation mark that ends a string
)

// decode reads one byte of a code point in the given spelling.
func decode(p partial, b byte, s spelling, to target) (partial, rune, outcome) {
	switch p.form() {
	case formNone:
		return decodeFirst(b, s, to)
	case formUTF8, formAnyUTF8:
		return decodeMore(p, b, to)
	case formEscape:
		return decodeEscape(b, s, to)
	case formHex, formLow:
		return decodeHex(p, b, s, to)
	case formPair:
		if b == '\\' {
			return newPartial(formPairU, 0, 0, 0, p.high()), 0, waiting
		}
	case formPairU:
		if b == 'u' {
			return newPartial(formLow, 0, 4, 0, p.high()), 0, waiting
		}
	}
	return 0, 0, dead
}

func decodeFirst(b byte, s spelling, to target) (partial, rune, outcome) {
	if b < utf8.RuneSelf {
		if s == raw {
			return 0, rune(b), arrived
		}
		switch q := s.mark(); {
		case b == byte(q):
			return 0, 0, quoted
		case b == '\\':
			if s != jsonFree && !to.meets(0, 0x1F) && !to.meets(q, q) && !to.meets('\\', '\\') || !to.meets(0, utf8.MaxRune) {
				return 0, 0, dead
			}
			return newPartial(formEscape, 0, 0, 0, 0), 0, waiting
		case b < 0x20:
			return 0, 0, dead
		}
		return 0, rune(b), arrived
	}
	p, ok := lead(b)
	if !ok {
		return 0, 0, dead
	}
	lo, hi := p.reach()
	if !to.meets(lo, hi) {
		return 0, 0, dead
	}
	if b != 0xE0 && b != 0xED && b != 0xF0 && b != 0xF4 && to.all(lo, hi) { // those restrict the second byte
		p = newPartial(formAnyUTF8, 0, p.left(), 0, 0)
	}
	return p, 0, waiting
}

// mark is the quotation mark that ends a string.
func (s spelling) mark() rune {
	if s == singleQuoted {
		return '\''
	}
	return '"'
}

func decodeMore(p partial, b byte, to target) (partial, rune, outcome) {
	if b&0xC0 != 0x80 {
		return 0, 0, dead
	}
	left := p.left() - 1
	if p.form() == formAnyUTF8 {
		if left == 0 {
			return 0, utf8.MaxRune, arrived
		}
		return newPartial(formAnyUTF8, 0, left, 0, 0), 0, waiting
	}
	p = newPartial(formUTF8, p.value()<<6|rune(b&0x3F), left, p.length(), 0)
	lo, hi := p.reach()
	if lo > hi || !to.meets(lo, hi) {
		return 0, 0, dead
	}
	if left == 0 {
		return 0, p.value(), arrived
	}
	if to.all(lo, hi) {
		p = newPartial(formAnyUTF8, 0, left, 0, 0)
	}
	return p, 0, waiting
}

// shortEscape returns what the letter after a backslash stands for, -1 if it is none.
func shortEscape(b byte) rune {
	switch b {
	case '"', '\\', '/':
		return rune(b)
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return -1
}

// longControl reports whether r is a control character without a short escape.
func longControl(r rune) bool {
	return r < 0x20 && r != '\b' && r != '\f' && r != '\n' && r != '\r' && r != '\t'
}

func decodeEscape(b byte, s spelling, to target) (partial, rune, outcome) {
	if b == 'u' {
		if s != jsonFree && !meetsLongControl(0, 0x1F, to) {
			return 0, 0, dead
		}
		return newPartial(formHex, 0, 4, 0, 0), 0, waiting
	}
	r := shortEscape(b)
	switch {
	case s == singleQuoted && b == '\'':
		return 0, '\'', arrived
	case r < 0 || b == '/' && s != jsonFree || b == '"' && s == singleQuoted:
		return 0, 0, dead
	}
	return 0, r, arrived
}

func meetsLongControl(lo, hi rune, to target) bool {
	for r := lo; r <= min(hi, 0x1F); r++ {
		if longControl(r) && to.meets(r, r) {
			return true
		}
	}
	return false
}

func hexDigit(b byte) (rune, bool) {
	switch {
	case b >= '0' && b <= '9':
		return rune(b - '0'), true
	case b >= 'a' && b <= 'f':
		return rune(b-'a') + 10, true
	case b >= 'A' && b <= 'F':
		return rune(b-'A') + 10, true
	}
	return 0, false
}

const highLo, highHi, lowLo, lowHi = 0xD800, 0xDBFF, 0xDC00, 0xDFFF

func decodeHex(p partial, b byte, s spelling, to target) (partial, rune, outcome) {
	d, ok := hexDigit(b)
	if !ok {
		return 0, 0, dead
	}
	left, v := p.left()-1, p.value()<<4|d
	lo, hi := v<<(4*left), (v+1)<<(4*left)-1
	if p.form() == formLow {
		return decodeLow(p, v, left, lo, hi, to)
	}
	high := max(lo, highLo) <= min(hi, highHi)
	switch {
	case s != jsonFree:
		if !meetsLongControl(lo, hi, to) {
			return 0, 0, dead
		}
	case to.meets(lo, hi):
	case !high || !to.meets(pair(max(lo, highLo), lowLo), pair(min(hi, highHi), lowHi)):
		return 0, 0, dead
	}
	if left > 0 {
		return newPartial(formHex, v, left, 0, 0), 0, waiting
	}
	if high {
		if to.all(pair(v, lowLo), pair(v, lowHi)) {
			v = highHi // all are alike
		}
		return newPartial(formPair, 0, 0, 0, v), 0, waiting
	}
	return 0, v, arrived
}

func pair(high, low rune) rune { return 0x10000 + (high-highLo)<<10 + (low - lowLo) }

func decodeLow(p partial, v rune, left int, lo, hi rune, to target) (partial, rune, outcome) {
	lo, hi = max(lo, lowLo), min(hi, lowHi)
	if lo > hi || !to.meets(pair(p.high(), lo), pair(p.high(), hi)) {
		return 0, 0, dead
	}
	if left > 0 {
		return newPartial(formLow, v, left, 0, p.high()), 0, waiting
	}
	return 0, pair(p.high(), lo), arrived
}
