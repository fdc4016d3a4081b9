package llm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Moderator judges text. Safe for concurrent use.
type Moderator interface {
	// Moderate returns what must not pass in text: what a user says if input is true, else what the model wrote. The model's
	// text comes as it is written, in pieces that overlap and may begin and end anywhere; each violation that spans no more than
	// Window bytes is whole in one of them. The first violation is enough. An error ends the answer, and nothing more of it passes.
	Moderate(ctx context.Context, text string, input bool) ([]Violation, error)
	// Window returns how many bytes a violation can span at most, 0 to 1 MiB. So much of the model's text, and a quarter more,
	// is held back until it is known to be clean.
	Window() int
}

// Violation is a part of a text that must not pass.
type Violation struct {
	Category string `json:"category"`
	Start    int    `json:"start"` // bytes of the text that was judged
	End      int    `json:"end"`
}

// maxWindow bounds what is held back.
const maxWindow = 1 << 20

// WithModerator lets m judge what is said to the model and what it answers. What it objects to in a message ends the answer before
// the work begins; what it objects to in the answer, the reasoning or the arguments of a call never reaches the reader, a tool or
// the history. The answer then ends with ReasonFiltered and says why in Result.Filtered.
func WithModerator(m Moderator) ChatOption {
	return func(c *chatConfig) error { c.moderator = m; return checkModerator(m) }
}

// checkModerator reports whether m can be used.
func checkModerator(m Moderator) error {
	if m == nil {
		return errors.New("moderator is nil")
	}
	if n := m.Window(); n < 0 || n > maxWindow {
		return fmt.Errorf("moderator's window of %d bytes: want 0 to %d", n, maxWindow)
	}
	return nil
}

// firstViolation returns the first violation that begins in text[from:], nil if there is none. Of those that begin together it is
// the longest, and of these the one whose category comes first. A moderator that panics is an error.
func firstViolation(ctx context.Context, m Moderator, text string, from int, input bool) (first *Violation, err error) {
	if p, ok := m.(*patternModerator); ok {
		return earliest(p.find(text, from)), nil
	}
	defer func() {
		if p := recover(); p != nil {
			first, err = nil, fmt.Errorf("moderator: panic: %v", p)
		}
	}()
	text = text[from:]
	found, err := m.Moderate(ctx, text, input)
	if err != nil {
		return nil, fmt.Errorf("moderator: %w", err)
	}
	for i, v := range found {
		if v.Start < 0 || v.End < v.Start || v.End > len(text) {
			return nil, fmt.Errorf("moderator: violation from %d to %d in a text of %d bytes", v.Start, v.End, len(text))
		}
		found[i].Start, found[i].End = v.Start+from, v.End+from
	}
	return earliest(found), nil
}

func earliest(found []Violation) *Violation {
	if len(found) == 0 {
		return nil
	}
	v := slices.MinFunc(found, func(a, b Violation) int {
		return cmp.Or(a.Start-b.Start, b.End-a.End, strings.Compare(a.Category, b.Category))
	})
	return &v
}

// outputFilter holds back what the model writes until it is known to be clean. There is one for the text of an answer and one for
// its reasoning: nothing is found across both.
//
// A place passes once a whole window that begins there was judged, with the character before it and a byte after it: word and line
// borders look so far, and one byte tells them all. Hence the same passes however the text is cut into pieces. Judging
// waits for a quarter of a window of new text, so that each byte is judged nine times at most.
type outputFilter struct {
	ctx   context.Context
	m     Moderator
	held  []byte     // what did not pass yet, after the last character that did
	known int        // bytes of held that passed: 0 at the beginning of the text, else of one character
	base  int        // where held begins in the text
	fresh int        // bytes that were not judged yet
	found *Violation // nothing passes after it
}

func newOutputFilter(ctx context.Context, m Moderator) *outputFilter {
	return &outputFilter{ctx: ctx, m: m}
}

// push takes the next piece of text and returns what passes of all that is held. v is the first violation, in bytes of the whole
// text: all before it has passed, and nothing passes any more.
func (f *outputFilter) push(text string) (release string, v *Violation, err error) {
	if f.found != nil {
		return "", f.found, nil
	}
	f.held = append(f.held, text...)
	f.fresh += len(text)
	window := f.m.Window()
	end := len(f.held) - window // a byte more than a window begins before it
	if f.fresh < window/4+1 || end <= f.known {
		return "", nil, nil
	}
	return f.judge(end)
}

// flush ends the text.
func (f *outputFilter) flush() (release string, v *Violation, err error) {
	if f.found != nil {
		return "", f.found, nil
	}
	if len(f.held) == f.known {
		return "", nil, nil
	}
	return f.judge(len(f.held))
}

// judge lets pass what begins before end.
func (f *outputFilter) judge(end int) (release string, v *Violation, err error) {
	text := string(f.held)
	first, err := firstViolation(f.ctx, f.m, text, f.known, false)
	if err != nil {
		return "", nil, err
	}
	f.fresh = 0
	end = max(f.known, len(wholeRunes(text, end)))
	if first != nil && first.Start < end {
		end = max(f.known, len(wholeRunes(text, first.Start)))
		f.found = &Violation{first.Category, f.base + end, f.base + first.End}
	}
	release = text[f.known:end]
	if end > f.known {
		_, size := utf8.DecodeLastRuneInString(text[:end])
		f.held = append(f.held[:0], text[end-size:]...)
		f.known, f.base = size, f.base+end-size
	}
	return release, f.found, nil
}
