package prompt

import "strings"

// Markers are the texts around reasoning. The zero value has none.
type Markers struct {
	Open    string   // "": there is no reasoning
	Close   string   // may also come first: no reasoning this time
	Frame   []string // around the answer; not part of it
	Harmony bool     // messages with a header, of which some are reasoning
}

// families of markers by what is found in a template or, as a token, in the vocabulary. The first match counts.
var families = []struct {
	signs []string
	Markers
}{
	{[]string{"<|channel|>", "<atem:function_calls>"}, Markers{Harmony: true}},
	{[]string{"<|channel>"}, Markers{Open: "<|channel>thought\n", Close: "<channel|>"}},
	{[]string{"<|open|>"}, Markers{
		Open: "<|open|>think<|sep|>", Close: "<|close|>think<|sep|>",
		Frame: []string{"<|open|>response<|sep|>", "<|close|>response<|sep|>", "<|close|>message<|sep|>"},
	}},
	{[]string{"<mm:think>"}, Markers{Open: "<mm:think>", Close: "</mm:think>"}},
	{[]string{"<seed:think>"}, Markers{Open: "<seed:think>", Close: "</seed:think>"}},
	{[]string{":opensource"}, Markers{Open: "<think:opensource>", Close: "</think:opensource>"}},
	{[]string{"[THINK]"}, Markers{Open: "[THINK]", Close: "[/THINK]"}},
	{[]string{"<|START_THINKING|>"}, Markers{Open: "<|START_THINKING|>", Close: "<|END_THINKING|>"}},
	{[]string{"<|inner_prefix|>"}, Markers{Open: "<|inner_prefix|>", Close: "<|inner_suffix|>"}},
	{[]string{"Here are my reasoning steps:"}, Markers{Open: "Here are my reasoning steps:\n", Close: "[BEGIN FINAL RESPONSE]"}},
	{[]string{"<|tool_call:begin|>"}, Markers{Open: "<|think|>", Close: "<|end|><|begin|>assistant"}},
	{[]string{">>>all"}, Markers{Close: "all\n"}},
	{[]string{"<|extra_0|>"}, Markers{Open: "<think>", Close: "</think>", Frame: []string{"<answer>", "</answer>"}}},
	{[]string{"<think>", "</think>"}, Markers{Open: "<think>", Close: "</think>"}},
}

// FindMarkers returns the markers of a template's family: by the template's text, else by the vocabulary, where isToken says
// that a text is a token of its own.
func FindMarkers(template string, isToken func(string) bool) Markers {
	inTemplate := func(s string) bool { return strings.Contains(template, s) }
	for _, known := range []func(string) bool{inTemplate, isToken} {
		for _, f := range families {
			for _, sign := range f.signs {
				if known(sign) {
					return f.Markers
				}
			}
		}
	}
	return Markers{}
}

// Splitter returns a splitter for what follows a prompt: the end of it may have opened or closed the reasoning already. Only
// what the template wrote counts.
func (m Markers) Splitter(p Rendered) Splitter {
	if m.Harmony {
		return newHarmony(p)
	}
	s := &framed{m: m, all: append([]string{m.Open, m.Close}, m.Frame...)}
	s.show = s.pass
	switch {
	case m.Close == "":
		s.state = inAnswer
	case m.Open != "" && p.endsWith(m.Open):
		s.opened = true
	case p.endsWith(m.Close):
		s.enter(inAnswer)
	}
	return s
}

// endsWith reports whether the prompt ends with a marker that the template wrote, white space aside.
func (r Rendered) endsWith(marker string) bool {
	return strings.HasSuffix(strings.TrimRight(r.trustedEnd(), " \n"), strings.TrimRight(marker, " \n"))
}
