package dialect

import "strings"

// action says what a marker in running text does.
type action int

const (
	openCalls   action = iota
	beginCall          // a call without its section's marker
	openThink          // reasoning begins
	closeThink         // reasoning ends
	dropMarker         // a frame around the answer
	dropLabel          // before it
	endTurn            // of the turn: dropped where nothing follows
	endMessage         // a header follows
	beginHeader        // a header begins with it
)

// marker is a text that means something in running text. A gap in it is any white space.
type marker struct {
	text   string
	action action
	token  bool // it is, or begins with, a token of the vocabulary: only the token counts
}

// match is the answer to whether text is there.
type match int

const (
	matchNo    match = iota
	matchMaybe       // so far
	matchYes
)

// gap in a marker stands for white space, or none.
const gap = "\x00"

// maxGap bounds the white space inside a marker.
const maxGap = 16

// matchMarker matches a marker at the beginning of in and returns its length.
func matchMarker(in []byte, text string) (int, match) {
	i := 0
	for j := 0; j < len(text); j++ {
		if text[j] == gap[0] {
			for from := i; i < len(in) && isSpace(in[i]) && i-from < maxGap; {
				i++
			}
			continue
		}
		if i == len(in) {
			return 0, matchMaybe
		}
		if in[i] != text[j] {
			return 0, matchNo
		}
		i++
	}
	return i, matchYes
}

// markersOf lists what can come in running text, what matters first first.
func (d *Dialect) markersOf() []marker {
	var all []marker
	add := func(a action, texts ...string) {
		for _, t := range texts {
			if t != "" {
				all = append(all, marker{text: t, action: a, token: d.isToken(t)})
			}
		}
	}
	add(openCalls, d.calls.open...)
	if len(d.calls.call) > 0 && len(d.calls.open) > 0 && d.calls.call[0].kind == literalPart && len(d.calls.close) > 0 {
		add(beginCall, d.calls.call[0].text)
	}
	add(openThink, d.think.open)
	add(closeThink, d.think.close)
	add(dropMarker, d.frames...)
	add(dropLabel, d.labels...)
	if h := d.headers; h != nil {
		add(endMessage, h.ends...)
		add(beginHeader, h.start, h.channel)
	}
	add(endTurn, d.ends...)
	return all
}

// isToken reports whether a marker is a token of the vocabulary, or begins with one.
func (d *Dialect) isToken(text string) bool {
	if d.ids == nil {
		return false
	}
	for i := 1; i <= len(text); i++ {
		if i < len(text) && text[i-1] != '>' && text[i-1] != ']' {
			continue
		}
		if _, ok := d.ids(strings.TrimSuffix(text[:i], gap)); ok {
			return true
		}
	}
	return false
}
