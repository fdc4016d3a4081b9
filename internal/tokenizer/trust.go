package tokenizer

// Span is a range of bytes of a text: Lo up to but not including Hi.
type Span struct{ Lo, Hi int }

// Spans are the trusted ranges of a text, in order. Ranges that touch are one range.
type Spans []Span

// trust walks along Spans.
type trust struct {
	rest Spans
	now  Span // the range last looked at
}

// until returns the end of the trusted range that holds byte i, or i if that byte is not trusted. i never decreases.
func (t *trust) until(i int) int {
	for t.now.Hi <= i && len(t.rest) > 0 {
		t.now, t.rest = t.rest[0], t.rest[1:]
		for len(t.rest) > 0 && t.rest[0].Lo == t.now.Hi && t.rest[0].Hi >= t.now.Hi {
			t.now.Hi, t.rest = t.rest[0].Hi, t.rest[1:]
		}
	}
	if t.now.Lo <= i && i < t.now.Hi {
		return t.now.Hi
	}
	return i
}
