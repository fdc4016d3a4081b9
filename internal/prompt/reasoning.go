package prompt

import "strings"

// Kind says what a piece of generated text is.
type Kind int

// Kinds of text.
const (
	Answer Kind = iota
	Reasoning
)

// Splitter tells reasoning from answer in what a model writes. How the text is cut into pieces does not matter, but a
// control token is a piece of its own. emit takes pieces that may be kept; when it returns false, so do the methods.
type Splitter interface {
	// Push reads a piece. control says that it is the written form of a control token: it may be part of a marker, and is
	// never shown.
	Push(piece string, control bool, emit func(Kind, string) bool) bool
	// Flush ends the text: what was held back comes out.
	Flush(emit func(Kind, string) bool) bool
	// Thinking reports whether reasoning is open.
	Thinking() bool
}

type state int

const (
	atStart state = iota // nothing but white space so far
	inReasoning
	inAnswer
)

// framed splits text that may begin with reasoning between two markers. Markers further on are text.
type framed struct {
	m      Markers
	all    []string // all that a control token can be part of
	opened bool     // by the prompt
	state  state
	held   held
	trim   trimmer
	emit   func(Kind, string) bool
	show   func(string) bool // pass, bound once
	one    [1]string
}

func (s *framed) Thinking() bool {
	return s.state == inReasoning || s.state == atStart && s.opened
}

func (s *framed) enter(to state) {
	s.state = to
	s.trim = trimmer{leading: true, trailing: to == inReasoning}
}

// markers returns what the state waits for.
func (s *framed) markers() []string {
	if s.state == inAnswer {
		return s.m.Frame
	}
	s.one[0] = s.m.Close
	return s.one[:]
}

func (s *framed) pass(text string) bool {
	kind := Answer
	if s.state == inReasoning {
		kind = Reasoning
	}
	emit := s.emit
	return s.trim.pass(text, func(t string) bool { return emit(kind, t) })
}

func (s *framed) Push(piece string, control bool, emit func(Kind, string) bool) bool {
	s.emit = emit
	switch {
	case control && !within(s.all, piece):
		return true
	case s.held.text == "" && !control && s.state != atStart && !mayBegin(s.markers(), piece):
		return s.show(piece)
	}
	s.held.add(piece, control)
	for {
		if more, ok := s.step(); !more || !ok {
			return ok
		}
	}
}

// step does what is certain about the held text. It reports whether there may be more to do.
func (s *framed) step() (more, ok bool) {
	if s.state == atStart {
		return s.begin(), true
	}
	at, marker := s.held.find(s.markers())
	if marker < 0 {
		return false, s.held.release(len(s.held.text)-s.held.tail(s.markers()), s.show)
	}
	if !s.held.release(at, s.show) {
		return false, false
	}
	s.held.drop(len(s.markers()[marker]))
	if s.state == inReasoning {
		s.enter(inAnswer)
	}
	return true, true
}

// begin decides what the text begins with: the opener, again if the prompt has written it; the closer at once; or neither.
// White space before a marker is dropped.
func (s *framed) begin() (decided bool) {
	body := strings.TrimLeft(s.held.text, " \n")
	at := len(s.held.text) - len(body)
	switch opener, closer := s.m.Open, s.m.Close; {
	case opener != "" && strings.HasPrefix(body, opener):
		s.held.drop(at + len(opener))
		s.enter(inReasoning)
	case strings.HasPrefix(body, closer):
		s.held.drop(at + len(closer))
		s.enter(inAnswer)
	case strings.HasPrefix(opener, body), strings.HasPrefix(closer, body): // also while there is only white space
		return false
	case s.opened:
		s.enter(inReasoning)
	default:
		s.state = inAnswer
	}
	return true
}

func (s *framed) Flush(emit func(Kind, string) bool) bool {
	s.emit = emit
	if s.state == atStart && s.opened {
		s.enter(inReasoning)
	}
	return s.held.release(len(s.held.text), s.show)
}
