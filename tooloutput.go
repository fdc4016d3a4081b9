package llm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// What a model is given of a tool's result, in bytes of JSON.
const (
	maxToolOutput = 64 << 10 // where ToolOptions.MaxOutput says nothing else
	minToolOutput = 128      // room for the note that it is cut
)

// toolOutput makes what a tool returned fit for a model: valid JSON in valid UTF-8, of limit bytes at most. What is no JSON
// becomes a JSON string, and so does, cut, what is too long; nothing becomes null.
func toolOutput(out json.RawMessage, limit int) json.RawMessage {
	if len(out) == 0 {
		return json.RawMessage("null")
	}
	out = bytes.ToValidUTF8(out, []byte(string(utf8.RuneError))) // a copy: the tool may go on using its own
	valid := json.Valid(out)
	if valid && len(out) <= limit {
		return out
	}
	text := string(out)
	if valid {
		var s string
		if json.Unmarshal(out, &s) == nil {
			text = s
		}
	}
	return quote(cutText(text, limit))
}

// errorOutput is the result that tells a model what went wrong, in limit bytes at most.
func errorOutput(text string, limit int) json.RawMessage {
	text = strings.ToValidUTF8(text, string(utf8.RuneError))
	const before, after = `{"error":`, `}`
	return slices.Concat([]byte(before), quote(cutText(text, limit-len(before+after))), []byte(after))
}

// encode writes JSON for a model to read: <, > and & stay what they are.
func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// quote writes text as JSON.
func quote(text string) json.RawMessage {
	out, _ := encode(text) // a string, to memory: cannot fail
	return out
}

// cutText returns text, or as many whole characters of its beginning as fit, with a note, into budget bytes when quoted.
func cutText(text string, budget int) string {
	if len(text) <= budget && len(quote(text)) <= budget {
		return text
	}
	note := fmt.Sprintf("… [cut: the beginning of %d bytes]", len(text))
	tooLong := sort.Search(min(len(text), budget)+1, func(n int) bool { return len(quote(wholeRunes(text, n)+note)) > budget })
	return wholeRunes(text, tooLong-1) + note
}

// wholeRunes returns the characters that end within the first n bytes of text. In text that is not UTF-8 they may be cut.
func wholeRunes(text string, n int) string {
	for range utf8.UTFMax - 1 {
		if n > 0 && n < len(text) && !utf8.RuneStart(text[n]) {
			n--
		}
	}
	return text[:n]
}
