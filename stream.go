package llm

import "iter"

// Stream is an answer that is produced while it is read. It starts when first ranged over and can be ranged over once;
// leaving the loop cancels the work. A stream that is never read holds nothing. Not safe for concurrent use.
type Stream struct {
	run  func(emit func(Event) bool) (Result, error)
	used bool
	res  Result
	err  error
}

func newStream(run func(emit func(Event) bool) (Result, error)) *Stream { return &Stream{run: run} }

// Events returns the events of the answer in order. At most one error is yielded, last, with a zero Event.
func (s *Stream) Events() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if s.used {
			yield(Event{}, ErrStreamUsed)
			return
		}
		s.used = true
		left := false
		s.res, s.err = s.run(func(e Event) bool {
			left = left || !yield(e, nil)
			return !left
		})
		if s.err != nil && !left {
			yield(Event{}, s.err)
		}
	}
}

// Text returns the pieces of the answer's text, each valid UTF-8 and safe to keep. At most one error is yielded, last.
func (s *Stream) Text() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for e, err := range s.Events() {
			if err != nil {
				yield("", err)
				return
			}
			if e.Kind == EventText && e.Text != "" && !yield(e.Text, nil) {
				return
			}
		}
	}
}

// Result reads what is left of the stream and returns the whole answer. After an error it holds what there was until
// then and why it ended; after a loop that was left early what had been read, with Reason "cancelled" and no error.
// Called again it returns the same.
func (s *Stream) Result() (Result, error) {
	if !s.used {
		for range s.Events() {
		}
	}
	return s.res, s.err
}
