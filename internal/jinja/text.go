package jinja

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// run says where the bytes of a stretch of text came from: the template (trusted) or data.
type run struct {
	end     int // offset of the first byte after the stretch
	trusted bool
}

// text is a string that knows which of its bytes the template wrote. Comparison and hashing ignore that.
type text struct {
	s       string
	runs    []run // alternating; nil when all bytes are alike
	trusted bool  // of all bytes, when runs is nil
	safe    bool  // Jinja's Markup: escaped, or declared to need no escaping
}

func plain(s string) text { return text{s: s} }

func trustedText(s string) text { return text{s: s, trusted: true} }

// like returns s with the provenance of t, which must be all alike to be trusted.
func (t text) like(s string) text { return text{s: s, trusted: t.allTrusted(), safe: t.safe} }

func (t text) allTrusted() bool { return t.runs == nil && t.trusted }

func (t text) marked(safe bool) text { t.safe = safe; return t }

// runAt returns the index of the run that holds byte i.
func (t text) runAt(i int) int {
	return sort.Search(len(t.runs), func(k int) bool { return t.runs[k].end > i })
}

func (t text) trustedAt(i int) bool {
	if t.runs == nil {
		return t.trusted
	}
	if k := t.runAt(i); k < len(t.runs) {
		return t.runs[k].trusted
	}
	return false
}

// sub returns bytes lo to hi, with their provenance.
func (t text) sub(lo, hi int) text {
	out := text{s: t.s[lo:hi], trusted: t.trusted, safe: t.safe}
	if t.runs == nil {
		return out
	}
	if lo == hi {
		out.trusted = false
		return out
	}
	first, last := t.runAt(lo), t.runAt(hi-1)
	if first == last {
		out.trusted = t.runs[first].trusted
		return out
	}
	for k := first; k <= last; k++ {
		out.runs = append(out.runs, run{min(t.runs[k].end, hi) - lo, t.runs[k].trusted})
	}
	return out
}

// ascii reports whether offsets in bytes and in code points agree.
func (t text) ascii() bool {
	for i := 0; i < len(t.s); i++ {
		if t.s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// length is the number of code points.
func (t text) length() int { return utf8.RuneCountInString(t.s) }

// offset returns the byte offset of code point i, len(s) when there are fewer.
func (t text) offset(i int) int {
	if i <= 0 {
		return 0
	}
	for at := range t.s {
		if i == 0 {
			return at
		}
		i--
	}
	return len(t.s)
}

// builder puts texts together. It charges the budget before it grows.
type builder struct {
	b     *budget
	buf   strings.Builder
	runs  []run
	limit int64 // bytes; 0 for none but the budget's
}

func newBuilder(b *budget) *builder { return &builder{b: b} }

func (w *builder) grow(n int) error {
	if w.limit > 0 && int64(n) > w.limit-int64(w.buf.Len()) {
		return &LimitError{"output", w.limit}
	}
	return w.b.alloc(n)
}

func (w *builder) mark(end int, trusted bool) error {
	if k := len(w.runs); k > 0 && w.runs[k-1].trusted == trusted {
		w.runs[k-1].end = end
		return nil
	}
	w.runs = append(w.runs, run{end, trusted})
	return w.b.alloc(runBytes)
}

func (w *builder) str(s string, trusted bool) error {
	if s == "" {
		return nil
	}
	if err := w.grow(len(s)); err != nil {
		return err
	}
	w.buf.WriteString(s)
	return w.mark(w.buf.Len(), trusted)
}

func (w *builder) add(t text) error {
	if t.runs == nil {
		return w.str(t.s, t.trusted)
	}
	if err := w.grow(len(t.s)); err != nil {
		return err
	}
	base := w.buf.Len()
	w.buf.WriteString(t.s)
	for _, r := range t.runs {
		if err := w.mark(base+r.end, r.trusted); err != nil {
			return err
		}
	}
	return nil
}

// repeat adds t n times.
func (w *builder) repeat(t text, n int) error {
	if n <= 0 || t.s == "" {
		return nil
	}
	if n > int(w.b.limits.Memory)/len(t.s) {
		return &LimitError{"memory", w.b.limits.Memory}
	}
	if t.runs == nil {
		if err := w.grow(n * len(t.s)); err != nil {
			return err
		}
		w.buf.WriteString(strings.Repeat(t.s, n))
		return w.mark(w.buf.Len(), t.trusted)
	}
	for range n {
		if err := w.add(t); err != nil {
			return err
		}
	}
	return nil
}

func (w *builder) text() text {
	t := text{s: w.buf.String()}
	switch len(w.runs) {
	case 0:
		t.trusted = true // nothing was added: no byte to distrust
	case 1:
		t.trusted = w.runs[0].trusted
	default:
		t.runs = w.runs
	}
	return t
}

// concat joins texts.
func concat(b *budget, parts ...text) (text, error) {
	w := newBuilder(b)
	n := 0
	for _, p := range parts {
		n += len(p.s)
	}
	if int64(n) > b.limits.Memory-b.memory {
		return text{}, &LimitError{"memory", b.limits.Memory}
	}
	w.buf.Grow(n)
	for _, p := range parts {
		if err := w.add(p); err != nil {
			return text{}, err
		}
	}
	return w.text(), nil
}
