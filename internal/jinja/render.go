package jinja

import (
	"errors"
	"time"
)

// Options change how a template renders.
type Options struct {
	Now    func() time.Time // for strftime_now; nil means time.Now
	Limits Limits
}

// Span is a stretch of bytes of a rendered text.
type Span struct{ Start, End int }

// Output is a rendered text and the stretches of it that the template wrote itself, in order and apart. All other bytes
// came from variables: a control token must not be recognized unless every byte of it is in one span. Pieces that the
// template put together itself form one span.
type Output struct {
	Text    string
	Trusted []Span
}

// Render fills in the template. Variables are not changed; vars may be nil. Errors are *RaiseError when the template
// refuses its input, *LimitError when it needs too much, *RenderError otherwise. Safe for concurrent use.
func (t *Template) Render(vars *Map, o Options) (Output, error) {
	if vars == nil {
		vars = NewMap()
	}
	size, err := measure(vars, 0)
	if err != nil {
		return Output{}, err
	}
	b := &budget{limits: o.Limits.resolve(size)}
	m := &machine{budget: b, t: t, vars: vars, root: &scope{}, out: newBuilder(b), line: 1, now: o.Now}
	m.out.limit = b.limits.Output
	if m.now == nil {
		m.now = time.Now
	}
	if _, err := m.exec(t.body, m.root); err != nil {
		return Output{}, m.located(err)
	}
	return newOutput(m.out.text()), nil
}

// located adds the line to an error of an operation.
func (m *machine) located(err error) error {
	var f *failure
	if errors.As(err, &f) {
		return &RenderError{m.line, f.msg}
	}
	return err
}

func newOutput(t text) Output {
	out := Output{Text: t.s}
	if t.runs == nil && t.s != "" && t.trusted {
		out.Trusted = []Span{{0, len(t.s)}}
	}
	start := 0
	for _, r := range t.runs {
		if r.trusted {
			out.Trusted = append(out.Trusted, Span{start, r.end})
		}
		start = r.end
	}
	return out
}

// measure returns about how many bytes a value holds.
func measure(v Value, depth int) (int64, error) {
	if depth > maxValueDepth {
		return 0, &LimitError{"depth", maxValueDepth}
	}
	n := int64(valueBytes)
	var items []Value
	switch v := v.(type) {
	case text:
		return n + int64(len(v.s)), nil
	case *list:
		items = v.items
	case *Map:
		for _, k := range v.keys {
			size, err := measure(k, depth+1)
			if err != nil {
				return 0, err
			}
			n += size
		}
		items = v.vals
	}
	for _, it := range items {
		size, err := measure(it, depth+1)
		if err != nil {
			return 0, err
		}
		n += size
	}
	return n, nil
}
