package dialect

import (
	"strings"
	"testing"
)

// cutter cuts text into the markers of a dialect, as tokens of a vocabulary would be, and single bytes.
type cutter struct {
	texts []string
}

func newCutter(d *Dialect) *cutter {
	v := &cutter{}
	add := func(texts ...string) {
		for _, t := range texts {
			if first, _, _ := strings.Cut(t, gap); len(first) > 2 && strings.ContainsAny(first[:1], "<[]") && strings.ContainsAny(first[len(first)-1:], ">]") {
				v.texts = append(v.texts, first)
			}
		}
	}
	for _, m := range d.markersOf() {
		add(m.text)
	}
	add(d.calls.close...)
	for _, p := range d.calls.call {
		if add(p.text); p.param != nil {
			add(p.param.close, p.param.begin)
		}
	}
	return v
}

func (v *cutter) id(text string) (int32, bool) {
	for i, t := range v.texts {
		if t == text {
			return int32(i), true
		}
	}
	return 0, false
}

func (v *cutter) next(text string) (string, int32) {
	best, id := "", int32(1000)
	for i, t := range v.texts {
		if strings.HasPrefix(text, t) && len(t) > len(best) {
			best, id = t, int32(i)
		}
	}
	if best == "" {
		best = text[:1]
	}
	return best, id
}

// Where the vocabulary has the markers as tokens the answers are the same, control tokens or not.
func TestFixturesAsTokens(t *testing.T) {
	c := readCorpus(t)
	tools := ToolsOf(c.tools)
	n := 0
	for _, x := range c.fixtures {
		d := *c.dialects[x.Template]
		if unreadable.MatchString(x.ID) {
			continue
		}
		v := newCutter(&d)
		d.ids = v.id
		for _, control := range []bool{false, true} {
			f, p := &fold{}, d.NewParser(tools, x.Prefix)
			for raw := x.Raw; raw != ""; {
				piece, id := v.next(raw)
				p.Push(piece, id, control && id < 1000, f.emit)
				raw = raw[len(piece):]
			}
			p.Flush(f.emit)
			if f.raw() != x.Raw {
				t.Errorf("%s: bytes are lost", x.ID)
			}
			a := Answer{Finished: p.Finished()}
			for _, e := range f.events {
				switch e.Kind {
				case Text:
					a.Content += e.Text
				case Reasoning:
					a.Reasoning += e.Text
				case Warning:
					a.Warnings = append(a.Warnings, e.Text)
				}
			}
			for _, call := range f.calls {
				a.ToolCalls = append(a.ToolCalls, AnswerCall{call.Name, call.Arguments})
			}
			if name, ok := p.Pending(); ok {
				if a.Pending = (&AnswerPending{}); name != "" {
					a.Pending.Name = &name
				}
			}
			if why := x.Expect.meetsAny(a); why != "" {
				t.Errorf("%s (%s, control %v): %s: %+v", x.ID, d.Name, control, why, a)
			}
			n++
		}
	}
	t.Log(n, "cases")
}
