package partial

import (
	"strings"
	"unicode/utf8"
)

// stringState is a place in a JSON string.
type stringState struct {
	escape bool  // after a backslash
	hex    uint8 // digits that a \u still needs
	unit   rune  // its digits so far
	high   bool  // a high surrogate waits for its low one
	second int   // where the escape after it begins
	rune   int   // where a character of several bytes begins, -1: in none
}

// next reads c, which is text[i]. Of the text, good bytes are whole characters (0: no more than before). end: the string ends here.
func (s *stringState) next(c byte, i int, text []byte) (good int, end, ok bool) {
	switch {
	case s.hex > 0:
		digit := strings.IndexByte("0123456789abcdefABCDEF", c)
		if digit < 0 {
			return 0, false, false
		}
		if digit > 15 {
			digit -= 6
		}
		s.unit = s.unit<<4 | rune(digit)
		if s.hex--; s.hex > 0 {
			return 0, false, true
		}
		return s.escaped(i), false, true
	case s.escape && c == 'u':
		s.escape, s.hex, s.unit = false, 4, 0
		return 0, false, true
	case s.escape:
		s.escape, s.high = false, false
		return i + 1, false, strings.IndexByte(`"\/bfnrt`, c) >= 0
	case c == '\\':
		s.escape, s.second, s.rune = true, i, -1
		return 0, false, true
	case c == '"':
		return i, true, true
	case c < ' ':
		return 0, false, false
	case c < utf8.RuneSelf:
		s.high, s.rune = false, -1
		return i + 1, false, true
	}
	return s.runeByte(i, text), false, true
}

// escaped ends an escape of four digits.
func (s *stringState) escaped(i int) (good int) {
	isHigh, isLow := s.unit>>10 == 0xD800>>10, s.unit>>10 == 0xDC00>>10
	switch {
	case s.high && isLow:
		s.high = false
		return i + 1
	case isHigh && s.high: // the one before stays alone
		return s.second
	case isHigh:
		s.high = true
		return 0
	}
	s.high = false
	return i + 1
}

// runeByte reads a byte of a character that has several.
func (s *stringState) runeByte(i int, text []byte) (good int) {
	if s.rune < 0 {
		s.rune = i
		if s.high {
			s.high, good = false, i
		}
	}
	if utf8.FullRune(text[s.rune : i+1]) {
		s.rune = -1
		return i + 1
	}
	return good
}
