package partial

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// author writes JSON texts at random, of every form that JSON has.
type author struct{ *rand.Rand }

func (a author) one(list ...string) string { return list[a.IntN(len(list))] }

func (a author) blank() string { return a.one("", "", "", " ", "\n\t", " \r\n") }

func (a author) str() string {
	var b strings.Builder
	for range a.IntN(6) {
		b.WriteString(a.one("a", "}", "]", ",", ":", " ", "é", "€", "😀", "\u2028", `\"`, `\\`, `\/`, `\n`, `\u0000`, `\u00e9`, `\u20AC`, `\ud83d\ude00`,
			`\uD83D`, `\ude00`, "[", "{", "true", "1", "~", "/"))
	}
	return `"` + b.String() + `"`
}

func (a author) value(depth int) string {
	n := 8
	if depth == 0 {
		n = 6
	}
	switch a.IntN(n) {
	case 0:
		return a.one("true", "false", "null")
	case 1, 2:
		return a.one("0", "-0", "12", "-7.25", "1e5", "1E+2", "0.5e-3", "-0.0", "123456789012345678901234567890")
	case 3, 4, 5:
		return a.str()
	case 6:
		return a.list("[", "]", func() string { return a.value(depth - 1) })
	}
	return a.list("{", "}", func() string { return a.str() + a.blank() + ":" + a.blank() + a.value(depth-1) })
}

func (a author) list(open, close string, element func() string) string {
	var parts []string
	for range a.IntN(4) {
		parts = append(parts, a.blank()+element()+a.blank())
	}
	return open + strings.Join(parts, ",") + a.blank() + close
}

func texts(n int) []string {
	if testing.Short() {
		n /= 10
	}
	a := author{rand.New(rand.NewPCG(1, 2))}
	out := []string{`{}`, `[]`, `""`, `0`, ` [ ] `, `{"a":{"b":[1,"x",{"c":null}]},"d":"\ud83d\ude00 \ud83d\ud83d\ude00 \ud83d€"}`}
	for range n {
		out = append(out, a.blank()+a.value(3)+a.blank())
	}
	return out
}

func read(t testing.TB, text string) *Document {
	d := &Document{}
	n, err := d.Write([]byte(text))
	require.NoError(t, err, "%s", text)
	require.Equal(t, len(text), n)
	return d
}

// TestEveryCut compares the value at every cut with a slow search for the longest beginning that can be closed.
func TestEveryCut(t *testing.T) {
	for _, text := range texts(2000) {
		d := &Document{}
		for cut := range len(text) + 1 {
			if cut > 0 {
				_, err := d.Write([]byte{text[cut-1]})
				require.NoError(t, err, "%s", text[:cut])
			}
			want := longest(text[:cut])
			got, ok := d.Value()
			require.Equal(t, want != "", ok, "%s", text[:cut])
			require.Equal(t, strings.TrimRight(want, blanks), strings.TrimRight(string(got), blanks), "%s", text[:cut])
		}
		require.NoError(t, d.Close(), "%s", text)
		require.True(t, d.Done())
		got, _ := d.Value()
		require.Equal(t, strings.TrimRight(text, blanks), string(got))
	}
}

const blanks = " \t\r\n"

var (
	openNumber    = regexp.MustCompile(`[-+0-9.eE]$`)
	halfCharacter = regexp.MustCompile(`(^|[^\\])(\\\\)*(\\u[dD][89abAB][0-9a-fA-F]{2})+$`)
	otherHalf     = regexp.MustCompile(`^\\u[dD][c-fC-F][0-9a-fA-F]{2}|^(\\(u[0-9a-fA-F]{0,3})?)?$`) // or what may become it
	pairs         = regexp.MustCompile(`\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}`)
)

// longest returns the longest beginning of a text, closed. It knows nothing but what valid JSON is.
func longest(text string) string {
	for n := len(text); n > 0; n-- {
		s := text[:n]
		inString, closers := open(s)
		if !inString {
			s = strings.TrimRight(s, blanks)
		}
		if !utf8.ValidString(s) {
			continue
		}
		if inString && halfCharacter.MatchString(pairs.ReplaceAllString(s, "x")) && otherHalf.MatchString(text[n:]) {
			continue
		}
		if !inString && n == len(text) && s == text[:n] && openNumber.MatchString(s) && !strings.HasSuffix(s, "e") {
			continue // a number that may go on
		}
		if inString {
			closers = `"` + closers
		}
		if json.Valid([]byte(s + closers)) {
			if !inString && n < len(text) && openNumber.MatchString(s) && openNumber.MatchString(text[:n+1]) {
				continue // cut within a number
			}
			return s + closers
		}
	}
	return ""
}

// open returns what is open at the end of a text.
func open(text string) (inString bool, closers string) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{':
			closers = "}" + closers
		case c == '[':
			closers = "]" + closers
		case c == '}' || c == ']':
			closers = closers[1:]
		}
	}
	return inString, closers
}

// TestEveryCutIsAPrefix: what is shown at a cut never has to be taken back.
func TestEveryCutIsAPrefix(t *testing.T) {
	for _, text := range texts(500) {
		whole := parse(t, text)
		last := ""
		for cut := range len(text) + 1 {
			got, ok := read(t, text[:cut]).Value()
			if !ok {
				require.Empty(t, last)
				continue
			}
			require.NoError(t, prefix(parse(t, string(got)), whole), "%s of %s", got, text)
			if last != "" {
				require.NoError(t, prefix(parse(t, last), parse(t, string(got))), "%s then %s", last, got)
			}
			last = string(got)
		}
	}
}

// node is a JSON value, with the members of objects in order.
type node struct {
	names  []string
	nodes  []node
	kind   byte // { [ " or 0
	scalar any
}

func parse(t *testing.T, text string) node {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	n, err := parseNext(d)
	require.NoError(t, err, "%s", text)
	_, err = d.Token()
	require.Equal(t, io.EOF, err)
	return n
}

func parseNext(d *json.Decoder) (node, error) {
	token, err := d.Token()
	if err != nil {
		return node{}, err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		n := node{scalar: token}
		if _, ok := token.(string); ok {
			n.kind = '"'
		}
		return n, nil
	}
	n := node{kind: byte(delim)}
	for d.More() {
		if delim == '{' {
			name, err := d.Token()
			if err != nil {
				return n, err
			}
			n.names = append(n.names, name.(string))
		}
		x, err := parseNext(d)
		if err != nil {
			return n, err
		}
		n.nodes = append(n.nodes, x)
	}
	_, err = d.Token()
	return n, err
}

// prefix returns an error unless a is a beginning of b: only the last parts may be less.
func prefix(a, b node) error {
	if a.kind != b.kind || len(a.nodes) > len(b.nodes) {
		return fmt.Errorf("%v is no beginning of %v", a, b)
	}
	if a.kind == '"' && strings.HasPrefix(b.scalar.(string), a.scalar.(string)) {
		return nil
	}
	if a.scalar != b.scalar || !slices.Equal(a.names, b.names[:len(a.names)]) {
		return fmt.Errorf("%v is no beginning of %v", a, b)
	}
	for i, x := range a.nodes {
		if i < len(a.nodes)-1 && fmt.Sprint(x) != fmt.Sprint(b.nodes[i]) {
			return fmt.Errorf("%v is not %v", x, b.nodes[i])
		}
		if err := prefix(x, b.nodes[i]); err != nil {
			return err
		}
	}
	return nil
}

// TestPointersOfWhatIsFinished: what is listed is in the value, and no longer changes; in the end everything is listed once.
func TestPointersOfWhatIsFinished(t *testing.T) {
	a := author{rand.New(rand.NewPCG(3, 4))}
	for range 200 {
		text := uniqueNames(a)
		whole := parse(t, text)
		for cut := range len(text) + 1 {
			d := read(t, text[:cut])
			value, _ := d.Value()
			for _, p := range d.Complete() {
				require.Equal(t, fmt.Sprint(at(t, whole, p)), fmt.Sprint(at(t, parse(t, string(value)), p)), "%s in %s", p, value)
			}
		}
		all := read(t, text).Complete()
		require.ElementsMatch(t, pointers(whole, ""), all, "%s", text)
		piecewise := &Document{}
		for rest := []byte(text); len(rest) > 0; {
			n := 1 + a.IntN(len(rest))
			_, err := piecewise.Write(rest[:n])
			require.NoError(t, err)
			rest = rest[n:]
		}
		require.Equal(t, all, piecewise.Complete())
	}
}

// uniqueNames writes a text without equal names in one object.
func uniqueNames(a author) string {
	n := 0
	var value func(depth int) string
	value = func(depth int) string {
		switch a.IntN(4) {
		case 0:
			if depth > 0 {
				return a.list("[", "]", func() string { return value(depth - 1) })
			}
		case 1, 2:
			if depth > 0 {
				return a.list("{", "}", func() string {
					n++
					return fmt.Sprintf(`"%s%d":%s`, a.one("~", "/", `\u00e9`, "a"), n, value(depth-1))
				})
			}
		}
		return a.value(0)
	}
	return a.list("[", "]", func() string { return value(2) })
}

var unescape = strings.NewReplacer("~1", "/", "~0", "~")

func at(t *testing.T, n node, pointer string) node {
	for _, part := range strings.Split(pointer, "/")[1:] {
		i := slices.Index(n.names, unescape.Replace(part))
		if n.kind == '[' {
			_, err := fmt.Sscan(part, &i)
			require.NoError(t, err)
		}
		require.GreaterOrEqual(t, i, 0, pointer)
		require.Less(t, i, len(n.nodes), pointer)
		n = n.nodes[i]
	}
	return n
}

func pointers(n node, to string) (out []string) {
	for i, x := range n.nodes {
		part := fmt.Sprint(i)
		if n.kind == '{' {
			part = strings.ReplaceAll(strings.ReplaceAll(n.names[i], "~", "~0"), "/", "~1")
		}
		out = append(out, to+"/"+part)
		out = append(out, pointers(x, to+"/"+part)...)
	}
	return out
}

// TestWholeStrings: strings that count only when they are finished, by their path.
func TestWholeStrings(t *testing.T) {
	var asked []string
	d := &Document{Whole: func(path []string) bool {
		asked = append(asked, strings.Join(path, "."))
		return path[len(path)-1] == "unit" || path[0] == "days"
	}}
	for _, step := range []struct{ text, value string }{
		{`{"unit":"cel`, `{}`},
		{`sius"`, `{"unit":"celsius"}`},
		{`,"note":"co`, `{"unit":"celsius","note":"co"}`},
		{`ld","days":["mon`, `{"unit":"celsius","note":"cold","days":[]}`},
		{`day","tues`, `{"unit":"celsius","note":"cold","days":["monday"]}`},
		{`day"],"more":[{"unit":"k`, `{"unit":"celsius","note":"cold","days":["monday","tuesday"],"more":[{}]}`},
	} {
		_, err := d.Write([]byte(step.text))
		require.NoError(t, err)
		value, ok := d.Value()
		require.True(t, ok)
		require.Equal(t, step.value, string(value))
	}
	require.Equal(t, []string{"unit", "note", "days.0", "days.1", "more.0.unit"}, asked)
	require.Equal(t, []string{"/unit", "/note", "/days/0", "/days/1", "/days"}, d.Complete())
}

func TestNumbersAndWordsOnlyWhenFinished(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":12`:           `{}`,
		`{"a":12 `:          `{"a":12}`,
		`[1,2`:              `[1]`,
		`[1,2,`:             `[1,2]`,
		`[tru`:              `[]`,
		`[true`:             `[true]`,
		`{"a":null,"b"`:     `{"a":null}`,
		`{"a":null,"b":`:    `{"a":null}`,
		`["\u00e`:           `[""]`,
		`["\ud83d`:          `[""]`,
		`["\ud83dx`:         `["\ud83dx"]`,
		`["a` + "\xe2\x82":  `["a"]`,
		`["\ud83d` + "\xe2": `["\ud83d"]`,
	} {
		got, ok := read(t, text).Value()
		require.True(t, ok)
		require.Equal(t, want, string(got), "%s", text)
	}
	for _, text := range []string{"", " ", "1", "-1.5e3", "tru", " n"} {
		_, ok := read(t, text).Value()
		require.False(t, ok, "%q", text)
	}
	d := read(t, "-1.5e3")
	require.NoError(t, d.Close())
	got, ok := d.Value()
	require.True(t, ok)
	require.Equal(t, "-1.5e3", string(got))
}

func TestWhatIsNotJSON(t *testing.T) {
	for text, at := range map[string]int{
		`{a`: 1, `[1,]`: 3, `{"a":1,}`: 7, `{"a" 1`: 5, `01`: 1, `-x`: 1, `1.e`: 2, `tru3`: 3, `["a` + "\n": 3, `"\x`: 2, `"\u12g`: 5, `{]`: 1,
		`[}`: 1, `{} {`: 3, `1 2`: 2, `[1 2`: 3, `,`: 0, "\"\\u\x10": 3, `[1}`: 2, `{,`: 1, `[-]`: 2, `+1`: 0, `.5`: 0, "\ufeff[]": 0,
	} {
		d := &Document{}
		n, err := d.Write([]byte(text))
		require.ErrorContains(t, err, fmt.Sprintf("byte %d", at), "%s", text)
		require.Equal(t, at, n, "%s", text)
		_, again := d.Write([]byte("1"))
		require.Equal(t, err, again)
		require.Equal(t, err, d.Close())
		if value, ok := d.Value(); ok {
			require.True(t, json.Valid(value), "%s: %s", text, value)
		}
	}
	require.ErrorIs(t, read(t, `{"a":1`).Close(), io.ErrUnexpectedEOF)
	require.ErrorIs(t, read(t, `1.`).Close(), io.ErrUnexpectedEOF)
	require.ErrorIs(t, (&Document{}).Close(), io.ErrUnexpectedEOF)
}

func TestLimits(t *testing.T) {
	d := read(t, strings.Repeat(`[`, maxDepth))
	value, ok := d.Value()
	require.True(t, ok)
	require.Equal(t, strings.Repeat(`[`, maxDepth)+strings.Repeat(`]`, maxDepth), string(value))
	_, err := d.Write([]byte("["))
	require.ErrorContains(t, err, "512")
	long := strings.Repeat("k", maxPointer)
	require.Equal(t, []string{"/b"}, read(t, `{"`+long+`":[1,2],"b":1}`).Complete())
}

// FuzzDocument: whatever the bytes and their pieces, values are valid JSON, and the whole is one exactly if encoding/json says so.
func FuzzDocument(f *testing.F) {
	for _, text := range append(texts(20), `{"a":[1,`, `"\ud83d\u`, "\"\xff\xe2\"") {
		f.Add([]byte(text), 1)
	}
	f.Fuzz(func(t *testing.T, text []byte, piece int) {
		piece = max(1, piece&15)
		text = text[:min(len(text), 2000)] // values are asked for at every piece
		d := &Document{}
		var err error
		for rest := text; len(rest) > 0 && err == nil; {
			n := min(piece, len(rest))
			_, err = d.Write(rest[:n])
			rest = rest[n:]
			if value, ok := d.Value(); ok && !json.Valid(value) {
				t.Fatalf("%q", value)
			}
		}
		if err == nil {
			err = d.Close()
		}
		if deep := strings.Count(string(text), "[")+strings.Count(string(text), "{") > maxDepth; json.Valid(text) != (err == nil) && !deep {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	text := []byte(`[` + strings.TrimSuffix(strings.Repeat(`{"name":"some text of middling length","n":12345.5,"ok":true},`, 2000), ",") + `]`)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		d := &Document{}
		for i := 0; i < len(text); i += 4 {
			if _, err := d.Write(text[i:min(i+4, len(text))]); err != nil {
				b.Fatal(err)
			}
		}
	}
}
