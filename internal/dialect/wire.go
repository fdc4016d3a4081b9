package dialect

import (
	"strings"

	"llm/internal/constrain"
)

// wire is the part for a text of the format: its tokens where the vocabulary has them, else the text. A gap is white space.
func (d *Dialect) wire(text string) constrain.Part {
	var parts []constrain.Part
	plain := ""
	flush := func() {
		if plain != "" {
			parts = append(parts, constrain.Text(plain))
			plain = ""
		}
	}
	for text != "" {
		if text[0] == gap[0] {
			flush()
			parts = append(parts, constrain.Repeat(space(), 0, maxGap/2))
			text = text[1:]
			continue
		}
		if id, n := d.tokenAt(text); n > 0 {
			flush()
			parts = append(parts, constrain.Tokens(id))
			text = text[n:]
			continue
		}
		plain += text[:1]
		text = text[1:]
	}
	flush()
	return constrain.Each(parts...)
}

// anyWire is one of several texts.
func (d *Dialect) anyWire(texts []string) constrain.Part {
	var parts []constrain.Part
	for _, t := range texts {
		parts = append(parts, d.wire(t))
	}
	return constrain.OneOf(parts...)
}

// tokenAt returns the longest token of the vocabulary that a text begins with, and its length.
func (d *Dialect) tokenAt(text string) (id int32, n int) {
	if d.ids == nil {
		return 0, 0
	}
	for n := len(text); n > 1; n-- {
		if id, ok := d.ids(text[:n]); ok {
			return id, n
		}
	}
	return 0, 0
}

// space is a character of white space.
func space() constrain.Part {
	return constrain.OneOf(constrain.Text(" "), constrain.Text("\n"), constrain.Text("\t"), constrain.Text("\r"))
}

// atTags reports whether models may write white space between two pieces of a format: at tags, not inside them.
func atTags(before, after string) bool {
	ends := before != "" && (strings.Contains(">]`}", before[len(before)-1:]) || strings.HasSuffix(before, "json"))
	return ends && after != "" && strings.Contains("<[`{", after[:1])
}

// gapBetween is white space between two pieces of a format.
func gapBetween(before, after string) constrain.Part {
	if !atTags(before, after) {
		return constrain.Each()
	}
	return constrain.Blank()
}
