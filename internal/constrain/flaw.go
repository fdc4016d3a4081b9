package constrain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// flaw is what is wrong with a value under a schema: the first thing met, and of alternatives what came closest.
type flaw struct {
	at     *value // the part of the text
	s      *schema
	why    flawKind
	n      int     // how long it is, how many it has, how many alternatives there are or fit
	name   string  // of the property
	others []*flaw // of the alternatives of flawAny; why the name is none for flawName
}

type flawKind uint8

const (
	flawNever flawKind = iota
	flawUnknown
	flawType
	flawEnum
	flawNot
	flawMin
	flawMax
	flawMultiple
	flawLength
	flawFormat
	flawPattern
	flawItems
	flawUnique
	flawContains
	flawProperties
	flawRequired
	flawName
	flawAny
	flawOne
)

// What an error of validation says is bounded, whatever the text and the schema are.
const (
	maxFlawPointer = 256 // bytes
	maxFlawText    = 512 // bytes
	maxFlawQuote   = 60  // bytes of a name, a value or a pattern, before they are quoted
	maxFlawList    = 8   // values, names or alternatives
)

// unknown is the flaw of a property that no schema is named for, where rest is what applies to such: it is not that its value is wrong.
func (f *flaw) unknown(s *schema, x *value, rest *schema) *flaw {
	if rest.never {
		return &flaw{at: x, s: s, why: flawUnknown}
	}
	return f
}

// level is how deep in the text a flaw lies. A missing property would lie in its object.
func (f *flaw) level() int32 {
	if f.why == flawRequired {
		return f.at.level + 1
	}
	return f.at.level
}

// closest returns what is wrong with v where each alternative has a flaw: the deepest, as that alternative went best. If several are,
// those that do not miss a constant, as another was meant then. What is still a tie in one place is told together.
func closest(s *schema, v *value, flaws []*flaw) *flaw {
	if len(flaws) == 0 {
		return &flaw{at: v, s: s, why: flawNever}
	}
	deepest := slices.MaxFunc(flaws, func(a, b *flaw) int { return int(a.level() - b.level()) }).level()
	left := filter(flaws, func(f *flaw) bool { return f.level() == deepest })
	if !onePlace(left) {
		if meant := filter(left, func(f *flaw) bool { return f.why != flawEnum }); len(meant) > 0 {
			left = meant
		}
	}
	left = filter(left, func(f *flaw) bool { return f.at == left[0].at })
	if len(left) == 1 {
		return left[0]
	}
	all := &flaw{at: left[0].at, s: s, why: flawAny}
	for _, f := range left {
		part, n := []*flaw{f}, 1
		if f.why == flawAny {
			part, n = f.others, f.n
		}
		all.n += n
		all.others = append(all.others, part[:min(len(part), maxFlawList-len(all.others))]...)
	}
	return all
}

func filter(list []*flaw, keep func(*flaw) bool) (out []*flaw) {
	for _, f := range list {
		if keep(f) {
			out = append(out, f)
		}
	}
	return out
}

func onePlace(list []*flaw) bool {
	return !slices.ContainsFunc(list, func(f *flaw) bool { return f.at != list[0].at })
}

// in returns the flaw as an error about the text root.
func (f *flaw) in(root *value) error {
	pointer, whole := root.pointerTo(f.at)
	text := f.text()
	if !whole {
		text = "somewhere in it: " + text
	}
	return &Error{Invalid, pointer, cutText(text, maxFlawText)}
}

// pointerTo returns the JSON Pointer of a part of v. One that is too long points to what the part is in, and is not whole.
func (v *value) pointerTo(part *value) (pointer string, whole bool) {
	var steps []int
	if !v.find(part, &steps) {
		return "", false
	}
	for i := len(steps) - 1; i >= 0; i-- {
		step := fmt.Sprintf("/%d", steps[i])
		if v.kind == kindObject {
			step = "/" + token(v.names[steps[i]])
		}
		if len(pointer)+len(step) > maxFlawPointer {
			return pointer, false
		}
		pointer += step
		v = v.items[steps[i]]
	}
	return pointer, true
}

// find adds the indexes that lead from v to a part, the last one first.
func (v *value) find(part *value, steps *[]int) bool {
	if v == part {
		return true
	}
	for i, x := range v.items {
		if x.find(part, steps) {
			*steps = append(*steps, i)
			return true
		}
	}
	return false
}

// text says what was expected, and what was found.
func (f *flaw) text() string {
	s := f.s
	switch f.why {
	case flawUnknown:
		return "this property is not allowed" + s.known()
	case flawType:
		return fmt.Sprintf("%s expected, %s found", s.types, f.at.types())
	case flawEnum:
		return s.listed() + " expected, " + f.at.brief() + " found"
	case flawNot:
		return f.at.brief() + " is excluded"
	case flawMin:
		return s.min.text("at least ", "more than ") + " expected, " + f.at.brief() + " found"
	case flawMax:
		return s.max.text("at most ", "less than ") + " expected, " + f.at.brief() + " found"
	case flawMultiple:
		return "a multiple of " + s.multiple.brief() + " expected, " + f.at.brief() + " found"
	case flawLength:
		return between(s.minLength, s.maxLength, f.n, "characters")
	case flawFormat:
		return fmt.Sprintf("format %s expected, %s found", briefQuote(s.format), f.at.brief())
	case flawPattern:
		return fmt.Sprintf("pattern %s expected, %s found", briefQuote(s.pattern.text), f.at.brief())
	case flawItems:
		return between(s.minItems, s.maxItems, f.n, "items")
	case flawUnique:
		return "an item is there twice: " + f.at.brief()
	case flawContains:
		return between(s.minContains, s.maxContains, f.n, "items of the kind that the list must contain")
	case flawProperties:
		return between(s.minProps, s.maxProps, f.n, "properties")
	case flawRequired:
		return "property " + briefQuote(f.name) + " is missing"
	case flawName:
		return "the name " + briefQuote(f.name) + " is not allowed: " + f.others[0].text()
	case flawAny:
		return f.alternatives()
	case flawOne:
		return fmt.Sprintf("valid under %d alternatives of oneOf, exactly one expected", f.n)
	}
	return "nothing is allowed here"
}

// alternatives lists what each of several alternatives expected, once.
func (f *flaw) alternatives() string {
	var list []string
	for _, o := range f.others {
		if t := o.text(); !slices.Contains(list, t) {
			list = append(list, t)
		}
	}
	text := strings.Join(list, "; or ")
	if more := f.n - len(f.others); more > 0 {
		text += fmt.Sprintf("; or one of %d more alternatives", more)
	}
	return text
}

// String names types as JSON Schema does.
func (t types) String() string {
	if t == typeFraction {
		return "number"
	}
	var list []string
	for _, name := range []string{"null", "boolean", "number", "integer", "string", "array", "object"} {
		if set := typeNames[name]; t&set == set {
			list = append(list, name)
			t &^= set
		}
	}
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, " or ")
}

// known lists the properties that a schema names.
func (s *schema) known() string {
	if len(s.names) == 0 {
		return ""
	}
	return ": the schema has " + briefList(s.names, briefQuote)
}

// listed tells the values of an enumeration.
func (s *schema) listed() string {
	switch len(s.enum) {
	case 0:
		return "nothing"
	case 1:
		return s.enum[0].brief()
	}
	return "one of " + briefList(s.enum, (*value).brief)
}

func briefList[T any](list []T, brief func(T) string) string {
	var parts []string
	for _, x := range list[:min(len(list), maxFlawList)] {
		parts = append(parts, brief(x))
	}
	text := strings.Join(parts, ", ")
	if more := len(list) - maxFlawList; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func (b *bound) text(inclusive, exclusive string) string {
	if b.exclusive {
		return exclusive + b.at.brief()
	}
	return inclusive + b.at.brief()
}

// brief is a number, in the notation of science if it is long.
func (d decimal) brief() string {
	if s, ok := d.plain(20); ok {
		return s
	}
	sign, rest := "", ""
	if d.neg {
		sign = "-"
	}
	if len(d.digits) > 1 {
		rest = "." + cutText(d.digits[1:], maxFlawQuote)
	}
	return fmt.Sprintf("%s%s%se%d", sign, d.digits[:1], rest, d.exp-1)
}

// brief is a value as JSON, cut if it is long; of an array or an object only the type.
func (v *value) brief() string {
	switch v.kind {
	case kindString:
		return briefQuote(v.text)
	case kindNumber:
		return cutText(v.text, maxFlawQuote)
	case kindArray, kindObject:
		return v.types().String()
	}
	return v.canonical()
}

// between tells a number of things that is out of range.
func between(lo, hi uint32, n int, things string) string {
	want := fmt.Sprintf("%d to %d", lo, hi)
	switch {
	case lo == hi:
		want = fmt.Sprint(lo)
	case hi >= unbounded-1:
		want = fmt.Sprintf("at least %d", lo)
	case lo == 0:
		want = fmt.Sprintf("at most %d", hi)
	}
	return fmt.Sprintf("%s %s expected, %d found", want, things, n)
}

// briefQuote quotes text that is not to be trusted, cut if it is long. What cannot be printed is escaped: it could command a terminal.
func briefQuote(text string) string { return strconv.Quote(cutText(text, maxFlawQuote)) }

// cutText returns text, or as many whole characters of its beginning as fit into limit bytes, with a mark.
func cutText(text string, limit int) string {
	const mark = "…"
	if len(text) <= limit {
		return text
	}
	n := limit - len(mark)
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + mark
}
