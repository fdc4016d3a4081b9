// Package partial reads a JSON text while it is being written: at any time it tells the value so far.
package partial

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Limits of a document.
const (
	maxDepth   = 512 // open objects and arrays
	maxPointer = 512 // bytes of a JSON Pointer that is listed: long keys around many values would take memory without end
)

// Document is a JSON text that is being written. Its zero value is an empty one, to be written to. The work is linear in the text,
// however it is cut into pieces. It is not safe for concurrent use.
type Document struct {
	// Whole reports whether a string counts only when it is finished, such as the words of an enumeration or a date; nil: none does.
	// The path has the names of properties and the indexes of elements around it; it is only valid during the call.
	Whole func(path []string) bool

	text     []byte
	good     int  // how much of text is whole values and names before them, but for open ends
	growing  bool // good ends within a string
	state    state
	frames   []frame
	path     []string
	complete []string
	begin    int // of the name, string, number or word being read
	str      stringState
	number   numberState
	word     string // of which text[begin:] is the beginning
	err      error
}

// frame is an open object or array.
type frame struct {
	object bool
	n      int // elements begun
}

type state uint8

const (
	wantValue state = iota
	wantFirst       // element, or ]
	wantName        // or }, if nothing came before
	inName
	wantColon
	inString
	inNumber
	inWord
	wantMore // comma or end
	done
)

// Write takes the next bytes. At the first one that cannot be JSON it returns an error, as does any later call; the value stays what
// it was before that byte. More than 512 levels are an error too.
func (d *Document) Write(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	from := len(d.text)
	d.text = append(d.text, p...)
	for i := range p {
		if d.step(p[i], from+i); d.err != nil {
			d.text = d.text[:from+i]
			return i, d.err
		}
	}
	return len(p), nil
}

// Close says that the text ends here, which finishes a number that stands alone. It returns io.ErrUnexpectedEOF if the text is not
// whole.
func (d *Document) Close() error {
	if d.err == nil && d.state == inNumber && len(d.frames) == 0 && d.number.whole() {
		d.finish(len(d.text))
	}
	if d.err == nil && d.state != done {
		d.err = io.ErrUnexpectedEOF
	}
	return d.err
}

// Done reports whether the value is whole.
func (d *Document) Done() bool { return d.state == done }

// Value returns the text so far as valid JSON, a copy: strings as far as they are written, cut at a whole character; numbers, true,
// false and null only when they are finished; no names without a value. Objects and arrays are closed. ok is false before there is
// any value.
func (d *Document) Value() (value []byte, ok bool) {
	if d.good == 0 {
		return nil, false
	}
	value = make([]byte, 0, d.good+1+len(d.frames))
	value = append(value, d.text[:d.good]...)
	if d.growing {
		value = append(value, '"')
	}
	for i := len(d.frames) - 1; i >= 0; i-- {
		if d.frames[i].object {
			value = append(value, '}')
		} else {
			value = append(value, ']')
		}
	}
	return value, true
}

// Complete returns the JSON Pointers (RFC 6901) of the finished values within the document, in the order in which they were finished.
// Those of more than 512 bytes are left out. The slice only ever grows; the caller must not change it.
func (d *Document) Complete() []string { return d.complete }

func (d *Document) fail(c byte, at int) { d.err = fmt.Errorf("byte %d: %q is not JSON here", at, c) }

// step reads the byte c, which is text[i].
func (d *Document) step(c byte, i int) {
	switch d.state {
	case inString, inName:
		d.stringByte(c, i)
		return
	case inWord:
		d.wordByte(c, i)
		return
	case inNumber:
		if d.number.next(c) {
			return
		}
		if !d.number.whole() {
			d.fail(c, i)
			return
		}
		d.finish(i)
	}
	if c == ' ' || c == '\n' || c == '\r' || c == '\t' {
		return
	}
	switch d.state {
	case wantValue:
		d.value(c, i)
	case wantFirst:
		if c == ']' {
			d.close(i)
			return
		}
		d.value(c, i)
	case wantName:
		d.name(c, i)
	case wantColon:
		if c != ':' {
			d.fail(c, i)
		}
		d.state = wantValue
	case wantMore:
		d.more(c, i)
	default:
		d.fail(c, i)
	}
}

// value begins a value.
func (d *Document) value(c byte, i int) {
	if n := len(d.frames); n > 0 && !d.frames[n-1].object {
		d.path[n-1] = strconv.Itoa(d.frames[n-1].n)
		d.frames[n-1].n++
	}
	d.begin = i
	switch {
	case c == '{' || c == '[':
		d.open(c, i)
	case c == '"':
		d.state, d.str = inString, stringState{rune: -1}
		if d.growing = d.Whole == nil || !d.Whole(d.path); d.growing {
			d.good = i + 1
		}
	case c == 't':
		d.state, d.word = inWord, "true"
	case c == 'f':
		d.state, d.word = inWord, "false"
	case c == 'n':
		d.state, d.word = inWord, "null"
	default:
		d.state, d.number = inNumber, numberStart
		if !d.number.next(c) {
			d.fail(c, i)
		}
	}
}

func (d *Document) open(c byte, i int) {
	if len(d.frames) == maxDepth {
		d.err = fmt.Errorf("byte %d: more than %d objects and arrays in one another", i, maxDepth)
		return
	}
	d.frames = append(d.frames, frame{object: c == '{'})
	d.path = append(d.path, "")
	d.good = i + 1
	d.state = wantFirst
	if c == '{' {
		d.state = wantName
	}
}

func (d *Document) close(i int) {
	d.frames = d.frames[:len(d.frames)-1]
	d.path = d.path[:len(d.path)-1]
	d.finish(i + 1)
}

// finish ends a value before text[end].
func (d *Document) finish(end int) {
	d.good, d.growing, d.state = end, false, wantMore
	if len(d.frames) == 0 {
		d.state = done
	} else if p := pointer(d.path); p != "" {
		d.complete = append(d.complete, p)
	}
}

// name begins a name, or ends an object that has none.
func (d *Document) name(c byte, i int) {
	f := &d.frames[len(d.frames)-1]
	switch {
	case c == '"':
		f.n++
		d.begin, d.state, d.str = i, inName, stringState{rune: -1}
	case c == '}' && f.n == 0:
		d.close(i)
	default:
		d.fail(c, i)
	}
}

// more goes on after a value.
func (d *Document) more(c byte, i int) {
	object := d.frames[len(d.frames)-1].object
	switch {
	case c == ',' && object:
		d.state = wantName
	case c == ',':
		d.state = wantValue
	case c == '}' && object, c == ']' && !object:
		d.close(i)
	default:
		d.fail(c, i)
	}
}

func (d *Document) wordByte(c byte, i int) {
	n := i - d.begin
	switch {
	case c != d.word[n]:
		d.fail(c, i)
	case n == len(d.word)-1:
		d.finish(i + 1)
	}
}

// stringByte reads a byte of a string or of a name.
func (d *Document) stringByte(c byte, i int) {
	good, end, ok := d.str.next(c, i, d.text)
	switch {
	case !ok:
		d.fail(c, i)
	case end && d.state == inName:
		d.state = wantColon
		var name string
		if d.err = json.Unmarshal(d.text[d.begin:i+1], &name); d.err == nil {
			d.path[len(d.path)-1] = name
		}
	case end:
		d.finish(i + 1)
	case d.growing:
		d.good = max(d.good, good)
	}
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

// pointer returns a path as a JSON Pointer, "" if it is too long.
func pointer(path []string) string {
	n := 0
	for _, name := range path {
		if n += 1 + len(name); n > maxPointer {
			return ""
		}
	}
	var b strings.Builder
	for _, name := range path {
		b.WriteByte('/')
		escapePointer.WriteString(&b, name)
	}
	return b.String()
}
