package tokenizer

import "unicode/utf8"

// Decoder turns a stream of tokens into pieces of whole UTF-8. It keeps the beginning of an unfinished character, at most three
// bytes, until the next tokens finish it or cannot any more; each maximal ill-formed part then becomes one U+FFFD. The zero
// value is not usable; see NewDecoder. Not safe for concurrent use.
type Decoder struct {
	t       *Tokenizer
	special bool
	raw     []byte // what is not written yet, then the bytes of the next token
	out     []byte
}

// NewDecoder returns a Decoder. With special, CONTROL and UNKNOWN tokens are written out.
func (t *Tokenizer) NewDecoder(special bool) *Decoder { return &Decoder{t: t, special: special} }

// Push returns what can be written after a token: "" while a character is unfinished.
func (d *Decoder) Push(id int32) string {
	d.out = d.Append(d.out[:0], id)
	return string(d.out)
}

// Append is Push that appends to dst; it allocates nothing once dst has room.
func (d *Decoder) Append(dst []byte, id int32) []byte {
	var one [1]int32
	one[0] = id
	d.raw = d.t.AppendText(d.raw, d.special, one[:]...)
	return d.drain(dst, false)
}

// Flush returns what is left at the end of a stream and makes the Decoder ready for another.
func (d *Decoder) Flush() string {
	d.out = d.drain(d.out[:0], true)
	return string(d.out)
}

// drain moves whole characters from raw to dst, and with end all of it.
func (d *Decoder) drain(dst []byte, end bool) []byte {
	i := 0
	for i < len(d.raw) {
		rest := d.raw[i:]
		if !end && (unfinished(rest) || surrogate(rest)) {
			break
		}
		n, whole := sequence(rest)
		if whole {
			dst = append(dst, d.raw[i:i+n]...)
		} else {
			dst = utf8.AppendRune(dst, utf8.RuneError)
		}
		i += n
	}
	d.raw = append(d.raw[:0], d.raw[i:]...)
	return dst
}

// sequence returns the length of the UTF-8 sequence that b begins with, or, if it is not whole, of the maximal part of one.
func sequence(b []byte) (n int, whole bool) {
	if _, n := utf8.DecodeRune(b); n > 1 || b[0] < utf8.RuneSelf {
		return n, true
	}
	for n = 1; n < len(b) && n < utf8.UTFMax && unfinished(b[:n+1]); n++ {
	}
	return n, false
}

// unfinished reports whether b is the beginning of a character and not all of it.
func unfinished(b []byte) bool { return !utf8.FullRune(b) }

// surrogate reports whether b is the beginning of an encoded surrogate. It is ill-formed, but published decoders wait for its end.
func surrogate(b []byte) bool { return len(b) == 2 && b[0] == 0xED && b[1]&0xE0 == 0xA0 }
